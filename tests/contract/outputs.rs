//! What is written: columns, whole files or none, the same bytes.

use std::process::Stdio;

use crate::CALLS_HEADER;
use crate::LADDER;
use crate::Place;
use crate::TRUNKS_HEADER;
use crate::capture;
use crate::code;
use crate::err;
use crate::out;
use crate::rows;
use crate::support::ladder::Ladder;
use crate::support::ladder::MORNING;

/// "RFC 4180 (CRLF), UTF-8, one header line"; "Columns keep their names and order; new ones are added at the end".
#[test]
fn the_csvs_have_the_columns_of_the_contract() {
    let place = Place::new();
    place.put("a.pcap", &capture(LADDER));
    place.run(&[
        "analyze",
        "-q",
        "-o",
        "calls.csv",
        "--rejections",
        "rejections.csv",
        "--trunk-report",
        "trunks.csv",
        "a.pcap",
    ]);
    for (name, header) in [
        ("calls.csv", CALLS_HEADER),
        ("rejections.csv", CALLS_HEADER),
        ("trunks.csv", TRUNKS_HEADER),
    ] {
        let text = place.read(name);
        assert!(
            text.starts_with(header),
            "{name} begins with {}",
            text.lines().next().unwrap_or_default()
        );
        assert!(text.ends_with("\r\n"), "{name}");
        assert_eq!(
            text.matches('\n').count(),
            text.matches("\r\n").count(),
            "{name} has a bare LF"
        );
    }
    assert_eq!(rows(&place.read("rejections.csv")), 1);
    assert_eq!(rows(&place.read("trunks.csv")), 1);
}

/// "standard output when absent"; "Standard output carries data alone".
#[test]
fn without_output_the_rows_go_to_standard_output_alone() {
    let place = Place::new();
    place.put("a.pcap", &capture(LADDER));
    let output = place.run(&["analyze", "a.pcap"]);
    assert!(out(&output).starts_with(CALLS_HEADER));
    assert_eq!(rows(&out(&output)), 2);
    place.run(&["analyze", "-q", "-o", "calls.csv", "a.pcap"]);
    assert_eq!(out(&output), place.read("calls.csv"));
    let named = place.run(&["analyze", "-o", "again.csv", "a.pcap"]);
    assert_eq!(
        out(&named),
        "",
        "the closing summary goes to standard error"
    );
}

/// "-q, --quiet: no progress, no closing summary".
#[test]
fn quiet_says_nothing() {
    let place = Place::new();
    place.put("a.pcap", &capture(LADDER));
    let output = place.run(&["analyze", "-q", "-o", "calls.csv", "a.pcap"]);
    assert_eq!((out(&output), err(&output)), (String::new(), String::new()));
    assert_eq!(rows(&place.read("calls.csv")), 2);
}

/// "- for standard input".
#[test]
fn a_dash_is_standard_input() {
    let place = Place::new();
    place.put("a.pcap", &capture(LADDER));
    let input = std::fs::File::open(place.path("a.pcap")).expect("the capture");
    let output = place
        .command(&["analyze", "-q", "-"])
        .stdin(input)
        .output()
        .expect("the program runs");
    assert_eq!(code(&output), Some(0), "{}", err(&output));
    assert_eq!(rows(&out(&output)), 2);
}

