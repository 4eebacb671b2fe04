//! Header lines and the names of headers (RFC 3261 §7.3, §20; IANA's registry of SIP parameters).

use std::borrow::Cow;
use std::fmt;

use memchr::memchr;

use super::grammar::unfold;

/// The name of a header. All that this program asks for, and all that have a compact form.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum HeaderName {
    /// Accept (RFC 3261 §20.1).
    Accept,
    /// Accept-Contact, `a` (RFC 3841).
    AcceptContact,
    /// Allow (RFC 3261 §20.5).
    Allow,
    /// Allow-Events, `u` (RFC 6665).
    AllowEvents,
    /// Authorization (RFC 3261 §20.7).
    Authorization,
    /// Call-ID, `i` (RFC 3261 §20.8).
    CallId,
    /// Contact, `m` (RFC 3261 §20.10).
    Contact,
    /// Content-Disposition (RFC 3261 §20.11).
    ContentDisposition,
    /// Content-Encoding, `e` (RFC 3261 §20.12).
    ContentEncoding,
    /// Content-Length, `l` (RFC 3261 §20.14).
    ContentLength,
    /// Content-Type, `c` (RFC 3261 §20.15).
    ContentType,
    /// CSeq (RFC 3261 §20.16).
    CSeq,
    /// Date (RFC 3261 §20.17).
    Date,
    /// Diversion (RFC 5806).
    Diversion,
    /// Event, `o` (RFC 6665).
    Event,
    /// Expires (RFC 3261 §20.19).
    Expires,
    /// From, `f` (RFC 3261 §20.20).
    From,
    /// History-Info (RFC 7044).
    HistoryInfo,
    /// Identity, `y` (RFC 8224).
    Identity,
    /// Identity-Info, `n` (RFC 4474).
    IdentityInfo,
    /// Max-Forwards (RFC 3261 §20.22).
    MaxForwards,
    /// Min-SE (RFC 4028).
    MinSe,
    /// Ms-Diagnostics (MS-OCER).
    MsDiagnostics,
    /// P-Asserted-Identity (RFC 3325).
    PAssertedIdentity,
    /// Proxy-Authenticate (RFC 3261 §20.27).
    ProxyAuthenticate,
    /// Proxy-Authorization (RFC 3261 §20.28).
    ProxyAuthorization,
    /// RAck (RFC 3262).
    RAck,
    /// Reason (RFC 3326).
    Reason,
    /// Record-Route (RFC 3261 §20.30).
    RecordRoute,
    /// Referred-By, `b` (RFC 3892).
    ReferredBy,
    /// Refer-To, `r` (RFC 3515).
    ReferTo,
    /// Reject-Contact, `j` (RFC 3841).
    RejectContact,
    /// Replaces (RFC 3891).
    Replaces,
    /// Request-Disposition, `d` (RFC 3841).
    RequestDisposition,
    /// Require (RFC 3261 §20.32).
    Require,
    /// Retry-After (RFC 3261 §20.33).
    RetryAfter,
    /// Route (RFC 3261 §20.34).
    Route,
    /// RSeq (RFC 3262).
    RSeq,
    /// Server (RFC 3261 §20.35).
    Server,
    /// Session-Expires, `x` (RFC 4028).
    SessionExpires,
    /// Session-ID (RFC 7989).
    SessionId,
    /// Subject, `s` (RFC 3261 §20.36).
    Subject,
    /// Supported, `k` (RFC 3261 §20.37).
    Supported,
    /// To, `t` (RFC 3261 §20.39).
    To,
    /// Unsupported (RFC 3261 §20.40).
    Unsupported,
    /// User-Agent (RFC 3261 §20.41).
    UserAgent,
    /// Via, `v` (RFC 3261 §20.42).
    Via,
    /// Warning (RFC 3261 §20.43).
    Warning,
    /// WWW-Authenticate (RFC 3261 §20.44).
    WwwAuthenticate,
    /// Any other header.
    Other,
}

use HeaderName as N;

impl HeaderName {
    /// The name that `written` is, in any case, compact or not.
    pub fn parse(written: &[u8]) -> Self {
        let first = written.first().map_or(0, u8::to_ascii_lowercase);
        if written.len() == 1 {
            return Self::compact(first);
        }
        Self::candidates(written.len(), first)
            .iter()
            .copied()
            .find(|name| name.as_str().as_bytes().eq_ignore_ascii_case(written))
            .unwrap_or(Self::Other)
    }

    /// True where `written` is this name; never of [`HeaderName::Other`].
    pub(super) fn names(self, written: &[u8]) -> bool {
        match written {
            [] => false,
            [letter] => self != N::Other && Self::compact(letter.to_ascii_lowercase()) == self,
            _ => self.as_str().as_bytes().eq_ignore_ascii_case(written),
        }
    }

