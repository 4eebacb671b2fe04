//! The session description in a body, alone or as a part (RFC 3261 §7.4, RFC 2046 §5.1, RFC 5621).

use std::fmt;

use memchr::memchr;
use memchr::memmem;

use super::fields::content_type;
use super::framing::Wholeness;
use super::header::Fields;
use super::header::HeaderName;

/// How deep multipart bodies may be nested. Two is known; more is an attack.
const MAX_DEPTH: usize = 4;

/// Parts looked at in one body.
const MAX_PARTS: usize = 64;

/// What a message says of a session.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Body<'a> {
    /// A session description, all of it.
    Sdp(&'a [u8]),
    /// It is known that there is no session description.
    None,
    /// Bytes are missing, or are compressed: there may be a session description, and here is what
    /// there is of it.
    Cut(Option<&'a [u8]>),
}

impl fmt::Debug for Body<'_> {
    /// Lengths only: keys stand in a session description.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sdp(body) => write!(f, "Sdp({} bytes)", body.len()),
            Self::None => f.write_str("None"),
            Self::Cut(Some(body)) => write!(f, "Cut({} bytes)", body.len()),
            Self::Cut(None) => f.write_str("Cut"),
        }
    }
}

/// The session description in a body with these headers.
pub(super) fn sdp<'a>(
    body: &'a [u8],
    content_type: Option<&[u8]>,
    encoding: Option<&[u8]>,
    wholeness: Wholeness,
) -> Body<'a> {
    find(body, content_type, encoding, wholeness, MAX_DEPTH)
}

fn find<'a>(
    body: &'a [u8],
    content_type: Option<&[u8]>,
    encoding: Option<&[u8]>,
    wholeness: Wholeness,
    depth: usize,
) -> Body<'a> {
    let is_cut = wholeness == Wholeness::Cut;
    let Some(written) = content_type else {
        // RFC 3261 §20.15 requires the header; what begins like SDP is nothing else.
        return match (body.trim_ascii_start().starts_with(b"v="), is_cut) {
            (true, false) => Body::Sdp(body),
            (true, true) => Body::Cut(Some(body)),
            (false, true) if body.is_empty() => Body::Cut(None),
            (false, _) => Body::None,
        };
    };
    let content_type = content_type::parse(written);
    let is_sdp = content_type.is(b"application", b"sdp");
    let is_multipart = content_type.kind.eq_ignore_ascii_case(b"multipart");
    if !is_sdp && !is_multipart || body.is_empty() && !is_cut {
        return Body::None;
    }
    if encoding.is_some_and(|encoding| !encoding.is_empty() && !is_identity(encoding)) {
        return Body::Cut(None);
    }
    match (is_sdp, is_cut) {
        (true, false) => Body::Sdp(body),
        (true, true) if body.is_empty() => Body::Cut(None),
        (true, true) => Body::Cut(Some(body)),
        (false, _) if depth == 0 => Body::None,
        (false, _) => {
            let boundary = content_type.boundary();
            find_part(body, boundary.as_deref(), wholeness, depth - 1)
        }
    }
}

/// True for `identity` (RFC 3261 §20.12: the default), in any case.
fn is_identity(encoding: &[u8]) -> bool {
    encoding.trim_ascii().eq_ignore_ascii_case(b"identity")
}

/// The first part that is, or holds, a session description.
fn find_part<'a>(
    body: &'a [u8],
    boundary: Option<&[u8]>,
    wholeness: Wholeness,
    depth: usize,
) -> Body<'a> {
    let Some(boundary) = boundary.or_else(|| first_boundary(body)) else {
        return if wholeness == Wholeness::Cut {
            Body::Cut(None)
        } else {
            Body::None
        };
    };
    let mut next = find_delimiter(body, 0, boundary);
    for _ in 0..MAX_PARTS {
        let Some(delimiter) = next.filter(|delimiter| delimiter.is_ended) else {
            break;
        };
        if delimiter.is_last {
            return Body::None;
        }
        next = find_delimiter(body, delimiter.after, boundary);
        let end = next.map_or(body.len(), |next| next.before);
        let part = body.get(delimiter.after..end).unwrap_or_default();
        // The delimiter after a part shows that the part is all there.
        let part_wholeness = if next.is_some() {
            Wholeness::Whole
        } else {
            wholeness
        };
        match read_part(part, part_wholeness, depth) {
            Body::None => {}
            found => return found,
        }
    }
    match wholeness {
        Wholeness::Whole => Body::None,
        Wholeness::Cut => Body::Cut(None),
    }
}

/// The session description in one part with its headers.
fn read_part(part: &[u8], wholeness: Wholeness, depth: usize) -> Body<'_> {
    let mut fields = Fields::new(part, 0);
    let mut content_type = None;
    let mut encoding = None;
    for field in &mut fields {
        match HeaderName::parse(field.written) {
            HeaderName::ContentType if content_type.is_none() => content_type = Some(field.value),
            HeaderName::ContentEncoding if encoding.is_none() => encoding = Some(field.value),
            _ if field
                .written
                .eq_ignore_ascii_case(b"Content-Transfer-Encoding") =>
            {
                let encoded = [&b"base64"[..], b"quoted-printable"]
                    .iter()
                    .any(|name| field.value.trim_ascii().eq_ignore_ascii_case(name));
                if encoded {
                    encoding = Some(field.value);
                }
            }
            _ => {}
        }
    }
    match fields.body() {
        Some(body) => {
            let body = part.get(body..).unwrap_or_default();
            find(body, content_type, encoding, wholeness, depth)
        }
        None if wholeness == Wholeness::Cut => Body::Cut(None),
        None => Body::None,
    }
}

