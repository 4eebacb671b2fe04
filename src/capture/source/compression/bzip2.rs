//! bzip2: blocks of 900 kB at most, each decoded as a whole.

use bzip2::Decompress;
use bzip2::Status;

use super::Compression;
use super::Input;
use super::Member;
use super::Progress;
use super::gzip::advanced;

pub(super) const BZIP2: Compression = Compression {
    name: "bzip2",
    described_in: "bzip2 format, sourceware.org/bzip2",
    begins,
    member: || Box::new(Bzip2(Decompress::new(false))),
    most_left: 12,
};

/// What follows the size of the blocks: the mark of a block, or of the end where there is none.
const MARKS: [&[u8; 6]; 2] = [b"\x31\x41\x59\x26\x53\x59", b"\x17\x72\x45\x38\x50\x90"];

fn begins(head: &[u8]) -> bool {
    let Some((size, mark)) = head.strip_prefix(b"BZh").and_then(<[u8]>::split_first) else {
        return false;
    };
    let mark = mark.get(..6).unwrap_or(mark);
    matches!(size, b'1'..=b'9') && MARKS.iter().any(|known| known.starts_with(mark))
}

struct Bzip2(Decompress);

impl Member for Bzip2 {
    fn decode(&mut self, input: &mut Input, into: &mut [u8]) -> (usize, Result<Progress, String>) {
        let held = match input.fill() {
            Ok(held) => held,
            Err(what) => return (0, Err(what)),
        };
        let is_over = held.is_empty();
        let before = (self.0.total_in(), self.0.total_out());
        let status = self.0.decompress(held, into);
        input.consume(advanced(before.0, self.0.total_in()));
        let count = advanced(before.1, self.0.total_out()).min(into.len());
        let outcome = match status {
            Err(_) => Err("no bzip2 data, or another checksum".to_owned()),
            Ok(Status::StreamEnd) => Ok(Progress::Over),
            Ok(_) if is_over && count == 0 => Err("its end is missing".to_owned()),
            Ok(_) => Ok(Progress::More),
        };
        (count, outcome)
    }
}