    /// The compact forms (RFC 3261 §7.3.3, IANA).
    fn compact(letter: u8) -> Self {
        match letter {
            b'a' => N::AcceptContact,
            b'b' => N::ReferredBy,
            b'c' => N::ContentType,
            b'd' => N::RequestDisposition,
            b'e' => N::ContentEncoding,
            b'f' => N::From,
            b'i' => N::CallId,
            b'j' => N::RejectContact,
            b'k' => N::Supported,
            b'l' => N::ContentLength,
            b'm' => N::Contact,
            b'n' => N::IdentityInfo,
            b'o' => N::Event,
            b'r' => N::ReferTo,
            b's' => N::Subject,
            b't' => N::To,
            b'u' => N::AllowEvents,
            b'v' => N::Via,
            b'x' => N::SessionExpires,
            b'y' => N::Identity,
            _ => N::Other,
        }
    }

    /// The names of this length that begin with this letter: one or two, so that a name costs one
    /// comparison.
    fn candidates(length: usize, first: u8) -> &'static [Self] {
        match (length, first) {
            (2, b't') => &[N::To],
            (3, b'v') => &[N::Via],
            (4, b'c') => &[N::CSeq],
            (4, b'd') => &[N::Date],
            (4, b'f') => &[N::From],
            (4, b'r') => &[N::RSeq, N::RAck],
            (5, b'a') => &[N::Allow],
            (5, b'e') => &[N::Event],
            (5, b'r') => &[N::Route],
            (6, b'a') => &[N::Accept],
            (6, b'm') => &[N::MinSe],
            (6, b'r') => &[N::Reason],
            (6, b's') => &[N::Server],
            (7, b'c') => &[N::Contact, N::CallId],
            (7, b'e') => &[N::Expires],
            (7, b'r') => &[N::Require],
            (7, b's') => &[N::Subject],
            (7, b'w') => &[N::Warning],
            (8, b'i') => &[N::Identity],
            (8, b'r') => &[N::ReferTo, N::Replaces],
            (9, b'd') => &[N::Diversion],
            (9, b's') => &[N::Supported],
            (10, b's') => &[N::SessionId],
            (10, b'u') => &[N::UserAgent],
            (11, b'r') => &[N::ReferredBy, N::RetryAfter],
            (11, b'u') => &[N::Unsupported],
            (12, b'a') => &[N::AllowEvents],
            (12, b'c') => &[N::ContentType],
            (12, b'h') => &[N::HistoryInfo],
            (12, b'm') => &[N::MaxForwards],
            (12, b'r') => &[N::RecordRoute],
            (13, b'a') => &[N::Authorization],
            (13, b'i') => &[N::IdentityInfo],
            (14, b'a') => &[N::AcceptContact],
            (14, b'c') => &[N::ContentLength],
            (14, b'm') => &[N::MsDiagnostics],
            (14, b'r') => &[N::RejectContact],
            (15, b's') => &[N::SessionExpires],
            (16, b'c') => &[N::ContentEncoding],
            (16, b'w') => &[N::WwwAuthenticate],
            (18, b'p') => &[N::ProxyAuthenticate],
            (19, b'c') => &[N::ContentDisposition],
            (19, b'p') => &[N::PAssertedIdentity, N::ProxyAuthorization],
            (19, b'r') => &[N::RequestDisposition],
            _ => &[],
        }
    }

    /// The name as RFCs write it; empty for [`HeaderName::Other`].
    pub fn as_str(self) -> &'static str {
        match self {
            N::Accept => "Accept",
            N::AcceptContact => "Accept-Contact",
            N::Allow => "Allow",
            N::AllowEvents => "Allow-Events",
            N::Authorization => "Authorization",
            N::CallId => "Call-ID",
            N::Contact => "Contact",
            N::ContentDisposition => "Content-Disposition",
            N::ContentEncoding => "Content-Encoding",
            N::ContentLength => "Content-Length",
            N::ContentType => "Content-Type",
            N::CSeq => "CSeq",
            N::Date => "Date",
            N::Diversion => "Diversion",
            N::Event => "Event",
            N::Expires => "Expires",
            N::From => "From",
            N::HistoryInfo => "History-Info",
            N::Identity => "Identity",
            N::IdentityInfo => "Identity-Info",
            N::MaxForwards => "Max-Forwards",
            N::MinSe => "Min-SE",
            N::MsDiagnostics => "Ms-Diagnostics",
            N::PAssertedIdentity => "P-Asserted-Identity",
            N::ProxyAuthenticate => "Proxy-Authenticate",
            N::ProxyAuthorization => "Proxy-Authorization",
            N::RAck => "RAck",
            N::Reason => "Reason",
            N::RecordRoute => "Record-Route",
            N::ReferredBy => "Referred-By",
            N::ReferTo => "Refer-To",
            N::RejectContact => "Reject-Contact",
            N::Replaces => "Replaces",
            N::RequestDisposition => "Request-Disposition",
            N::Require => "Require",
            N::RetryAfter => "Retry-After",
            N::Route => "Route",
            N::RSeq => "RSeq",
            N::Server => "Server",
            N::SessionExpires => "Session-Expires",
            N::SessionId => "Session-ID",
            N::Subject => "Subject",
            N::Supported => "Supported",
            N::To => "To",
            N::Unsupported => "Unsupported",
            N::UserAgent => "User-Agent",
            N::Via => "Via",
            N::Warning => "Warning",
            N::WwwAuthenticate => "WWW-Authenticate",
            N::Other => "",
        }
    }
}

