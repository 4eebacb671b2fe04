//! The small change of RFC 3261 §25.1: tokens, quoted strings, folded lines, lists.
//!
//! All of it treats CR and LF as white space, so that a folded value can be read as it stands.

use std::borrow::Cow;

use memchr::memchr;

/// True for the characters of a `token` (RFC 3261 §25.1): those of methods and parameter names.
pub(super) const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'-' | b'.' | b'!' | b'%' | b'*' | b'_' | b'+' | b'`' | b'\'' | b'~'
        )
}

/// True for a `token`: at least one character, and none that a token may not have.
pub(super) fn is_token(word: &[u8]) -> bool {
    !word.is_empty() && word.iter().all(|&byte| is_token_byte(byte))
}

/// The bytes before and after the first `separator`, which belongs to neither.
pub(super) fn split_once(bytes: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let at = memchr(separator, bytes)?;
    Some((bytes.get(..at)?, bytes.get(at + 1..)?))
}

/// The number that the digits at the beginning make, and what follows them. `None` where there is no
/// digit; a number too great is `u64::MAX`.
pub(super) fn leading_number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let digits = bytes
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let (number, rest) = bytes.split_at_checked(digits)?;
    if number.is_empty() {
        return None;
    }
    let value = number.iter().fold(0_u64, |value, digit| {
        value
            .saturating_mul(10)
            .saturating_add(u64::from(digit.wrapping_sub(b'0')))
    });
    Some((value, rest))
}

/// The number that the whole of `bytes` is, white space around it left aside.
pub(super) fn number(bytes: &[u8]) -> Option<u64> {
    let (value, rest) = leading_number(bytes.trim_ascii())?;
    rest.is_empty().then_some(value)
}

/// The word at the beginning, up to white space, and what follows that, trimmed.
pub(super) fn first_word(bytes: &[u8]) -> (&[u8], &[u8]) {
    let bytes = bytes.trim_ascii();
    let end = bytes
        .iter()
        .position(u8::is_ascii_whitespace)
        .unwrap_or(bytes.len());
    let (word, rest) = bytes.split_at_checked(end).unwrap_or((bytes, &[]));
    (word, rest.trim_ascii_start())
}

/// The value on one line: each fold (RFC 3261 §7.3.1) becomes one space. Copies only what is folded.
pub(super) fn unfold(value: &[u8]) -> Cow<'_, [u8]> {
    let value = value.trim_ascii();
    if memchr(b'\n', value).is_none() {
        return Cow::Borrowed(value);
    }
    let lines: Vec<&[u8]> = value
        .split(|&byte| byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .collect();
    Cow::Owned(lines.join(&b' '))
}

/// Where the quoted string that opens at `open` closes (RFC 3261 §25.1: a backslash escapes).
pub(super) fn closing_quote(bytes: &[u8], open: usize) -> Option<usize> {
    let mut at = open.checked_add(1)?;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// What a quoted string says: without its quotes, escapes and folds. Accepts what should have been
/// quoted and isn't, and a string that lacks one of its quotes.
pub(super) fn unquote(value: &[u8]) -> Cow<'_, [u8]> {
    let value = value.trim_ascii();
    let inner = if value.first() == Some(&b'"') {
        let end = closing_quote(value, 0).unwrap_or(value.len());
        value.get(1..end).unwrap_or_default()
    } else {
        value.strip_suffix(b"\"").unwrap_or(value)
    };
    if memchr::memchr2(b'\\', b'\n', inner).is_none() {
        return Cow::Borrowed(inner);
    }
    let unfolded = unfold(inner);
    let mut text = Vec::with_capacity(unfolded.len());
    let mut bytes = unfolded.iter();
    while let Some(&byte) = bytes.next() {
        let escaped = if byte == b'\\' { bytes.next() } else { None };
        text.push(*escaped.unwrap_or(&byte));
    }
    Cow::Owned(text)
}

/// How a quote that is never closed is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Unclosed {
    /// As an ordinary character: right where an address follows the display name.
    Ordinary,
    /// As the beginning of a string that was cut: right for free text.
    ToTheEnd,
}

