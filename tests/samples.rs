//! The main job over the sample captures: whole CSVs, as users get them, and the README that shows them.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that can not read its files has failed"
)]

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Output;

use assert_cmd::Command;
use sip488::diagnosis::CASES;
use sip488::diagnosis::FINDINGS;
use sip488::diagnosis::Verdict;
use sip488::report::columns::calls;
use sip488::report::columns::compare;
use sip488::report::columns::offers;
use sip488::report::columns::trunks;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sip488(words: &[&str]) -> Output {
    Command::cargo_bin("sip488")
        .unwrap()
        .current_dir(root())
        .args(words)
        .output()
        .unwrap()
}

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).unwrap()
}

/// Where the two part, not all that they hold.
fn assert_same(what: &str, found: &str, expected: &str) {
    for (line, (found, expected)) in found.lines().zip(expected.lines()).enumerate() {
        assert_eq!(found, expected, "{what}, line {}", line + 1);
    }
    assert_eq!(found.len(), expected.len(), "{what}: one is longer");
}

#[test]
fn the_csvs_of_the_sample_captures_are_the_golden_ones() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).display().to_string();
    let output = sip488(&[
        "analyze",
        "-q",
        "captures",
        "-o",
        &place("calls.csv"),
        "--rejections",
        &place("rejections.csv"),
        "--trunk-report",
        &place("trunks.csv"),
        "--offer-report",
        &place("offers.csv"),
    ]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    for name in ["calls.csv", "rejections.csv", "trunks.csv", "offers.csv"] {
        let found = fs::read_to_string(folder.path().join(name)).unwrap();
        let golden = root().join("tests/golden").join(name);
        if std::env::var_os("SIP488_NEW_GOLDEN").is_some() {
            fs::write(&golden, &found).unwrap();
        }
        assert_same(name, &found, &fs::read_to_string(golden).unwrap());
    }
}

#[test]
fn every_case_has_a_sample_that_confirms_it() {
    let golden = fs::read_to_string(root().join("tests/golden/rejections.csv")).unwrap();
    for case in CASES {
        assert!(
            golden.contains(&format!(",{},confirmed,", case.name)),
            "{}",
            case.name
        );
    }
    for verdict in ["contradicted", "inferred", "undocumented", "insufficient"] {
        assert!(golden.contains(&format!(",{verdict},")), "{verdict}");
    }
}

#[test]
fn the_readme_shows_the_closing_summary_of_its_first_command() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("calls.csv").display().to_string();
    let output = sip488(&["analyze", "captures", "-o", &place]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        readme().contains(said.trim_end()),
        "README.md should show:\n{said}"
    );
}

#[test]
fn the_readme_has_every_column_with_its_meaning() {
    let mut expected = String::new();
    for (name, meaning) in calls::columns()
        .iter()
        .map(|column| (column.name, column.meaning))
    {
        let _ = writeln!(expected, "| `{name}` | {meaning} |");
    }
    assert!(
        readme().contains(&expected),
        "README.md should have:\n{expected}"
    );
    let mut expected = String::new();
    for (name, meaning) in offers::COLUMNS
        .iter()
        .map(|column| (column.name, column.meaning))
    {
        let _ = writeln!(expected, "| `{name}` | {meaning} |");
    }
    assert!(
        readme().contains(&expected),
        "README.md should have:\n{expected}"
    );
    let mut expected = String::new();
    for (name, meaning) in compare::columns()
        .iter()
        .map(|column| (column.name, column.meaning))
    {
        let _ = writeln!(expected, "| `{name}` | {meaning} |");
    }
    assert!(
        readme().contains(&expected),
        "README.md should have:\n{expected}"
    );
    let mut expected = String::new();
    for (name, meaning) in trunks::COLUMNS
        .iter()
        .map(|column| (column.name, column.meaning))
    {
        let _ = writeln!(expected, "| `{name}` | {meaning} |");
    }
    assert!(
        readme().contains(&expected),
        "README.md should have:\n{expected}"
    );
}

#[test]
fn the_readme_names_every_case_verdict_and_finding() {
    let readme = readme();
    let names = CASES
        .iter()
        .map(|case| case.name)
        .chain(FINDINGS.iter().map(|finding| finding.name))
        .chain(Verdict::ALL.map(Verdict::name));
    for name in names {
        assert!(
            readme.contains(&format!("`{name}`")),
            "README.md lacks `{name}`"
        );
    }
}

#[test]
fn the_readme_has_the_table_of_what_is_read() {
    let table = String::from_utf8(sip488(&["explain", "--formats"]).stdout).unwrap();
    assert!(readme().contains(&table), "README.md should have:\n{table}");
}

#[test]
fn the_readme_shows_what_is_said_of_connections_without_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let capture = folder.path().join("x.pcap");
    let sample = "tests/decryption/tls12-ecdhe-rsa-aes128-gcm.pcap";
    fs::copy(root().join(sample), &capture).unwrap();
    let calls = folder.path().join("calls.csv").display().to_string();
    let output = sip488(&["analyze", &capture.display().to_string(), "-o", &calls]);
    let said = String::from_utf8(output.stderr).unwrap();
    let about: Vec<&str> = said.lines().skip(2).take(5).collect();
    assert!(about[0].contains("encrypted"), "{said}");
    assert!(
        readme().contains(&about.join("\n")),
        "README.md should have:\n{said}"
    );
}

#[test]
fn the_readme_lists_every_option() {
    let help = String::from_utf8(sip488(&["analyze", "--help"]).stdout).unwrap();
    let options = help
        .split_whitespace()
        .filter(|word| word.starts_with("--") && word.len() > 2)
        .map(|word| word.trim_end_matches([',', '.']));
    let readme = readme();
    for option in options.filter(|option| !["--help", "--version"].contains(option)) {
        assert!(readme.contains(option), "README.md lacks {option}");
    }
}

#[test]
fn the_readme_table_shows_rows_that_are_in_the_csv() {
    let readme = readme();
    let table = readme
        .lines()
        .skip_while(|line| !line.starts_with("| start_time |"))
        .take_while(|line| line.starts_with('|'));
    let golden = fs::read_to_string(root().join("tests/golden/calls.csv")).unwrap();
    let rows: Vec<&str> = table.skip(2).collect();
    assert!(rows.len() >= 4, "README.md shows some rows");
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let line = golden
            .lines()
            .find(|line| line.starts_with(cells[0]))
            .unwrap_or_else(|| panic!("no call at {}", cells[0]));
        for cell in cells.iter().filter(|cell| !cell.is_empty()) {
            assert!(line.contains(*cell), "{cell} is not in {line}");
        }
    }
}

#[test]
fn the_crontab_line_of_the_readme_is_understood() {
    let readme = readme();
    let line = readme.lines().find(|line| line.contains("* * *")).unwrap();
    let words: Vec<&str> = line
        .split_whitespace()
        .skip_while(|word| *word != "sip488")
        .skip(1)
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let place = |word: &&str| -> String {
        match *word {
            "/var/captures/ring" => root().join("captures/night").display().to_string(),
            word if word.starts_with('/') => folder
                .path()
                .join(PathBuf::from(word).file_name().unwrap())
                .display()
                .to_string(),
            word => word.to_owned(),
        }
    };
    let words: Vec<String> = words.iter().map(place).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let output = sip488(&words);
    assert!(
        output.status.success() && output.stderr.is_empty() && output.stdout.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
}
