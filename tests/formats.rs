//! The same night in other formats: CSVs for Excel, with other delimiters, and NDJSON.
#![allow(
    clippy::unwrap_used,
    reason = "a test that can't read its outputs has failed"
)]

#[path = "support/place.rs"]
mod place;

use place::Place;
use serde_json::Value;

const CAPTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/captures");

fn run(place: &Place, words: &[&str]) {
    let ran = place.run(&[&["analyze", "-q", CAPTURES, "-o", "calls.csv"], words].concat());
    assert!(ran.stderr.is_empty(), "{ran:?}");
}

fn records(text: &str, delimiter: u8) -> Vec<Vec<String>> {
    let reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .from_reader(text.as_bytes());
    let cells = |record: csv::StringRecord| record.iter().map(str::to_owned).collect();
    reader
        .into_records()
        .map(|record| cells(record.unwrap()))
        .collect()
}

#[test]
fn another_delimiter_changes_no_cell() {
    let (comma, other) = (Place::new(), Place::new());
    run(&comma, &["--trunk-report", "trunks.csv"]);
    run(
        &other,
        &["--trunk-report", "trunks.csv", "--delimiter", "tab"],
    );
    for name in ["calls.csv", "trunks.csv"] {
        let plain = records(&comma.read(name), b',');
        assert!(plain.len() > 1);
        assert_eq!(plain, records(&other.read(name), b'\t'), "{name}");
    }
}

#[test]
fn excel_gets_a_byte_order_mark_texts_as_texts_and_a_decimal_comma_beside_the_semicolon() {
    let (plain, excel) = (Place::new(), Place::new());
    run(&plain, &["--trunk-report", "trunks.csv"]);
    run(
        &excel,
        &[
            "--trunk-report",
            "trunks.csv",
            "--excel",
            "--delimiter",
            ";",
        ],
    );
    for name in ["calls.csv", "trunks.csv"] {
        let text = excel.read(name);
        let marked = text.strip_prefix('\u{feff}').expect("a byte order mark");
        let unwrapped = |cell: &String| {
            let inner = cell.strip_prefix("=\"");
            inner
                .and_then(|inner| inner.strip_suffix('"'))
                .map(str::to_owned)
        };
        let (mut texts, mut commas) = (0, 0);
        for (plain, excel) in records(&plain.read(name), b',')
            .iter()
            .zip(records(marked, b';'))
        {
            assert_eq!(plain.len(), excel.len());
            for (plain, excel) in plain.iter().zip(excel) {
                match unwrapped(&excel) {
                    Some(inner) => {
                        texts += 1;
                        assert_eq!(*plain, inner);
                    }
                    None if *plain != excel => {
                        commas += 1;
                        assert_eq!(plain.replace('.', ","), excel);
                    }
                    None => assert!(!plain.starts_with('+'), "{plain} would be a number"),
                }
            }
        }
        assert!(commas > 0 && (texts > 0 || name == "trunks.csv"), "{name}");
    }
}

#[test]
fn ndjson_says_what_the_csvs_say() {
    let place = Place::new();
    let reports = [
        ["--rejections", "rejections.csv"],
        ["--trunk-report", "trunks.csv"],
        ["--offer-report", "offers.csv"],
        ["--json", "night.ndjson"],
    ];
    run(&place, &reports.concat());
    let night = place.read("night.ndjson");
    let objects: Vec<Value> = night
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for (record, name) in [
        ("rejection", "rejections.csv"),
        ("call", "calls.csv"),
        ("trunk", "trunks.csv"),
        ("offer", "offers.csv"),
    ] {
        let table = records(&place.read(name), b',');
        let (header, rows) = table.split_first().unwrap();
        let these: Vec<&Value> = objects
            .iter()
            .filter(|object| object["record"] == record)
            .collect();
        assert_eq!(these.len(), rows.len(), "{record}");
        for (object, row) in these.iter().zip(rows) {
            assert_eq!(object.as_object().unwrap().len(), header.len() + 1);
            for (column, cell) in header.iter().zip(row) {
                assert!(says(&object[column], cell), "{record} {column} {cell}");
            }
        }
    }
}

/// Whether a value is what its cell in the CSV says.
fn says(value: &Value, cell: &str) -> bool {
    match value {
        Value::Null => cell.is_empty(),
        Value::String(text) => text == cell || format!("'{text}") == cell,
        Value::Array(items) => {
            let texts: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            texts.len() == items.len() && texts.join(";") == cell
        }
        Value::Number(number) => {
            number.as_f64().unwrap().to_bits() == cell.parse::<f64>().unwrap().to_bits()
        }
        Value::Bool(_) | Value::Object(_) => false,
    }
}

#[test]
fn calls_without_a_488_are_left_out_of_the_csv_alone() {
    let place = Place::new();
    run(&place, &["--only-488", "--json", "night.ndjson"]);
    let calls = place
        .read("night.ndjson")
        .matches("\"record\":\"call\"")
        .count();
    assert!(calls > records(&place.read("calls.csv"), b',').len());
}
