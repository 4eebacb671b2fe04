//! Clocks that jump, stand at 0, or end.

use super::LADDER;
use super::capture;
use super::place::Place;
use super::place::code;
use super::place::err;
use super::place::out;
use super::place::rows;

/// The same capture with another second on each packet: of its place and of what it was.
fn retimed(second: impl Fn(usize, u32) -> u32) -> Vec<u8> {
    let mut bytes = capture(LADDER);
    let (mut at, mut place) = (24, 0);
    while at < bytes.len() {
        let field =
            |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
        let (was, length) = (field(at), field(at + 8));
        bytes[at..at + 4].copy_from_slice(&second(place, was).to_le_bytes());
        at += 16 + length as usize;
        place += 1;
    }
    bytes
}

/// The rows of such a capture: the call that was refused, and the one that was answered.
fn table(bytes: &[u8]) -> Vec<csv::StringRecord> {
    let place = Place::new();
    place.put("a.pcap", bytes);
    let output = place.run(&["analyze", "-q", "a.pcap"]);
    assert_eq!(
        (code(&output), rows(&out(&output))),
        (Some(0), 2),
        "{}",
        err(&output)
    );
    let text = out(&output);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let mut rows: Vec<_> = reader.records().map(|row| row.expect("a row")).collect();
    // By outcome: "answered", "rejected".
    rows.sort_by_key(|row| row[6].to_owned());
    assert_eq!((&rows[0][6], &rows[1][6]), ("answered", "rejected"));
    rows
}

#[test]
fn a_clock_that_jumps_back_inside_a_call_breaks_no_call() {
    // From the first response on, a day earlier.
    let rows = table(&retimed(
        |place, was| if place == 0 { was } else { was - 86_400 },
    ));
    assert_eq!(&rows[1][7], "488");
    // A time that went backwards is no setup time.
    assert!(!rows.iter().any(|row| row[30].starts_with('-')), "{rows:?}");
}

#[test]
fn packets_at_the_beginning_of_time_are_read() {
    let rows = table(&retimed(|_, _| 0));
    assert!(
        rows[1][0].starts_with("1970-01-01 00:00:00"),
        "{:?}",
        &rows[1][0]
    );
}

#[test]
fn packets_at_the_end_of_unsigned_seconds_are_read() {
    let rows = table(&retimed(|_, _| u32::MAX));
    assert!(
        rows[1][0].starts_with("2106-02-07 06:28:15"),
        "{:?}",
        &rows[1][0]
    );
}

#[test]
fn a_clock_that_jumps_from_one_end_of_time_to_the_other_ends_no_run() {
    let rows = table(&retimed(
        |place, _| if place % 2 == 0 { 0 } else { u32::MAX },
    ));
    assert_eq!(&rows[1][7], "488");
}
