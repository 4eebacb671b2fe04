//! What holds for captures of every format.
#![expect(clippy::cast_possible_truncation, reason = "made captures are small")]

use super::made::BIG;
use super::made::LITTLE;
use super::made::SECS;
use super::made::file;
use super::made::noise;
use super::made::pcap_of;
use super::made::pcapng_of;
use super::made::stream;
use super::*;

/// A record with its bytes.
type Kept = (Nanos, u16, u32, Vec<u8>);

/// The byte, what was there, and how many bytes were passed over where reading went on.
type Broken = (u64, String, Option<u64>);

fn kept(record: Record<'_>) -> Kept {
    (
        record.time,
        record.link.0,
        record.original_len,
        record.data.to_vec(),
    )
}

/// All records, and what was damaged where, with how much was passed over.
fn read(capture: &Capture) -> (Vec<Kept>, Vec<Broken>) {
    let (mut records, mut damage) = (Vec::new(), Vec::new());
    let mut position = capture.start();
    loop {
        let walked = capture.walk(&position, u64::MAX, |record| records.push(kept(record)));
        let Stopped::Damaged(found) = walked.stopped else {
            assert_eq!(walked.stopped, Stopped::AtEnd);
            return (records, damage);
        };
        let resumed = capture.resume(&walked.end);
        damage.push((
            found.offset,
            found.what,
            resumed.as_ref().map(|resumed| resumed.skipped_bytes),
        ));
        match resumed {
            Some(resumed) => position = resumed.position,
            None => return (records, damage),
        }
    }
}

fn whole(bytes: &[u8]) -> Vec<Kept> {
    let (records, damage) = read(&stream(bytes));
    assert_eq!(damage, []);
    records
}

/// Reads in chunks begun at guesses, each verified against the walk before it: the records, and how many guesses held.
fn chunked(capture: &Capture, chunk: u64, len: u64) -> (Vec<Kept>, usize) {
    let (mut records, mut held) = (Vec::new(), 0);
    let mut position = capture.start();
    let mut at = position.offset;
    while at < len {
        let until = at + chunk;
        let guess = capture
            .guess(at, &capture.start())
            .filter(|guess| *guess == position);
        held += usize::from(guess.is_some());
        let walked = capture.walk(&guess.unwrap_or(position), until, |record| {
            records.push(kept(record));
        });
        assert!(
            !matches!(walked.stopped, Stopped::Damaged(_)),
            "{:?}",
            walked.stopped
        );
        position = walked.end;
        at = until;
    }
    (records, held)
}

#[test]
fn a_file_and_a_stream_of_the_same_bytes_give_the_same() {
    for bytes in [pcap_of(900), pcapng_of(900)] {
        let (_kept, file) = file(&bytes);
        let records = read(&file).0;
        assert_eq!(records.len(), 900);
        assert_eq!(records, read(&stream(&bytes)).0);
    }
}

#[test]
fn cutting_into_chunks_changes_nothing_and_most_guesses_hold() {
    for bytes in [pcap_of(900), pcapng_of(900)] {
        let (_kept, file) = file(&bytes);
        let records = read(&file).0;
        for chunk in [700, 5000, 65_536] {
            let (split, held) = chunked(&file, chunk, bytes.len() as u64);
            assert!(split == records, "chunks of {chunk}");
            let chunks = bytes.len() / chunk as usize;
            assert!(held + 3 >= chunks * 9 / 10, "{held} of {chunks}");
        }
    }
}

#[test]
fn a_capture_inside_a_capture_is_not_taken_for_it() {
    for (outer, inner) in [(pcap_of(5), pcap_of(1000)), (pcapng_of(5), pcapng_of(1000))] {
        let mut bytes = outer;
        for part in inner.chunks(40_000) {
            let len = part.len() as u32;
            if bytes[0] == 0x0a {
                bytes.extend(LITTLE.packet(0, u64::from(SECS) * 1_000_000, part));
            } else {
                bytes.extend(LITTLE.record(SECS, 0, len, part));
            }
        }
        let (_kept, file) = file(&bytes);
        let records = read(&file).0;
        let (split, _) = chunked(&file, 9000, bytes.len() as u64);
        assert!(split == records);
    }
}

#[test]
fn a_megabyte_of_zeros_in_the_middle_costs_what_it_covers() {
    for bytes in [pcap_of(5000), pcapng_of(5000)] {
        let records = whole(&bytes);
        let mut damaged = bytes.clone();
        damaged[1_000_000..2_000_000].fill(0);
        let (left, damage) = read(&stream(&damaged));
        assert_eq!(damage.len(), 1, "{damage:?}");
        assert!((998_800..1_001_200).contains(&damage[0].0), "{damage:?}");
        assert!(
            (990_000..1_002_400).contains(&damage[0].2.unwrap()),
            "{damage:?}"
        );
        let (first, last) = (&records[0], &records[4999]);
        assert_eq!((left.first(), left.last()), (Some(first), Some(last)));
        assert!(left.len() > 3000);
        let (_kept, file) = file(&damaged);
        assert!(read(&file) == (left, damage));
    }
}

#[test]
fn zeros_at_the_end_are_damage_and_nothing_follows() {
    for bytes in [pcap_of(20), pcapng_of(20)] {
        let mut padded = bytes.clone();
        padded.resize(bytes.len() + 100_000, 0);
        let (records, damage) = read(&stream(&padded));
        assert_eq!(records.len(), 20);
        assert_eq!(
            (damage.len(), damage[0].0, damage[0].2),
            (1, bytes.len() as u64, None)
        );
    }
}

