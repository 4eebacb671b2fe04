//! Damage costs what is damaged: every packet has one fate, and no other file's row changes.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use proptest::prelude::*;
use proptest::sample::Index;
use sip488::packet::Fate;
use sip488::pipeline::WINDOW;
use tempfile::TempDir;

use super::Told;
use super::analysed;
use super::assert_same;
use super::captures;
use super::cases;
use super::told;
use super::without_places;

/// Every capture of the samples, whatever its format.
fn all_captures() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![captures()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if [".pcap", ".pcapng", ".gz"]
                .iter()
                .any(|end| path.to_string_lossy().ends_with(end))
            {
                found.push(path);
            }
        }
    }
    found.sort();
    assert!(found.len() > 20, "{found:?}");
    found
}

/// One thing that happens to a file.
#[derive(Clone, Debug)]
enum Harm {
    Byte(Index, u8),
    Cut(Index),
    Hole(Index, usize),
    Inserted(Index, Vec<u8>),
    Swapped(Index, Index),
}

fn harm() -> impl Strategy<Value = Harm> {
    let place = any::<Index>;
    prop_oneof![
        8 => (place(), any::<u8>()).prop_map(|(at, byte)| Harm::Byte(at, byte)),
        1 => place().prop_map(Harm::Cut),
        2 => (place(), 1_usize..3_000).prop_map(|(at, length)| Harm::Hole(at, length)),
        2 => (place(), prop::collection::vec(any::<u8>(), 1..200)).prop_map(|(at, bytes)| Harm::Inserted(at, bytes)),
        1 => (place(), place()).prop_map(|(one, other)| Harm::Swapped(one, other)),
    ]
}

fn harmed(mut bytes: Vec<u8>, harms: &[Harm]) -> Vec<u8> {
    for harm in harms {
        let length = bytes.len();
        if length == 0 {
            break;
        }
        match harm {
            Harm::Byte(at, byte) => bytes[at.index(length)] = *byte,
            Harm::Cut(at) => bytes.truncate(at.index(length)),
            Harm::Hole(at, long) => {
                let at = at.index(length);
                bytes.drain(at..(at + long).min(length));
            }
            Harm::Inserted(at, new) => {
                let at = at.index(length);
                bytes.splice(at..at, new.iter().copied());
            }
            Harm::Swapped(one, other) => bytes.swap(one.index(length), other.index(length)),
        }
    }
    bytes
}

/// The rows of the calls that another run has, too.
fn rows_of(told: Told, of: &Told) -> Told {
    let (calls, rejections) = told;
    let is_known = |call_id: &_| of.0.iter().any(|row| row.call_id == *call_id);
    (
        calls
            .into_iter()
            .filter(|row| is_known(&row.call_id))
            .collect(),
        rejections
            .into_iter()
            .filter(|row| is_known(&row.call_id))
            .collect(),
    )
}

/// A harmed copy of a capture, by its own name in a folder.
fn harmed_copy(folder: &TempDir, path: &Path, harms: &[Harm]) -> PathBuf {
    let copy = folder.path().join(path.file_name().unwrap());
    fs::write(&copy, harmed(fs::read(path).unwrap(), harms)).unwrap();
    copy
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn each_packet_of_a_damaged_capture_has_one_fate(
        which in any::<Index>(),
        harms in prop::collection::vec(harm(), 1..12),
        window in 300_u64..9_000,
    ) {
        let captures = all_captures();
        let folder = TempDir::new().unwrap();
        let copy = harmed_copy(&folder, &captures[which.index(captures.len())], &harms);
        let analysis = analysed(&[copy], 2, window);
        let packets = &analysis.summary.packets;
        let fates: u64 = Fate::ALL.iter().map(|fate| packets.of(*fate)).sum();
        let files: u64 = analysis.summary.files.iter().map(|file| file.packets).sum();
        prop_assert_eq!(fates, files);
        prop_assert_eq!(packets.total(), files);
    }

    #[test]
    fn a_capture_damaged_anyhow_changes_no_row_of_the_others(
        harms in prop::collection::vec(harm(), 1..12),
        place in 0_usize..2,
    ) {
        // Calls of their own: they share neither addresses nor numbers with those of the other.
        let others = [captures().join("two-carriers/carrier-side.pcap"), captures().join("re-invite-refused.pcap")];
        let damaged = captures().join(["verdicts.pcapng", "cases/no-ice-candidates.udp.pcap"][place]);
        let expected = without_places(told(&others, 1, WINDOW));
        let folder = TempDir::new().unwrap();
        let mut paths = others.to_vec();
        paths.push(harmed_copy(&folder, &damaged, &harms));
        let found = rows_of(without_places(told(&paths, 1, WINDOW)), &expected);
        assert_same(&found, &expected, "beside a damaged file");
    }
}
