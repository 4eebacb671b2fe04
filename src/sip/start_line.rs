//! The first line of a message (RFC 3261 §7.1, §7.2).

use memchr::memchr;

use super::defect::Defect;
use super::grammar::is_token;
use super::grammar::is_token_byte;
use super::grammar::leading_number;

/// The first line of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StartLine<'a> {
    /// A request line (RFC 3261 §7.1).
    Request {
        /// The method.
        method: Method<'a>,
        /// The Request-URI as written, but for angle brackets around it.
        uri: &'a [u8],
    },
    /// A status line (RFC 3261 §7.2).
    Response {
        /// The status code; 0 where it is no number of 16 bits.
        status: u16,
        /// The reason phrase; often empty.
        phrase: &'a [u8],
    },
}

/// The method of a request. Methods are case-sensitive (RFC 3261 §7.1).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Method<'a> {
    /// INVITE (RFC 3261 §13).
    Invite,
    /// ACK (RFC 3261 §13).
    Ack,
    /// BYE (RFC 3261 §15).
    Bye,
    /// CANCEL (RFC 3261 §9).
    Cancel,
    /// PRACK (RFC 3262).
    Prack,
    /// UPDATE (RFC 3311).
    Update,
    /// REGISTER (RFC 3261 §10).
    Register,
    /// OPTIONS (RFC 3261 §11).
    Options,
    /// INFO (RFC 6086).
    Info,
    /// SUBSCRIBE (RFC 6665).
    Subscribe,
    /// NOTIFY (RFC 6665).
    Notify,
    /// REFER (RFC 3515).
    Refer,
    /// MESSAGE (RFC 3428).
    Message,
    /// PUBLISH (RFC 3903).
    Publish,
    /// Any other word.
    Other(&'a [u8]),
}

impl<'a> Method<'a> {
    /// The method that `word` names.
    pub fn parse(word: &'a [u8]) -> Self {
        match word {
            b"INVITE" => Self::Invite,
            b"ACK" => Self::Ack,
            b"BYE" => Self::Bye,
            b"CANCEL" => Self::Cancel,
            b"PRACK" => Self::Prack,
            b"UPDATE" => Self::Update,
            b"REGISTER" => Self::Register,
            b"OPTIONS" => Self::Options,
            b"INFO" => Self::Info,
            b"SUBSCRIBE" => Self::Subscribe,
            b"NOTIFY" => Self::Notify,
            b"REFER" => Self::Refer,
            b"MESSAGE" => Self::Message,
            b"PUBLISH" => Self::Publish,
            other => Self::Other(other),
        }
    }

    /// The word on the wire.
    pub fn as_bytes(&self) -> &'a [u8] {
        match self {
            Self::Other(word) => word,
            known => known.as_str().unwrap_or_default().as_bytes(),
        }
    }

    /// The word, of a method that has a name here; `None` of [`Method::Other`], which is foreign
    /// text.
    pub fn as_str(&self) -> Option<&'static str> {
        Some(match self {
            Self::Invite => "INVITE",
            Self::Ack => "ACK",
            Self::Bye => "BYE",
            Self::Cancel => "CANCEL",
            Self::Prack => "PRACK",
            Self::Update => "UPDATE",
            Self::Register => "REGISTER",
            Self::Options => "OPTIONS",
            Self::Info => "INFO",
            Self::Subscribe => "SUBSCRIBE",
            Self::Notify => "NOTIFY",
            Self::Refer => "REFER",
            Self::Message => "MESSAGE",
            Self::Publish => "PUBLISH",
            Self::Other(_) => return None,
        })
    }
}

/// True for a status line or a request line. White space at the end is let pass, and any version
/// made of digits: what follows SIP/7.0 is still worth reading.
pub(super) fn is_start_line(line: &[u8]) -> bool {
    // The first byte ends the matter for nearly everything that is not SIP.
    let Some(&first) = line.first() else {
        return false;
    };
    if !is_token_byte(first) {
        return false;
    }
    is_status_line(line) || split_request(line).is_some()
}

