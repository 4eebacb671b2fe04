//! How a CSV is written: as RFC 4180 has it, or as Excel opens it with a double click and changes nothing.

use memchr::memchr_iter;

use super::columns::Kind;
use super::escape::guard;

/// What begins a UTF-8 file that Excel is to read as one.
pub const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The longest text that a formula of Excel may hold, in characters.
const LONGEST_IN_FORMULA: usize = 255;

/// How a CSV is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dialect {
    /// What stands between cells.
    pub delimiter: Delimiter,
    /// Whether Excel is to open it: with a byte order mark, texts that look like numbers or dates written as `="..."`, and
    /// where `;` is the delimiter with a decimal comma, as the countries have it where `;` is the list separator.
    pub is_for_excel: bool,
}

/// What stands between cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delimiter {
    /// `,` (RFC 4180).
    #[default]
    Comma,
    /// `;`.
    Semicolon,
    /// A horizontal tab.
    Tab,
    /// `|`.
    Bar,
}

impl Delimiter {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Comma, Self::Semicolon, Self::Tab, Self::Bar];

    /// As it stands in the file.
    pub const fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
            Self::Bar => b'|',
        }
    }

    /// By which a file's first line has the most cells.
    pub fn of(first_line: &[u8]) -> Self {
        let cells = |delimiter: &Self| memchr_iter(delimiter.byte(), first_line).count();
        // The first of equals.
        Self::ALL
            .into_iter()
            .rev()
            .max_by_key(cells)
            .unwrap_or_default()
    }
}

impl Dialect {
    /// Makes what stands in `out` from `start` on, a value of this kind, fit to be a cell. Quoting is the CSV writer's.
    pub fn fit(self, kind: Kind, out: &mut String, start: usize) {
        match kind {
            Kind::Text | Kind::List if self.is_for_excel && would_change(&out[start..]) => {
                out.insert_str(start, "=\"");
                out.push('"');
            }
            Kind::Text | Kind::List => guard(out, start),
            Kind::Decimal | Kind::Percent
                if self.is_for_excel && self.delimiter == Delimiter::Semicolon =>
            {
                let with_comma = out[start..].replace('.', ",");
                out.replace_range(start.., &with_comma);
            }
            Kind::Word | Kind::Integer | Kind::Decimal | Kind::Percent | Kind::Time => {}
        }
    }
}

/// True for a text that Excel would take for a number, a date, a time or a truth value, and show as something else: the
/// number of a phone without its zeros, half a Call-ID as a power of ten. Only what can't end the quotation is told so.
fn would_change(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.,:/()% ".contains(&byte);
    if text.is_empty() || text.len() > LONGEST_IN_FORMULA || !text.bytes().all(is_plain) {
        return false;
    }
    let letters: String = text
        .chars()
        .filter(char::is_ascii_alphabetic)
        .map(|letter| letter.to_ascii_lowercase())
        .collect();
    let has_digits = text.bytes().any(|byte| byte.is_ascii_digit());
    match letters.as_str() {
        "" | "e" | "am" | "pm" | "a" | "p" => has_digits,
        "true" | "false" => true,
        // Months are shortened and written out; each language has its own.
        _ => {
            has_digits
                && !text.contains([':', '('])
                && letters.len() <= 9
                && is_date(text, &letters)
        }
    }
}

/// A word and one or two numbers beside it.
fn is_date(text: &str, letters: &str) -> bool {
    let parts = text
        .split(['-', '/', ' ', '.', ','])
        .filter(|part| !part.is_empty());
    let mut words = 0;
    for part in parts {
        if part.eq_ignore_ascii_case(letters) {
            words += 1;
        } else if !part.bytes().all(|byte| byte.is_ascii_digit()) || part.len() > 4 {
            return false;
        }
    }
    words == 1
}

#[cfg(test)]
mod tests {
    use super::Delimiter;
    use super::Dialect;
    use super::would_change;
    use crate::report::columns::Kind;

    fn fit(dialect: Dialect, kind: Kind, text: &str) -> String {
        let mut out = format!("before,{text}");
        dialect.fit(kind, &mut out, "before,".len());
        out.split_off("before,".len())
    }

    const EXCEL: Dialect = Dialect {
        delimiter: Delimiter::Semicolon,
        is_for_excel: true,
    };

    #[test]
    fn texts_that_excel_would_change_are_told() {
        for text in [
            "+4930123456",
            "0049 30 123",
            "123456789012345678",
            "1E5",
            "12e3",
            "3-4",
            "1/2",
            "mar-1",
            "1 MAY 2026",
            "true",
            "10:30",
            "-5",
            "(030) 1",
            "1.05",
            "5 pm",
        ] {
            assert!(would_change(text), "{text}");
        }
        for text in [
            "",
            "alice",
            "a@b",
            "abc123",
            "x=1",
            "=1",
            "1\"2",
            "sbc1.example.org",
        ] {
            assert!(!would_change(text), "{text}");
        }
    }

    #[test]
    fn excel_gets_texts_as_texts_and_the_decimals_of_its_country() {
        assert_eq!(fit(EXCEL, Kind::Text, "+4930"), "=\"+4930\"");
        assert_eq!(fit(EXCEL, Kind::Text, "=1+1"), "'=1+1");
        assert_eq!(fit(EXCEL, Kind::Percent, "33.33"), "33,33");
        assert_eq!(fit(EXCEL, Kind::Integer, "33"), "33");
        let comma = Dialect {
            delimiter: Delimiter::Comma,
            ..EXCEL
        };
        assert_eq!(fit(comma, Kind::Percent, "33.33"), "33.33");
        assert_eq!(fit(Dialect::default(), Kind::Text, "+4930"), "+4930");
    }

    #[test]
    fn the_delimiter_of_a_file_is_told_by_its_first_line() {
        for (line, delimiter) in [
            ("a,b,c", Delimiter::Comma),
            ("a;b;c", Delimiter::Semicolon),
            ("a\tb", Delimiter::Tab),
            ("a|b,|c", Delimiter::Bar),
            ("a", Delimiter::Comma),
        ] {
            assert_eq!(Delimiter::of(line.as_bytes()), delimiter, "{line}");
        }
    }
}
