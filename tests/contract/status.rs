//! What the exit status tells.

use crate::LADDER;
use crate::Place;
use crate::capture;
use crate::code;
use crate::err;
use crate::out;
use crate::rows;

/// "`0` everything was read".
#[test]
fn everything_read_is_status_0() {
    let place = Place::new();
    place.put("a.pcap", &capture(LADDER));
    let output = place.run(&["analyze", "-o", "calls.csv", "a.pcap"]);
    assert_eq!(code(&output), Some(0), "{}", err(&output));
    assert_eq!(rows(&place.read("calls.csv")), 2);
}

/// "`2` nothing could be done (... none of the named paths readable ...)".
#[test]
fn nothing_readable_is_status_2() {
    let place = Place::new();
    let output = place.run(&[
        "analyze",
        "-o",
        "calls.csv",
        "nowhere.pcap",
        "nor-here.pcap",
    ]);
    assert_eq!(code(&output), Some(2));
    assert!(err(&output).contains("nowhere.pcap"), "{}", err(&output));
}

/// "`2` nothing could be done (... output not writable)", and no part of an output is left.
#[test]
fn an_output_that_cannot_be_written_is_status_2() {
    let place = Place::new();
    place.put("a.pcap", &capture(LADDER));
    let output = place.run(&["analyze", "-q", "-o", "no-such-folder/calls.csv", "a.pcap"]);
    assert_eq!(code(&output), Some(2));
    assert!(err(&output).contains("no-such-folder"), "{}", err(&output));
    assert_eq!(place.names(), ["a.pcap"]);
}

/// "`2` nothing could be done (bad usage ...)".
#[test]
fn bad_usage_is_status_2() {
    let place = Place::new();
    place.put("a.pcap", &capture(LADDER));
    for words in [
        &["analyze"][..],
        &["analyze", "--no-such-option", "a.pcap"],
        &["analyze", "--time-zone", "Mars/Olympus", "a.pcap"],
        &["analyze", "--teams", "300.1.2.3/99", "a.pcap"],
        &["analyze", "--threads", "many", "a.pcap"],
        &["no-such-command"],
        &["explain", "no-such-case"],
    ] {
        let output = place.run(words);
        assert_eq!(code(&output), Some(2), "{words:?}: {}", err(&output));
        assert_eq!(out(&output), "", "{words:?}");
        assert_ne!(err(&output), "", "{words:?}");
    }
}

/// A run that can do nothing leaves yesterday's output as it was.
#[test]
fn a_failed_run_leaves_the_old_output() {
    let place = Place::new();
    place.put("calls.csv", b"of yesterday");
    let output = place.run(&["analyze", "-q", "-o", "calls.csv", "nowhere.pcap"]);
    assert_eq!(code(&output), Some(2));
    assert_eq!(place.read("calls.csv"), "of yesterday");
}

/// "An unknown key is an error that names it, with its line".
#[test]
fn an_unknown_key_of_the_config_is_named_with_its_line() {
    let place = Place::new();
    place.put("a.pcap", &capture(LADDER));
    place.put(
        "trunks.toml",
        b"[[trunk]]\nname = \"Carrier A\"\n\nadresses = [\"192.0.2.10\"]\n",
    );
    let output = place.run(&[
        "analyze",
        "--config",
        "trunks.toml",
        "-o",
        "calls.csv",
        "a.pcap",
    ]);
    assert_eq!(code(&output), Some(2));
    assert!(err(&output).contains("adresses"), "{}", err(&output));
    assert!(err(&output).contains('4'), "the line: {}", err(&output));
    assert_eq!(place.names(), ["a.pcap", "trunks.toml"]);
}