/// The parts of a value between separators that stand outside quotes and angle brackets.
#[derive(Clone, Debug)]
pub(super) struct Parts<'a> {
    rest: Option<&'a [u8]>,
    separator: u8,
    unclosed: Unclosed,
    // Once a quote or bracket was found unclosed, those after it are not looked at: a value made of
    // them would cost the square of its length.
    has_quotes: bool,
    has_brackets: bool,
}

impl<'a> Parts<'a> {
    /// The parts of `value` between `separator`s.
    pub(super) fn new(value: &'a [u8], separator: u8, unclosed: Unclosed) -> Self {
        Self {
            rest: Some(value),
            separator,
            unclosed,
            has_quotes: true,
            has_brackets: true,
        }
    }

    /// Where the first separator outside quotes and brackets is.
    fn next_separator(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while let Some(next) = memchr::memchr3(self.separator, b'"', b'<', bytes.get(at..)?) {
            at += next;
            let byte = bytes.get(at).copied()?;
            if byte == self.separator {
                return Some(at);
            }
            if byte == b'"' && self.has_quotes {
                match closing_quote(bytes, at) {
                    Some(close) => at = close,
                    None if self.unclosed == Unclosed::ToTheEnd => return None,
                    None => self.has_quotes = false,
                }
            } else if byte == b'<' && self.has_brackets {
                match memchr(b'>', bytes.get(at..)?) {
                    Some(length) => at += length,
                    None => self.has_brackets = false,
                }
            }
            at += 1;
        }
        None
    }
}

impl<'a> Iterator for Parts<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest.take()?;
        match self.next_separator(rest) {
            Some(at) => {
                self.rest = rest.get(at + 1..);
                rest.get(..at)
            }
            None => Some(rest),
        }
    }
}

/// The elements of a comma-joined header value (RFC 3261 §7.3.1), trimmed, empty ones left out.
/// Commas inside quotes and angle brackets separate nothing.
pub fn list(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    Parts::new(value, b',', Unclosed::Ordinary)
        .map(<[u8]>::trim_ascii)
        .filter(|element| !element.is_empty())
}

#[cfg(test)]
mod tests {
    use super::leading_number;
    use super::list;
    use super::unfold;
    use super::unquote;

    #[test]
    fn a_comma_in_quotes_or_brackets_separates_nothing() {
        let elements: Vec<_> = list(br#""a, \"b" <sip:x,y@z>, <sip:q>,, r"#).collect();
        assert_eq!(
            elements,
            [&br#""a, \"b" <sip:x,y@z>"#[..], b"<sip:q>", b"r"]
        );
    }

    #[test]
    fn a_quote_that_never_closes_is_an_ordinary_character_of_a_list() {
        let elements: Vec<_> = list(b"\"Mr. J <sip:a@b>, <sip:c@d>").collect();
        assert_eq!(elements, [&b"\"Mr. J <sip:a@b>"[..], b"<sip:c@d>"]);
    }

    #[test]
    fn a_fold_is_one_space() {
        assert_eq!(&*unfold(b"a;\r\n \t b\n c"), b"a; b c");
    }

    #[test]
    fn a_quoted_string_loses_quotes_escapes_and_folds() {
        assert_eq!(&*unquote(br#" "a \"b\" \\ c" "#), br#"a "b" \ c"#);
        assert_eq!(&*unquote(b"\"a\r\n b\""), b"a b");
    }

    #[test]
    fn a_string_may_lack_either_quote() {
        assert_eq!(&*unquote(b"\"a b"), b"a b");
        assert_eq!(&*unquote(b"a b\""), b"a b");
        assert_eq!(&*unquote(b"\""), b"");
        assert_eq!(&*unquote(b"\"a\\"), b"a\\");
    }

    #[test]
    fn a_number_too_great_saturates() {
        assert_eq!(
            leading_number(b"36893488147419103232 X"),
            Some((u64::MAX, &b" X"[..]))
        );
        assert_eq!(leading_number(b"x"), None);
    }
}
