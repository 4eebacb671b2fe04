//! What must not change the rows: threads, windows, where files end, the order of arguments, how the network carried
//! the messages, what is damaged beside them.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that can not read its files has failed"
)]

mod carriage;
mod damage;
mod packets;
mod round_trips;

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use proptest::prelude::*;
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
use tempfile::TempDir;

struct Silent;

impl Progress for Silent {
    fn total(&self, _: u64) {}
    fn read(&self, _: u64) {}
}

/// The rows of both CSVs.
type Told = (Vec<Row<'static>>, Vec<Row<'static>>);

fn analysed(paths: &[PathBuf], threads: usize, window: u64) -> Analysis {
    let options = Options {
        paths: paths.to_vec(),
        config: Config::default(),
        keys: KeyLog::default(),
        threads,
        window,
        pstn_report: None,
        tells_trunk_groups: false,
        ladders: Ladders::None,
        redaction_key: None,
        stop: Arc::default(),
    };
    analyze(&options, &Silent).unwrap()
}

fn told(paths: &[PathBuf], threads: usize, window: u64) -> Told {
    let mut analysis = analysed(paths, threads, window);
    let (mut calls, mut rejections) = (Vec::new(), Vec::new());
    let all = |rows: &[Row<'_>]| rows.iter().map(kept).collect::<Vec<_>>();
    analysis
        .each_rejection::<_, Error>(all, |rows| {
            rejections.extend(rows);
            Ok(())
        })
        .unwrap();
    analysis
        .each_call::<_, Error>(all, |rows| {
            calls.extend(rows);
            Ok(())
        })
        .unwrap();
    (calls, rejections)
}

/// A row that outlives what it was read from.
fn kept(row: &Row<'_>) -> Row<'static> {
    decode(encode(row).leak()).unwrap()
}

/// The rows without what says where the packets lie.
fn without_places((mut calls, mut rejections): Told) -> Told {
    for row in calls.iter_mut().chain(&mut rejections) {
        (
            row.file,
            row.invite_frame,
            row.response_file,
            row.response_frame,
        ) = (None, None, None, None);
    }
    (calls, rejections)
}

/// Says where two results part, not all that they hold.
fn assert_same(one: &Told, other: &Told, what: &str) {
    for (one, other) in [(&one.0, &other.0), (&one.1, &other.1)] {
        for (one, other) in one.iter().zip(other) {
            assert_eq!(one, other, "{what}");
        }
        assert_eq!(one.len(), other.len(), "{what}");
    }
}

/// So many cases of a law, or as many as `PROPTEST_CASES` asks for.
fn cases(few: u32) -> ProptestConfig {
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    let usual = ProptestConfig::default();
    ProptestConfig {
        cases: if asked { usual.cases } else { few },
        ..usual
    }
}

fn captures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("captures")
}

/// The classic pcap samples: little-endian, microseconds.
fn samples() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![captures()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if fs::read(&path)
                .unwrap()
                .starts_with(&[0xd4, 0xc3, 0xb2, 0xa1])
            {
                found.push(path);
            }
        }
    }
    found.sort();
    assert!(found.len() >= 3, "{found:?}");
    found
}

/// File header and records of a classic pcap.
fn records(path: &Path) -> (Vec<u8>, Vec<Vec<u8>>) {
    let bytes = fs::read(path).unwrap();
    let (header, mut rest) = bytes.split_at(24);
    let mut records = Vec::new();
    while !rest.is_empty() {
        let len = 16 + u32::from_le_bytes(rest[8..12].try_into().unwrap()) as usize;
        let (record, after) = rest.split_at(len);
        records.push(record.to_vec());
        rest = after;
    }
    (header.to_vec(), records)
}

fn write(folder: &TempDir, name: &str, header: &[u8], records: &[Vec<u8>]) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, [header.to_vec(), records.concat()].concat()).unwrap();
    path
}

#[test]
fn threads_and_windows_do_not_matter() {
    let paths = [captures()];
    let expected = told(&paths, 1, WINDOW);
    assert!(
        expected.0.len() > 100 && expected.1.len() > 10,
        "the samples have calls and rejections"
    );
    for (threads, window) in [
        (2, WINDOW),
        (4, WINDOW),
        (1, 64 << 10),
        (2, 16 << 10),
        (3, 4 << 10),
    ] {
        assert_same(
            &told(&paths, threads, window),
            &expected,
            &format!("{threads} threads, windows of {window} bytes"),
        );
    }
}

