//! Content-Type: what a body is (RFC 3261 §20.15).

use std::borrow::Cow;

use memchr::memchr;

use super::super::grammar::split_once;
use super::super::grammar::unquote;
use super::params::Params;

/// A media type with its parameters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ContentType<'a> {
    /// `application`, `multipart`…, as written.
    pub kind: &'a [u8],
    /// What follows the slash.
    pub subtype: &'a [u8],
    /// The parameters.
    pub params: Params<'a>,
}

impl<'a> ContentType<'a> {
    /// True for this type, in any case.
    pub fn is(&self, kind: &[u8], subtype: &[u8]) -> bool {
        self.kind.eq_ignore_ascii_case(kind) && self.subtype.eq_ignore_ascii_case(subtype)
    }

    /// What separates the parts of a multipart body (RFC 2046 §5.1.1); `None` where absent or empty.
    pub fn boundary(&self) -> Option<Cow<'a, [u8]>> {
        self.params
            .get("boundary")
            .map(unquote)
            .filter(|boundary| !boundary.is_empty())
    }
}

/// Reads a value. White space may stand around the slash.
pub fn parse(value: &[u8]) -> ContentType<'_> {
    let end = memchr(b';', value).unwrap_or(value.len());
    let (name, params) = value.split_at_checked(end).unwrap_or((value, &[]));
    let (kind, subtype) = split_once(name, b'/').unwrap_or((name, &[]));
    let params = Params::new(params);
    ContentType {
        kind: kind.trim_ascii(),
        subtype: subtype.trim_ascii(),
        params,
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn types_are_compared_in_any_case() {
        assert!(parse(b" Application / SDP ;charset=utf-8").is(b"application", b"sdp"));
        assert!(!parse(b"application").is(b"application", b"sdp"));
    }

    #[test]
    fn a_boundary_may_be_quoted() {
        let content_type = parse(b"multipart/mixed;\r\n Boundary=\"a;b\"");
        assert_eq!(content_type.boundary().as_deref(), Some(&b"a;b"[..]));
        assert_eq!(parse(b"multipart/mixed").boundary(), None);
    }
}
