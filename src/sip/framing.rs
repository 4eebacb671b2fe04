//! Where a message begins and ends (RFC 3261 §18.3).
//!
//! This is on the way of every packet: [`begins_like_sip`] decides by the first byte and the tail of
//! the first line, and nothing here allocates.

use memchr::memchr;

use super::grammar::number;
use super::header::Fields;
use super::header::HeaderName;
use super::start_line::is_start_line;

/// Bytes that the start line and the headers may have. More is no SIP that anybody sends, and would
/// be held in memory while it grows.
pub const MAX_HEAD: usize = 64 * 1024;

/// Bytes that a message on a stream may have, for the same reason.
pub const MAX_MESSAGE: usize = 1024 * 1024;

/// Are all bytes of a message there?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wholeness {
    /// All bytes that the sender sent are there.
    Whole,
    /// Bytes of the head or the body are missing.
    Cut,
}

/// True where a payload begins with a SIP start line, whatever the port: a status line, or a request
/// line with any version. Line ends, blanks and NULs before it are skipped (RFC 3261 §7.5); the end
/// of the line may be missing where the payload is cut.
pub fn begins_like_sip(payload: &[u8]) -> bool {
    let payload = skip_blanks(payload);
    let end = memchr(b'\n', payload).unwrap_or(payload.len());
    // The shortest start line is shorter than any packet that matters; the longest fits a head.
    end <= MAX_HEAD && payload.get(..end).is_some_and(is_start_line)
}

/// The one message in a datagram (RFC 3261 §18.3), and whether it is all there. `is_cut` says that
/// the capture has not all bytes of the datagram.
///
/// The body is bounded by Content-Length, and is the rest where that is absent or makes no sense.
/// Without a blank line after the headers there is no body.
pub fn datagram(payload: &[u8], is_cut: bool) -> (&[u8], Wholeness) {
    let message = skip_blanks(payload);
    let as_captured = if is_cut {
        Wholeness::Cut
    } else {
        Wholeness::Whole
    };
    let first = memchr(b'\n', message).map_or(message.len(), |end| end + 1);
    let mut fields = Fields::new(message, first);
    let length = (&mut fields)
        .filter(|field| HeaderName::ContentLength.names(field.written))
        .fold(ContentLength::Absent, |length, field| {
            length.and(field.value)
        });
    let (Some(head), ContentLength::Bytes(length)) = (fields.body(), length) else {
        return (message, as_captured);
    };
    let end = usize::try_from(length)
        .unwrap_or(usize::MAX)
        .saturating_add(head);
    match message.get(..end) {
        Some(whole) => (whole, Wholeness::Whole),
        None => (message, Wholeness::Cut),
    }
}

/// What follows the bytes that keep a flow alive or fill a line: CR, LF, blanks, NUL (RFC 5626
/// §3.5.1).
pub(super) fn skip_blanks(bytes: &[u8]) -> &[u8] {
    let blanks = bytes
        .iter()
        .take_while(|byte| matches!(byte, b'\r' | b'\n' | b' ' | b'\t' | 0))
        .count();
    bytes.get(blanks..).unwrap_or_default()
}

/// What a head says of the length of its body.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum ContentLength {
    /// There is no such header.
    #[default]
    Absent,
    /// The number of bytes.
    Bytes(u64),
    /// What stands there is no number.
    Unreadable,
    /// Several numbers that differ.
    Conflict,
}

impl ContentLength {
    /// Takes one more value of the header into account.
    pub(super) fn and(self, value: &[u8]) -> Self {
        match (self, number(value)) {
            (Self::Absent, Some(length)) => Self::Bytes(length),
            (Self::Bytes(known), Some(length)) if known != length => Self::Conflict,
            (Self::Absent | Self::Bytes(_), None) => Self::Unreadable,
            (decided, _) => decided,
        }
    }
}

/// What a whole head says of the length of its body.
pub(super) fn content_length(head: &[u8]) -> ContentLength {
    header_values(head, HeaderName::ContentLength).fold(ContentLength::Absent, ContentLength::and)
}

/// The values of one header in a head that is not parsed yet.
pub(super) fn header_values(head: &[u8], name: HeaderName) -> impl Iterator<Item = &[u8]> {
    let first = memchr(b'\n', head).map_or(head.len(), |end| end + 1);
    Fields::new(head, first)
        .filter(move |field| name.names(field.written))
        .map(|field| field.value)
}

#[cfg(test)]
mod tests {
    use super::Wholeness;
    use super::begins_like_sip;
    use super::datagram;

