//! Which captures have one clock.
//!
//! The files of a ring are one capture cut in pieces: they are named alike but for digits, lie in one folder, and follow
//! each other in time. Files of several machines may be named alike too, but those overlap.

use std::path::Path;
use std::path::PathBuf;

use crate::capture::record::Nanos;

/// By how much a file of a ring may begin before the one before it ends: packets are not written in strict order of time.
const OVERLAP: Nanos = Nanos::from_secs(1);

/// A capture, and when its first and last packets were.
#[derive(Clone, Debug)]
pub struct Span {
    /// Its path.
    pub path: PathBuf,
    /// From when to when; none where it holds no packet.
    pub times: Option<(Nanos, Nanos)>,
}

/// For each capture the place of the first one with the same clock.
pub fn taps(captures: &[Span]) -> Vec<u32> {
    let mut taps: Vec<u32> = (0_u32..).take(captures.len()).collect();
    let mut in_order: Vec<_> = captures
        .iter()
        .enumerate()
        .filter_map(|(place, capture)| Some((series(&capture.path), capture.times?, place)))
        .collect();
    in_order.sort();
    let mut before: Option<(&String, Nanos, usize)> = None;
    for (series, (first, last), place) in &in_order {
        let follows = before.filter(|(of, end, _)| *of == series && end.since(*first) <= OVERLAP);
        if let Some((_, _, earlier)) = follows {
            taps[*place] = taps[earlier];
        }
        before = Some((series, *last, *place));
    }
    taps
}

/// The path without the digits of its file name.
fn series(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name: String = name
        .chars()
        .filter(|letter| !letter.is_ascii_digit())
        .collect();
    path.with_file_name(name).display().to_string()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::Span;
    use super::taps;
    use crate::capture::record::Nanos;

    fn of(captures: &[(&str, i64, i64)]) -> Vec<u32> {
        let spans: Vec<Span> = captures
            .iter()
            .map(|&(path, first, last)| Span {
                path: PathBuf::from(path),
                times: Some((Nanos::from_secs(first), Nanos::from_secs(last))),
            })
            .collect();
        taps(&spans)
    }

    #[test]
    fn the_files_of_a_ring_have_one_clock() {
        let ring = [
            ("a/r_00001.pcap", 0, 10),
            ("a/r_00002.pcap", 10, 20),
            ("a/r_00003.pcap", 20, 30),
        ];
        assert_eq!(of(&ring), [0, 0, 0]);
    }

    #[test]
    fn captures_of_one_time_have_clocks_of_their_own() {
        assert_eq!(
            of(&[("a/sbc1.pcap", 0, 10), ("a/sbc2.pcap", 1, 11)]),
            [0, 1]
        );
    }

    #[test]
    fn captures_of_other_names_or_folders_have_clocks_of_their_own() {
        let captures = [
            ("a/r_1.pcap", 0, 10),
            ("b/r_2.pcap", 10, 20),
            ("a/s_2.pcap", 10, 20),
        ];
        assert_eq!(of(&captures), [0, 1, 2]);
    }
}
