//! The columns of the tables: name, kind, meaning, value. The CSVs, their headers, the workbook, the NDJSON and the README's tables
//! are prints of these.

pub mod calls;
pub mod compare;
pub mod offers;
pub mod trunks;

use std::fmt::Write;

use crate::capture::record::Nanos;
use crate::text::Text;

use super::dialect::Dialect;
use super::time::Zone;

/// One column of a table of `T`.
#[derive(Debug)]
pub struct Column<T> {
    /// The name in the header line.
    pub name: &'static str,
    /// What kind of value it has.
    pub kind: Kind,
    /// What it says, for the README.
    pub meaning: &'static str,
    /// Appends the value as it is, in UTF-8; nothing where it is unknown. What a format must guard against is the format's.
    pub write: fn(&T, &Print<'_>, &mut String),
}

/// What kind of value a column has, for formats that tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One of our own words: nothing in it can run anywhere.
    Word,
    /// What somebody else wrote, or what may begin with it.
    Text,
    /// The same, several joined by `;`.
    List,
    /// A whole number.
    Integer,
    /// A number with a point.
    Decimal,
    /// The same, in percent or percentage points.
    Percent,
    /// A time in the zone of [`Print`].
    Time,
}

/// What cells are printed with.
#[derive(Clone, Copy, Debug)]
pub struct Print<'p> {
    /// The zone of times.
    pub zone: &'p Zone,
    /// The captures' paths by inventory number.
    pub paths: &'p [String],
    /// How a CSV is written.
    pub dialect: Dialect,
}

/// Appends a foreign text: UTF-8, with U+FFFD for what is none.
fn text(text: &Text<'_>, out: &mut String) {
    match std::str::from_utf8(text.as_bytes()) {
        Ok(text) => out.push_str(text),
        Err(_) => out.push_str(&String::from_utf8_lossy(text.as_bytes())),
    }
}

fn word(word: Option<&str>, out: &mut String) {
    out.push_str(word.unwrap_or_default());
}

fn number<N: itoa::Integer>(number: Option<N>, out: &mut String) {
    if let Some(number) = number {
        out.push_str(itoa::Buffer::new().format(number));
    }
}

/// Two decimals, rounded half up; nothing where there is nothing to divide by.
pub(in crate::report) fn percent(part: u64, whole: u64, out: &mut String) {
    if whole > 0 {
        let hundredths = (u128::from(part) * 20_000 + u128::from(whole)) / (2 * u128::from(whole));
        // Writing to a `String` can't fail.
        let _ = write!(out, "{}.{:02}", hundredths / 100, hundredths % 100);
    }
}

fn time(time: Option<Nanos>, print: &Print<'_>, out: &mut String) {
    if let Some(time) = time {
        print.zone.write(time, out);
    }
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn a_percentage_has_two_decimals_and_needs_something_to_divide_by() {
        let shown = |part, whole| {
            let mut out = String::new();
            percent(part, whole, &mut out);
            out
        };
        assert_eq!(
            (shown(1, 3), shown(2, 3), shown(3, 3), shown(0, 7)),
            (
                "33.33".into(),
                "66.67".into(),
                "100.00".into(),
                "0.00".into()
            )
        );
        assert_eq!(shown(0, 0), "");
    }
}
