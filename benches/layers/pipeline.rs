//! All of it: a capture of 16 MB, of whose packets 97 % are RTP, to rows as the CSVs have them.

use std::sync::Arc;

use divan::Bencher;
use divan::counter::BytesCount;
use divan::counter::ItemsCount;
use sip488::pipeline::Error;
use sip488::pipeline::Options;
use sip488::pipeline::Progress;
use sip488::pipeline::WINDOW;
use sip488::pipeline::analyze;
use sip488::report::ladder::Ladders;
use sip488::report::row::Row;
use sip488::transport::tls::KeyLog;
use sip488::trunk::Config;

use crate::support::capture_file::Format;
use crate::traffic;

struct Silent;

impl Progress for Silent {
    fn total(&self, _: u64) {}
    fn read(&self, _: u64) {}
}

/// With so many threads.
#[divan::bench(args = [1, 2])]
fn analyze_a_capture(bencher: Bencher<'_, '_>, threads: usize) {
    let packets = traffic::night();
    let file = traffic::file(Format::Pcap, &packets);
    let options = Options {
        paths: vec![file.path().to_owned()],
        config: Config::default(),
        keys: KeyLog::default(),
        threads,
        window: WINDOW,
        pstn_report: None,
        tells_trunk_groups: false,
        ladders: Ladders::None,
        redaction_key: None,
        stop: Arc::default(),
    };
    let calls = || {
        let mut calls = 0;
        let mut analysis = analyze(&options, &Silent).expect("nothing stops it");
        let count = |rows: &[Row<'_>]| rows.len();
        let counted = analysis.each_call::<_, Error>(count, |some| {
            calls += some;
            Ok(())
        });
        counted.expect("the rows are in memory");
        calls
    };
    assert_eq!(calls(), traffic::CALLS_OF_A_NIGHT);
    let bytes = std::fs::metadata(file.path())
        .expect("the file is there")
        .len();
    assert!((15 << 20..18 << 20).contains(&bytes), "{bytes} bytes");
    bencher
        .counter(BytesCount::new(bytes))
        .counter(ItemsCount::new(packets.len()))
        .bench_local(calls);
}
