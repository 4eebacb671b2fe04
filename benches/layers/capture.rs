//! Capture file → records.

use std::io::Write as _;

use divan::Bencher;
use divan::counter::BytesCount;
use divan::counter::ItemsCount;
use flate2::Compression;
use flate2::write::GzEncoder;
use sip488::capture::Capture;
use sip488::capture::inventory;
use tempfile::NamedTempFile;

use crate::support::capture_file::Format;
use crate::support::capture_file::render;
use crate::traffic;

/// The file is small enough for the processor's cache: of a large one, memory or the disk decides.
#[divan::bench(args = [Format::Pcap, Format::PcapBig, Format::Pcapng])]
fn walk(bencher: Bencher<'_, '_>, format: Format) {
    let packets = traffic::night();
    let file = traffic::file(format, &packets);
    let bytes = file.as_file().metadata().expect("the file is there").len();
    let capture = captured_in(&file);
    assert_eq!(walk_all(&capture).0, packets.len() as u64);
    bencher
        .counter(BytesCount::new(bytes))
        .counter(ItemsCount::new(packets.len()))
        .bench_local(|| walk_all(&capture));
}

/// Counted in bytes of the capture, not of the file that it is compressed to. What is decompressed is kept until it is
/// released, so each walk begins with a look at the file.
#[divan::bench]
fn walk_what_is_in_gzip(bencher: Bencher<'_, '_>) {
    let packets = traffic::night();
    let bytes = render(Format::Pcap, &packets.iter().collect::<Vec<_>>());
    let mut file = NamedTempFile::new().expect("there is room for a temporary file");
    let mut encoder = GzEncoder::new(&mut file, Compression::default());
    encoder.write_all(&bytes).expect("there is room");
    encoder.finish().expect("there is room");
    assert_eq!(walk_all(&captured_in(&file)).0, packets.len() as u64);
    bencher
        .counter(BytesCount::new(bytes.len()))
        .counter(ItemsCount::new(packets.len()))
        .bench_local(|| walk_all(&captured_in(&file)));
}

fn captured_in(file: &NamedTempFile) -> Capture {
    let inventory = inventory::take(&[file.path().to_owned()]);
    let capture = inventory.captures.into_iter().next();
    capture.expect("the file is a capture")
}

/// Its records, and their bytes.
fn walk_all(capture: &Capture) -> (u64, usize) {
    let mut bytes = 0;
    let walked = capture.walk(&capture.start(), u64::MAX, |record| {
        bytes += divan::black_box(record.data).len();
    });
    (walked.records, bytes)
}
