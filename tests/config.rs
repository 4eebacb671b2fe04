//! `sip488 config`, and what a configuration makes of rows, as users run it.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that can not read its files has failed"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Output;

use assert_cmd::Command;

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

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A file with this text, in a folder that goes when it is dropped.
fn file(content: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trunks.toml");
    fs::write(&path, content).unwrap();
    (folder, path)
}

/// Status and standard output of a check, without the file's folder.
fn checked(content: &str) -> (Option<i32>, String) {
    let (folder, path) = file(content);
    let output = sip488(&["config", "check", path.to_str().unwrap()]);
    let here = format!("{}/", folder.path().display());
    (
        output.status.code(),
        text(&output.stdout).replace(&here, ""),
    )
}

/// The cells of a CSV by column, the named columns left out.
fn cells(csv: &[u8], without: &[&str]) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(csv);
    let header: Vec<String> = reader
        .headers()
        .unwrap()
        .iter()
        .map(str::to_owned)
        .collect();
    reader
        .records()
        .map(|record| {
            let cells = header.iter().cloned().zip(
                record
                    .unwrap()
                    .iter()
                    .map(str::to_owned)
                    .collect::<Vec<_>>(),
            );
            cells
                .filter(|(column, _)| !without.contains(&column.as_str()))
                .collect()
        })
        .collect()
}

#[test]
fn a_clean_file_is_told_as_it_was_understood() {
    let (status, told) = checked(
        "[carrier]\naddresses = [\"203.0.113.0/24\"]\n[numbers]\ncountry_code = \"49\"\n[[trunk]]\nname = \"Carrier A\"\naddresses = [\"192.0.2.10:5080\", \"[2001:db8::1]:5061\"]\ntrunk_groups = [\"a\"]\nbypass = false\n",
    );
    assert_eq!(status, Some(0), "{told}");
    for part in [
        "trunk \"Carrier A\": addresses 192.0.2.10:5080, [2001:db8::1]:5061; trunk groups a; no media bypass",
        "carriers: 203.0.113.0/24",
        "country code 49",
    ] {
        assert!(told.contains(part), "{part}\n{told}");
    }
}

#[test]
fn every_error_is_told_with_line_and_column_and_what_was_expected() {
    let (status, told) = checked(
        "[teams]\nadresses = []\n\n[[trunk]]\nname = \"A\"\nports = [\"5060\"]\naddresses = [\"192.0.2.300\"]\n",
    );
    assert_eq!(status, Some(2), "{told}");
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), 3, "{told}");
    assert!(
        lines[0].starts_with("trunks.toml:2:1: error: unknown key `adresses`"),
        "{told}"
    );
    assert!(lines[1].starts_with("trunks.toml:6:10: error:"), "{told}");
    assert!(
        lines[2].starts_with("trunks.toml:7:14: error: `192.0.2.300`"),
        "{told}"
    );
    assert!(
        lines
            .iter()
            .all(|line| line.contains("expected") || line.contains("numbers from")),
        "{told}"
    );
}

