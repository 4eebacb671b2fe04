//! Capture file → records.

use divan::Bencher;
use divan::counter::BytesCount;
use divan::counter::ItemsCount;
use sip488::capture::inventory;

use crate::support::capture_file::Format;
use crate::traffic;

/// The file is small enough for the processor's cache: of a large one, memory or the disk decides.
#[divan::bench(args = [Format::Pcap, Format::PcapBig, Format::Pcapng])]
fn walk(bencher: Bencher<'_, '_>, format: Format) {
    let packets = traffic::night();
    let file = traffic::file(format, &packets);
    let capture = inventory::take(&[file.path().to_owned()])
        .captures
        .remove(0);
    let walk = || {
        let mut bytes = 0;
        let walked = capture.walk(&capture.start(), u64::MAX, |record| {
            bytes += divan::black_box(record.data).len();
        });
        (walked.records, bytes)
    };
    assert_eq!(walk().0, packets.len() as u64);
    bencher
        .counter(BytesCount::new(capture.len().expect("it is a file")))
        .counter(ItemsCount::new(packets.len()))
        .bench_local(walk);
}
