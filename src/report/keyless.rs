//! Keys are in no output: the only way for a message or a description to be shown.
//!
//! What is a key: the inline keys of `a=crypto` (RFC 4568 §6.1), the values of `a=key-mgmt` (RFC 4567) and of `k=` (RFC 4566 §5.12),
//! and the ICE password (RFC 8839 §5.4), which opens a stream to whoever knows it.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memmem;

/// What stands in the place of a key.
pub const LEFT_OUT: &str = "[key left out]";

/// Before a key, on any line, with blanks around the colon or without: a message may be cut, folded or enclosed in another.
const INLINE: &[u8] = b"inline";

/// Attributes whose value is a key.
const KEY_ATTRIBUTES: [&[u8]; 2] = [b"ice-pwd", b"key-mgmt"];

/// Parameters of a session that may stand behind keys (RFC 4568 §6.3), by how they begin; in lower case.
const SESSION_PARAMETERS: [&[u8]; 7] = [
    b"inline:",
    b"kdr=",
    b"unencrypted_srt",
    b"unauthenticated_srtp",
    b"fec_order=",
    b"fec_key=",
    b"wsh=",
];

/// A word of `a=crypto` that is shorter is no key: that of the weakest suite has 40 characters.
const SHORTEST_KEY: usize = 11;

/// Headers that say that a body is not to be read as it is, and how it is nevertheless.
const ENCODINGS: [&[u8]; 3] = [b"content-transfer-encoding", b"content-encoding", b"e"];
const PLAIN_ENCODINGS: [&[u8]; 4] = [b"7bit", b"8bit", b"binary", b"identity"];

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

/// Where the keys of a text are, in order; none of them empty. A body that is encoded may hold any, and is one.
pub fn keys(text: &[u8]) -> Vec<Range<usize>> {
    let lower = text.to_ascii_lowercase();
    let mut keys = inline_keys(&lower);
    let mut is_head = true;
    for line in lines(&lower) {
        keys_of_line(&lower, line.clone(), &mut keys);
        let written = &lower[line.clone()];
        if is_encoded(written, is_head) {
            let body = body_behind(&lower, line.end);
            keys.push(body..lower.len());
        }
        is_head &= !written.is_empty();
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

/// The lines of a text; they end in CR LF, LF or CR.
fn lines(text: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let rest = text.get(start..).filter(|_| start <= text.len())?;
        let length = line_length(rest);
        let line = start..start + length;
        let end = &rest[length..];
        start += length + if end.starts_with(b"\r\n") { 2 } else { 1 };
        Some(line)
    })
}

fn inline_keys(lower: &[u8]) -> Vec<Range<usize>> {
    let mut keys = Vec::new();
    for at in memmem::find_iter(lower, INLINE) {
        let colon = at + INLINE.len() + blanks(&lower[at + INLINE.len()..]);
        if lower.get(colon) == Some(&b':') {
            let start = colon + 1 + blanks(&lower[colon + 1..]);
            keys.push(start..start + key_length(&lower[start..]));
        }
    }
    keys
}

/// Appends the keys of a line of SDP, spelled in any way that is read as one.
fn keys_of_line(text: &[u8], line: Range<usize>, keys: &mut Vec<Range<usize>>) {
    let written = &text[line.clone()];
    let first = blanks(written);
    let Some(equals) = written.iter().position(|&byte| byte == b'=') else {
        return;
    };
    let value = line.start + equals + 1..line.end;
    match written.get(first..equals).map(<[u8]>::trim_ascii) {
        Some(b"k") => keys.push(value),
        Some(b"a") => keys_of_attribute(text, value, keys),
        _ => {}
    }
}

fn keys_of_attribute(text: &[u8], value: Range<usize>, keys: &mut Vec<Range<usize>>) {
    let written = &text[value.clone()];
    let Some(colon) = written.iter().position(|&byte| byte == b':') else {
        return;
    };
    let behind = value.start + colon + 1..value.end;
    match written[..colon].trim_ascii() {
        b"crypto" => words_that_are_keys(text, behind, keys),
        name if KEY_ATTRIBUTES.contains(&name) => keys.push(behind),
        _ => {}
    }
}

