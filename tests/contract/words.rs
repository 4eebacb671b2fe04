//! What the program says of itself.

use std::path::Path;

use crate::CALLS_HEADER;
use crate::LADDER;
use crate::Place;
use crate::capture;
use crate::code;
use crate::err;
use crate::out;

/// "`explain [CASE]`: what a case means, what confirms it, what to do; without CASE, the list".
#[test]
fn explain_knows_every_case() {
    let place = Place::new();
    let list = place.run(&["explain"]);
    assert_eq!(code(&list), Some(0), "{}", err(&list));
    for (case, number) in [
        ("cannot-support-any-media", "531000"),
        ("srtp-encryption-required", "531000"),
        ("no-ice-candidates", "531027"),
        ("blackhole-media", "531052"),
    ] {
        assert!(out(&list).contains(case), "the list lacks {case}");
        let page = place.run(&["explain", case]);
        assert_eq!(code(&page), Some(0), "{}", err(&page));
        assert!(
            out(&page).contains(case) && out(&page).contains(number),
            "{}",
            out(&page)
        );
        assert!(
            out(&page).len() > 200,
            "a page a person can act on: {}",
            out(&page)
        );
    }
}

/// The CSV's action is what `explain` says.
#[test]
fn the_suggested_action_is_in_explain() {
    let place = Place::new();
    place.put("a.pcap", &capture(LADDER));
    place.run(&["analyze", "-q", "-o", "calls.csv", "a.pcap"]);
    let text = place.read("calls.csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let place_of = |name: &str| {
        CALLS_HEADER
            .split(',')
            .position(|column| column == name)
            .expect("a column")
    };
    let record = reader.records().next().expect("a row").expect("a record");
    let action = &record[place_of("suggested_action")];
    assert!(!action.is_empty() && record[place_of("doc_url")].starts_with("https://"));
    let blanks = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let page = place.run(&["explain", "srtp-encryption-required"]);
    assert!(
        blanks(&out(&page)).contains(&blanks(action)),
        "{action}\n{}",
        out(&page)
    );
}

/// `--version` names the program and its version.
#[test]
fn version_is_told() {
    let output = Place::new().run(&["--version"]);
    assert_eq!(code(&output), Some(0));
    assert!(
        out(&output).contains(env!("CARGO_PKG_VERSION")),
        "{}",
        out(&output)
    );
}

/// The samples are what their program makes: each documented case has its three captures.
#[test]
fn the_samples_of_the_cases_are_there() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/cases");
    for case in [
        "cannot-support-any-media",
        "srtp-encryption-required",
        "no-ice-candidates",
        "blackhole-media",
    ] {
        for ending in ["udp.pcap", "tcp.pcapng", "vlan.pcap"] {
            assert!(
                folder.join(format!("{case}.{ending}")).is_file(),
                "{case}.{ending} is missing"
            );
        }
    }
}
