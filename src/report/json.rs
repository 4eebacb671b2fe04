//! Rows as NDJSON (<https://github.com/ndjson/ndjson-spec>): one JSON object per line (RFC 8259), with the columns of the CSVs.

use std::fmt::Write;

use super::columns::Column;
use super::columns::Kind;
use super::columns::Print;

/// Rows as lines: first `record`, which says what of, then each column by its name. Numbers are numbers, lists are arrays, all
/// else is text, and what is unknown is `null`.
pub fn lines<'r, T: 'r>(
    record: &str,
    columns: &[Column<T>],
    print: Print<'_>,
    rows: impl Iterator<Item = &'r T>,
) -> Vec<u8> {
    let (mut out, mut cell) = (String::new(), String::new());
    for row in rows {
        out.push_str("{\"record\":");
        string(record, &mut out);
        for column in columns {
            cell.clear();
            (column.write)(row, &print, &mut cell);
            // Writing to a `String` can't fail.
            let _ = write!(out, ",\"{}\":", column.name);
            value(column.kind, &cell, &mut out);
        }
        out.push_str("}\n");
    }
    out.into_bytes()
}

fn value(kind: Kind, cell: &str, out: &mut String) {
    match kind {
        Kind::List => list(cell, out),
        _ if cell.is_empty() => out.push_str("null"),
        Kind::Integer | Kind::Decimal | Kind::Percent => out.push_str(cell),
        Kind::Word | Kind::Text | Kind::Time => string(cell, out),
    }
}

fn list(cell: &str, out: &mut String) {
    out.push('[');
    let items = cell.split(';').filter(|_| !cell.is_empty());
    for (place, item) in items.enumerate() {
        if place > 0 {
            out.push(',');
        }
        string(item, out);
    }
    out.push(']');
}

/// A text as JSON has it. What would end a script or a line elsewhere is escaped as well, so that it may stand in a page.
pub fn string(text: &str, out: &mut String) {
    for character in serde_json::Value::from(text).to_string().chars() {
        match character {
            '<' | '\u{7f}' | '\u{2028}' | '\u{2029}' => {
                // Writing to a `String` can't fail.
                let _ = write!(out, "\\u{:04x}", u32::from(character));
            }
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::lines;
    use super::string;
    use crate::report::columns::Print;
    use crate::report::columns::calls;
    use crate::report::dialect::Dialect;
    use crate::report::row::OfferFacts;
    use crate::report::row::Row;
    use crate::report::time::Zone;
    use crate::text::Text;

    #[test]
    fn numbers_are_numbers_lists_are_arrays_and_the_unknown_is_null() {
        let row = Row {
            call_id: Text::from("=a\"b\n"),
            final_status: Some(488),
            offer: Some(OfferFacts {
                codecs: Text::from("PCMA;PCMU"),
                ..OfferFacts::default()
            }),
            ..Row::default()
        };
        let zone = Zone::default();
        let print = Print {
            zone: &zone,
            paths: &[],
            dialect: Dialect::default(),
        };
        let text = lines("call", &calls::columns(), print, [row].iter());
        let value: serde_json::Value = serde_json::from_slice(&text).unwrap();
        assert_eq!(value["record"], "call");
        assert_eq!(value["call_id"], "=a\"b\n");
        assert_eq!(value["final_status"], 488);
        assert_eq!(value["codecs"], serde_json::json!(["PCMA", "PCMU"]));
        assert_eq!(value["crypto_suites"], serde_json::json!([]));
        assert!(value["caller"].is_null() && text.ends_with(b"}\n"));
    }

    #[test]
    fn nothing_ends_a_script() {
        let mut out = String::new();
        string("</script>\u{2028}", &mut out);
        assert_eq!(out, "\"\\u003c/script>\\u2028\"");
    }
}
