//! The workbook, read back cell by cell by a reader that knows nothing of how it was written, beside the CSVs of the same run.
#![cfg(feature = "xlsx")]
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that can't read its outputs has failed"
)]

#[path = "support/place.rs"]
mod place;

use std::fs;

use calamine::Data;
use calamine::Range;
use calamine::Reader;
use calamine::Xlsx;
use place::Place;
use place::code;
use sip488::report::columns;
use sip488::report::columns::Kind;

const CAPTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/captures");

const OUTPUTS: [&str; 10] = [
    "-o",
    "calls.csv",
    "--rejections",
    "rejections.csv",
    "--trunk-report",
    "trunks.csv",
    "--offer-report",
    "offers.csv",
    "--xlsx",
    "all.xlsx",
];

fn run(words: &[&str]) -> Place {
    let place = Place::new();
    let ran = place.run(&[&["analyze", "-q"], words].concat());
    assert_eq!(code(&ran), Some(0), "{ran:?}");
    place
}

fn sheet(place: &Place, name: &str) -> Range<Data> {
    let mut book: Xlsx<_> = calamine::open_workbook(place.path("all.xlsx")).unwrap();
    book.worksheet_range(name).unwrap()
}

fn records(place: &Place, name: &str) -> Vec<Vec<String>> {
    let text = place.read(name);
    let reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.as_bytes());
    let cells = |record: csv::StringRecord| record.iter().map(str::to_owned).collect();
    reader
        .into_records()
        .map(|record| cells(record.unwrap()))
        .collect()
}

fn kinds<T>(columns: &[columns::Column<T>]) -> Vec<Kind> {
    columns.iter().map(|column| column.kind).collect()
}

/// A cell as the CSV has it, where it is of the column's kind.
fn written(kind: Kind, cell: &Data) -> Option<String> {
    match (kind, cell) {
        (_, Data::Empty) => Some(String::new()),
        (Kind::Word | Kind::Text | Kind::List, Data::String(text)) => Some(text.clone()),
        (Kind::Integer, Data::Float(number)) => Some(format!("{number}")),
        (Kind::Decimal, Data::Float(number)) => Some(format!("{number:.3}")),
        (Kind::Percent, Data::Float(number)) => Some(format!("{number:.2}")),
        (Kind::Time, Data::DateTime(time)) => {
            let (year, month, day, hour, minute, second, milli) = time.to_ymd_hms_milli();
            Some(format!(
                "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{milli:03}"
            ))
        }
        _ => None,
    }
}

#[test]
fn each_cell_is_the_csvs_and_of_its_kind() {
    let place = run(&[&[CAPTURES, "--time-zone", "Europe/Berlin"], &OUTPUTS[..]].concat());
    let calls = kinds(&columns::calls::columns());
    let tables = [
        ("Trunks", "trunks.csv", kinds(columns::trunks::COLUMNS)),
        ("Offers", "offers.csv", kinds(columns::offers::COLUMNS)),
        ("Rejections", "rejections.csv", calls.clone()),
        ("Calls", "calls.csv", calls),
    ];
    for (name, csv, kinds) in tables {
        let (sheet, records) = (sheet(&place, name), records(&place, csv));
        assert_eq!(sheet.start(), Some((0, 0)), "{name}");
        assert_eq!(sheet.height(), records.len(), "{name}");
        assert!(records.len() > 5, "{name}");
        for (place, record) in records.iter().enumerate() {
            for (column, text) in record.iter().enumerate() {
                let cell = sheet.get((place, column)).unwrap_or(&Data::Empty);
                let kind = if place == 0 {
                    Kind::Word
                } else {
                    kinds[column]
                };
                assert_eq!(
                    written(kind, cell).as_ref(),
                    Some(text),
                    "{name}, row {place}, {kind:?}: {cell:?}"
                );
            }
        }
    }
}

#[test]
fn the_overview_is_first_and_says_what_could_not_be_read() {
    let place = Place::new();
    let night = fs::read(format!("{CAPTURES}/verdicts.pcapng")).unwrap();
    place.put("whole.pcapng", &night);
    place.put("cut.pcapng", &night[..night.len() - 10]);
    let ran = place.run(
        &[
            &["analyze", "-q", "whole.pcapng", "cut.pcapng"],
            &OUTPUTS[..],
        ]
        .concat(),
    );
    assert_eq!(code(&ran), Some(1), "{ran:?}");
    let book: Xlsx<_> = calamine::open_workbook(place.path("all.xlsx")).unwrap();
    let names = ["Overview", "Trunks", "Offers", "Rejections", "Calls"];
    assert_eq!(book.sheet_names(), names);
    let overview = sheet(&place, "Overview");
    let rows: Vec<Vec<String>> = overview
        .rows()
        .map(|row| row.iter().map(Data::to_string).collect())
        .collect();
    let row = |label: &str| rows.iter().position(|row| row[0] == label).expect(label);
    assert_eq!(
        rows[row("Calls")][1],
        format!("{}", records(&place, "calls.csv").len() - 1)
    );
    let (partial, whole) = (row("partial"), row("ok"));
    assert!(partial < whole);
    assert!(rows[partial][3].ends_with("cut.pcapng") && !rows[partial][4].is_empty());
    assert!(rows[whole][3].ends_with("whole.pcapng") && rows[whole][4].is_empty());
}

#[test]
fn the_same_calls_are_the_same_bytes_on_any_number_of_threads_and_in_any_order_of_files() {
    let [one, other] = ["night", "two-carriers"].map(|name| format!("{CAPTURES}/{name}"));
    let (one, other) = (one.as_str(), other.as_str());
    let first = run(&[&[one, other, "-j", "1"], &OUTPUTS[..]].concat());
    let second = run(&[&[other, one, "-j", "2"], &OUTPUTS[..]].concat());
    let bytes = |place: &Place| fs::read(place.path("all.xlsx")).unwrap();
    assert!(bytes(&first) == bytes(&second));
}

#[test]
fn a_workbook_is_the_same_whatever_else_is_written() {
    let all = run(&[&[CAPTURES, "--only-488"], &OUTPUTS[..]].concat());
    let alone = run(&[CAPTURES, "--xlsx", "all.xlsx"]);
    let bytes = |place: &Place| fs::read(place.path("all.xlsx")).unwrap();
    assert!(bytes(&all) == bytes(&alone));
}

#[cfg(unix)]
#[test]
fn a_workbook_goes_into_a_pipe_as_well() {
    let words = [CAPTURES, "-o", "calls.csv", "--xlsx"];
    let place = run(&[&words[..], &["all.xlsx"]].concat());
    let piped = place.run(&[&["analyze", "-q"], &words[..], &["/dev/stdout"]].concat());
    assert!(piped.stdout == fs::read(place.path("all.xlsx")).unwrap());
}

#[test]
fn a_night_without_calls_is_a_workbook_too() {
    let place = run(&[
        &[&format!("{CAPTURES}/cut-by-snap-length.pcap"), "--only-488"],
        &OUTPUTS[..],
    ]
    .concat());
    let overview = sheet(&place, "Overview");
    assert!(overview.height() > 20);
    let place = Place::new();
    place.put(
        "empty.pcap",
        &fs::read(format!("{CAPTURES}/carrier-refuses.pcap")).unwrap()[..24],
    );
    let ran = place.run(&[&["analyze", "-q", "empty.pcap"], &OUTPUTS[..]].concat());
    assert_eq!(code(&ran), Some(0), "{ran:?}");
    assert_eq!(sheet(&place, "Calls").height(), 1);
    assert_eq!(sheet(&place, "Trunks").height(), 1);
}