/// The line between two parts.
#[derive(Clone, Copy)]
struct Delimiter {
    /// Where the part before it ends: the line end before a delimiter belongs to it.
    before: usize,
    /// Where the part after it begins.
    after: usize,
    /// True of the one that ends the last part.
    is_last: bool,
    /// True where the line is all there.
    is_ended: bool,
}

/// The first delimiter line at or after `from`, the beginning of a line (RFC 2046 §5.1.1).
fn find_delimiter(body: &[u8], from: usize, boundary: &[u8]) -> Option<Delimiter> {
    let mut at = from;
    loop {
        let rest = body.get(at..)?;
        let start = at + memmem::find(rest, b"--")?;
        let is_line_start = start == from || body.get(..start)?.ends_with(b"\n");
        let after = body.get(start + 2..)?;
        if is_line_start && let Some(after) = after.strip_prefix(boundary) {
            let end = memchr(b'\n', after);
            let line = after.get(..end.unwrap_or(after.len()))?.trim_ascii_end();
            if line.is_empty() || line == b"--" {
                let before = body.get(..start)?;
                let before = before.strip_suffix(b"\n").unwrap_or(before);
                let before = before.strip_suffix(b"\r").unwrap_or(before);
                return Some(Delimiter {
                    before: before.len().max(from),
                    after: body.len() - after.len() + end.map_or(after.len(), |end| end + 1),
                    is_last: line == b"--",
                    is_ended: end.is_some() || line == b"--",
                });
            }
        }
        at = start + 2;
    }
}

/// The boundary that the first delimiter shows, where the header does not name it.
fn first_boundary(body: &[u8]) -> Option<&[u8]> {
    let line = body.trim_ascii_start();
    let line = line.get(..memchr(b'\n', line)?)?.trim_ascii_end();
    line.strip_prefix(b"--")
        .filter(|boundary| !boundary.is_empty())
}

#[cfg(test)]
mod tests {
    use super::Body;
    use super::Wholeness;
    use super::sdp;

    const MIXED: &[u8] = b"multipart/mixed;boundary=\"b b\"";
    const TWO: &[u8] = b"preamble\r\n--b b\r\nContent-Type: application/pidf+xml\r\n\r\n<x/>\r\n\
        --b b \r\nCONTENT-TYPE : Application/SDP\r\n\r\nv=0\r\ns=-\r\n\r\n--b b--\r\n";

    #[test]
    fn the_sdp_part_of_a_multipart_body_is_found() {
        let found = sdp(TWO, Some(MIXED), None, Wholeness::Whole);
        assert_eq!(found, Body::Sdp(b"v=0\r\ns=-\r\n"));
    }

    #[test]
    fn a_part_before_its_closing_boundary_is_whole_in_a_cut_message() {
        assert_eq!(
            sdp(TWO, Some(MIXED), None, Wholeness::Cut),
            Body::Sdp(b"v=0\r\ns=-\r\n")
        );
        let cut = &TWO[..TWO.len() - 14];
        assert!(matches!(
            sdp(cut, Some(MIXED), None, Wholeness::Cut),
            Body::Cut(Some(_))
        ));
        assert_eq!(
            sdp(&TWO[..60], Some(MIXED), None, Wholeness::Cut),
            Body::Cut(None)
        );
    }

    #[test]
    fn a_closed_multipart_body_without_sdp_has_none() {
        let body = b"--x\r\n\r\nhello\r\n--x--";
        let found = sdp(body, Some(b"multipart/related"), None, Wholeness::Cut);
        assert_eq!(found, Body::None);
    }

    #[test]
    fn nested_parts_are_searched_to_a_bound() {
        let inner = b"--i\r\nc: application/sdp\r\n\r\nv=0\r\n--i--\r\n";
        let mut body = b"--o\r\nContent-Type: multipart/alternative;boundary=i\r\n\r\n".to_vec();
        body.extend_from_slice(inner);
        body.extend_from_slice(b"--o--");
        let outer = Some(&b"multipart/mixed; boundary=o"[..]);
        assert_eq!(sdp(&body, outer, None, Wholeness::Whole), Body::Sdp(b"v=0"));

        let endless = b"--a\r\nContent-Type: multipart/mixed;boundary=a\r\n\r\n".repeat(50);
        let outer = Some(&b"multipart/mixed; boundary=a"[..]);
        assert_eq!(sdp(&endless, outer, None, Wholeness::Whole), Body::None);
    }

    #[test]
    fn a_body_without_a_type_is_sdp_where_it_begins_like_it() {
        assert_eq!(
            sdp(b"v=0\n", None, None, Wholeness::Whole),
            Body::Sdp(b"v=0\n")
        );
        assert_eq!(sdp(b"hello", None, None, Wholeness::Whole), Body::None);
    }

    #[test]
    fn a_compressed_body_is_not_known() {
        let found = sdp(
            b"\x1f\x8b",
            Some(b"application/sdp"),
            Some(b"gzip"),
            Wholeness::Whole,
        );
        assert_eq!(found, Body::Cut(None));
    }

    #[test]
    fn debug_shows_no_key() {
        assert_eq!(
            format!("{:?}", Body::Sdp(b"a=crypto:1 X inline:abc")),
            "Sdp(23 bytes)"
        );
    }
}
