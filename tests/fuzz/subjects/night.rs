//! A whole file → rows, as the program does it; and the same in small windows.

use std::path::PathBuf;
use std::sync::Arc;

use sip488::packet::Fate;
use sip488::pipeline::Analysis;
use sip488::pipeline::Error;
use sip488::pipeline::Options;
use sip488::pipeline::Progress;
use sip488::pipeline::WINDOW;
use sip488::pipeline::analyze;
use sip488::report::ladder::Ladders;
use sip488::report::row::Row;
use sip488::report::spill::decode;
use sip488::report::spill::encode;
use sip488::transport::tls::KeyLog;
use sip488::trunk::Config;

use super::Subject;
use super::capture;

pub(crate) const SUBJECT: Subject = Subject {
    name: "night",
    dictionary: capture::WORDS,
    longest: 64 << 10,
    run,
};

struct Silent;

impl Progress for Silent {
    fn total(&self, _: u64) {}
    fn read(&self, _: u64) {}
}

/// The fates add up, and the rows don't depend on windows and threads.
fn run(bytes: &[u8]) {
    let path = capture::as_file(bytes);
    let whole = tell(path.clone(), 1, WINDOW);
    let in_windows = tell(path, 2, 2 << 10);
    for (one, other) in in_windows.1.iter().zip(&whole.1) {
        if one != other {
            let (one, other): (Row<'_>, Row<'_>) = (decoded(one), decoded(other));
            assert_eq!(one, other, "in small windows and in one");
        }
    }
    assert_eq!(in_windows.0, whole.0);
    assert!(in_windows == whole);
}

fn decoded(row: &[u8]) -> Row<'_> {
    decode(row).expect("it was encoded")
}

/// The summary, and each row as it is encoded.
type Told = (String, Vec<Vec<u8>>);

fn tell(path: PathBuf, threads: usize, window: u64) -> Told {
    let options = Options {
        paths: vec![path],
        config: Config::default(),
        keys: KeyLog::default(),
        threads,
        window,
        pstn_report: None,
        tells_trunk_groups: true,
        ladders: Ladders::OfRejections,
        redaction_key: None,
        stop: Arc::default(),
    };
    let mut analysis = analyze(&options, &Silent).expect("nothing stops it");
    add_up(&analysis);
    let mut told = Vec::new();
    let all = |rows: &[Row<'_>]| rows.iter().map(encode).collect::<Vec<_>>();
    let rejections = analysis.each_rejection::<_, Error>(all, |rows| {
        told.extend(rows);
        Ok(())
    });
    rejections.expect("rows are in memory");
    let calls = analysis.each_call::<_, Error>(all, |rows| {
        told.extend(rows);
        Ok(())
    });
    let trunks = calls.expect("rows are in memory");
    let summary = serde_json::to_string(&analysis.summary).expect("a summary is JSON");
    (format!("{summary}{trunks:?}"), told)
}

fn add_up(analysis: &Analysis) {
    let packets = &analysis.summary.packets;
    let fates: u64 = Fate::ALL.iter().map(|fate| packets.of(*fate)).sum();
    let files: u64 = analysis.summary.files.iter().map(|file| file.packets).sum();
    assert_eq!(fates, packets.total());
    assert_eq!(files, packets.total(), "each record has one fate");
}
