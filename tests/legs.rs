//! Both legs of a call, as users see them: in the rows, the trunk report, the summary and the README.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that can not read its files has failed"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use assert_cmd::Command;
use sip488::pairing::GROUNDS;

type Row = BTreeMap<String, String>;

struct Night {
    calls: Vec<Row>,
    rejections: Vec<Row>,
    trunks: Vec<Row>,
    summary: serde_json::Value,
}

fn rows(path: &Path) -> Vec<Row> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

/// The night of the site with two carriers.
fn night(captures: &[&str]) -> Night {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/two-carriers");
    Command::cargo_bin("sip488")
        .unwrap()
        .args(["analyze", "-q", "--config"])
        .arg(samples.join("trunks.toml"))
        .args(captures.iter().map(|name| samples.join(name)))
        .arg("--pstn-report")
        .arg(samples.join("pstn-report.csv"))
        .arg("-o")
        .arg(place("calls.csv"))
        .arg("--rejections")
        .arg(place("rejections.csv"))
        .arg("--trunk-report")
        .arg(place("trunks.csv"))
        .arg("--summary")
        .arg(place("summary.json"))
        .assert()
        .success();
    Night {
        calls: rows(&place("calls.csv")),
        rejections: rows(&place("rejections.csv")),
        trunks: rows(&place("trunks.csv")),
        summary: serde_json::from_str(&fs::read_to_string(place("summary.json")).unwrap()).unwrap(),
    }
}

fn both_sides() -> Night {
    night(&["carrier-side.pcap", "teams-side.pcap"])
}

fn readme() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap()
}

#[test]
fn legs_name_each_other_and_agree_on_the_carrier() {
    let night = both_sides();
    let by_call_id: BTreeMap<&str, &Row> = night
        .calls
        .iter()
        .map(|row| (row["call_id"].as_str(), row))
        .collect();
    let mut related = 0;
    for row in &night.calls {
        for other in row["related_call_ids"]
            .split(';')
            .filter(|id| !id.is_empty())
        {
            let other = by_call_id[other];
            let back = other["related_call_ids"].split(';');
            assert!(back.into_iter().any(|id| id == row["call_id"]), "{row:?}");
            assert_eq!(row["carrier_trunk"], other["carrier_trunk"], "{row:?}");
            related += 1;
        }
    }
    assert!(related > 70, "{related}");
}

#[test]
fn a_488_that_is_passed_on_takes_after_the_first_and_is_counted_once() {
    let night = both_sides();
    let by_call_id: BTreeMap<&str, &Row> = night
        .rejections
        .iter()
        .map(|row| (row["call_id"].as_str(), row))
        .collect();
    let relayed = night
        .rejections
        .iter()
        .filter(|row| row["relayed"] == "yes");
    let mut count = 0;
    for row in relayed {
        let first = by_call_id[row["related_call_ids"].as_str()];
        assert_eq!(first["relayed"], "");
        assert_eq!(
            (&row["case"], &row["verdict"]),
            (&first["case"], &first["verdict"])
        );
        let told = format!(
            "passes on the 488 of {}: {}",
            first["call_id"], first["evidence"]
        );
        assert_eq!(row["evidence"], told);
        count += 1;
    }
    let of = |name: &str| night.summary[name].as_u64().unwrap();
    let verdicts = night.summary["verdicts"].as_object().unwrap();
    let counted: u64 = verdicts.values().map(|count| count.as_u64().unwrap()).sum();
    assert_eq!(night.summary["pairing"]["relayed"], count);
    assert_eq!((of("rejections"), counted), (24, 24 - count));
}

#[test]
fn a_failure_counts_on_the_trunks_of_both_sides() {
    let night = both_sides();
    let of = |trunk: &str, column: &str| {
        let row = night.trunks.iter().find(|row| row["trunk"] == trunk);
        row.unwrap()[column].clone()
    };
    assert_eq!(of("Teams, Munich", "side"), "teams");
    assert_eq!(of("Carrier A", "side"), "carrier");
    for (trunk, refused, unencrypted) in [
        ("Teams, Munich", "12", "8"),
        ("Carrier A", "9", "8"),
        ("Carrier B", "3", "0"),
    ] {
        assert_eq!(of(trunk, "calls_488"), refused, "{trunk}");
        assert_eq!(
            of(trunk, "srtp_encryption_required"),
            unencrypted,
            "{trunk}"
        );
    }
}

#[test]
fn one_side_alone_has_no_related_legs() {
    let night = night(&["teams-side.pcap"]);
    assert!(
        night
            .calls
            .iter()
            .all(|row| row["related_call_ids"].is_empty())
    );
    assert_eq!(night.summary["pairing"]["strong"], 0);
}

#[test]
fn two_calls_with_an_equal_claim_are_not_guessed_between() {
    let night = both_sides();
    let left = night.summary["pairing"]["left_out"].as_object().unwrap();
    let paired = night
        .calls
        .iter()
        .filter(|row| !row["related_call_ids"].is_empty());
    let left: u64 = left.values().map(|count| count.as_u64().unwrap()).sum();
    assert_eq!(paired.count() as u64 + left, night.calls.len() as u64);
}

#[test]
fn the_readme_shows_the_trunks_and_the_grounds() {
    let night = both_sides();
    let columns = [
        "trunk",
        "side",
        "calls",
        "calls_488",
        "rate_488",
        "srtp_encryption_required",
        "undocumented",
        "ser",
        "ner",
        "few",
    ];
    let mut expected = String::new();
    for row in &night.trunks {
        let cells: Vec<&str> = columns.iter().map(|column| row[*column].as_str()).collect();
        let _ = writeln!(expected, "| {} |", cells.join(" | "));
    }
    assert!(
        readme().contains(&expected),
        "README.md should have:\n{expected}"
    );
    let mut expected = String::new();
    for ground in GROUNDS {
        let _ = writeln!(
            expected,
            "| `{}` | {} | {} |",
            ground.name, ground.meaning, ground.trivial
        );
    }
    assert!(
        readme().contains(&expected),
        "README.md should have:\n{expected}"
    );
}

#[test]
fn microsofts_own_report_stands_beside_what_the_packets_say() {
    let night = both_sides();
    let report = &night.summary["pstn_report"];
    let of = |name: &str| report[name].as_u64().unwrap();
    let told = night
        .calls
        .iter()
        .filter(|row| !row["reported_code"].is_empty());
    assert_eq!(
        told.count() as u64,
        of("by_correlation_id") + of("by_numbers")
    );
    assert!(of("by_numbers") > 20 && of("agreed") == 9, "{report}");
    let difference = &report["differences"][0];
    assert_eq!(
        (of("differed"), &difference["reported_code"]),
        (1, &531_000.into())
    );
    let reported = |phrase: &str| {
        night
            .calls
            .iter()
            .find(|row| row["reported_phrase"].contains(phrase))
    };
    let row = reported("SrtpEncryptionRequired").unwrap();
    assert_eq!(
        (row["reported_code"].as_str(), row["case"].as_str()),
        ("531000", "srtp-encryption-required")
    );
}

#[test]
fn a_report_that_cannot_be_read_is_named_with_what_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("costs.csv");
    fs::write(&report, "Date,Cost\r\n2026-03-03,1\r\n").unwrap();
    let assert = Command::cargo_bin("sip488")
        .unwrap()
        .args(["analyze", "-q", "captures", "--pstn-report"])
        .arg(&report)
        .assert()
        .code(2);
    let said = String::from_utf8(assert.get_output().stderr.clone()).unwrap();
    assert!(
        said.contains("costs.csv") && said.contains("cost, date"),
        "{said}"
    );
}
