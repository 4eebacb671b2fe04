//! Addresses: SIP, SIPS and tel URIs (RFC 3261 §19.1, RFC 3966), read as far as they can be.
//!
//! Reserved characters that stand unescaped, like the `#` of some senders, do no harm: only `:`,
//! `@`, `;` and `?` divide.

use memchr::memchr;
use memchr::memrchr;

use super::fields::params::Params;
use super::grammar::number;

/// The part of a URI before the first colon.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scheme<'a> {
    /// `sip`
    Sip,
    /// `sips`
    Sips,
    /// `tel`
    Tel,
    /// Any other.
    Other(&'a [u8]),
    /// There is none: what was written is read like a SIP URI.
    Missing,
}

/// The parts of a URI, escapes kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Uri<'a> {
    /// The scheme.
    pub scheme: Scheme<'a>,
    /// The user part without a password; of a `tel` URI, the number.
    pub user: Option<&'a [u8]>,
    /// The host, an IPv6 reference without its brackets; empty where there is none.
    pub host: &'a [u8],
    /// The port, where there is one that can be read.
    pub port: Option<u16>,
    /// The parameters.
    pub params: Params<'a>,
}

impl<'a> Uri<'a> {
    /// Reads a URI, in angle brackets or not. Never fails: what can't be told apart is host.
    pub fn parse(written: &'a [u8]) -> Self {
        let mut written = written.trim_ascii();
        if let Some(inner) = written.strip_prefix(b"<") {
            let end = memchr(b'>', inner).unwrap_or(inner.len());
            written = inner.get(..end).unwrap_or_default().trim_ascii();
        }
        let (scheme, rest) = split_scheme(written);
        if scheme == Scheme::Tel {
            let (user, params) = split_at_params(rest);
            let params = Params::new(params);
            return Self {
                scheme,
                user: Some(user.trim_ascii()),
                host: &[],
                port: None,
                params,
            };
        }
        let (user, rest) = split_user(rest);
        if user.is_none() && matches!(scheme, Scheme::Other(_)) {
            // `urn:service:sos` has no host to speak of.
            let (_, params) = split_at_params(rest);
            return Self {
                scheme,
                user,
                host: &[],
                port: None,
                params: Params::new(params),
            };
        }
        let (host_port, rest) = split_at_params(rest);
        let (params, _headers) = split_at(rest, |byte| byte == b'?');
        let (host, port) = split_host_port(host_port);
        Self {
            scheme,
            user,
            host,
            port,
            params: Params::new(params),
        }
    }

    /// The value of a parameter, by name in any case; empty where it has none.
    pub fn param(&self, name: &str) -> Option<&'a [u8]> {
        self.params.get(name)
    }
}

/// `host:port`, an IPv6 reference in brackets or a bare IPv6 address.
pub(super) fn split_host_port(written: &[u8]) -> (&[u8], Option<u16>) {
    let written = written.trim_ascii();
    let as_port = |port: &[u8]| number(port).and_then(|port| u16::try_from(port).ok());
    if let Some(inner) = written.strip_prefix(b"[") {
        let end = memchr(b']', inner).unwrap_or(inner.len());
        let (host, rest) = inner.split_at_checked(end).unwrap_or((inner, &[]));
        let port = memchr(b':', rest).and_then(|colon| as_port(rest.get(colon + 1..)?));
        return (host.trim_ascii(), port);
    }
    match (memchr(b':', written), memrchr(b':', written)) {
        (Some(first), Some(last)) if first == last => {
            let host = written.get(..first).unwrap_or_default();
            (
                host.trim_ascii(),
                written.get(first + 1..).and_then(as_port),
            )
        }
        _ => (written, None),
    }
}

/// The scheme, and what follows its colon.
fn split_scheme(written: &[u8]) -> (Scheme<'_>, &[u8]) {
    let colon = memchr(b':', written);
    let Some((word, rest)) =
        colon.and_then(|colon| Some((written.get(..colon)?, written.get(colon + 1..)?)))
    else {
        return (Scheme::Missing, written);
    };
    for (name, scheme) in [
        (&b"sip"[..], Scheme::Sip),
        (b"sips", Scheme::Sips),
        (b"tel", Scheme::Tel),
    ] {
        if word.trim_ascii().eq_ignore_ascii_case(name) {
            return (scheme, rest);
        }
    }
    // `host:5060` has no scheme, though it looks as if.
    let (port, _) = split_at_params(rest);
    let is_word = word.first().is_some_and(u8::is_ascii_alphabetic)
        && word
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    if is_word && number(port).is_none() {
        (Scheme::Other(word), rest)
    } else {
        (Scheme::Missing, written)
    }
}