#[test]
fn a_warning_leaves_the_file_usable() {
    let (status, told) = checked(
        "[[trunk]]\nname = \"A\"\naddresses = [\"192.0.2.0/24\"]\n[[trunk]]\nname = \"B\"\naddresses = [\"192.0.2.7\"]\n",
    );
    assert_eq!(status, Some(1), "{told}");
    assert!(
        told.starts_with("trunks.toml:6:14: warning: 192.0.2.7 lies in 192.0.2.0/24 of \"A\""),
        "{told}"
    );
    assert!(told.contains("trunk \"B\""), "{told}");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let output = sip488(&["config", "check", "/nowhere/trunks.toml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("/nowhere/trunks.toml"));
}

#[test]
fn an_analysis_names_the_place_of_a_fault() {
    let (_folder, path) = file("[sbc]\nhost = []\n");
    let config = path.to_str().unwrap();
    let output = sip488(&[
        "analyze",
        "-q",
        "captures/re-invite-refused.pcap",
        "--config",
        config,
    ]);
    assert_eq!(output.status.code(), Some(2));
    let told = text(&output.stderr);
    assert!(
        told.contains("line 2, column 1") && told.contains("`host`"),
        "{told}"
    );
}

/// Drafts a file for a path, and compares the runs with and without it.
#[track_caller]
fn assert_draft_is_sound(path: &str, teams_rows_keep_their_names: bool) -> String {
    let folder = tempfile::tempdir().unwrap();
    let draft = folder.path().join("trunks.toml");
    let draft = draft.to_str().unwrap();
    let written = sip488(&["config", "init", "-q", path, "-o", draft]);
    assert!(
        written.status.code().is_some_and(|status| status < 2),
        "{}",
        text(&written.stderr)
    );
    assert!(written.stdout.is_empty());
    let check = sip488(&["config", "check", draft]);
    assert_eq!(
        check.status.code(),
        Some(0),
        "{path}: {}",
        text(&check.stdout)
    );
    for output in ["-o", "--rejections"] {
        let (plain, named) = (
            folder.path().join("plain.csv"),
            folder.path().join("named.csv"),
        );
        let other = if output == "-o" { "--rejections" } else { "-o" };
        let run = |place: &Path, more: &[&str]| {
            let place = place.to_str().unwrap();
            let words = ["analyze", "-q", path, output, place, other, "/dev/null"];
            let done = sip488(&[&words[..], more].concat());
            assert!(
                done.status.code().is_some_and(|status| status < 2),
                "{}",
                text(&done.stderr)
            );
            fs::read(place).unwrap()
        };
        let plain = run(&plain, &[]);
        let named = run(&named, &["--config", draft]);
        assert_eq!(
            cells(&plain, &["trunk"]),
            cells(&named, &["trunk"]),
            "{path}"
        );
        if teams_rows_keep_their_names {
            let of_teams = |csv: &[u8]| -> Vec<_> {
                let rows = cells(csv, &[]).into_iter();
                rows.filter(|row| !row["direction"].is_empty()).collect()
            };
            assert_eq!(of_teams(&plain), of_teams(&named), "{path}");
        }
    }
    fs::read_to_string(draft).unwrap()
}

#[test]
fn a_draft_of_all_samples_changes_no_row_but_names() {
    assert_draft_is_sound("captures", true);
}

#[test]
fn a_draft_of_a_night_has_its_carriers_and_their_trunks() {
    let draft = assert_draft_is_sound("captures/two-carriers", true);
    for part in [
        "[sbc]\naddresses = [\"192.0.2.30\"]",
        "[carrier]\naddresses = [\"203.0.113.20\"",
        "hosts = [\"sbc-muc.contoso.example\"]",
        "# country_code",
        "# bypass = true",
        "in Microsoft's published networks",
    ] {
        assert!(draft.contains(part), "{part}\n{draft}");
    }
    assert!(!draft.contains("\nbypass"), "{draft}");
}

#[test]
fn a_carriers_trunk_is_the_carriers_whoever_called() {
    let folder = tempfile::tempdir().unwrap();
    let calls = folder.path().join("calls.csv");
    let done = sip488(&[
        "analyze",
        "-q",
        "captures/two-carriers",
        "--config",
        "captures/two-carriers/trunks.toml",
        "-o",
        calls.to_str().unwrap(),
    ]);
    assert!(done.status.success());
    for row in cells(&fs::read(calls).unwrap(), &[]) {
        let ends = format!("{} {}", row["source"], row["destination"]);
        let trunk = match () {
            () if !row["direction"].is_empty() => "Teams, Munich",
            () if ends.contains("203.0.113.40:") => "Carrier B",
            () => "Carrier A",
        };
        assert_eq!(row["trunk"], trunk, "{row:?}");
    }
}

#[test]
fn a_draft_is_not_put_over_a_capture() {
    let folder = tempfile::tempdir().unwrap();
    let capture = folder.path().join("a.pcap");
    fs::copy(root().join("captures/re-invite-refused.pcap"), &capture).unwrap();
    let before = fs::read(&capture).unwrap();
    let name = capture.to_str().unwrap();
    assert_eq!(
        sip488(&["config", "init", "-q", name, "-o", name])
            .status
            .code(),
        Some(2)
    );
    assert_eq!(fs::read(&capture).unwrap(), before);
    let nothing = sip488(&["config", "init", "-q", "/nowhere/a.pcap"]);
    assert_eq!(nothing.status.code(), Some(2));
    assert!(nothing.stdout.is_empty());
}

#[test]
fn a_draft_is_the_same_whatever_the_threads() {
    let one = sip488(&["config", "init", "-q", "-j", "1", "captures/two-carriers"]);
    let two = sip488(&["config", "init", "-q", "-j", "2", "captures/two-carriers"]);
    assert!(one.status.success() && !one.stdout.is_empty());
    assert_eq!(text(&one.stdout), text(&two.stdout));
}

/// A run whose options stand in a file, and the folder that the file and a capture are in.
fn run_with(analyze: &str, words: &[&str]) -> (Output, tempfile::TempDir) {
    let (folder, path) = file(&format!("[analyze]\n{analyze}\n"));
    let capture = root().join("captures/verdicts.pcapng");
    fs::copy(capture, folder.path().join("night.pcapng")).unwrap();
    let mut call = vec!["analyze", "--config", path.to_str().unwrap()];
    call.extend(words);
    (sip488(&call), folder)
}

#[test]
fn a_nightly_job_needs_no_more_than_a_file() {
    let (ran, folder) = run_with(
        "paths = [\"night.pcapng\"]\noutput = \"calls.csv\"\nquiet = true\ntime_zone = \"Europe/Berlin\"",
        &[],
    );
    assert!(ran.status.success() && ran.stderr.is_empty(), "{ran:?}");
    let calls = fs::read_to_string(folder.path().join("calls.csv")).unwrap();
    assert!(calls.lines().count() > 2);
}

#[test]
fn what_the_command_line_says_counts_before_the_file() {
    let (ran, folder) = run_with(
        "paths = [\"missing.pcap\"]\noutput = \"calls.csv\"\nquiet = true",
        &["-o", "-", "captures/verdicts.pcapng"],
    );
    assert!(ran.status.success() && ran.stdout.len() > 1000, "{ran:?}");
    assert!(!folder.path().join("calls.csv").exists());
}

#[test]
fn an_option_that_the_file_has_wrong_is_told_with_its_line() {
    let (ran, _folder) = run_with("quiet = true\ntreads = 2", &["captures"]);
    let said = text(&ran.stderr);
    assert_eq!(ran.status.code(), Some(2));
    let expected = "line 3, column 1: unknown key `treads` in [analyze]";
    assert!(said.contains(expected), "{said}");
    let (status, told) = checked("[analyze]\nquiet = 1\n[[trunk]]\nname = \"a\"\n");
    assert_eq!(status, Some(2));
    let expected = "trunks.toml:2:1: error: `quiet` is true or false\n";
    assert!(told.starts_with(expected), "{told}");
}

#[test]
fn without_a_capture_anywhere_the_error_says_where_to_name_one() {
    let (ran, _folder) = run_with("quiet = true", &[]);
    let said = text(&ran.stderr);
    assert_eq!(ran.status.code(), Some(2));
    assert!(said.contains("`paths` in [analyze]"), "{said}");
}

#[test]
fn what_is_wrong_with_trunks_and_with_options_is_told_at_once() {
    let (status, told) = checked(
        "[teams]\naddresses = [\"x\"]\n[analyze]\nthreads = \"two\"\ntime_zone = \"Mars\"\n",
    );
    assert_eq!(status, Some(2));
    for line in [":2:", ":4:", ":5:"] {
        assert!(told.contains(&format!("trunks.toml{line}")), "{told}");
    }
}

#[test]
fn what_the_file_and_the_command_line_have_together_is_judged_together() {
    let (folder, path) = file("[analyze]\nredact = true\npaths = [\"-q.pcapng\"]\nquiet = true\n");
    fs::copy(
        root().join("captures/verdicts.pcapng"),
        folder.path().join("-q.pcapng"),
    )
    .unwrap();
    let key = folder.path().join("key");
    fs::write(&key, [7; 16]).unwrap();
    let words = [
        "analyze",
        "--redact-key",
        key.to_str().unwrap(),
        "--config",
        path.to_str().unwrap(),
    ];
    let ran = sip488(&words);
    assert!(ran.status.success() && ran.stdout.len() > 1000, "{ran:?}");
}

#[test]
fn what_a_run_is_made_of_is_not_replaced_by_it() {
    let (folder, path) = file("[analyze]\n");
    let inside = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::copy(root().join("captures/wrapped/tls.pcap"), inside("tls.pcap")).unwrap();
    fs::copy(
        root().join("captures/wrapped/tls.keylog"),
        inside("tls.keylog"),
    )
    .unwrap();
    fs::copy(root().join("captures/wrapped/tls.keylog"), inside("other")).unwrap();
    fs::write(inside("key"), [7; 16]).unwrap();
    let before = |name: &str| fs::read(inside(name)).unwrap();
    let all = ["trunks.toml", "tls.keylog", "other", "key"];
    let originals = all.map(before);
    for name in all {
        let words = [
            "analyze",
            "-q",
            &inside("tls.pcap"),
            "--config",
            path.to_str().unwrap(),
            "--keylog",
            &inside("other"),
            "--redact",
            "--redact-key",
            &inside("key"),
            "-o",
            &inside(name),
        ];
        let ran = sip488(&words);
        assert_eq!(ran.status.code(), Some(2), "{name}");
        assert!(
            text(&ran.stderr).contains("would be replaced"),
            "{}",
            text(&ran.stderr)
        );
    }
    assert_eq!(all.map(before), originals);
}