#[test]
fn the_order_of_arguments_does_not_matter() {
    let mut paths = samples();
    let expected = told(&paths, 2, WINDOW);
    paths.reverse();
    assert_eq!(told(&paths, 2, WINDOW), expected);
}

#[test]
fn a_damaged_file_beside_the_others_changes_no_row_of_theirs() {
    let folder = TempDir::new().unwrap();
    let mut paths = samples();
    let expected = without_places(told(&paths, 2, WINDOW));
    let (header, records) = records(&paths[0]);
    let junk = [
        header[..].to_vec(),
        vec![0xff; 5_000],
        records[0][..20].to_vec(),
    ]
    .concat();
    paths.push(folder.path().join("damaged.pcap"));
    fs::write(paths.last().unwrap(), junk).unwrap();
    assert_eq!(without_places(told(&paths, 2, WINDOW)), expected);
}

#[test]
fn a_packet_captured_twice_changes_no_row() {
    for sample in samples() {
        let folder = TempDir::new().unwrap();
        let (header, records) = records(&sample);
        let twice: Vec<_> = records
            .iter()
            .flat_map(|record| [record.clone(), record.clone()])
            .collect();
        let path = write(&folder, "twice.pcap", &header, &twice);
        assert_eq!(
            without_places(told(&[path], 1, WINDOW)),
            without_places(told(&[sample], 1, WINDOW))
        );
    }
}

proptest! {
    #![proptest_config(cases(48))]

    #[test]
    fn a_ring_of_files_tells_what_the_unsplit_capture_tells(sample in any::<prop::sample::Index>(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 1..5), window in 4_u64..64) {
        let samples = samples();
        let sample = &samples[sample.index(samples.len())];
        let (header, records) = records(sample);
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(records.len())).collect();
        cuts.extend([0, records.len()]);
        cuts.sort_unstable();
        let folder = TempDir::new().unwrap();
        // Named against their order: the first packet counts, not the name.
        let parts = cuts.windows(2).enumerate().filter(|(_, cut)| cut[0] < cut[1]);
        let ring: Vec<PathBuf> = parts.map(|(place, cut)| write(&folder, &format!("{}.pcap", 9 - place), &header, &records[cut[0]..cut[1]])).collect();
        let whole = without_places(told(std::slice::from_ref(sample), 1, WINDOW));
        prop_assert_eq!(without_places(told(&ring, 2, window << 10)), whole);
    }

    #[test]
    fn windows_do_not_matter_where_clocks_jump(sample in any::<prop::sample::Index>(), jumps in prop::collection::vec((any::<prop::sample::Index>(), any::<u32>(), 1_usize..40), 1..5), window in 300_u64..3000) {
        let samples = samples();
        let sample = &samples[sample.index(samples.len())];
        let (header, mut records) = records(sample);
        for (from, seconds, many) in jumps {
            let from = from.index(records.len());
            for record in records.iter_mut().skip(from).take(many) {
                record[..4].copy_from_slice(&seconds.to_le_bytes());
            }
        }
        let folder = TempDir::new().unwrap();
        let path = write(&folder, "jumps.pcap", &header, &records);
        let whole = told(std::slice::from_ref(&path), 1, WINDOW);
        assert_same(&told(&[path], 1, window), &whole, "in small windows");
    }

    #[test]
    fn packets_that_change_places_with_a_neighbour_change_no_row(sample in any::<prop::sample::Index>(), swaps in prop::collection::vec(any::<prop::sample::Index>(), 1..6)) {
        let samples = samples();
        let sample = &samples[sample.index(samples.len())];
        let (header, mut records) = records(sample);
        for swap in swaps {
            let at = swap.index(records.len() - 1);
            records.swap(at, at + 1);
        }
        let folder = TempDir::new().unwrap();
        let path = write(&folder, "swapped.pcap", &header, &records);
        // A TCP message is complete when its last segment is there, so its time may be its neighbour's.
        let untimed = |(mut calls, mut rejections): Told| {
            for row in calls.iter_mut().chain(&mut rejections) {
                (row.start_time, row.request_time) = Default::default();
                (row.setup, row.duration) = (None, None);
            }
            let key = |row: &Row<'static>| (row.call_id.clone(), row.rejected_at);
            calls.sort_by_key(key);
            rejections.sort_by_key(key);
            (calls, rejections)
        };
        prop_assert_eq!(untimed(without_places(told(&[path], 1, WINDOW))), untimed(without_places(told(std::slice::from_ref(sample), 1, WINDOW))));
    }
}
