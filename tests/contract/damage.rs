//! Input that is missing, damaged or no capture.

use crate::LADDER;
use crate::Place;
use crate::capture;
use crate::code;
use crate::err;
use crate::file_status;
use crate::rows;

/// "`1` a file ... was named itself and is missing ..., and the results of all the rest are written".
#[test]
fn a_missing_file_beside_a_good_one_is_status_1() {
    let place = Place::new();
    place.put("a.pcap", &capture(LADDER));
    let output = place.run(&["analyze", "-q", "-o", "calls.csv", "nowhere.pcap", "a.pcap"]);
    assert_eq!(code(&output), Some(1));
    assert_eq!(rows(&place.read("calls.csv")), 2);
}

/// "`1` a file ... was named itself and is ... `not-a-capture`".
#[test]
fn a_named_text_file_beside_a_good_one_is_status_1() {
    let place = Place::new();
    place.put("a.pcap", &capture(LADDER));
    place.put("notes.txt", b"call the carrier on Monday\n");
    let output = place.run(&[
        "analyze",
        "-q",
        "-o",
        "calls.csv",
        "--summary",
        "s.json",
        "notes.txt",
        "a.pcap",
    ]);
    assert_eq!(code(&output), Some(1));
    assert_eq!(rows(&place.read("calls.csv")), 2);
    assert_eq!(
        file_status(&place, "s.json", "notes.txt").as_deref(),
        Some("not-a-capture")
    );
}

/// The same file found in a folder is no reason for an alarm: it is listed in the summary.
#[test]
fn a_text_file_found_in_a_folder_is_status_0() {
    let place = Place::new();
    place.put("night/deep/a.pcap", &capture(LADDER));
    place.put("night/notes.txt", b"call the carrier on Monday\n");
    place.put("night/empty", b"");
    let output = place.run(&[
        "analyze",
        "-q",
        "-o",
        "calls.csv",
        "--summary",
        "s.json",
        "night",
    ]);
    assert_eq!(code(&output), Some(0), "{}", err(&output));
    assert_eq!(rows(&place.read("calls.csv")), 2);
    assert_eq!(
        file_status(&place, "s.json", "notes.txt").as_deref(),
        Some("not-a-capture")
    );
    assert_eq!(
        file_status(&place, "s.json", "a.pcap").as_deref(),
        Some("ok")
    );
}

/// An empty file is no capture.
#[test]
fn a_named_empty_file_beside_a_good_one_is_status_1() {
    let place = Place::new();
    place.put("a.pcap", &capture(LADDER));
    place.put("empty.pcap", b"");
    let output = place.run(&["analyze", "-q", "-o", "calls.csv", "empty.pcap", "a.pcap"]);
    assert_eq!(code(&output), Some(1));
    assert_eq!(rows(&place.read("calls.csv")), 2);
}

/// "`1` a file is `partial`": its rows up to the damage are there, and those of the rest.
#[test]
fn a_file_cut_mid_record_is_partial() {
    let place = Place::new();
    let whole = capture(LADDER);
    place.put("cut.pcap", &whole[..whole.len() - 7]);
    place.put(
        "b.pcap",
        &capture(
            "call other id=other@192.0.2.10\nsbc > teams  INVITE  with good\nteams > sbc  486\n",
        ),
    );
    let output = place.run(&[
        "analyze",
        "-q",
        "-o",
        "calls.csv",
        "--summary",
        "s.json",
        "cut.pcap",
        "b.pcap",
    ]);
    assert_eq!(code(&output), Some(1));
    assert_eq!(rows(&place.read("calls.csv")), 3);
    assert_eq!(
        file_status(&place, "s.json", "cut.pcap").as_deref(),
        Some("partial")
    );
    assert_eq!(
        file_status(&place, "s.json", "b.pcap").as_deref(),
        Some("ok")
    );
    let summary: serde_json::Value = serde_json::from_str(&place.read("s.json")).expect("JSON");
    let cut = summary["files"]
        .as_array()
        .expect("files")
        .iter()
        .find(|file| file["status"] == "partial");
    assert!(
        cut.expect("the cut file")["error"].is_string(),
        "`error` says what and at which byte"
    );
}

/// A megabyte of zeros in the middle costs the packets there, and the file is `partial`.
#[test]
fn a_megabyte_of_zeros_in_the_middle_is_partial() {
    for format in ["pcap", "pcapng"] {
        let place = Place::new();
        let first = capture(&format!("format {format}\n{LADDER}"));
        let late = |number| {
            format!(
                "call late{number}
sbc > teams  INVITE  with good
teams > sbc  486
"
            )
        };
        let text = (0..40).map(late).fold(
            format!(
                "format {format}
wait 60
"
            ),
            |text, call| text + &call,
        );
        let second = capture(&text);
        let header = if format == "pcap" { 24 } else { 0 };
        let mut bytes = first;
        bytes.resize(bytes.len() + 1_048_576, 0);
        bytes.extend_from_slice(&second[header..]);
        place.put("holed.cap", &bytes);
        let output = place.run(&[
            "analyze",
            "-q",
            "-o",
            "calls.csv",
            "--summary",
            "s.json",
            "holed.cap",
        ]);
        assert_eq!(code(&output), Some(1), "{format}: {}", err(&output));
        assert_eq!(
            file_status(&place, "s.json", "holed.cap").as_deref(),
            Some("partial"),
            "{format}"
        );
        assert!(
            rows(&place.read("calls.csv")) >= 2,
            "{format}: the calls before the hole are there"
        );
    }
}

/// A folder of junk has no capture in it, and harms nothing.
#[test]
fn a_folder_of_junk_harms_nothing() {
    let place = Place::new();
    let mut junk = crate::support::generator::Generator::named("junk");
    for number in 0..20 {
        place.put(&format!("junk/{number}.bin"), &junk.bytes(number * 97));
    }
    // What begins like a capture and goes on as junk.
    place.put(
        "junk/magic.pcap",
        &[&[0xd4, 0xc3, 0xb2, 0xa1][..], &junk.bytes(500)].concat(),
    );
    place.put(
        "junk/magic.pcapng",
        &[&[0x0a, 0x0d, 0x0d, 0x0a][..], &junk.bytes(500)].concat(),
    );
    place.put("a.pcap", &capture(LADDER));
    let output = place.run(&[
        "analyze",
        "-q",
        "-o",
        "calls.csv",
        "--summary",
        "s.json",
        "junk",
        "a.pcap",
    ]);
    assert!(
        matches!(code(&output), Some(0 | 1)),
        "{:?} {}",
        code(&output),
        err(&output)
    );
    assert_eq!(rows(&place.read("calls.csv")), 2);
    assert!(!err(&output).contains("panicked"), "{}", err(&output));
}