/// "A closed pipe ends the program quietly".
#[test]
fn a_closed_pipe_ends_quietly() {
    let place = Place::new();
    // More rows than a pipe holds.
    let ladder: String = (0..400)
        .map(|number| {
            let call = format!(
                "call c{number}
sbc > teams  INVITE  with good
"
            );
            call + "teams > sbc  488  reason=srtp
sbc > teams  ACK
"
        })
        .collect();
    place.put("a.pcap", &capture(&ladder));
    let mut child = place
        .command(&["analyze", "-q", "a.pcap"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("the program ends");
    assert_eq!(err(&output), "");
}

/// "An output file appears whole or not at all: it is written beside its place and renamed".
#[test]
fn outputs_leave_nothing_beside_them() {
    let place = Place::new();
    place.put("a.pcap", &capture(LADDER));
    place.put("calls.csv", b"of yesterday");
    place.run(&[
        "analyze",
        "-q",
        "-o",
        "calls.csv",
        "--summary",
        "s.json",
        "a.pcap",
    ]);
    assert!(place.read("calls.csv").starts_with(CALLS_HEADER));
    assert_eq!(place.names(), ["a.pcap", "calls.csv", "s.json"]);
}

/// "The same input gives the same bytes, whatever `--threads` is and in whatever order the files are named".
#[test]
fn threads_and_order_of_names_change_no_byte() {
    let place = Place::new();
    let split = LADDER
        .replace("wait 30", "file b.pcap\nwait 30")
        .replace("call refused", "file a.pcap\ncall refused");
    let played = Ladder::play(&split, MORNING);
    for (name, bytes) in played.files.iter().zip(played.render()) {
        place.put(name, &bytes);
    }
    place.put(
        "c.pcap",
        &capture("wait 600\ncall third\nsbc > teams  INVITE  with ice\nteams > sbc  488\n"),
    );
    let mut results = Vec::new();
    for (threads, names) in [
        ("1", ["a.pcap", "b.pcap", "c.pcap"]),
        ("2", ["c.pcap", "b.pcap", "a.pcap"]),
        ("4", ["b.pcap", "a.pcap", "c.pcap"]),
        ("4", ["c.pcap", "a.pcap", "b.pcap"]),
    ] {
        let mut words = vec![
            "analyze",
            "-q",
            "-j",
            threads,
            "-o",
            "calls.csv",
            "--rejections",
            "rejections.csv",
            "--trunk-report",
            "trunks.csv",
            "--summary",
            "s.json",
        ];
        words.extend(names);
        let output = place.run(&words);
        assert_eq!(code(&output), Some(0), "{}", err(&output));
        results.push(
            ["calls.csv", "rejections.csv", "trunks.csv", "s.json"].map(|name| place.read(name)),
        );
    }
    for result in &results[1..] {
        assert_eq!(*result, results[0]);
    }
    assert_eq!(rows(&results[0][0]), 3);
}

/// "A file named twice is read once", whether it is named itself or found in a folder.
#[test]
fn a_file_named_twice_is_read_once() {
    let place = Place::new();
    place.put("night/a.pcap", &capture(LADDER));
    let once = place.run(&["analyze", "-q", "--summary", "once.json", "night/a.pcap"]);
    let twice = place.run(&[
        "analyze",
        "-q",
        "--summary",
        "twice.json",
        "night/a.pcap",
        "night/a.pcap",
        "night",
    ]);
    assert_eq!(code(&twice), Some(0), "{}", err(&twice));
    assert_eq!(out(&once), out(&twice));
    assert_eq!(place.read("once.json"), place.read("twice.json"));
}

/// No SRTP key of the SDP reaches an output: `inline:` and what follows it stay in the capture.
#[test]
fn no_key_reaches_an_output() {
    let place = Place::new();
    let secret = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVoxMjM0";
    let ladder = format!(
        "offer keyed = good\n  replace RTP/SAVP => RTP/AVP\n  replace $KEY => {secret}\n\
         sbc > teams  INVITE  with keyed\nteams > sbc  488  reason=srtp\nsbc > teams  ACK\n"
    );
    place.put("a.pcap", &capture(&ladder));
    let output = place.run(&[
        "analyze",
        "--rejections",
        "r.csv",
        "--summary",
        "s.json",
        "a.pcap",
    ]);
    for text in [
        out(&output),
        err(&output),
        place.read("r.csv"),
        place.read("s.json"),
    ] {
        assert!(!text.contains(secret), "{text}");
    }
}

/// The order of first packets counts, not that of names: a ring that wrapped is read right.
#[test]
fn a_ring_gives_the_rows_of_the_unsplit_capture() {
    let whole = Place::new();
    whole.put("one.pcap", &capture(LADDER));
    let ring = Place::new();
    let split = LADDER
        .replace("call refused", "file ring/3.pcap\ncall refused")
        .replace("teams > sbc  488", "file ring/1.pcap\nteams > sbc  488")
        .replace("wait 30", "file ring/2.pcap\nwait 30");
    let played = Ladder::play(&split, MORNING);
    for (name, bytes) in played.files.iter().zip(played.render()) {
        ring.put(name, &bytes);
    }
    let positions: Vec<usize> = ["file", "invite_frame", "response_file", "response_frame"]
        .iter()
        .filter_map(|name| CALLS_HEADER.split(',').position(|column| column == *name))
        .collect();
    let cells = |text: &str| -> Vec<Vec<String>> {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        reader
            .records()
            .map(|record| {
                let record = record.expect("a record");
                let kept = record
                    .iter()
                    .enumerate()
                    .filter(|(place, _)| !positions.contains(place));
                kept.map(|(_, cell)| cell.to_owned()).collect()
            })
            .collect()
    };
    let one = whole.run(&["analyze", "-q", "one.pcap"]);
    let many = ring.run(&["analyze", "-q", "ring"]);
    assert_eq!(cells(&out(&one)), cells(&out(&many)));
    assert_eq!(rows(&out(&many)), 2);
}

/// "An output file appears whole or not at all": not over what was read, and not over another output.
#[test]
fn an_output_replaces_neither_a_capture_nor_another_output() {
    let place = Place::new();
    place.put("a.pcap", &capture(LADDER));
    let before = std::fs::read(place.path("a.pcap")).expect("it was put there");
    let output = place.run(&["analyze", "-q", "-o", "a.pcap", "./a.pcap"]);
    assert_eq!(code(&output), Some(2));
    assert!(
        err(&output).contains("would be replaced"),
        "{}",
        err(&output)
    );
    assert_eq!(
        std::fs::read(place.path("a.pcap")).expect("it stays"),
        before
    );
    let output = place.run(&[
        "analyze",
        "-q",
        "-o",
        "x.csv",
        "--rejections",
        "./x.csv",
        "a.pcap",
    ]);
    assert_eq!(code(&output), Some(2));
    assert!(err(&output).contains("two outputs"), "{}", err(&output));
}