/// What stands behind tag and suite and is none of the words that may: a key without its method, or far from it.
fn words_that_are_keys(text: &[u8], value: Range<usize>, keys: &mut Vec<Range<usize>>) {
    let mut at = value.start;
    let mut place = 0;
    while at < value.end {
        at += blanks(&text[at..value.end]);
        let word = &text[at..value.end];
        let length = word.iter().position(|byte| b" \t;".contains(byte));
        let length = length.unwrap_or(word.len());
        let word = &word[..length];
        let is_suite = word.contains(&b'_') && word.len() <= 64 && !word.contains(&b':');
        let is_known = word.len() < SHORTEST_KEY || (place == 1 && is_suite);
        let is_parameter = |known: &&[u8]| word.starts_with(known);
        if !is_known && !SESSION_PARAMETERS.iter().any(is_parameter) {
            keys.push(at..at + length);
        }
        place += 1;
        at += length + 1;
    }
}

/// Whether a line says that what follows it is encoded. The short form is one in a message's head alone.
fn is_encoded(line: &[u8], is_head: bool) -> bool {
    let Some(colon) = line.iter().position(|&byte| byte == b':') else {
        return false;
    };
    let (name, value) = (line[..colon].trim_ascii(), line[colon + 1..].trim_ascii());
    ENCODINGS.contains(&name)
        && (is_head || name.len() > 1)
        && !PLAIN_ENCODINGS.contains(&value)
        && !value.is_empty()
}

/// Where the body begins that a head goes on before.
fn body_behind(text: &[u8], head: usize) -> usize {
    let rest = text.get(head..).unwrap_or_default();
    let blank = lines(rest).skip(1).find(Range::is_empty);
    let begin = blank.map_or(rest.len(), |line| {
        let end = rest.get(line.end..).unwrap_or_default();
        line.end + if end.starts_with(b"\r\n") { 2 } else { 1 }
    });
    (head + begin).min(text.len())
}

fn blanks(text: &[u8]) -> usize {
    let is_blank = |byte: &&u8| matches!(byte, b' ' | b'\t');
    text.iter().take_while(is_blank).count()
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
    fn keys_are_left_out_however_their_lines_are_spelled_and_ended() {
        for (written, expected) in [
            (
                "v=0\rk=a\ra=ice-pwd:b\ra=key-mgmt:c",
                "v=0\rk=[key left out]\ra=ice-pwd:[key left out]\ra=key-mgmt:[key left out]",
            ),
            (" a = ICE-PWD : x", " a = ICE-PWD :[key left out]"),
            ("a= ice-pwd:x\n", "a= ice-pwd:[key left out]\n"),
            ("inline: K|1", "inline: [key left out]|1"),
            ("inline :K", "inline :[key left out]"),
            (
                "a=crypto:1 A_B WVNfX19zZW1j KDR=1",
                "a=crypto:1 A_B [key left out] KDR=1",
            ),
            ("a=crypto:1 WVNfX19zZW1j", "a=crypto:1 [key left out]"),
            ("a=crypto:WVNfX19zZW1jdGwg", "a=crypto:[key left out]"),
            (
                "a=crypto:1 A_B inline:K;inline:L UNENCRYPTED_SRTP",
                "a=crypto:1 A_B inline:[key left out];inline:[key left out] UNENCRYPTED_SRTP",
            ),
        ] {
            assert_eq!(shown(written), expected);
        }
    }

    #[test]
    fn a_body_that_is_encoded_is_left_out() {
        let head = "INVITE x SIP/2.0\r\nCall-ID: 1\r\n";
        for encoding in [
            "e: gzip",
            "Content-Encoding : deflate",
            "Content-Transfer-Encoding: base64",
        ] {
            let message = format!("{head}{encoding}\r\nTo: x\r\n\r\nYT1jcnlwdG8=");
            assert_eq!(
                shown(&message),
                format!("{head}{encoding}\r\nTo: x\r\n\r\n[key left out]")
            );
        }
        let plain = format!("{head}Content-Transfer-Encoding: 8bit\r\n\r\nv=0\r\ne:mail\r\n");
        assert_eq!(shown(&plain), plain);
        let part =
            format!("{head}\r\n--b\r\ncontent-transfer-encoding:base64\r\n\r\nYT1j\r\n--b--");
        assert!(!shown(&part).contains("YT1j"));
    }

    proptest::proptest! {
        #[test]
        fn no_text_does_harm(text: Vec<u8>, lines in "[ak=:;|\r\n \tcryptoinle1_]{0,60}") {
            for text in [&text[..], lines.as_bytes()] {
                let found = super::keys(text);
                proptest::prop_assert!(found.iter().all(|key| key.start < key.end && key.end <= text.len()));
                proptest::prop_assert!(found.windows(2).all(|pair| pair[0].end <= pair[1].start));
            }
        }
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
