//! The only way from foreign text to a cell, a terminal line or a page.
//!
//! Nothing that a header says can run: not as a formula in a spreadsheet, an escape sequence in a terminal, or a script in a page.

use std::borrow::Cow;

/// Makes what stands in `out` from `start` on fit for a spreadsheet's cell: nothing there would run. Quoting is the CSV writer's.
pub fn guard(out: &mut String, start: usize) {
    let Some(cell) = out.get(start..) else { return };
    // NUL ends a cell in more than one reader.
    if cell.as_bytes().contains(&0) {
        let cell = cell.replace('\0', "\u{fffd}");
        out.truncate(start);
        out.push_str(&cell);
    }
    if out.get(start..).is_some_and(runs_as_formula) {
        out.insert(start, '\'');
    }
}

/// True for what begins like a formula and is not just a number or a phone number. The full-width signs begin one where
/// Chinese, Japanese or Korean is written.
fn runs_as_formula(text: &str) -> bool {
    const SIGNS: [char; 11] = [
        '=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
    ];
    // Nearly all text begins otherwise.
    if !text.starts_with(SIGNS) {
        return false;
    }
    let rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_number = rest.starts_with(|first: char| {
        first.is_ascii_digit() || first == '(' || first == '.' || first == ' '
    }) && rest.bytes().any(|byte| byte.is_ascii_digit())
        && rest
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b" ().-".contains(&byte));
    !is_number
}

/// A text as part of a terminal line: control characters and what changes the direction of writing are made visible.
pub fn terminal(text: &str) -> String {
    text.chars()
        .fold(String::with_capacity(text.len()), |mut shown, character| {
            if is_unfit_for_terminals(character) {
                shown.extend(character.escape_unicode());
            } else {
                shown.push(character);
            }
            shown
        })
}

/// A table as a terminal may have it: its lines end as they did, and [`terminal`] holds for what is in them.
pub fn table_on_terminal(table: &str) -> String {
    let lines: Vec<String> = table.split("\r\n").map(terminal).collect();
    lines.join("\r\n")
}

/// A text as part of a page, between tags or in a quoted attribute: nothing in it is markup, and what can't be seen or changes
/// the direction of writing is made visible.
pub fn html(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => shown.push_str("&amp;"),
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            '"' => shown.push_str("&quot;"),
            '\'' => shown.push_str("&#39;"),
            other if is_unfit_for_terminals(other) => shown.extend(other.escape_unicode()),
            other => shown.push(other),
        }
    }
    shown
}

/// A text of several lines that a script puts into a page as text: as [`html`] makes it, but for ends of lines, tabs and what
/// is markup only in the source of a page.
pub fn visible(text: &str) -> Cow<'_, str> {
    let is_unfit =
        |character: char| !"\r\n\t".contains(character) && is_unfit_for_terminals(character);
    if !text.contains(is_unfit) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_unfit(character) {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

/// Control characters, line and paragraph separators, and the bidirectional controls (Unicode UAX #9).
fn is_unfit_for_terminals(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::terminal;

    fn cell(text: &str) -> String {
        let mut out = format!("before,{text}");
        super::guard(&mut out, "before,".len());
        out.split_off("before,".len())
    }

    #[test]
    fn what_a_spreadsheet_would_run_gets_an_apostrophe() {
        for text in [
            "=1+1",
            "+cmd|' /C calc'!A0",
            "-2+3",
            "@SUM(A1)",
            "\tx",
            "\r=1",
            "+",
            "-",
            "=123",
            "+49a",
            "\n=1",
            "\u{ff1d}1+1",
            "\u{ff20}SUM(A1)",
        ] {
            assert_eq!(cell(text), format!("'{text}"));
        }
    }

    #[test]
    fn numbers_phone_numbers_and_other_text_are_left_alone() {
        for text in [
            "+15550100",
            "+49 (30) 23125-000",
            "-12.5",
            "+1.555.0100",
            "1=2",
            "",
            "alice",
            "'quoted",
        ] {
            assert_eq!(cell(text), text);
        }
    }

    #[test]
    fn nul_becomes_the_replacement_character() {
        assert_eq!(cell("=a\0b"), "'=a\u{fffd}b");
    }

    #[test]
    fn the_lines_of_a_table_stay_lines_on_a_terminal() {
        assert_eq!(
            super::table_on_terminal("a,b\r\n\x1bc,\u{202e}d\r\n"),
            "a,b\r\n\\u{1b}c,\\u{202e}d\r\n"
        );
    }

    #[test]
    fn nothing_drives_a_terminal() {
        assert_eq!(terminal("a\x1b[2J\u{202e}b"), "a\\u{1b}[2J\\u{202e}b");
    }

    #[test]
    fn nothing_is_markup_in_a_page_and_nothing_turns_the_direction_of_writing() {
        assert_eq!(
            super::html("</td><script>'\"&\u{202e}x\0"),
            "&lt;/td&gt;&lt;script&gt;&#39;&quot;&amp;\\u{202e}x\\u{0}"
        );
        assert_eq!(super::visible("a\r\n\tb\u{202e}<"), "a\r\n\tb\\u{202e}<");
    }
}
