//! A message: start line, headers, body (RFC 3261 §7).

use std::borrow::Cow;
use std::fmt;

use memchr::memchr;

use super::defect::Defect;
use super::fields::cseq;
use super::fields::cseq::CSeq;
use super::fields::ms_diagnostics;
use super::fields::ms_diagnostics::MsDiagnostics;
use super::fields::name_addr;
use super::fields::name_addr::NameAddr;
use super::fields::reason;
use super::fields::reason::Reason;
use super::fields::via;
use super::fields::via::Via;
use super::fields::warning;
use super::fields::warning::Warning;
use super::framing::ContentLength;
use super::framing::Wholeness;
use super::framing::skip_blanks;
use super::grammar::list;
use super::grammar::unfold;
use super::header::Field;
use super::header::Fields;
use super::header::HeaderName;
use super::header::Value;
use super::multipart;
use super::multipart::Body;
use super::start_line::Method;
use super::start_line::StartLine;

/// Headers kept of one message. The richest seen has about sixty.
const MAX_HEADERS: usize = 256;

/// Headers that a message has room for without a second allocation.
const USUAL_HEADERS: usize = 24;

/// One message, as it was written. Borrows everything.
#[derive(Clone)]
pub struct Message<'a> {
    /// The first line.
    pub start: StartLine<'a>,
    /// What follows the blank line, bounded by Content-Length.
    pub body: &'a [u8],
    /// Are all bytes there?
    pub wholeness: Wholeness,
    bytes: &'a [u8],
    headers: Vec<Header<'a>>,
    is_head_whole: bool,
}

/// One header line. Which header it is, is looked at when one is asked for: of most messages, one or two are.
#[derive(Clone, Copy)]
struct Header<'a> {
    written: &'a [u8],
    value: &'a [u8],
}

impl<'a> Message<'a> {
    /// Reads a message that [`datagram`](super::datagram) or [`Framer`](super::Framer) has framed.
    /// `None` only where there is no SIP start line.
    pub fn parse(bytes: &'a [u8], wholeness: Wholeness) -> Option<Self> {
        let bytes = skip_blanks(bytes);
        let (line, first) = first_line(bytes);
        let start = StartLine::parse(line.strip_suffix(b"\r").unwrap_or(line), &mut Vec::new())?;
        let mut message = Self {
            start,
            body: &[],
            wholeness,
            bytes,
            headers: Vec::with_capacity(USUAL_HEADERS),
            is_head_whole: false,
        };
        if let Some(body) = message.read_headers(first) {
            message.is_head_whole = true;
            message.body = bytes.get(body..).unwrap_or_default();
        }
        if let ContentLength::Bytes(claimed) = message.content_length() {
            let length = usize::try_from(claimed).unwrap_or(usize::MAX);
            message.body = message.body.get(..length).unwrap_or(message.body);
        }
        Some(message)
    }

    /// Keeps the header lines from `first` on. Returns where the body begins.
    fn read_headers(&mut self, first: usize) -> Option<usize> {
        let mut at = first;
        // Most lines are whole and not continued, and need no closer look.
        while let Some(rest) = self.bytes.get(at..)
            && let Some(end) = memchr(b'\n', rest)
        {
            let behind = at + end + 1;
            let line = rest.get(..end)?;
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            match (line.first(), self.bytes.get(behind)) {
                (None, _) => return Some(behind),
                (Some(b' ' | b'\t'), _) | (_, Some(b' ' | b'\t')) => break,
                _ => {}
            }
            let colon = line.iter().position(|&byte| byte == b':').unwrap_or(0);
            self.keep(line.get(..colon)?.trim_ascii_end(), line.get(colon + 1..)?);
            at = behind;
        }
        let mut fields = Fields::new(self.bytes, at);
        for field in &mut fields {
            if self.defect_of(&field).is_none() {
                self.keep(field.written, field.value);
            }
        }
        fields.body()
    }

    /// Keeps a header that has a name.
    fn keep(&mut self, written: &'a [u8], value: &'a [u8]) {
        if !written.is_empty() && self.headers.len() < MAX_HEADERS {
            self.headers.push(Header { written, value });
        }
    }

    /// Why a header line is left out.
    fn defect_of(&self, field: &Field<'_>) -> Option<Defect> {
        if self.wholeness == Wholeness::Cut && !field.is_ended {
            Some(Defect::HeaderCut { line: field.line })
        } else if field.written.is_empty() {
            Some(Defect::HeaderWithoutName { line: field.line })
        } else {
            None
        }
    }

