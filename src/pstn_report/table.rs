//! Rows of a report, whatever it is written in: names of columns without case, blanks and signs, and their values.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Error;

/// A row: values by the name of their column.
pub(super) type Row = BTreeMap<String, String>;

/// Columns of one row at most: the reports have about twenty.
const COLUMNS: usize = 256;

/// What a file must have to tell of calls: one of each group.
const NEEDED: [(&str, &[&str]); 2] = [
    (
        "correlation id, nor numbers and a time",
        &[
            "correlationid",
            "invitedatetime",
            "invitetime",
            "starttime",
            "startdatetime",
        ],
    ),
    (
        "code of how a call ended",
        &[
            "callendsubreason",
            "finalmicrosoftsubcode",
            "microsoftsubcode",
            "finalsipcode",
        ],
    ),
];

/// The rows of a file.
pub(super) fn rows(bytes: &[u8]) -> Result<Vec<Row>, Error> {
    let text = text(bytes);
    let rows = match text.trim_start().chars().next() {
        Some('{' | '[') => of_json(&text)?,
        Some(_) => of_csv(&text)?,
        None => Vec::new(),
    };
    let names: Vec<&String> = rows.iter().take(8).flat_map(BTreeMap::keys).collect();
    for (missing, any_of) in NEEDED {
        let is_there = names.iter().any(|name| any_of.contains(&name.as_str()));
        if !is_there && !rows.is_empty() {
            let mut found: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
            found.sort_unstable();
            found.dedup();
            let found = found.join(", ").chars().take(400).collect();
            return Err(Error::Lacking { missing, found });
        }
    }
    Ok(rows)
}

/// UTF-8, or UTF-16 with a byte order mark, which spreadsheets write.
fn text(bytes: &[u8]) -> String {
    let units = |rest: &[u8], unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = rest
            .chunks_exact(2)
            .map(|pair| unit([pair[0], pair[1]]))
            .collect();
        String::from_utf16_lossy(&units)
    };
    match bytes {
        [0xFF, 0xFE, rest @ ..] => units(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => units(rest, u16::from_be_bytes),
        [0xEF, 0xBB, 0xBF, rest @ ..] | rest => String::from_utf8_lossy(rest).into_owned(),
    }
}

/// Letters and digits in lower case: `Final SIP code`, `finalSipCode` and `Final_SIP_Code` are one column.
fn name(written: &str) -> String {
    let plain = written.chars().filter(|letter| letter.is_alphanumeric());
    plain.flat_map(char::to_lowercase).collect()
}

fn of_csv(text: &str) -> Result<Vec<Row>, Error> {
    let head = text.lines().next().unwrap_or_default();
    let count = |delimiter: char| head.matches(delimiter).count();
    // Where a comma divides decimals, lists are divided by semicolons.
    let delimiter = [',', ';', '\t']
        .into_iter()
        .max_by_key(|&delimiter| (count(delimiter), delimiter == ','));
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter.map_or(b',', |delimiter| u8::try_from(delimiter).unwrap_or(b',')))
        .flexible(true)
        .from_reader(text.as_bytes());
    let unreadable = |error: csv::Error| Error::Unreadable(error.to_string());
    let names: Vec<String> = reader
        .headers()
        .map_err(unreadable)?
        .iter()
        .take(COLUMNS)
        .map(name)
        .collect();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(unreadable)?;
        let cells = names
            .iter()
            .cloned()
            .zip(record.iter().map(|cell| cell.trim().to_owned()));
        rows.push(cells.filter(|(_, cell)| !cell.is_empty()).collect());
    }
    Ok(rows)
}

/// Rows, lists of rows, and pages whose `value` is one; one behind another.
fn of_json(text: &str) -> Result<Vec<Row>, Error> {
    let mut rows = Vec::new();
    for value in serde_json::Deserializer::from_str(text).into_iter::<Value>() {
        match value.map_err(|error| Error::Unreadable(error.to_string()))? {
            Value::Array(list) => rows.extend(list.iter().filter_map(row)),
            Value::Object(page) if page.get("value").is_some_and(Value::is_array) => {
                let list = page.get("value").and_then(Value::as_array);
                rows.extend(list.into_iter().flatten().filter_map(row));
            }
            other => rows.extend(row(&other)),
        }
    }
    Ok(rows)
}

fn row(value: &Value) -> Option<Row> {
    let cells = value.as_object()?.iter().take(COLUMNS);
    let cell = |value: &Value| match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    let cells = cells.filter_map(|(written, value)| Some((name(written), cell(value)?)));
    Some(cells.filter(|(_, cell)| !cell.is_empty()).collect())
}
