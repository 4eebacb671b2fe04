//! Captures made in memory, for the tests of this layer.
#![expect(clippy::cast_possible_truncation, reason = "made captures are small")]

use std::io;
use std::io::Write;
use std::path::PathBuf;

use super::Capture;
use super::source::Source;
use super::source::file::StoredFile;
use super::source::stream::Stream;

/// The time of the first packet of most captures here, in seconds.
pub(super) const SECS: u32 = 1_700_000_000;

/// Numbers in the byte order of a test.
#[derive(Clone, Copy, Debug)]
pub(super) struct Made {
    pub(super) big: bool,
}

pub(super) const LITTLE: Made = Made { big: false };
pub(super) const BIG: Made = Made { big: true };

impl Made {
    fn u16(self, number: u16) -> [u8; 2] {
        if self.big {
            number.to_be_bytes()
        } else {
            number.to_le_bytes()
        }
    }

    pub(super) fn u32(self, number: u32) -> [u8; 4] {
        if self.big {
            number.to_be_bytes()
        } else {
            number.to_le_bytes()
        }
    }

    pub(super) fn u32s(self, numbers: &[u32]) -> Vec<u8> {
        numbers
            .iter()
            .flat_map(|number| self.u32(*number))
            .collect()
    }

    /// A pcap file header.
    pub(super) fn pcap(self, magic: u32, snaplen: u32, network: u32) -> Vec<u8> {
        let mut bytes = self.u32(magic).to_vec();
        bytes.extend(self.u16(2));
        bytes.extend(self.u16(4));
        bytes.extend(self.u32s(&[0, 0, snaplen, network]));
        bytes
    }

    /// A pcap record.
    pub(super) fn record(self, secs: u32, fraction: u32, original: u32, data: &[u8]) -> Vec<u8> {
        let mut bytes = self.u32s(&[secs, fraction, data.len() as u32, original]);
        bytes.extend(data);
        bytes
    }

    /// A pcapng block around a body of whole 32-bit words.
    pub(super) fn block(self, kind: u32, body: &[u8]) -> Vec<u8> {
        let len = body.len() as u32 + 12;
        let mut bytes = self.u32s(&[kind, len]);
        bytes.extend(body);
        bytes.extend(self.u32(len));
        bytes
    }

    pub(super) fn section(self) -> Vec<u8> {
        let mut body = self.u32(0x1a2b_3c4d).to_vec();
        body.extend(self.u16(1));
        body.extend(self.u16(0));
        body.extend([0xff; 8]);
        self.block(0x0a0d_0d0a, &body)
    }

    /// An interface description with options, each a code and a value.
    pub(super) fn interface(self, link: u16, snaplen: u32, options: &[(u16, &[u8])]) -> Vec<u8> {
        let mut body = self.u16(link).to_vec();
        body.extend([0, 0]);
        body.extend(self.u32(snaplen));
        for (code, value) in options {
            body.extend(self.u16(*code));
            body.extend(self.u16(value.len() as u16));
            body.extend(padded(value));
        }
        self.block(1, &body)
    }

    /// An enhanced packet block.
    pub(super) fn packet(self, interface: u32, ticks: u64, data: &[u8]) -> Vec<u8> {
        let len = data.len() as u32;
        let mut body = self.u32s(&[interface, (ticks >> 32) as u32, ticks as u32, len, len]);
        body.extend(padded(data));
        self.block(6, &body)
    }
}

/// Padded to a whole number of 32-bit words, and not with zeros.
pub(super) fn padded(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes.resize(bytes.len().next_multiple_of(4), 0x55);
    bytes
}

/// Bytes that look like nothing: no zeros, and no chain of lengths.
pub(super) fn noise(len: usize, seed: u32) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 8) as u8 | 1
    };
    (0..len).map(|_| next()).collect()
}

/// A pcap of `count` packets with lengths from 60 to 1,059 bytes, 20 ms apart.
pub(super) fn pcap_of(count: u32) -> Vec<u8> {
    let mut bytes = LITTLE.pcap(0xa1b2_c3d4, 65535, 1);
    for number in 0..count {
        let data = noise(60 + (number as usize * 37) % 1000, number + 1);
        let micros = number * 20_000;
        let len = data.len() as u32;
        bytes.extend(LITTLE.record(SECS + micros / 1_000_000, micros % 1_000_000, len, &data));
    }
    bytes
}

/// The same packets as pcapng.
pub(super) fn pcapng_of(count: u32) -> Vec<u8> {
    let mut bytes = LITTLE.section();
    bytes.extend(LITTLE.interface(1, 0, &[]));
    for number in 0..count {
        let data = noise(60 + (number as usize * 37) % 1000, number + 1);
        let micros = u64::from(SECS) * 1_000_000 + u64::from(number) * 20_000;
        bytes.extend(LITTLE.packet(0, micros, &data));
    }
    bytes
}

/// The bytes as a stream.
pub(super) fn stream(bytes: &[u8]) -> Capture {
    let source = Source::Stream(Stream::new(Box::new(io::Cursor::new(bytes.to_vec()))));
    Capture::open(
        PathBuf::from("-"),
        true,
        source,
        bytes.get(..24).unwrap_or(bytes),
    )
    .unwrap()
}

/// The bytes as a file.
pub(super) fn file(bytes: &[u8]) -> (tempfile::NamedTempFile, Capture) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    let metadata = file.as_file().metadata().unwrap();
    let source = Source::File(StoredFile::new(file.path(), &metadata));
    let head = bytes.get(..24).unwrap_or(bytes);
    let capture = Capture::open(file.path().to_owned(), true, source, head).unwrap();
    (file, capture)
}
