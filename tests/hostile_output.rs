//! Output that can't bite: what strangers wrote in headers and names runs neither in a spreadsheet nor in a terminal, and
//! every file is read back by another program.
#![expect(clippy::print_stdout, reason = "what is skipped is told")]

#[path = "support/place.rs"]
mod place;
#[path = "support/poison.rs"]
mod poison;
#[path = "support/mod.rs"]
mod support;

use std::process::Command;
use std::process::Output;

use place::Place;
use place::code;
use place::err;
use place::out;
use poison::POISONS;
use poison::capture;

#[cfg(feature = "show")]
#[test]
fn nothing_in_a_shown_call_drives_a_terminal() {
    let place = Place::new();
    place.put("poison.pcap", &capture());
    let mut shown = 0;
    for (number, poison) in POISONS.iter().enumerate() {
        let Ok(poison) = std::str::from_utf8(poison) else {
            continue;
        };
        if poison.contains('\0') {
            continue;
        }
        let id = format!("{poison}{number}");
        let output = place.run(&["show", "-q", "--raw", "--", id.trim(), "poison.pcap"]);
        let page = out(&output);
        assert_eq!(code(&output), Some(0), "{id:?}: {}", err(&output));
        let is_unfit = |character: char| {
            let is_bidirectional = ('\u{202a}'..='\u{202e}').contains(&character)
                || ('\u{2066}'..='\u{2069}').contains(&character);
            (character.is_control() && character != '\n') || is_bidirectional
        };
        assert!(!page.contains(is_unfit), "{page:?}");
        assert!(page.contains("inline:[key left out]"), "{page}");
        shown += 1;
    }
    assert!(shown > 12);
}

/// Runs Python in the folder; none where there is none.
fn python(place: &Place, program: &str) -> Option<Output> {
    let mut command = Command::new("python3");
    let run = command
        .args(["-c", program])
        .current_dir(place.path(""))
        .output();
    if run.is_err() {
        println!("skipped: python3 is not installed here");
    }
    run.ok()
}

fn analyzed() -> Place {
    let place = Place::new();
    place.put("a.pcap", &capture());
    let output = place.run(&[
        "analyze",
        "-q",
        "a.pcap",
        "-o",
        "calls.csv",
        "--rejections",
        "rejections.csv",
        "--trunk-report",
        "trunks.csv",
        "--summary",
        "s.json",
    ]);
    assert_eq!(code(&output), Some(0), "{}", err(&output));
    place
}

/// What may be seen of a byte string in a terminal: no control character but the ends of lines, no change of direction.
fn assert_harmless_to_terminals(shown: &str) {
    let is_harmful = |character: &char| {
        character.is_control() && !"\r\n".contains(*character)
            || "\u{200e}\u{200f}\u{61c}\u{2028}\u{2029}".contains(*character)
            || ('\u{202a}'..='\u{202e}').contains(character)
            || ('\u{2066}'..='\u{2069}').contains(character)
    };
    let harmful = shown.chars().find(is_harmful);
    assert_eq!(harmful, None, "{shown:?}");
}

#[test]
fn python_reads_every_cell_and_none_is_a_formula() {
    let place = analyzed();
    let read = python(
        &place,
        r#"
import csv, re
for name, least in (("calls.csv", 20), ("rejections.csv", 20), ("trunks.csv", 2)):
    with open(name, encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, strict=True))
    assert len(rows) > least, (name, len(rows))
    for row in rows:
        assert len(row) == len(rows[0]), (name, len(row), row)
        for cell in row:
            number = re.fullmatch(r"[+-]?[0-9(. ][0-9 ().-]*", cell)
            assert number or not re.match(r"[=+@\t\r\n\uff1d\uff0b\uff0d\uff20-]", cell), (name, cell)
            assert "\0" not in cell, (name, cell)
    text = open(name, encoding="utf-8", newline="").read()
    assert text.startswith(",".join(rows[0]) + "\r\n") and text.endswith("\r\n"), name
"#,
    );
    if let Some(read) = read {
        assert!(read.status.success(), "{}", err(&read));
    }
}

#[test]
fn each_poison_is_in_its_cells_as_it_was_written() {
    let place = analyzed();
    let mut reader = csv::Reader::from_path(place.path("calls.csv")).expect("a table");
    let names = reader.headers().expect("a header").clone();
    let column = |name| {
        names
            .iter()
            .position(|column| column == name)
            .expect("a column")
    };
    let rows: Vec<_> = reader.records().map(|row| row.expect("a row")).collect();
    assert_eq!(rows.len(), POISONS.len());
    for poison in POISONS {
        let text = String::from_utf8_lossy(poison).replace('\0', "\u{fffd}");
        let (agent, server) = (column("user_agent"), column("server"));
        let is_told =
            |cell: &str| cell.strip_prefix('\'').unwrap_or(cell) == text.trim() || cell == text;
        let found = rows
            .iter()
            .any(|row| is_told(&row[agent]) && is_told(&row[server]));
        assert!(found, "{text:?}");
    }
}

