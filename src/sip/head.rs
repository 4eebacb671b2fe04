//! The head of a message on a stream, in one pass: where it ends, how long its body is, and whether it is one head.

use memchr::memchr;

use super::framing::ContentLength;
use super::framing::content_length;
use super::framing::header_values;
use super::header::HeaderName;
use super::start_line::is_start_line;

/// What the lines behind a start line are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Head {
    /// Headers without their end.
    Open,
    /// A start line begins here: the message before it was never ended.
    StartLine(usize),
    /// A head.
    Whole {
        /// Where the body begins: after the first blank line. Lines may end in LF alone.
        end: usize,
        /// How long the body is said to be.
        length: ContentLength,
        /// True where a SIP message is at home in the body.
        may_hold_sip: bool,
    },
}

impl Head {
    /// Reads the lines from `from` on, which must be the beginning of a line behind the start line.
    pub(super) fn read(bytes: &[u8], from: usize) -> Self {
        let mut line = from;
        let mut length = ContentLength::Absent;
        let mut may_hold_sip = false;
        let mut is_folded = false;
        loop {
            let rest = bytes.get(line..).unwrap_or_default();
            let Some(end) = memchr(b'\n', rest) else {
                return Self::Open;
            };
            let text = rest.get(..end).unwrap_or_default();
            let text = text.strip_suffix(b"\r").unwrap_or(text);
            match text.first() {
                None => {
                    let end = line + end + 1;
                    return if is_folded {
                        Self::at_leisure(bytes, end)
                    } else {
                        Self::Whole {
                            end,
                            length,
                            may_hold_sip,
                        }
                    };
                }
                Some(b' ' | b'\t') => is_folded = true,
                Some(_) if may_be_start_line(text) && is_start_line(text) => {
                    return Self::StartLine(line);
                }
                Some(b'c' | b'C' | b'l' | b'L') => {
                    if let Some((name, value)) = named(text) {
                        if HeaderName::ContentLength.names(name) {
                            length = length.and(value);
                        } else if HeaderName::ContentType.names(name) {
                            may_hold_sip |= is_home_of_sip(value);
                        }
                    }
                }
                Some(_) => {}
            }
            line += end + 1;
        }
    }

    /// The same of a head whose end is known, headers over several lines and what was read before included.
    pub(super) fn at_leisure(bytes: &[u8], end: usize) -> Self {
        let head = bytes.get(..end).unwrap_or_default();
        Self::Whole {
            end,
            length: content_length(head),
            may_hold_sip: header_values(head, HeaderName::ContentType).any(is_home_of_sip),
        }
    }
}

/// The two parts of a header line.
fn named(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = line.iter().position(|&byte| byte == b':')?;
    let (name, value) = line.split_at_checked(colon)?;
    Some((name.trim_ascii_end(), value.get(1..)?))
}

/// False for nearly all header lines: a request line ends in the version, a status line begins with it.
fn may_be_start_line(line: &[u8]) -> bool {
    let is_status = matches!(line, [b's' | b'S', b'i' | b'I', b'p' | b'P', b'/', ..]);
    is_status && contains_version(line) || line.trim_ascii_end().ends_with(b"SIP/2.0")
}

fn contains_version(line: &[u8]) -> bool {
    memchr::memmem::find(line, b"SIP/2.0").is_some()
}

/// True for bodies in which a SIP message is at home: `message/sip`, `message/sipfrag` (RFC 3420), and multipart bodies that
/// may hold them.
fn is_home_of_sip(content_type: &[u8]) -> bool {
    let value = content_type.trim_ascii_start();
    [&b"message"[..], b"multipart"].iter().any(|kind| {
        value
            .get(..kind.len())
            .is_some_and(|begin| begin.eq_ignore_ascii_case(kind))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::ContentLength;
    use super::Head;

    #[test]
    fn a_head_ends_at_its_blank_line() {
        let head = b"Via: SIP/2.0/UDP h\r\nContent-Length : 12\r\nc: multipart/mixed\r\n\r\nbody";
        assert_eq!(
            Head::read(head, 0),
            Head::Whole {
                end: head.len() - 4,
                length: ContentLength::Bytes(12),
                may_hold_sip: true
            }
        );
        assert_eq!(Head::read(&head[..40], 0), Head::Open);
    }

    #[test]
    fn a_start_line_among_headers_begins_another_message() {
        let head = b"Via: SIP/2.0/UDP h\nl: 0\nSIP/2.0 200 OK\nl: 0\n\n";
        assert_eq!(Head::read(head, 0), Head::StartLine(24));
        let head = b"Subject: SIP/2.0\nBYE sip:a SIP/2.0 \r\n\r\n";
        assert_eq!(Head::read(head, 0), Head::StartLine(17));
    }

    proptest! {
        #[test]
        fn the_short_way_reads_what_the_long_way_reads(
            lines in prop::collection::vec("(l|L|Content-Length|c|Content-Type|Via|x| )? ?:? ?[0-9a: ]{0,4}\r?", 0..6)
        ) {
            let bytes = format!("{}\n\n", lines.join("\n"));
            let bytes = format!("A s SIP/2.0\n{}", bytes.trim_start_matches(['\r', '\n']));
            if let Head::Whole { end, .. } = Head::read(bytes.as_bytes(), 12) {
                prop_assert_eq!(Head::read(bytes.as_bytes(), 12), Head::at_leisure(bytes.as_bytes(), end));
            }
        }
    }
}
