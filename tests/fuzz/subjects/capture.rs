//! Any file → inventory → records: pcap, pcapng, what compresses them, archives.

use std::cell::RefCell;
use std::io::Seek;
use std::io::SeekFrom;
use std::io::Write;
use std::path::PathBuf;

use sip488::capture::Capture;
use sip488::capture::Stopped;
use sip488::capture::inventory;
use tempfile::NamedTempFile;

use super::Subject;

pub(crate) const SUBJECT: Subject = Subject {
    name: "capture",
    dictionary: WORDS,
    longest: 64 << 10,
    run,
};

/// Magic numbers of captures, archives and compressions; pcapng block types; lengths that lie.
pub(crate) const WORDS: &[&[u8]] = &[
    b"\xd4\xc3\xb2\xa1",
    b"\xa1\xb2\xc3\xd4",
    b"\x4d\x3c\xb2\xa1",
    b"\xa1\xb2\x3c\x4d",
    b"\x34\xcd\xb2\xa1",
    b"\x0a\x0d\x0d\x0a",
    b"\x4d\x3c\x2b\x1a",
    b"\x1a\x2b\x3c\x4d",
    b"\x01\x00\x00\x00",
    b"\x02\x00\x00\x00",
    b"\x03\x00\x00\x00",
    b"\x05\x00\x00\x00",
    b"\x06\x00\x00\x00",
    b"\x0a\x00\x00\x00",
    b"LKST",
    b"\x1f\x8b\x08",
    b"\x28\xb5\x2f\xfd",
    b"\xfd7zXZ\x00",
    b"BZh9",
    b"\x04\x22\x4d\x18",
    b"ustar\x0000",
    b"ustar  \x00",
    b"\xff\xff\xff\xff",
    b"\x00\x00\x00\x80",
    b"\xff\xff\xff\x7f",
    b"\x00\x00\x04\x00",
];

thread_local! {
    static FILE: RefCell<NamedTempFile> =
        RefCell::new(NamedTempFile::new().expect("there is room for a temporary file"));
}

/// The bytes as a file, which the next call writes over.
pub(crate) fn as_file(bytes: &[u8]) -> PathBuf {
    FILE.with_borrow_mut(|file| {
        file.as_file().set_len(0).expect("a file can be cut");
        file.seek(SeekFrom::Start(0)).expect("a file has a start");
        file.write_all(bytes).expect("there is room");
        file.path().to_owned()
    })
}

/// Every record is met, in the order of the file, and in short stretches the same as in one.
fn run(bytes: &[u8]) {
    let found = inventory::take(&[as_file(bytes)]);
    for capture in &found.captures {
        let whole = records(capture, 1 << 20);
        assert_eq!(records(capture, 97), whole, "in stretches of 97 bytes");
    }
}

/// How many records there are, their bytes, and how often reading went on behind damage.
fn records(capture: &Capture, stretch: u64) -> (u64, u64, u64) {
    let (mut records, mut bytes, mut resumed) = (0, 0, 0);
    let mut from = capture.start();
    loop {
        let until = from.offset.saturating_add(stretch);
        let available = capture.available(until).expect("a file is there at once");
        let until = until.min(available.until.max(from.offset + 1));
        let walked = capture.walk(&from, until, |record| bytes += record.data.len() as u64);
        records += walked.records;
        assert!(
            walked.end.offset >= from.offset,
            "a walk goes forwards: {walked:?}"
        );
        from = match walked.stopped {
            Stopped::AtUntil if walked.end.offset == from.offset => {
                unreachable!("a walk that may go on goes on: {walked:?}")
            }
            Stopped::AtUntil => walked.end,
            Stopped::AtEnd => return (records, bytes, resumed),
            Stopped::Damaged(_) => {
                resumed += 1;
                match capture.resume(&walked.end) {
                    Some(behind) => {
                        assert!(behind.position.offset > walked.end.offset);
                        behind.position
                    }
                    None => return (records, bytes, resumed),
                }
            }
        };
    }
}
