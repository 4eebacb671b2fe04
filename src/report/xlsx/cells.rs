//! Rows as the XML of a sheet (ECMA-376 part 1, §18.3.1.73), rendered on any thread: where a row will stand is not known there.

use crate::report::columns::Column;
use crate::report::columns::Kind;
use crate::report::columns::Print;

use super::look;
use super::look::Style;
use super::serial::serial;
use super::text;

/// Stands in rendered rows where the row's number belongs. No text of an XML document can have it.
pub(super) const ROW_NUMBER: char = '\0';

/// The widest that a column gets, in characters.
const WIDEST: usize = 60;

/// Rows without their numbers.
#[derive(Debug, Default)]
pub struct Rows {
    /// Their cells, each row behind the other.
    xml: String,
    /// Where each row ends, and how high it is in lines.
    ends: Vec<(usize, usize)>,
    /// Lines of the row that is not ended yet; 0 for a usual one.
    lines: usize,
    /// The characters of the longest cell of each column, up to [`WIDEST`].
    pub(super) widths: Vec<usize>,
}

impl Rows {
    /// How many they are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The cells of each row, and how high it is in lines; 0 for a usual one.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, usize)> {
        let mut start = 0;
        self.ends.iter().map(move |&(end, lines)| {
            let row = self.xml.get(start..end).unwrap_or_default();
            start = end;
            (row, lines)
        })
    }

    /// Makes the row so many lines high.
    pub(super) fn heighten(&mut self, lines: usize) {
        self.lines = self.lines.max(lines);
    }

    /// Ends a row.
    pub(super) fn end_row(&mut self) {
        self.ends
            .push((self.xml.len(), std::mem::take(&mut self.lines)));
    }

    /// Adds a text to the row; no cell where it is empty.
    pub(super) fn text(&mut self, column: usize, style: Style, cell: &str) {
        if cell.is_empty() {
            return;
        }
        let cell = text::fit(cell);
        self.measure(column, cell.chars().take(WIDEST).count());
        self.begin_cell(column, style);
        let is_trimmed = |end: Option<char>| end.is_some_and(char::is_whitespace);
        let preserved = is_trimmed(cell.chars().next()) || is_trimmed(cell.chars().next_back());
        self.xml.push_str(if preserved {
            " t=\"inlineStr\"><is><t xml:space=\"preserve\">"
        } else {
            " t=\"inlineStr\"><is><t>"
        });
        text::content(&cell, &mut self.xml);
        self.xml.push_str("</t></is></c>");
    }

    /// Adds a number, in digits, to the row; no cell where there are none.
    pub(super) fn number(&mut self, column: usize, style: Style, digits: &str) {
        if digits.is_empty() {
            return;
        }
        self.measure(column, digits.len());
        self.begin_cell(column, style);
        self.xml.push_str("><v>");
        self.xml.push_str(digits);
        self.xml.push_str("</v></c>");
    }

    /// Adds a time as [`Zone::write`](crate::report::time::Zone::write) has it.
    pub(super) fn time(&mut self, column: usize, time: &str) {
        match serial(time) {
            Some(days) => {
                self.measure(column, time.len());
                self.number(column, Style::Time, &days.to_string());
            }
            None => self.text(column, Style::Text, time),
        }
    }

    fn begin_cell(&mut self, column: usize, style: Style) {
        self.xml.push_str("<c r=\"");
        letters(column, &mut self.xml);
        self.xml.push(ROW_NUMBER);
        self.xml.push_str("\" s=\"");
        self.xml.push_str(itoa::Buffer::new().format(style.index()));
        self.xml.push('"');
    }

    fn measure(&mut self, column: usize, characters: usize) {
        if self.widths.len() <= column {
            self.widths.resize(column + 1, 0);
        }
        let width = &mut self.widths[column];
        *width = characters.min(WIDEST).max(*width);
    }
}

/// Rows of a table.
pub fn rows<'r, T: 'r>(
    columns: &[Column<T>],
    print: Print<'_>,
    rows: impl Iterator<Item = &'r T>,
) -> Rows {
    let mut rendered = Rows::default();
    let mut cell = String::new();
    for row in rows {
        for (place, column) in columns.iter().enumerate() {
            cell.clear();
            (column.write)(row, &print, &mut cell);
            match column.kind {
                Kind::Word => rendered.text(place, look::of_word(column.name, &cell), &cell),
                Kind::Text | Kind::List => rendered.text(place, Style::Text, &cell),
                Kind::Integer => rendered.number(place, Style::Integer, &cell),
                Kind::Decimal => rendered.number(place, Style::Decimal, &cell),
                Kind::Percent => rendered.number(place, Style::Percent, &cell),
                Kind::Time => rendered.time(place, &cell),
            }
        }
        rendered.end_row();
    }
    rendered
}

/// The header line of a table. It is measured with the button that filters by it.
pub(super) fn header<T>(columns: &[Column<T>]) -> Rows {
    const BUTTON: usize = 3;
    let mut rendered = Rows::default();
    for (place, column) in columns.iter().enumerate() {
        rendered.text(place, Style::Header, column.name);
        rendered.measure(place, column.name.len() + BUTTON);
    }
    rendered.end_row();
    rendered
}

/// Appends a column's letters: `A`, `Z`, `AA`.
pub(super) fn letters(column: usize, out: &mut String) {
    if column >= 26 {
        letters(column / 26 - 1, out);
    }
    out.push(char::from(
        b'A' + u8::try_from(column % 26).unwrap_or_default(),
    ));
}

#[cfg(test)]
mod tests {
    use super::Rows;
    use super::letters;
    use crate::report::xlsx::look::Style;

    #[test]
    fn columns_count_from_a_past_z() {
        let lettered = |column| {
            let mut out = String::new();
            letters(column, &mut out);
            out
        };
        assert_eq!(
            [0, 25, 26, 46, 701, 702].map(lettered),
            ["A", "Z", "AA", "AU", "ZZ", "AAA"]
        );
    }

    #[test]
    fn an_empty_value_is_no_cell() {
        let mut rows = Rows::default();
        rows.text(0, Style::Text, "");
        rows.number(1, Style::Integer, "");
        rows.time(2, "");
        rows.end_row();
        assert_eq!(rows.iter().collect::<Vec<_>>(), [("", 0)]);
    }

    #[test]
    fn a_time_before_the_calendar_of_spreadsheets_is_a_text() {
        let mut rows = Rows::default();
        rows.time(0, "1899-12-31 00:00:00.000");
        rows.end_row();
        assert!(rows.iter().all(|(row, _)| row.contains("inlineStr")));
    }
}
