//! What a message must yield, whatever is wrong with it.

use proptest::prelude::*;

use super::super::datagram;
use super::Body;
use super::Defect;
use super::HeaderName;
use super::Message;
use super::Wholeness;

const INVITE: &[u8] = b"INVITE sip:+1555@h SIP/2.0\r\n\
    FROM: \"A\" <sip:a@x>;tag=1\r\n\
    TO: <sip:b@y>\r\n\
    CSEQ: 7 INVITE\r\n\
    CALL-ID: c@x\r\n\
    VIA: SIP/2.0/UDP p;branch=z9hG4bK1, SIP/2.0/TCP q\r\n\
    v: SIP/2.0/TLS r\r\n\
    X-MS-SBC: Vendor\r\n /1.0\r\n\
    CONTENT-TYPE: application/sdp\r\n\
    CONTENT-LENGTH: 5\r\n\r\nv=0\r\n";

/// Frames and reads one datagram.
fn read(payload: &[u8]) -> Message<'_> {
    let (bytes, wholeness) = datagram(payload, false);
    Message::parse(bytes, wholeness).expect("has a start line")
}

/// The message with one piece replaced.
fn replaced(from: &str, to: &str) -> Vec<u8> {
    String::from_utf8(INVITE.to_vec())
        .expect("ASCII")
        .replacen(from, to, 1)
        .into_bytes()
}

#[test]
fn a_sound_message_has_no_defect() {
    let message = read(INVITE);
    assert_eq!(message.defects(), []);
    assert_eq!(message.call_id(), Some(&b"c@x"[..]));
    assert_eq!(message.cseq().map(|cseq| cseq.number), Some(7));
    assert_eq!(message.from().and_then(|from| from.tag()), Some(&b"1"[..]));
    assert_eq!(message.to().expect("there").tag(), None);
    assert_eq!(message.vias().count(), 3);
    assert_eq!(
        message.header_named("x-ms-sbc").as_deref(),
        Some(&b"Vendor /1.0"[..])
    );
    assert_eq!(message.sdp(), Body::Sdp(b"v=0\r\n"));
    assert!(message.is_head_whole());
}

/// The awkward inputs on which parsers lose whole messages: each must keep Call-ID, CSeq and method.
#[test]
fn no_single_fault_loses_the_message() {
    let line_feeds: Vec<u8> = INVITE
        .iter()
        .copied()
        .filter(|&byte| byte != b'\r')
        .collect();
    let keep_alive = [b"\r\n\r\n", INVITE].concat();
    let inputs: [(&str, Vec<u8>); 20] = [
        ("LF only", line_feeds),
        ("leading CRLF", keep_alive),
        ("body cut", INVITE[..INVITE.len() - 3].to_vec()),
        (
            "Content-Length too great",
            replaced("LENGTH: 5", "LENGTH: 500"),
        ),
        (
            "Content-Length too small",
            replaced("LENGTH: 5", "LENGTH: 1"),
        ),
        ("two Content-Lengths", replaced("X-MS", "l: 9\r\nX-MS")),
        (
            "Content-Length no number",
            replaced("LENGTH: 5", "LENGTH: five"),
        ),
        ("no Content-Length", replaced("CONTENT-LENGTH: 5\r\n", "")),
        ("cut in the headers", INVITE[..190].to_vec()),
        ("folded header", replaced("<sip:b@y>", "\r\n <sip:b@y>")),
        ("bytes that are not UTF-8", {
            let mut bytes = INVITE.to_vec();
            bytes[35] = 0xff;
            bytes
        }),
        (
            "a line without colon",
            replaced("X-MS-SBC:", "garbage\r\nX-MS-SBC:"),
        ),
        ("space in the URI", replaced("sip:+1555@h", "sip:+1 555@h")),
        ("tel URI", replaced("sip:+1555@h", "tel:+1555")),
        ("lower-case version", replaced(" SIP/2.0", " sip/2.0")),
        ("other version", replaced(" SIP/2.0", " SIP/7.0")),
        ("blanks before colons", replaced("CALL-ID:", "CALL-ID \t:")),
        ("compact names", replaced("CALL-ID:", "i:")),
        (
            "empty header",
            replaced("X-MS-SBC: Vendor\r\n /1.0", "Supported:"),
        ),
        ("quote that never closes", replaced("\"A\"", "\"A")),
    ];
    for (what, input) in inputs {
        let message = read(&input);
        assert_eq!(message.call_id(), Some(&b"c@x"[..]), "{what}");
        assert_eq!(message.cseq().map(|cseq| cseq.number), Some(7), "{what}");
        assert_eq!(
            message.from().and_then(|from| from.tag()),
            Some(&b"1"[..]),
            "{what}"
        );
    }
}

#[test]
fn an_unknown_method_is_kept() {
    let message = read(b"NEW sip:a SIP/2.0\r\ni: x\r\n\r\n");
    assert_eq!(message.method().expect("request").as_bytes(), b"NEW");
}

#[test]
fn a_488_without_phrase_is_kept() {
    assert_eq!(read(b"SIP/2.0 488\r\ni: x\r\n\r\n").status(), Some(488));
}

#[test]
fn a_header_that_is_cut_is_left_out() {
    let cut = &INVITE[..INVITE.len() - 20];
    let message = Message::parse(cut, Wholeness::Cut).expect("SIP");
    assert!(message.defects().contains(&Defect::HeaderCut { line: 11 }));
    assert_eq!(message.header(HeaderName::ContentLength), None);
    assert_eq!(message.sdp(), Body::Cut(None));
}

#[test]
fn headers_alone_are_a_message_without_session() {
    let message = read(b"BYE sip:a SIP/2.0\r\nCall-ID: x");
    assert_eq!(
        (message.call_id(), message.sdp()),
        (Some(&b"x"[..]), Body::None)
    );
    assert!(!message.is_head_whole());
}

#[test]
fn a_cut_message_whose_type_is_not_sdp_has_no_session() {
    let bytes = b"INFO sip:a SIP/2.0\r\nc: application/dtmf-relay\r\nl: 20\r\n\r\nS";
    assert_eq!(read(bytes).sdp(), Body::None);
}

#[test]
fn the_number_of_headers_is_bounded() {
    let mut bytes = b"BYE sip:a SIP/2.0\r\n".to_vec();
    bytes.extend(b"X: y\r\n".repeat(300));
    bytes.extend(b"\r\n");
    assert!(
        read(&bytes)
            .defects()
            .contains(&Defect::TooManyHeaders { dropped: 44 })
    );
}

#[test]
fn debug_shows_no_header_and_no_body() {
    let shown = format!("{:?}", read(INVITE));
    assert!(!shown.contains("c@x") && !shown.contains("v=0"), "{shown}");
}

proptest! {
    #[test]
    fn no_change_of_bytes_makes_it_fail(
        changes in proptest::collection::vec((0..INVITE.len(), any::<u8>()), 0..12),
        length in 0..=INVITE.len(),
        is_cut in any::<bool>(),
    ) {
        let mut bytes = INVITE.to_vec();
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        bytes.truncate(length);
        let (framed, wholeness) = datagram(&bytes, is_cut);
        let message = Message::parse(framed, wholeness);
        prop_assert_eq!(message.is_some(), super::super::begins_like_sip(&bytes));
        if let Some(message) = message {
            let _ = (message.sdp(), message.to(), message.vias().count());
            let _ = (message.reasons().count(), message.warnings().count());
            for value in [HeaderName::From, HeaderName::Contact] {
                message.addresses(value).for_each(|address| {
                    let _ = (address.parsed_uri(), address.tag());
                });
            }
        }
    }
}