    /// All Content-Length headers together.
    fn content_length(&self) -> ContentLength {
        self.headers(HeaderName::ContentLength)
            .fold(ContentLength::Absent, |length, value| {
                length.and(value.as_bytes())
            })
    }

    /// What the sender did wrong. Looked for when it is asked for.
    pub fn defects(&self) -> Vec<Defect> {
        let mut defects = Vec::new();
        let (line, first) = first_line(self.bytes);
        let without_return = line.strip_suffix(b"\r");
        if first > line.len() && without_return.is_none() {
            defects.push(Defect::LineFeedOnly);
        }
        StartLine::parse(without_return.unwrap_or(line), &mut defects);
        let mut kept = 0_usize;
        for field in Fields::new(self.bytes, first) {
            match self.defect_of(&field) {
                Some(defect) => defects.push(defect),
                None => kept += 1,
            }
        }
        if kept > MAX_HEADERS {
            let dropped = kept - MAX_HEADERS;
            defects.push(Defect::TooManyHeaders { dropped });
        }
        if !self.is_head_whole {
            defects.push(Defect::HeadNotEnded);
        }
        self.note_headers(&mut defects);
        self.note_body(&mut defects);
        defects
    }

    /// What is wrong with the body's length and type.
    fn note_body(&self, defects: &mut Vec<Defect>) {
        match self.content_length() {
            ContentLength::Absent => {}
            ContentLength::Unreadable => defects.push(Defect::ContentLengthUnreadable),
            ContentLength::Conflict => defects.push(Defect::ContentLengthConflict),
            ContentLength::Bytes(claimed) => {
                // A body that is long enough was bounded by it.
                let there = self.body.len();
                if claimed > there as u64 {
                    defects.push(Defect::ContentLengthBeyondBody { claimed, there });
                }
            }
        }
        if !self.body.is_empty() && self.headers(HeaderName::ContentType).next().is_none() {
            defects.push(Defect::ContentTypeMissing);
        }
    }

    /// RFC 3261 §8.1.1: what every request has, and its responses repeat.
    fn note_headers(&self, defects: &mut Vec<Defect>) {
        const REQUIRED: [HeaderName; 5] = [
            HeaderName::Via,
            HeaderName::From,
            HeaderName::To,
            HeaderName::CallId,
            HeaderName::CSeq,
        ];
        for name in REQUIRED {
            let count = self.headers(name).count();
            if count == 0 && self.is_head_whole {
                defects.push(Defect::HeaderMissing { name });
            }
            if count > 1 && name != HeaderName::Via {
                defects.push(Defect::HeaderRepeated { name });
            }
        }
        let Some(value) = self.headers(HeaderName::CSeq).next() else {
            return;
        };
        match cseq::parse(value.as_bytes()) {
            None => defects.push(Defect::CSeqUnreadable),
            Some(cseq) => {
                if cseq.number >= 1 << 31 {
                    defects.push(Defect::CSeqOutOfRange);
                }
                if self.method().is_some_and(|method| method != cseq.method) {
                    defects.push(Defect::CSeqMethodDiffers);
                }
            }
        }
    }

