//! gzip (RFC 1952).

use flate2::Crc;
use flate2::Decompress;
use flate2::FlushDecompress;
use flate2::Status;

use super::Compression;
use super::Input;
use super::Member;
use super::Progress;

pub(super) const GZIP: Compression = Compression {
    name: "gzip",
    described_in: "RFC 1952",
    begins,
    member: || {
        Box::new(Gzip {
            is_begun: false,
            inflate: Decompress::new(false),
            crc: Crc::new(),
        })
    },
    most_left: 200,
};

/// RFC 1952 section 2.3.1: CM is 8, and the reserved bits of FLG are zero.
fn begins(head: &[u8]) -> bool {
    head.starts_with(b"\x1f\x8b\x08") && head.get(3).is_none_or(|flags| flags & 0xe0 == 0)
}

/// The bits of FLG.
const HAS_HEADER_CRC: u8 = 1 << 1;
const HAS_EXTRA: u8 = 1 << 2;
const HAS_NAME: u8 = 1 << 3;
const HAS_COMMENT: u8 = 1 << 4;

struct Gzip {
    is_begun: bool,
    inflate: Decompress,
    crc: Crc,
}

impl Member for Gzip {
    fn decode(&mut self, input: &mut Input, into: &mut [u8]) -> (usize, Result<Progress, String>) {
        if !self.is_begun {
            self.is_begun = true;
            return (0, pass_header(input).map(|()| Progress::More));
        }
        let held = match input.fill() {
            Ok(held) => held,
            Err(what) => return (0, Err(what)),
        };
        let is_over = held.is_empty();
        let before = (self.inflate.total_in(), self.inflate.total_out());
        let flush = if is_over {
            FlushDecompress::Finish
        } else {
            FlushDecompress::None
        };
        let status = self.inflate.decompress(held, into, flush);
        input.consume(advanced(before.0, self.inflate.total_in()));
        let count = advanced(before.1, self.inflate.total_out()).min(into.len());
        self.crc.update(into.get(..count).unwrap_or_default());
        let outcome = match status {
            Err(_) => Err("no deflate data".to_owned()),
            Ok(Status::StreamEnd) => self.check(input),
            Ok(_) if is_over && count == 0 => Err("its end is missing".to_owned()),
            Ok(_) => Ok(Progress::More),
        };
        (count, outcome)
    }
}

impl Gzip {
    fn check(&self, input: &mut Input) -> Result<Progress, String> {
        let crc = u32::from_le_bytes(input.take()?);
        let len = u32::from_le_bytes(input.take()?);
        if crc == self.crc.sum() && len == self.crc.amount() {
            Ok(Progress::Over)
        } else {
            Err("the checksum of what was decompressed is another".to_owned())
        }
    }
}

/// How far a counter went.
pub(super) fn advanced(before: u64, after: u64) -> usize {
    usize::try_from(after.saturating_sub(before)).unwrap_or(usize::MAX)
}

/// RFC 1952 section 2.3. What it tells (a name, a time) is not used.
fn pass_header(input: &mut Input) -> Result<(), String> {
    let [_, _, _, flags, ..] = input.take::<10>()?;
    if flags & HAS_EXTRA != 0 {
        let len = u16::from_le_bytes(input.take()?);
        for _ in 0..len {
            input.take::<1>()?;
        }
    }
    for field in [HAS_NAME, HAS_COMMENT] {
        if flags & field != 0 {
            while input.take::<1>()? != [0] {}
        }
    }
    if flags & HAS_HEADER_CRC != 0 {
        input.take::<2>()?;
    }
    Ok(())
}