impl fmt::Display for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The value of one header line, trimmed, its folds still in it. Every parser in
/// [`fields`](super::fields) reads it as it is: a fold is white space.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Value<'a>(&'a [u8]);

impl<'a> Value<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes.trim_ascii())
    }

    /// The bytes as written, folds included.
    pub fn as_bytes(self) -> &'a [u8] {
        self.0
    }

    /// The value on one line (RFC 3261 §7.3.1).
    pub fn unfolded(self) -> Cow<'a, [u8]> {
        unfold(self.0)
    }
}

/// One header line with its continuation lines.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field<'a> {
    /// Number of its first line in the message.
    pub line: usize,
    /// The name as written; empty where the line is no header.
    pub written: &'a [u8],
    /// All after the colon.
    pub value: &'a [u8],
    /// True where the last of its lines has an end.
    pub is_ended: bool,
}

/// The header lines of a head, up to the blank line.
#[derive(Clone, Debug)]
pub(super) struct Fields<'a> {
    bytes: &'a [u8],
    at: usize,
    line: usize,
    body: Option<usize>,
}

impl<'a> Fields<'a> {
    /// The lines of `bytes` from `first` on, which is the second line of a message.
    pub(super) fn new(bytes: &'a [u8], first: usize) -> Self {
        Self {
            bytes,
            at: first,
            line: 1,
            body: None,
        }
    }

    /// Where the body begins, once all lines were read and there is a blank line.
    pub(super) fn body(&self) -> Option<usize> {
        self.body
    }

    /// Takes one line, without its end. False: it has none.
    fn take_line(&mut self) -> Option<(&'a [u8], bool)> {
        let rest = self.bytes.get(self.at..).filter(|rest| !rest.is_empty())?;
        let end = memchr(b'\n', rest);
        let line = rest.get(..end.unwrap_or(rest.len()))?;
        self.at += line.len() + usize::from(end.is_some());
        self.line += 1;
        Some((line.strip_suffix(b"\r").unwrap_or(line), end.is_some()))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Field<'a>> {
        if self.body.is_some() {
            return None;
        }
        let start = self.at;
        let (first, mut is_ended) = self.take_line()?;
        if first.is_empty() && is_ended {
            self.body = Some(self.at);
            return None;
        }
        let line = self.line;
        let mut length = first.len();
        // RFC 3261 §7.3.1: a line that begins with white space continues the one before it.
        while is_ended && matches!(self.bytes.get(self.at), Some(b' ' | b'\t')) {
            let begin = self.at;
            let (more, more_is_ended) = self.take_line()?;
            length = begin - start + more.len();
            is_ended = more_is_ended;
        }
        let colon = first.iter().position(|&byte| byte == b':').unwrap_or(0);
        let written = first.get(..colon).unwrap_or_default();
        let is_orphan = matches!(first.first(), Some(b' ' | b'\t'));
        let written = if is_orphan {
            &[]
        } else {
            written.trim_ascii_end()
        };
        let value = self
            .bytes
            .get(start + colon + 1..start + length)
            .unwrap_or_default();
        Some(Field {
            line,
            written,
            value,
            is_ended,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Fields;
    use super::HeaderName;

    #[test]
    fn names_are_known_in_any_case_and_compact() {
        for (written, name) in [
            ("FROM", HeaderName::From),
            ("call-id", HeaderName::CallId),
            ("Contact", HeaderName::Contact),
            ("I", HeaderName::CallId),
            ("x", HeaderName::SessionExpires),
            ("REASON", HeaderName::Reason),
            ("ms-diagnostics", HeaderName::MsDiagnostics),
            ("X-MS-SBC", HeaderName::Other),
            ("q", HeaderName::Other),
            ("", HeaderName::Other),
        ] {
            assert_eq!(HeaderName::parse(written.as_bytes()), name, "{written}");
        }
    }

    #[test]
    fn every_name_is_found_by_its_own_spelling() {
        for length in 2..=20 {
            for first in b'a'..=b'z' {
                for name in HeaderName::candidates(length, first) {
                    assert_eq!(HeaderName::parse(name.as_str().as_bytes()), *name);
                }
            }
        }
    }

    #[test]
    fn a_field_has_its_continuation_lines() {
        let head = b"A s SIP/2.0\r\nTO :\r\n sip:x\r\n ;tag=1\r\nno colon\r\nf:y";
        let fields: Vec<_> = Fields::new(head, 13).collect();
        assert_eq!(fields[0].written, b"TO");
        assert_eq!(fields[0].value, b"\r\n sip:x\r\n ;tag=1");
        assert_eq!((fields[1].written, fields[1].line), (&b""[..], 5));
        assert_eq!((fields[2].value, fields[2].is_ended), (&b"y"[..], false));
    }
}
