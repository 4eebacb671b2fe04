//! `sip488 show`: one call as a ladder, from outside.
#![cfg(feature = "show")]
#![allow(
    clippy::disallowed_methods,
    reason = "a test that can not read its files has failed"
)]

#[path = "support/place.rs"]
mod place;

use std::process::Output;
use std::process::Stdio;

use place::Place;
use place::code;
use place::err;
use place::out;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A leg to Teams that is refused, and the carrier's leg to which the SBC passes that on.
const BOTH_LEGS: &str = "2499519644907@192.0.2.30";

/// A call whose offers have keys.
const WITH_KEYS: &str = "6918942731687@192.0.2.10";

fn show(words: &[&str]) -> Output {
    let mut command = Place::new().command(&[&["show"], words].concat());
    command.current_dir(ROOT).env_remove("COLUMNS");
    command.output().expect("the program runs")
}

/// Of a shown message, the lines between its heading and the next.
fn message(page: &str, number: usize) -> String {
    let heading = format!("message {number}, ");
    let from = page.find(&heading).expect("the message is there");
    let rest = &page[from..];
    let to = rest[1..].find("\nmessage ").map_or(rest.len(), |at| at + 1);
    rest[..to].to_owned()
}

#[test]
fn the_page_of_a_call_with_two_legs_is_the_golden_one() {
    let output = show(&[
        BOTH_LEGS,
        "captures/two-carriers",
        "--config",
        "captures/two-carriers/trunks.toml",
    ]);
    assert_eq!(code(&output), Some(0), "{}", err(&output));
    let golden = std::fs::read_to_string(format!("{ROOT}/tests/golden/show.txt"));
    assert_eq!(out(&output), golden.expect("the golden page"));
}

#[test]
fn keys_are_in_no_message_and_the_rest_of_it_is() {
    let plain = show(&[WITH_KEYS, "captures/verdicts.pcapng"]);
    assert!(!out(&plain).contains("message 1"), "{}", out(&plain));
    let output = show(&[WITH_KEYS, "captures/verdicts.pcapng", "--raw"]);
    assert_eq!(code(&output), Some(0), "{}", err(&output));
    let invite = message(&out(&output), 1);
    assert!(invite.contains("\n  INVITE sip:"), "{invite}");
    assert!(invite.contains("inline:[key left out]"), "{invite}");
    let capture = std::fs::read(format!("{ROOT}/captures/verdicts.pcapng")).expect("the capture");
    let text = String::from_utf8_lossy(&capture);
    let keys: Vec<&str> = text
        .match_indices("inline:")
        .map(|(at, _)| &text[at + 7..at + 27])
        .collect();
    assert!(keys.len() > 2);
    assert!(keys.iter().all(|key| !out(&output).contains(key)));
}

#[test]
fn a_call_id_that_is_not_there_is_status_1_and_what_is_like_it_is_told() {
    let output = show(&["2499519644907@192", "captures/two-carriers"]);
    assert_eq!(code(&output), Some(1));
    assert_eq!(out(&output), "");
    assert!(
        err(&output).contains("no call with the Call-ID 2499519644907@192 is in what was read"),
        "{}",
        err(&output)
    );
    assert!(err(&output).contains(&format!("there is {BOTH_LEGS}")));
}

#[test]
fn nothing_readable_is_status_2() {
    let output = show(&[BOTH_LEGS, "no-such-file.pcap"]);
    assert_eq!(code(&output), Some(2));
}

#[test]
fn what_is_read_once_shows_the_one_leg() {
    let capture = std::fs::File::open(format!("{ROOT}/captures/carrier-refuses.pcap"));
    let calls = out(&Place::new()
        .command(&["analyze", "-q", "captures/carrier-refuses.pcap"])
        .current_dir(ROOT)
        .output()
        .expect("the program runs"));
    let id = calls.lines().nth(1).and_then(|row| row.split(',').nth(5));
    let id = id.expect("a call");
    let of_file = out(&show(&[id, "captures/carrier-refuses.pcap"]));
    assert!(of_file.contains("other leg B"), "{of_file}");
    let output = Place::new()
        .command(&["show", id, "-"])
        .stdin(Stdio::from(capture.expect("the capture")))
        .output()
        .expect("the program runs");
    let of_stream = out(&output);
    assert!(of_stream.contains("its other leg is"), "{of_stream}");
    assert!(!of_stream.contains("other leg B"), "{of_stream}");
}

#[test]
fn a_narrow_terminal_gets_a_narrow_page() {
    let mut command = Place::new().command(&["show", WITH_KEYS, "captures/verdicts.pcapng"]);
    let output = command.current_dir(ROOT).env("COLUMNS", "80").output();
    let page = out(&output.expect("the program runs"));
    let is_page = |line: &&str| !line.contains("https://");
    let widest = page
        .lines()
        .filter(is_page)
        .map(|line| line.chars().count());
    assert!(widest.max().expect("a page") <= 80, "{page}");
}