#[test]
fn a_capture_cut_anywhere_ends_with_damage_or_with_a_whole_record() {
    for bytes in [pcap_of(6), pcapng_of(6)] {
        let records = whole(&bytes);
        for cut in 24..bytes.len() {
            let (left, damage) = read(&stream(&bytes[..cut]));
            assert_eq!(left, records[..left.len()], "cut at {cut}");
            for (_, what, resumed) in &damage {
                assert!(what.starts_with("cut in the middle"), "{what}");
                assert_eq!(*resumed, None);
            }
        }
    }
}

#[test]
fn any_byte_may_be_wrong_and_reading_ends() {
    for bytes in [pcap_of(40), pcapng_of(40)] {
        for seed in 0..600_u32 {
            let mut wrong = bytes.clone();
            for step in noise(12, seed + 1).chunks(4) {
                let at = u32::from_le_bytes(step.try_into().unwrap()) as usize % wrong.len();
                wrong[at] = step[0] ^ 0x81;
            }
            let head = wrong.get(..24).unwrap();
            let source = Source::Stream(source::stream::Stream::new(Box::new(
                std::io::Cursor::new(wrong.clone()),
            )));
            if let Some(capture) = Capture::open(PathBuf::from("-"), true, source, head) {
                read(&capture);
            }
        }
    }
}

#[test]
fn a_walk_ends_at_the_first_record_at_or_after_its_end() {
    let bytes = pcap_of(3);
    let capture = stream(&bytes);
    let start = capture.start();
    let first = 24 + 16 + 60;
    for (until, end, records) in [
        (24, 24, 0),
        (25, first, 1),
        (first, first, 1),
        (first + 1, first + 16 + 97, 2),
    ] {
        let walked = capture.walk(&start, until, |_| {});
        assert_eq!((walked.end.offset, walked.records), (end, records));
        assert_eq!(walked.stopped, Stopped::AtUntil);
    }
}

#[test]
fn a_file_that_shrinks_while_it_is_read_is_damaged_there() {
    let bytes = pcap_of(900);
    let (kept, file) = file(&bytes);
    kept.as_file().set_len(100_000).unwrap();
    let walked = file.walk(&file.start(), u64::MAX, |_| {});
    let Stopped::Damaged(damage) = walked.stopped else {
        panic!("{:?}", walked.stopped)
    };
    assert_eq!(damage.what, "the file became shorter while it was read");
    assert_eq!(damage.offset, walked.end.offset);
    assert!(damage.offset <= 100_000);
    assert_eq!(file.resume(&walked.end), None);
}

#[test]
fn a_file_that_is_gone_is_damaged_where_the_walk_begins() {
    let (kept, file) = file(&pcap_of(3));
    drop(kept);
    let walked = file.walk(&file.start(), u64::MAX, |_| {});
    assert!(matches!(
        walked.stopped,
        Stopped::Damaged(Damage { offset: 24, .. })
    ));
}

#[test]
fn a_stream_is_read_as_far_as_is_asked_and_forgets_what_is_released() {
    let bytes = pcap_of(6000);
    let capture = stream(&bytes);
    assert_eq!(capture.len(), None);
    assert_eq!(
        capture.available(1 << 20).unwrap(),
        Available {
            until: 1 << 20,
            is_end: false
        }
    );
    let walked = capture.walk(&capture.start(), 1 << 20, |_| {});
    capture.release(walked.end.offset);
    let rest = capture.walk(&walked.end, u64::MAX, |_| {});
    assert_eq!(
        (walked.records + rest.records, rest.stopped),
        (6000, Stopped::AtEnd)
    );
    let end = bytes.len() as u64;
    assert_eq!(
        capture.available(u64::from(u32::MAX)).unwrap(),
        Available {
            until: end,
            is_end: true
        }
    );
    let again = capture.walk(&capture.start(), 1 << 20, |_| {});
    assert!(matches!(again.stopped, Stopped::Damaged(_)));
}

#[test]
fn the_first_time_and_the_format_are_known_beforehand() {
    for (bytes, format) in [(pcap_of(2), Format::Pcap), (pcapng_of(2), Format::Pcapng)] {
        let capture = stream(&bytes);
        assert_eq!(
            (capture.format, capture.first),
            (format, Some(Nanos::from_secs(i64::from(SECS))))
        );
    }
    assert_eq!(stream(&pcap_of(0)).first, None);
    assert_eq!(whole(&pcap_of(0)), []);
}

#[test]
fn damage_between_two_byte_orders_is_passed_over_to_the_next_section() {
    let mut bytes = pcapng_of(10);
    bytes.extend(noise(300, 3));
    let second = bytes.len() as u64;
    bytes.extend(BIG.section());
    bytes.extend(BIG.interface(113, 0, &[]));
    for number in 0..10 {
        bytes.extend(BIG.packet(0, number, b"big"));
    }
    let (records, damage) = read(&stream(&bytes));
    assert_eq!(records.len(), 20);
    assert_eq!(records[19], (Nanos(9000), 113, 3, b"big".to_vec()));
    assert_eq!(damage[0].0 + damage[0].2.unwrap(), second);
}