#[cfg(feature = "xlsx")]
#[test]
fn a_workbook_has_each_poison_as_a_text_and_runs_none() {
    use calamine::Data;
    use calamine::Reader;

    let place = Place::new();
    place.put("a.pcap", &capture());
    let words = ["analyze", "-q", "a.pcap", "-o", "calls.csv"];
    let output = place.run(&[&words[..], &["--json", "all.json", "--xlsx", "all.xlsx"]].concat());
    assert_eq!(code(&output), Some(0), "{}", err(&output));
    let mut book: calamine::Xlsx<_> =
        calamine::open_workbook(place.path("all.xlsx")).expect("a workbook");
    for name in book.sheet_names() {
        let formulas = book.worksheet_formula(&name).expect("a sheet");
        assert!(formulas.is_empty(), "{name}");
    }
    let calls = book.worksheet_range("Calls").expect("a sheet");
    let names: Vec<String> = calls
        .rows()
        .next()
        .expect("a header")
        .iter()
        .map(Data::to_string)
        .collect();
    let told = place.read("all.json");
    let told = told
        .lines()
        .map(|line| -> serde_json::Value { serde_json::from_str(line).expect("JSON") });
    let told: Vec<_> = told.filter(|value| value["record"] == "call").collect();
    assert_eq!(
        (told.len(), calls.height()),
        (POISONS.len(), POISONS.len() + 1)
    );
    let mut poisoned = 0;
    for (told, row) in told.iter().zip(calls.rows().skip(1)) {
        for (name, cell) in names
            .iter()
            .zip(row)
            .filter(|(name, _)| told[*name].is_string())
        {
            if name == "start_time" {
                continue;
            }
            let is_replaced = |character: char| character < ' ' && !"\t\r\n".contains(character);
            let text = told[name]
                .as_str()
                .expect("a text")
                .replace(is_replaced, "\u{fffd}");
            assert_eq!(*cell, Data::String(text.clone()), "{name}");
            poisoned += usize::from(text.contains("1+1"));
        }
    }
    assert!(poisoned > 40, "{poisoned}");
}

#[test]
fn nothing_on_standard_error_drives_a_terminal() {
    let place = Place::new();
    place.put("a.pcap", &capture());
    place.put("\u{1b}[2J\u{202e}.pcap", b"no capture");
    let output = place.run(&[
        "analyze",
        "a.pcap",
        "\u{1b}[2J\u{202e}.pcap",
        "-o",
        "calls.csv",
    ]);
    assert_eq!(code(&output), Some(1));
    assert!(err(&output).contains("\\u{1b}"), "{}", err(&output));
    assert_harmless_to_terminals(&err(&output));
}

#[test]
fn a_table_on_a_terminal_drives_nothing() {
    let place = Place::new();
    place.put("a.pcap", &capture());
    let program = assert_cmd::cargo::cargo_bin("sip488");
    let output = Command::new("script")
        .args([
            "-qec",
            &format!("{} analyze -q a.pcap", program.display()),
            "/dev/null",
        ])
        .current_dir(place.path(""))
        .output();
    let Ok(output) = output else {
        println!("skipped: script is not installed here");
        return;
    };
    assert!(out(&output).contains("531000"), "{}", out(&output));
    assert_harmless_to_terminals(&out(&output));
    // To a file or a pipe goes what was written.
    let piped = place.run(&["analyze", "-q", "a.pcap"]);
    assert!(out(&piped).contains("\u{1b}[2J"));
}

#[test]
fn a_draft_of_a_configuration_is_sound_whatever_trunks_are_called() {
    let place = Place::new();
    place.put("a.pcap", &capture());
    let output = place.run(&["config", "init", "a.pcap", "-o", "trunks.toml"]);
    assert_eq!(code(&output), Some(0), "{}", err(&output));
    assert_harmless_to_terminals(&place.read("trunks.toml"));
    let checked = place.run(&["config", "check", "trunks.toml"]);
    assert_harmless_to_terminals(&out(&checked));
    assert_harmless_to_terminals(&err(&checked));
    let read = python(
        &place,
        "import sys\ntry: import tomllib\nexcept ImportError: sys.exit(0)\ntomllib.load(open('trunks.toml', 'rb'))",
    );
    if let Some(read) = read {
        assert!(read.status.success(), "{}", err(&read));
    }
}

#[test]
fn python_reads_the_summary() {
    let place = analyzed();
    let read = python(
        &place,
        "import json\ns = json.load(open('s.json', encoding='utf-8'))\nassert s['files'][0]['packets'] >= 40, s['files']",
    );
    if let Some(read) = read {
        assert!(read.status.success(), "{}", err(&read));
    }
}

/// Names that a shell, a spreadsheet or a path would take for more than a name.
const NAMES: [&str; 9] = [
    "=1+1.pcap",
    "-rf.pcap",
    "$(touch gone).pcap",
    "..\\..\\gone.pcap",
    "a,b\"c.pcap",
    "a\nb.pcap",
    "\u{202e}pacp.exe.pcap",
    "@x.pcap",
    "'; rm -r x.pcap",
];

#[test]
fn names_are_names_and_nothing_is_written_where_they_point() {
    let place = Place::new();
    for name in NAMES {
        place.put(&format!("night/{name}"), &capture());
    }
    let before = place.names();
    let output = place.run(&["analyze", "night", "-o", "calls.csv"]);
    assert_eq!(code(&output), Some(0), "{}", err(&output));
    assert_harmless_to_terminals(&err(&output));
    let mut names = place.names();
    names.retain(|name| name != "calls.csv");
    assert_eq!(names, before);
    let mut reader = csv::Reader::from_path(place.path("calls.csv")).expect("a table");
    let header = reader.headers().expect("a header");
    let file = header
        .iter()
        .position(|name| name == "file")
        .expect("a column");
    for row in reader.records() {
        let row = row.expect("a row");
        assert!(row[file].starts_with("night/"), "{}", &row[file]);
    }
    // Named alone, a path may begin as a formula does.
    let folder = place.path("night");
    let output = Command::new(assert_cmd::cargo::cargo_bin("sip488"))
        .current_dir(folder)
        .args(["analyze", "-q", "=1+1.pcap"])
        .output()
        .expect("the program runs");
    assert!(out(&output).contains(",'=1+1.pcap,"), "{}", out(&output));
}