/// True for a status line, or a request line of a method that has a name: what may be believed where
/// it is not known that a line begins here.
pub(super) fn is_familiar_start_line(line: &[u8]) -> bool {
    is_status_line(line)
        || split_request(line).is_some_and(|(method, ..)| Method::parse(method).as_str().is_some())
}

/// True where a line that is not at its end yet may become a start line.
pub(super) fn may_become_start_line(line: &[u8]) -> bool {
    /// No method is longer: the longest in RFC 4475 has 43 characters.
    const MAX_METHOD: usize = 64;

    let status = b"SIP/";
    let common = line.len().min(status.len());
    let begins_like_status = line
        .get(..common)
        .is_some_and(|head| head.eq_ignore_ascii_case(status.get(..common).unwrap_or_default()));
    if begins_like_status {
        return true;
    }
    let word = line.iter().take_while(|&&byte| is_token_byte(byte)).count();
    (1..=MAX_METHOD).contains(&word) && matches!(line.get(word), None | Some(b' ' | b'\t'))
}

/// True for `SIP/x.y`, white space and a digit.
fn is_status_line(line: &[u8]) -> bool {
    after_version(line).is_some_and(|rest| {
        rest.first()
            .is_some_and(|byte| matches!(byte, b' ' | b'\t'))
            && rest
                .trim_ascii_start()
                .first()
                .is_some_and(u8::is_ascii_digit)
    })
}

/// What follows `SIP/x.y` (any case).
fn after_version(bytes: &[u8]) -> Option<&[u8]> {
    let (name, rest) = bytes.split_at_checked(4)?;
    if !name.eq_ignore_ascii_case(b"SIP/") {
        return None;
    }
    let (_, rest) = leading_number(rest)?;
    let (_, rest) = leading_number(rest.strip_prefix(b".")?)?;
    Some(rest)
}

/// Method, Request-URI and version of a request line. The version is what follows the last white
/// space, so spaces inside the URI do no harm.
fn split_request(line: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let line = line.trim_ascii_end();
    if !line.last()?.is_ascii_digit() {
        return None;
    }
    let blank = memchr::memrchr2(b' ', b'\t', line)?;
    let version = line.get(blank + 1..)?;
    if !after_version(version)?.is_empty() {
        return None;
    }
    let line = line.get(..blank)?;
    let end = line
        .iter()
        .position(|byte| matches!(byte, b' ' | b'\t'))
        .unwrap_or(line.len());
    let (method, uri) = line.split_at_checked(end)?;
    is_token(method).then_some((method, uri.trim_ascii(), version))
}

impl<'a> StartLine<'a> {
    /// Reads the line, without its line end. `None` where it is neither a status nor a request line.
    pub(super) fn parse(line: &'a [u8], defects: &mut Vec<Defect>) -> Option<Self> {
        if is_status_line(line) {
            return Some(Self::parse_status(line, defects));
        }
        let (method, mut uri, version) = split_request(line)?;
        note_version(version, defects);
        if let Some(inner) = uri
            .strip_prefix(b"<")
            .and_then(|uri| uri.strip_suffix(b">"))
        {
            defects.push(Defect::UriInBrackets);
            uri = inner.trim_ascii();
        }
        if uri.is_empty() {
            defects.push(Defect::UriMissing);
        } else if memchr::memchr2(b' ', b'\t', uri).is_some() {
            defects.push(Defect::UriWithSpaces);
        }
        Some(Self::Request {
            method: Method::parse(method),
            uri,
        })
    }

