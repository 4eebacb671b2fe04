//! How the network carried the messages doesn't matter: in fragments, in segments, in what order, how often.

use std::path::Path;
use std::path::PathBuf;

use proptest::prelude::*;
use proptest::sample::Index;
use sip488::pipeline::WINDOW;
use tempfile::TempDir;

use super::Told;
use super::assert_same;
use super::cases;
use super::packets::Record;
use super::packets::fragmented;
use super::packets::segmented;
use super::records;
use super::samples;
use super::told;
use super::without_places;
use super::write;

/// The samples, and captures of connections with their keys.
fn captures() -> Vec<(PathBuf, Vec<PathBuf>)> {
    let keys = |path: &Path| {
        let keys = path.with_extension("keylog");
        keys.exists().then_some(keys).into_iter().collect()
    };
    let mut captures: Vec<_> = samples()
        .into_iter()
        .map(|path| (path.clone(), keys(&path)))
        .collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/decryption");
    for name in [
        "tls12-mutual",
        "tls13",
        "tls13-early-data",
        "tls13-websocket",
    ] {
        let path = folder.join(format!("{name}.pcap"));
        captures.push((path.clone(), keys(&path)));
    }
    captures.push((folder.join("tcp-websocket.pcap"), vec![]));
    captures
}

/// The rows of a capture, and of the same after each of its packets was `changed`.
fn before_and_after(
    which: Index,
    mut changed: impl FnMut(&Record, u16) -> Vec<Record>,
) -> (Told, Told) {
    let captures = captures();
    let (path, keys) = &captures[which.index(captures.len())];
    let (header, records) = records(path);
    let changed: Vec<Record> = (0..)
        .zip(&records)
        .flat_map(|(number, record)| changed(record, number))
        .collect();
    let folder = TempDir::new().unwrap();
    let path_changed = write(&folder, "changed.pcap", &header, &changed);
    let rows = |path: &Path| {
        let mut paths = keys.clone();
        paths.push(path.to_owned());
        without_places(told(&paths, 1, WINDOW))
    };
    let before = rows(path);
    assert!(!before.0.is_empty(), "{} has calls", path.display());
    (before, rows(&path_changed))
}

/// Puts pieces of one packet in an order that `turn` chooses.
fn turned(mut pieces: Vec<Record>, turn: usize) -> Vec<Record> {
    let places = pieces.len();
    pieces.rotate_left(turn % places);
    if turn % 2 == 1 {
        pieces.reverse();
    }
    pieces
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn ip_fragments_in_any_order_change_no_row(
        which in any::<Index>(),
        pieces in prop::collection::vec(1_usize..190, 1..6),
        turn in 0_usize..40,
    ) {
        let (before, after) = before_and_after(which, |record, number| turned(fragmented(record, &pieces, number), turn));
        assert_same(&after, &before, "in fragments");
    }

    #[test]
    // No more than the segments that are held behind a hole.
    fn tcp_segments_of_any_length_in_any_order_change_no_row(
        which in any::<Index>(),
        pieces in prop::collection::vec(prop_oneof![8_usize..20, 20_usize..1400], 1..6),
        turn in 0_usize..40,
    ) {
        let (before, after) = before_and_after(which, |record, _| turned(segmented(record, &pieces), turn));
        assert_same(&after, &before, "in segments");
    }

    #[test]
    fn segments_in_fragments_change_no_row(
        which in any::<Index>(),
        pieces in prop::collection::vec(16_usize..600, 1..4),
        units in prop::collection::vec(2_usize..40, 1..4),
    ) {
        let mut number = 0_u16;
        let (before, after) = before_and_after(which, |record, _| {
            let segments = segmented(record, &pieces);
            segments.iter().flat_map(|segment| {
                number = number.wrapping_add(1);
                fragmented(segment, &units, number)
            }).collect()
        });
        assert_same(&after, &before, "in segments in fragments");
    }

    #[test]
    fn some_packets_captured_several_times_change_no_row(
        which in any::<Index>(),
        copies in prop::collection::vec(1_usize..4, 1..9),
    ) {
        let mut copies = copies.iter().cycle();
        let (before, after) = before_and_after(which, |record, _| vec![record.clone(); *copies.next().unwrap()]);
        assert_same(&after, &before, "several times");
    }
}