    #[test]
    fn sip_is_known_by_its_first_line() {
        assert!(begins_like_sip(b"OPTIONS sip:a SIP/2.0\r\nVia: x"));
        assert!(begins_like_sip(b"\r\n\r\n SIP/2.0 488\n"));
        assert!(begins_like_sip(b"\0\0INVITE sip:a b SIP/7.0"));
        assert!(begins_like_sip(b"sip/2.0 200 OK"));
    }

    #[test]
    fn other_protocols_are_not_sip() {
        let others: [&[u8]; 11] = [
            b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n",
            b"DESCRIBE rtsp://x RTSP/1.0\r\n",
            b"MSRP a786hjs2 SEND\r\n",
            b"\x00\x01\x00\x08\x21\x12\xa4\x42\x01\x02\x03\x04",
            b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www",
            b"\x80\x08\x1f\x40\x00\x00\x00\xa0",
            b"\x16\x03\x03\x00\x40",
            b"",
            b"\r\n\r\n",
            b"To: all about SIP/2.0\r\n",
        ];
        for other in others {
            assert!(
                !begins_like_sip(other),
                "{:?}",
                other.escape_ascii().to_string()
            );
        }
    }

    #[test]
    fn a_start_line_that_is_cut_before_its_version_is_not_known() {
        assert!(!begins_like_sip(b"INVITE sip:a@b SI"));
        assert!(begins_like_sip(b"INVITE sip:a@b SIP/2.0"));
    }

    #[test]
    fn content_length_ends_the_body_of_a_datagram() {
        let (message, wholeness) = datagram(b"\r\nA s SIP/2.0\r\nl: 2\r\n\r\nabcd", false);
        assert_eq!(message, b"A s SIP/2.0\r\nl: 2\r\n\r\nab");
        assert_eq!(wholeness, Wholeness::Whole);
    }

    #[test]
    fn a_content_length_beyond_the_datagram_is_a_cut() {
        let payload = b"A s SIP/2.0\nContent-length : 9\n\nabcd";
        assert_eq!(datagram(payload, false), (&payload[..], Wholeness::Cut));
        assert_eq!(
            datagram(b"A s SIP/2.0\nl:99999999999999999999\n\n", true).1,
            Wholeness::Cut
        );
    }

    #[test]
    fn without_a_content_length_the_body_is_the_rest() {
        for head in ["", "l: x\r\n", "l: 1\r\nContent-Length: 2\r\n"] {
            let payload = format!("A s SIP/2.0\r\n{head}\r\nabcd");
            let (message, wholeness) = datagram(payload.as_bytes(), false);
            assert_eq!(
                (message.len(), wholeness),
                (payload.len(), Wholeness::Whole)
            );
            assert_eq!(datagram(payload.as_bytes(), true).1, Wholeness::Cut);
        }
    }

    #[test]
    fn a_cut_datagram_whose_message_is_all_there_is_whole() {
        assert_eq!(
            datagram(b"A s SIP/2.0\r\nl: 2\r\n\r\nab\0", true).1,
            Wholeness::Whole
        );
    }

    #[test]
    fn headers_without_a_blank_line_are_whole_unless_cut() {
        assert_eq!(
            datagram(b"A s SIP/2.0\r\nl: 2\r\n", false).1,
            Wholeness::Whole
        );
        assert_eq!(datagram(b"A s SIP/2.0\r\nl: 2\r\n", true).1, Wholeness::Cut);
    }

    #[test]
    fn a_folded_content_length_is_read() {
        assert_eq!(
            datagram(b"A s SIP/2.0\r\nl:\r\n 1\r\n\r\nab", false)
                .0
                .last(),
            Some(&b'a')
        );
    }

    /// Where this and tshark part on fuzzed messages.
    #[test]
    fn a_damaged_start_line_is_read_while_it_has_the_form_of_one() {
        for line in [
            &b"INVITE sip:0%s\x00239@sip.example SIP/2.0\r\nVia: x\r\n"[..],
            b"SIP/2.0 401 Unauthori%s\x00\r\nCall-ID: 1\r\n",
            b"SIP/2.0 40  Request Timeout\r\nVia: x\r\n",
        ] {
            assert!(begins_like_sip(line), "{}", line.escape_ascii());
        }
        assert!(
            !begins_like_sip(b"CANCEL sip:9@voip.example SIP/2.0\r7Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n"),
            "a CR alone ends no line, so this one ends in another header"
        );
    }
}