    /// The method of a request; `None` of a response, whose method is in its CSeq.
    pub fn method(&self) -> Option<Method<'a>> {
        match self.start {
            StartLine::Request { method, .. } => Some(method),
            StartLine::Response { .. } => None,
        }
    }

    /// The status code of a response; `None` of a request.
    pub fn status(&self) -> Option<u16> {
        match self.start {
            StartLine::Request { .. } => None,
            StartLine::Response { status, .. } => Some(status),
        }
    }

    /// All values of a header, in order. Comma-joined lists are not split: see [`list`].
    pub fn headers(&self, name: HeaderName) -> impl Iterator<Item = Value<'a>> {
        self.headers
            .iter()
            .filter(move |header| name.names(header.written))
            .map(|header| Value::new(header.value))
    }

    /// The first value of a header, trimmed and unfolded.
    pub fn header(&self, name: HeaderName) -> Option<Cow<'a, [u8]>> {
        self.headers(name).next().map(Value::unfolded)
    }

    /// The first value of a header by its written name, in any case: for those that
    /// [`HeaderName`] does not know, like `X-MS-SBC`.
    pub fn header_named(&self, name: &str) -> Option<Cow<'a, [u8]>> {
        self.headers
            .iter()
            .find(|header| header.written.eq_ignore_ascii_case(name.as_bytes()))
            .map(|header| unfold(header.value))
    }

    /// The names as written and the values, in order.
    pub fn written_headers(&self) -> impl Iterator<Item = (&'a [u8], Value<'a>)> {
        self.headers
            .iter()
            .map(|header| (header.written, Value::new(header.value)))
    }

    /// The names as written, in order: upper case throughout is a mark of some senders.
    pub fn written_names(&self) -> impl Iterator<Item = &'a [u8]> {
        self.headers.iter().map(|header| header.written)
    }

    /// The first Call-ID that is not empty (RFC 3261 §8.1.1.4).
    pub fn call_id(&self) -> Option<&'a [u8]> {
        self.headers(HeaderName::CallId)
            .map(Value::as_bytes)
            .find(|value| !value.is_empty())
    }

    /// The first CSeq, where it can be read (RFC 3261 §8.1.1.5).
    pub fn cseq(&self) -> Option<CSeq<'a>> {
        cseq::parse(self.headers(HeaderName::CSeq).next()?.as_bytes())
    }

    /// From: who sent the request (RFC 3261 §8.1.1.3).
    pub fn from(&self) -> Option<NameAddr<'a>> {
        self.headers(HeaderName::From)
            .next()
            .map(|value| name_addr::parse(value.as_bytes()))
    }

    /// To: whom the request is for (RFC 3261 §8.1.1.2).
    pub fn to(&self) -> Option<NameAddr<'a>> {
        self.headers(HeaderName::To)
            .next()
            .map(|value| name_addr::parse(value.as_bytes()))
    }

    /// All addresses of a header that is a list of them: Contact, Route, Record-Route,
    /// P-Asserted-Identity, Diversion, History-Info.
    pub fn addresses(&self, name: HeaderName) -> impl Iterator<Item = NameAddr<'a>> {
        self.headers(name)
            .flat_map(|value| list(value.as_bytes()))
            .map(name_addr::parse)
    }

    /// All Via values, topmost first (RFC 3261 §20.42).
    pub fn vias(&self) -> impl Iterator<Item = Via<'a>> {
        self.headers(HeaderName::Via)
            .flat_map(|value| list(value.as_bytes()))
            .filter_map(via::parse)
    }

    /// All reasons (RFC 3326), repeated or comma-joined.
    pub fn reasons(&self) -> impl Iterator<Item = Reason<'a>> {
        self.headers(HeaderName::Reason)
            .flat_map(|value| reason::parse(value.as_bytes()))
    }

    /// All warnings (RFC 3261 §20.43), repeated or comma-joined.
    pub fn warnings(&self) -> impl Iterator<Item = Warning<'a>> {
        self.headers(HeaderName::Warning)
            .flat_map(|value| warning::parse(value.as_bytes()))
    }

    /// The first Ms-Diagnostics.
    pub fn ms_diagnostics(&self) -> Option<MsDiagnostics<'a>> {
        let value = self.headers(HeaderName::MsDiagnostics).next()?;
        Some(ms_diagnostics::parse(value.as_bytes()))
    }

    /// True where the blank line that ends the headers is there, so that a header that is not there
    /// was not sent.
    pub fn is_head_whole(&self) -> bool {
        self.is_head_whole
    }

    /// The session description: the body, or the first part of a multipart body that is one.
    pub fn sdp(&self) -> Body<'a> {
        if !self.is_head_whole {
            return match self.wholeness {
                Wholeness::Whole => Body::None,
                Wholeness::Cut => Body::Cut(None),
            };
        }
        let content_type = self
            .headers(HeaderName::ContentType)
            .next()
            .map(Value::as_bytes);
        let encoding = self
            .headers(HeaderName::ContentEncoding)
            .next()
            .map(Value::as_bytes);
        multipart::sdp(self.body, content_type, encoding, self.wholeness)
    }
}

/// The first line without its line feed, and where the next one begins.
fn first_line(bytes: &[u8]) -> (&[u8], usize) {
    match memchr(b'\n', bytes) {
        Some(end) => (bytes.get(..end).unwrap_or_default(), end + 1),
        None => (bytes, bytes.len()),
    }
}

impl fmt::Debug for Message<'_> {
    /// Without header values and body: keys and passwords stand there.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("method", &self.method())
            .field("status", &self.status())
            .field("headers", &self.headers.len())
            .field("body", &self.body.len())
            .field("wholeness", &self.wholeness)
            .field("defects", &self.defects())
            .finish()
    }
}

#[cfg(test)]
mod tests;
