//! Texts as a cell can hold them: the only way from foreign text into the workbook. A typed cell is never run: what is guarded
//! against is XML alone.

use std::borrow::Cow;
use std::fmt::Write;

/// The longest text of a cell, in UTF-16 code units: Excel's own bound.
const LONGEST_TEXT: usize = 32_767;

/// Ends a text that was cut.
const CUT: &str = "… [cut]";

/// A text that a cell can hold: what is too long is cut, which shows.
pub(super) fn fit(text: &str) -> Cow<'_, str> {
    // There are no more code units than bytes.
    if text.len() <= LONGEST_TEXT || text.encode_utf16().count() <= LONGEST_TEXT {
        return Cow::Borrowed(text);
    }
    let mut room = LONGEST_TEXT - CUT.encode_utf16().count();
    let is_in = |character: &char| {
        let fits = character.len_utf16() <= room;
        room = room.saturating_sub(character.len_utf16());
        fits
    };
    Cow::Owned(text.chars().take_while(is_in).chain(CUT.chars()).collect())
}

/// Appends a text as the content of an element. Characters that XML 1.0 has no way to write (§2.2) become U+FFFD. What looks like one of the
/// escapes `_xHHHH_`, which spreadsheets read as a character (ECMA-376 part 1, §22.9.2.19), gets its underscore escaped.
pub(super) fn content(text: &str, out: &mut String) {
    if text.bytes().all(is_plain) {
        out.push_str(text);
        return;
    }
    for (at, character) in text.char_indices() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // A reader would make it a line feed.
            '\r' => out.push_str("&#13;"),
            '\t' | '\n' => out.push(character),
            '\0'..' ' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            // The same: a reader may take them for ends of lines, or not at all.
            '\u{7f}'..='\u{9f}' => {
                // Writing to a `String` can't fail.
                let _ = write!(out, "&#{};", u32::from(character));
            }
            '_' if is_escape(&text.as_bytes()[at..]) => out.push_str("_x005F_"),
            _ => out.push(character),
        }
    }
}

const fn is_plain(byte: u8) -> bool {
    (byte >= b' ' && byte < 0x7f) && !matches!(byte, b'&' | b'<' | b'>' | b'_')
}

fn is_escape(text: &[u8]) -> bool {
    matches!(text, [b'_', b'x', a, b, c, d, b'_', ..] if [a, b, c, d].iter().all(|digit| digit.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::LONGEST_TEXT;
    use super::content;
    use super::fit;

    fn written(text: &str) -> String {
        let mut out = String::new();
        content(text, &mut out);
        out
    }

    #[test]
    fn markup_is_text() {
        assert_eq!(
            written("<a b=\"&amp;\">]]>"),
            "&lt;a b=\"&amp;amp;\"&gt;]]&gt;"
        );
    }

    #[test]
    fn what_xml_can_not_hold_is_replaced_and_ends_of_lines_stay() {
        assert_eq!(
            written("a\0\u{1b}\u{8}b\tc\r\nd\u{ffff}\u{9b}é"),
            "a\u{fffd}\u{fffd}\u{fffd}b\tc&#13;\nd\u{fffd}&#155;é"
        );
    }

    #[test]
    fn what_looks_like_an_escape_is_no_escape() {
        assert_eq!(written("_x0041_"), "_x005F_x0041_");
        assert_eq!(written("_x0041_x0042_"), "_x005F_x0041_x005F_x0042_");
        assert_eq!(written("AES_CM_128 _x004_ _xé"), "AES_CM_128 _x004_ _xé");
    }

    #[test]
    fn a_text_that_is_too_long_is_cut_visibly_and_between_characters() {
        let whole = "é".repeat(LONGEST_TEXT);
        assert_eq!(fit(&whole), whole);
        let cut = fit(&format!("{}x", "𝄞".repeat(LONGEST_TEXT / 2 + 1))).into_owned();
        assert!(cut.ends_with("𝄞… [cut]"));
        assert!((LONGEST_TEXT - 1..=LONGEST_TEXT).contains(&cut.encode_utf16().count()));
    }
}