/// The user without a password, and what follows the `@`.
fn split_user(rest: &[u8]) -> (Option<&[u8]>, &[u8]) {
    let Some(first) = memchr(b'@', rest) else {
        return (None, rest);
    };
    // An unescaped `@` may stand in the user, so the last one before the parameters divides.
    let (authority, _) = split_at_params(rest.get(first..).unwrap_or_default());
    let at = first + memrchr(b'@', authority).unwrap_or(0);
    let user = rest.get(..at).unwrap_or_default();
    let host = rest.get(at + 1..).unwrap_or_default();
    // A user may hold `;` and `?` (RFC 3261 §25.1), and a parameter may hold an `@` that should have
    // been escaped: then what stands before the parameters is a host.
    let (before, after) = split_at_params(user);
    if !after.is_empty() && (is_host_and_port(before) || !is_host(host)) {
        return (None, rest);
    }
    let (user, _password) = split_at(user, |byte| byte == b':');
    (Some(user), host)
}

/// True for `name.example:5061` or `[::1]`.
fn is_host_and_port(written: &[u8]) -> bool {
    let (host, port) = split_host_port(written);
    written.starts_with(b"[") || port.is_some() && host.contains(&b'.')
}

/// True where nothing but a host and a port stands before the parameters.
fn is_host(written: &[u8]) -> bool {
    let (host, _) = split_at_params(written);
    !host.is_empty()
        && host.iter().all(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'[' | b']')
        })
}

/// What stands before the parameters or headers, and they.
fn split_at_params(bytes: &[u8]) -> (&[u8], &[u8]) {
    split_at(bytes, |byte| matches!(byte, b';' | b'?'))
}

/// What stands before the first such byte, and the rest from it on.
fn split_at(bytes: &[u8], divides: impl Fn(u8) -> bool) -> (&[u8], &[u8]) {
    let at = bytes
        .iter()
        .position(|&byte| divides(byte))
        .unwrap_or(bytes.len());
    bytes.split_at_checked(at).unwrap_or((bytes, &[]))
}

#[cfg(test)]
mod tests {
    use super::Scheme;
    use super::Uri;

    /// Scheme left aside: user, host, port.
    fn parts(written: &str) -> (Option<&str>, &str, Option<u16>) {
        let uri = Uri::parse(written.as_bytes());
        let text = |bytes| std::str::from_utf8(bytes).expect("ASCII");
        (uri.user.map(text), text(uri.host), uri.port)
    }

    #[test]
    fn a_sip_uri_has_user_host_and_port() {
        assert_eq!(
            parts("sip:+1555@sbc.example:5061"),
            (Some("+1555"), "sbc.example", Some(5061))
        );
        assert_eq!(parts("SIPS:a%20b:secret@h"), (Some("a%20b"), "h", None));
        assert_eq!(
            parts("<sip:a@[2001:db8::1]:5060>"),
            (Some("a"), "2001:db8::1", Some(5060))
        );
        assert_eq!(parts("sip:h:99999"), (None, "h", None));
    }

    #[test]
    fn a_tel_number_is_a_user() {
        let uri = Uri::parse(b"tel:+1-201-555-0123;phone-context=example.com");
        assert_eq!(
            (uri.scheme, uri.user),
            (Scheme::Tel, Some(&b"+1-201-555-0123"[..]))
        );
        assert_eq!(uri.param("Phone-Context"), Some(&b"example.com"[..]));
    }

    #[test]
    fn a_user_may_hold_reserved_characters() {
        assert_eq!(
            parts("sip:+49#31#1234@h;user=phone"),
            (Some("+49#31#1234"), "h", None)
        );
        assert_eq!(
            parts("sip:+1555;phone-context=example.com@h:5060"),
            (Some("+1555;phone-context=example.com"), "h", Some(5060))
        );
        assert_eq!(parts("sip:a@b@h;lr"), (Some("a@b"), "h", None));
        assert_eq!(parts("sip:a b@h"), (Some("a b"), "h", None));
    }

    #[test]
    fn an_at_sign_in_a_parameter_makes_no_user() {
        let uri =
            Uri::parse(b"sip:api.example.com:443;x-i=8f0e;x-c=77d@10.0.0.1/d/8/8f0e;transport=tls");
        assert_eq!(
            (uri.user, uri.host, uri.port),
            (None, &b"api.example.com"[..], Some(443))
        );
        assert_eq!(uri.param("x-i"), Some(&b"8f0e"[..]));
        assert_eq!(uri.param("x-c"), Some(&b"77d@10.0.0.1/d/8/8f0e"[..]));
        assert_eq!(uri.param("TRANSPORT"), Some(&b"tls"[..]));
    }

    #[test]
    fn a_missing_scheme_is_no_matter() {
        assert_eq!(parts("alice@h:5060"), (Some("alice"), "h", Some(5060)));
        assert_eq!(parts("h:5060"), (None, "h", Some(5060)));
        assert_eq!(Uri::parse(b"urn:service:sos").host, b"");
        assert_eq!(parts(""), (None, "", None));
    }

    #[test]
    fn headers_of_a_uri_are_no_parameters() {
        let uri = Uri::parse(b"sip:a@h?Route=%3Csip:b@c%3E;lr");
        assert_eq!((uri.user, uri.host), (Some(&b"a"[..]), &b"h"[..]));
        assert_eq!(uri.param("lr"), None);
    }
}