    /// Reads a line that is known to be a status line.
    fn parse_status(line: &'a [u8], defects: &mut Vec<Defect>) -> Self {
        let end = memchr(b' ', line)
            .or_else(|| memchr(b'\t', line))
            .unwrap_or(line.len());
        let (version, rest) = line.split_at_checked(end).unwrap_or((line, &[]));
        note_version(version, defects);
        let (code, phrase) = leading_number(rest.trim_ascii_start()).unwrap_or((0, &[]));
        if !(100..=699).contains(&code) {
            defects.push(Defect::StatusOutOfRange);
        }
        Self::Response {
            status: u16::try_from(code).unwrap_or(0),
            phrase: phrase.trim_ascii(),
        }
    }
}

/// RFC 3261 §7.1: the version is `SIP/2.0`, in any case.
fn note_version(version: &[u8], defects: &mut Vec<Defect>) {
    if !version.trim_ascii().eq_ignore_ascii_case(b"SIP/2.0") {
        defects.push(Defect::VersionUnknown);
    }
}

#[cfg(test)]
mod tests {
    use super::Defect;
    use super::Method;
    use super::StartLine;
    use super::is_start_line;
    use super::may_become_start_line;

    fn parse(line: &[u8]) -> (Option<StartLine<'_>>, Vec<Defect>) {
        let mut defects = Vec::new();
        let start = StartLine::parse(line, &mut defects);
        (start, defects)
    }

    #[test]
    fn a_request_line_has_method_and_uri() {
        let (start, defects) = parse(b"INVITE sip:a@b SIP/2.0");
        assert_eq!(
            start,
            Some(StartLine::Request {
                method: Method::Invite,
                uri: b"sip:a@b"
            })
        );
        assert!(defects.is_empty());
    }

    #[test]
    fn methods_are_case_sensitive() {
        assert_eq!(Method::parse(b"invite"), Method::Other(b"invite"));
        assert_eq!(Method::parse(b"invite").as_bytes(), b"invite");
    }

    #[test]
    fn spaces_in_the_uri_do_no_harm() {
        let (start, defects) = parse(b"INVITE sip:a@b; lr SIP/2.0 ");
        assert_eq!(
            start,
            Some(StartLine::Request {
                method: Method::Invite,
                uri: b"sip:a@b; lr"
            })
        );
        assert_eq!(defects, [Defect::UriWithSpaces]);
    }

    #[test]
    fn a_status_line_may_lack_its_phrase() {
        let (start, defects) = parse(b"SIP/2.0 488");
        assert_eq!(
            start,
            Some(StartLine::Response {
                status: 488,
                phrase: b""
            })
        );
        assert!(defects.is_empty());
    }

    #[test]
    fn a_status_code_beyond_16_bits_is_0() {
        let (start, defects) = parse(b"SIP/2.0 4294967301 better not");
        assert_eq!(
            start,
            Some(StartLine::Response {
                status: 0,
                phrase: b"better not"
            })
        );
        assert_eq!(defects, [Defect::StatusOutOfRange]);
    }

    #[test]
    fn any_version_and_case_is_a_start_line() {
        assert!(is_start_line(b"sip/2.0 200 OK"));
        assert!(is_start_line(b"OPTIONS sip:t1 SIP/7.0"));
        assert_eq!(parse(b"OPTIONS sip:t1 SIP/7.0").1, [Defect::VersionUnknown]);
    }

    #[test]
    fn a_via_is_no_start_line() {
        assert!(!is_start_line(b"Via: SIP/2.0/UDP host"));
        assert!(!is_start_line(b"Subject: all about SIP/2.0"));
        assert!(!is_start_line(b"GET / HTTP/1.1"));
        assert!(!is_start_line(b"SIP/2.0/UDP 1"));
    }

    #[test]
    fn the_beginning_of_a_line_may_become_a_start_line() {
        assert!(may_become_start_line(b"S"));
        assert!(may_become_start_line(b"INVI"));
        assert!(may_become_start_line(b"INVITE sip:"));
        assert!(!may_become_start_line(b"v=0"));
        assert!(!may_become_start_line(b"Via: x"));
        assert!(!may_become_start_line(&[b'a'; 70]));
    }
}
