//! Any bytes → SIP message, by all that read one: the framer of streams, the outline, the parser, each field.

use sip488::sip::Framer;
use sip488::sip::HeaderName;
use sip488::sip::Message;
use sip488::sip::Outline;
use sip488::sip::Params;
use sip488::sip::Uri;
use sip488::sip::begins_like_sip;
use sip488::sip::branch_of;
use sip488::sip::datagram;
use sip488::sip::tag_of;

use super::Subject;

pub(crate) const SUBJECT: Subject = Subject {
    name: "sip",
    dictionary: WORDS,
    longest: 8 << 10,
    run,
};

/// What SIP messages are made of.
pub(crate) const WORDS: &[&[u8]] = &[
    b"INVITE ",
    b"ACK ",
    b"BYE ",
    b"UPDATE ",
    b"SIP/2.0\r\n",
    b"SIP/2.0 488 Not Acceptable Here\r\n",
    b"SIP/2.0 200 OK\r\n",
    b"\r\n\r\n",
    b"\r\n ",
    b"\n\n",
    b"Via: SIP/2.0/UDP ",
    b";branch=z9hG4bK",
    b";received=",
    b";rport",
    b"v: ",
    b"From: ",
    b"f: ",
    b"To: ",
    b"t: ",
    b";tag=",
    b"Call-ID: ",
    b"i: ",
    b"CSeq: 1 INVITE\r\n",
    b"Contact: ",
    b"m: ",
    b"Content-Length: 0\r\n",
    b"l: ",
    b"Content-Type: application/sdp\r\n",
    b"c: multipart/mixed;boundary=",
    b"Content-Encoding: gzip\r\n",
    b"Reason: Q.850;cause=79;text=\"",
    b"Warning: 304 a \"",
    b"ms-diagnostics: 10197;reason=\"",
    b"User-Agent: ",
    b"sip:",
    b"sips:",
    b"tel:+1",
    b"<sip:a@[::1]:5061;transport=tls>",
    b"@",
    b"\"\\\"",
    b"%00",
    b"--",
];

fn run(bytes: &[u8]) {
    begins_like_sip(bytes);
    for is_cut in [false, true] {
        let (framed, wholeness) = datagram(bytes, is_cut);
        let (outline, message) = (
            Outline::of_datagram(bytes, is_cut),
            Message::parse(framed, wholeness),
        );
        assert_eq!(outline.is_some(), message.is_some());
        if let (Some(outline), Some(message)) = (outline, message) {
            agree(&outline, &message);
            read(&message);
        }
    }
    frame(bytes);
    let (uri, params) = (Uri::parse(bytes), Params::new(bytes));
    uri.param("transport");
    params.iter().count();
}

/// The short way reads what the long way reads.
fn agree(outline: &Outline<'_>, message: &Message<'_>) {
    assert_eq!(outline.wholeness, message.wholeness);
    assert_eq!(outline.start, message.start);
    assert_eq!(outline.call_id, message.call_id());
    assert_eq!(outline.cseq, message.cseq());
    let tag = |value: Option<sip488::sip::NameAddr<'_>>| {
        value.and_then(|value| value.tag().map(<[u8]>::to_vec))
    };
    let short = |value: Option<&[u8]>| value.map(tag_of).unwrap_or_default().to_vec();
    assert_eq!(short(outline.from), tag(message.from()).unwrap_or_default());
    assert_eq!(short(outline.to), tag(message.to()).unwrap_or_default());
    let via = message.vias().next();
    let branch = via.and_then(|via| via.branch().map(<[u8]>::to_vec));
    // The parser passes over a first Via that it can't read; the outline takes the first as it is.
    let first = outline.via.map(branch_of).unwrap_or_default();
    assert!(first.is_empty() || first == branch.unwrap_or_default());
}

/// Every field of a message.
fn read(message: &Message<'_>) {
    let names = [HeaderName::Contact, HeaderName::From, HeaderName::To];
    for value in names.iter().flat_map(|name| message.addresses(*name)) {
        value.parsed_uri().param("user");
        value.params.iter().count();
    }
    for (name, value) in message.written_headers() {
        HeaderName::parse(name);
        value.unfolded();
    }
    for via in message.vias() {
        via.received();
        via.rport();
    }
    message.reasons().count();
    message.warnings().count();
    message.ms_diagnostics();
    message.defects();
    message.sdp();
}

/// What a framer gives out is never more than it was given, in pieces or at once.
fn frame(bytes: &[u8]) {
    for piece in [bytes.len().max(1), 7] {
        let (mut framer, mut told) = (Framer::default(), 0);
        let mut each = |message: &[u8], _| told += message.len();
        for piece in bytes.chunks(piece) {
            framer.feed(piece, &mut each);
        }
        framer.lose(3, &mut each);
        framer.feed(bytes, &mut each);
        framer.finish(&mut each);
        assert!(told <= 2 * bytes.len(), "more came out than was fed");
    }
}
