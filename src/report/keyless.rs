//! Keys are in no output: the only way for a message or a description to be shown.
//!
//! What is a key: the inline keys of `a=crypto` (RFC 4568 §6.1), the values of `a=key-mgmt` (RFC 4567) and of `k=` (RFC 4566 §5.12),
//! and the ICE password (RFC 8839 §5.4), which opens a stream to whoever knows it.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memmem;

/// What stands in the place of a key.
pub const LEFT_OUT: &str = "[key left out]";

/// Before a key, on any line: a message may be cut, folded or enclosed in another.
const INLINE: &[u8] = b"inline:";

/// What begins a line whose rest is a key.
const KEY_LINES: [&[u8]; 3] = [b"a=key-mgmt:", b"a=ice-pwd:", b"k="];

/// A message or a description without its keys.
pub fn without_keys(text: &[u8]) -> Cow<'_, [u8]> {
    let keys = keys(text);
    if keys.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut shown = Vec::with_capacity(text.len());
    let mut from = 0;
    for key in keys {
        shown.extend_from_slice(text.get(from..key.start).unwrap_or_default());
        shown.extend_from_slice(LEFT_OUT.as_bytes());
        from = key.end;
    }
    shown.extend_from_slice(text.get(from..).unwrap_or_default());
    Cow::Owned(shown)
}

/// Where the keys of a text are, in order; none of them empty.
pub fn keys(text: &[u8]) -> Vec<Range<usize>> {
    let lower = text.to_ascii_lowercase();
    let mut keys: Vec<Range<usize>> = memmem::find_iter(&lower, INLINE)
        .map(|at| at + INLINE.len())
        .map(|start| start..start + key_length(&lower[start..]))
        .collect();
    for line in KEY_LINES {
        keys.extend(
            memmem::find_iter(&lower, line)
                .filter(|&at| at == 0 || lower[at - 1] == b'\n')
                .map(|at| at + line.len())
                .map(|start| start..start + line_length(&lower[start..])),
        );
    }
    keys.retain(|key| !key.is_empty());
    keys.sort_unstable_by_key(|key| key.start);
    keys.dedup_by(|later, earlier| {
        let is_inside = later.start < earlier.end;
        if is_inside {
            earlier.end = earlier.end.max(later.end);
        }
        is_inside
    });
    keys
}

/// As far as the key goes: to its lifetime, the next key, a blank or the end of the line.
fn key_length(text: &[u8]) -> usize {
    let is_end = |&byte: &u8| byte == b'|' || byte == b';' || byte.is_ascii_whitespace();
    text.iter().position(is_end).unwrap_or(text.len())
}

fn line_length(text: &[u8]) -> usize {
    let is_end = |&byte: &u8| byte == b'\r' || byte == b'\n';
    text.iter().position(is_end).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::without_keys;

    fn shown(text: &str) -> String {
        String::from_utf8(without_keys(text.as_bytes()).into_owned()).unwrap()
    }

    #[test]
    fn each_inline_key_is_left_out_and_all_else_stays() {
        assert_eq!(
            shown("a=crypto:1 X INLINE:abc+/=|2^20|1:4;inline:def FEC\r\na=x:inline:\r\n"),
            "a=crypto:1 X INLINE:[key left out]|2^20|1:4;inline:[key left out] FEC\r\na=x:inline:\r\n"
        );
    }

    #[test]
    fn a_key_that_a_cut_ends_is_left_out() {
        assert_eq!(
            shown("a=crypto:1 X inline:ab"),
            "a=crypto:1 X inline:[key left out]"
        );
    }

    #[test]
    fn lines_that_are_keys_are_left_out() {
        assert_eq!(
            shown("k=base64:abc\r\na=key-mgmt:mikey AQ==\na=ice-pwd:x\r\ns=k=1\r\n"),
            "k=[key left out]\r\na=key-mgmt:[key left out]\na=ice-pwd:[key left out]\r\ns=k=1\r\n"
        );
    }

    #[test]
    fn a_key_inside_a_key_is_one_key() {
        assert_eq!(shown("k=inline:abc x\n"), "k=[key left out]\n");
    }

    #[test]
    fn what_has_no_key_is_not_copied() {
        let text = b"v=0\r\n";
        assert!(matches!(without_keys(text), std::borrow::Cow::Borrowed(_)));
    }
}
