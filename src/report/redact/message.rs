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
use super::vocabulary::TYPES;

/// What divides the parts of a body that has several.
const BOUNDARY: &str = "sip488";

impl Redaction {
    /// The message made anew; nothing of what is no SIP message. Its Content-Length is that of its new body; where bytes
    /// of it were missing, as many are.
    pub fn message(&self, message: &[u8]) -> Vec<u8> {
        self.message_with(message, Known::default())
    }

    /// The same where originals are known that its phrases may quote, besides those that it names itself.
    pub(super) fn message_with(&self, message: &[u8], mut known: Known) -> Vec<u8> {
        let Some(message) = Message::parse(message, Wholeness::Whole) else {
            return Vec::new();
        };
        self.know_message(&message, &mut known);
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
            &self.listed(parsed.kind, TYPES)[..],
            b"/",
            &self.listed(parsed.subtype, TYPES),
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

#[cfg(test)]
mod tests {
    use super::Redaction;
    use crate::sip::Body;
    use crate::sip::Message;
    use crate::sip::Wholeness;

    fn made(message: &str) -> String {
        String::from_utf8(Redaction::sample().message(message.as_bytes())).unwrap()
    }

    const INVITE: &str = "INVITE sip:+12025550177@sip.pstnhub.microsoft.com;user=phone SIP/2.0\r\n\
        v: SIP/2.0/TLS pbx.contoso.example:5061;branch=z9hG4bKabc;alias\r\nf: \"Alice\" <sip:alice@sbc.contoso.example>;tag=1234\r\n\
        t: <sip:+12025550177@sip.pstnhub.microsoft.com>\r\ni: a84b4c@10.1.2.3\r\nCSeq: 4711 INVITE\r\nX-Site: Berlin\r\nAllow: INVITE, ACK\r\n";

    #[test]
    fn a_message_made_anew_keeps_its_form_and_loses_who_and_where() {
        let shown = made(&format!("{INVITE}l: 0\r\n\r\n"));
        for gone in [
            "12025550177",
            "pbx",
            "Alice",
            "alice@",
            "a84b4c",
            "10.1.2.3",
            "abc",
            "1234\r",
            "Berlin",
        ] {
            assert!(!shown.contains(gone), "{gone} in {shown}");
        }
        for stays in [
            "@sip.pstnhub.microsoft.com;user=phone SIP/2.0\r\n",
            "v: SIP/2.0/TLS host-",
            ".example:5061;branch=z9hG4bK",
            "@sbc.contoso.example>;tag=",
            "CSeq: 4711 INVITE\r\nX-Site: [left out]\r\nAllow: INVITE, ACK\r\nl: 0\r\n\r\n",
        ] {
            assert!(shown.contains(stays), "{stays} not in {shown}");
        }
    }

    #[test]
    fn content_length_is_counted_anew_and_lacks_what_was_lacking() {
        let body = "v=0\r\ns=A long name\r\n";
        let shown = made(&format!(
            "{INVITE}c: application/sdp\r\nl: {}\r\n\r\n{body}",
            body.len() + 7
        ));
        let new = "v=0\r\ns=-\r\n";
        assert!(
            shown.ends_with(&format!("l: {}\r\n\r\n{new}", new.len() + 7)),
            "{shown}"
        );
    }

    #[test]
    fn of_several_parts_the_description_alone_is_left() {
        let body = "--b\r\nContent-Type: application/pidf+xml\r\n\r\n<x>Berlin</x>\r\n--b\r\nContent-Type: application/sdp\r\n\r\nv=0\r\ns=x\r\n--b--\r\n";
        let shown = made(&format!(
            "{INVITE}c: multipart/mixed;boundary=b\r\n\r\n{body}"
        ));
        let message = Message::parse(shown.as_bytes(), Wholeness::Whole).unwrap();
        assert_eq!(message.sdp(), Body::Sdp(b"v=0\r\ns=-"));
        assert!(!shown.contains("<x>"), "{shown}");
        let other = made(&format!("{INVITE}c: text/plain\r\n\r\nBerlin"));
        assert!(other.ends_with("\r\n\r\n[left out]"), "{other}");
    }

    #[test]
    fn a_head_that_does_not_end_does_not_end_and_what_is_no_message_is_nothing() {
        assert!(!made(INVITE).contains("\r\n\r\n"));
        assert_eq!(made("no SIP at all\r\n\r\n"), "");
    }

    #[test]
    fn phrases_quote_nobody() {
        let refusal = INVITE.split_once("\r\n").unwrap().1;
        let shown = made(&format!(
            "SIP/2.0 488 No Alice\r\n{refusal}Reason: SIP;cause=488;text=\"blackhole media; Alice \\\"x\\\" at a84b4c@10.1.2.3\"\r\n\
             Warning: 399 pbx \"alice is nowhere\"\r\nMs-Diagnostics: 10500;reason=\"Alice\";source=\"pbx\";x=y\r\n\r\n"
        ));
        for gone in ["Alice", "alice", "a84b4c", "10.1.2.3", "pbx"] {
            assert!(!shown.contains(gone), "{gone} in {shown}");
        }
        assert!(
            shown.contains("Reason: SIP;cause=488;text=\"blackhole media; user-"),
            "{shown}"
        );
        let message = Message::parse(shown.as_bytes(), Wholeness::Whole).unwrap();
        assert_eq!(message.ms_diagnostics().unwrap().code, Some(10500));
        assert_eq!(message.warnings().next().unwrap().code, Some(399));
    }
}
