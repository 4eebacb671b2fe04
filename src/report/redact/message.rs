//! A SIP message made anew without names, numbers, hosts, addresses and keys: it parses, asks or answers the same, and
//! is judged the same.

use crate::sip::Body;
use crate::sip::HeaderName;
use crate::sip::MAX_MESSAGE;
use crate::sip::Message;
use crate::sip::StartLine;
use crate::sip::Wholeness;
use crate::sip::fields::content_type;

use super::Redaction;
use super::headers::LEFT_OUT;
use super::headers::Way;
use super::headers::way;
use super::text::Known;

/// What divides the parts of a body that has several.
const BOUNDARY: &str = "sip488";

impl Redaction {
    /// The message made anew; nothing of what is no SIP message. Its Content-Length is that of its new body; where bytes
    /// of it were missing, as many are.
    pub fn message(&self, message: &[u8]) -> Vec<u8> {
        let Some(message) = Message::parse(message, Wholeness::Whole) else {
            return Vec::new();
        };
        let known = self.named_in(&message);
        let body = self.body(&message);
        let mut shown = self.start_line(message.start, &known);
        shown.extend_from_slice(b"\r\n");
        for (name, value) in message.written_headers() {
            let value = match way(name) {
                Way::ContentType => self.content_type(value.as_bytes()),
                Way::ContentLength => content_length(value.as_bytes(), &message, body.len()),
                way => self.value(way, value, &known),
            };
            let is_of_a_line = |byte: &u8| !matches!(byte, b'\r' | b'\n' | 0);
            shown.extend(self.word(name));
            shown.extend_from_slice(b": ");
            shown.extend(value.into_iter().filter(is_of_a_line));
            shown.extend_from_slice(b"\r\n");
        }
        if message.is_head_whole() {
            shown.extend_from_slice(b"\r\n");
            shown.extend(body);
        }
        shown
    }

    fn start_line(&self, start: StartLine<'_>, known: &Known) -> Vec<u8> {
        match start {
            StartLine::Request { method, uri } => {
                let uri = self.uri(uri);
                [&self.word(method.as_bytes())[..], b" ", &uri, b" SIP/2.0"].concat()
            }
            StartLine::Response { status, phrase } => {
                let phrase = self.text_with(phrase, known);
                let phrase: Vec<u8> = phrase
                    .into_iter()
                    .filter(|byte| !b"\r\n\0".contains(byte))
                    .collect();
                [format!("SIP/2.0 {status:03} ").as_bytes(), &phrase].concat()
            }
        }
    }

    /// The session description, in a part of its own where it was in one. Of another body nothing is left.
    fn body(&self, message: &Message<'_>) -> Vec<u8> {
        if message.body.is_empty() {
            return Vec::new();
        }
        let sdp = match message.sdp() {
            Body::Sdp(sdp) | Body::Cut(Some(sdp)) => Some(self.sdp(sdp)),
            Body::None | Body::Cut(None) => None,
        };
        let content_type = message.header(HeaderName::ContentType);
        if !content_type.is_some_and(|value| is_multipart(&value)) {
            return sdp.unwrap_or_else(|| LEFT_OUT.to_vec());
        }
        let (kind, part) = match sdp {
            Some(sdp) => ("application/sdp", sdp),
            None => ("text/plain", LEFT_OUT.to_vec()),
        };
        let begin = format!("--{BOUNDARY}\r\nContent-Type: {kind}\r\n\r\n");
        let end = format!("\r\n--{BOUNDARY}--\r\n");
        [begin.as_bytes(), &part, end.as_bytes()].concat()
    }

    fn content_type(&self, value: &[u8]) -> Vec<u8> {
        let parsed = content_type::parse(value);
        let kind = [
            &self.word(parsed.kind)[..],
            b"/",
            &self.word(parsed.subtype),
        ]
        .concat();
        if is_multipart(value) {
            return [&kind[..], b";boundary=", BOUNDARY.as_bytes()].concat();
        }
        kind
    }
}

fn is_multipart(value: &[u8]) -> bool {
    content_type::parse(value)
        .kind
        .eq_ignore_ascii_case(b"multipart")
}

/// The new body's length, and as many bytes more as were missing.
fn content_length(value: &[u8], message: &Message<'_>, new: usize) -> Vec<u8> {
    let claimed = std::str::from_utf8(value)
        .ok()
        .and_then(|value| value.trim().parse::<u64>().ok());
    let missing = claimed.map_or(0, |claimed| {
        claimed.saturating_sub(message.body.len() as u64)
    });
    let missing = missing.min(MAX_MESSAGE as u64);
    (new as u64)
        .saturating_add(missing)
        .to_string()
        .into_bytes()
}
