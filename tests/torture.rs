//! RFC 4475's torture messages, each as one datagram, and what each must yield.

#![expect(clippy::disallowed_methods, reason = "tests read files")]

use std::path::Path;

use sip488::sdp::SessionDescription;
use sip488::sip::Body;
use sip488::sip::Defect;
use sip488::sip::HeaderName;
use sip488::sip::Message;
use sip488::sip::StartLine;
use sip488::sip::Wholeness;
use sip488::sip::begins_like_sip;
use sip488::sip::datagram;

/// What a message must yield.
struct Expected {
    /// File name without `.dat`, and beginning of the Call-ID.
    name: &'static str,
    /// Method, or status code.
    start: &'static str,
    /// Number in CSeq.
    cseq: u32,
    /// How many Via values.
    vias: usize,
    /// Bytes of body.
    body: usize,
    /// Streams of its session description; `None` where it has none.
    streams: Option<usize>,
    /// All that is wrong with it.
    defects: &'static [Defect],
}

const fn expect(
    name: &'static str,
    start: &'static str,
    (cseq, vias): (u32, usize),
    (body, streams): (usize, Option<usize>),
    defects: &'static [Defect],
) -> Expected {
    Expected {
        name,
        start,
        cseq,
        vias,
        body,
        streams,
        defects,
    }
}

const EXPECTED: [Expected; 25] = [
    expect("badaspec", "OPTIONS", (3_923_239, 1), (0, None), &[]),
    expect("baddate", "INVITE", (1_392_934, 1), (150, Some(2)), &[]),
    expect("badinv01", "INVITE", (8, 1), (152, Some(2)), &[]),
    expect("bcast", "200", (35, 2), (154, Some(2)), &[]),
    expect(
        "bigcode",
        "0",
        (353_494, 1),
        (0, None),
        &[Defect::StatusOutOfRange],
    ),
    expect("cparam01", "REGISTER", (2, 1), (0, None), &[]),
    // The INVITE after the end of the first message is no part of it (RFC 4475 §3.1.2.4).
    expect("dblreq", "REGISTER", (8, 1), (0, None), &[]),
    expect("esc02", "RE%47IST%45R", (29_344, 1), (0, None), &[]),
    expect("escruri", "INVITE", (149_209_342, 1), (150, Some(2)), &[]),
    expect(
        "intmeth",
        "!interesting-Method0123456789_*+`.%indeed'~",
        (139_122_385, 1),
        (0, None),
        &[],
    ),
    expect("invut", "INVITE", (235_448, 1), (40, None), &[]),
    expect(
        "ltgtruri",
        "INVITE",
        (1, 1),
        (159, Some(2)),
        &[Defect::UriInBrackets],
    ),
    expect(
        "lwsruri",
        "INVITE",
        (2_130_706_432, 1),
        (159, Some(2)),
        &[Defect::UriWithSpaces],
    ),
    expect(
        "mcl01",
        "OPTIONS",
        (15_932, 1),
        (67, None),
        &[Defect::ContentLengthConflict],
    ),
    expect(
        "mismatch02",
        "NEWMETHOD",
        (8, 1),
        (138, Some(2)),
        &[Defect::CSeqMethodDiffers],
    ),
    expect(
        "multi01",
        "INVITE",
        (5, 1),
        (154, Some(2)),
        &[
            Defect::HeaderRepeated {
                name: HeaderName::From,
            },
            Defect::HeaderRepeated {
                name: HeaderName::To,
            },
            Defect::HeaderRepeated {
                name: HeaderName::CallId,
            },
            Defect::HeaderRepeated {
                name: HeaderName::CSeq,
            },
        ],
    ),
    expect("noreason", "100", (35, 1), (0, None), &[]),
    expect("quotbal", "INVITE", (8, 1), (152, Some(2)), &[]),
    expect("regbadct", "REGISTER", (1, 1), (0, None), &[]),
    expect(
        "scalar02",
        "REGISTER",
        (u32::MAX, 1),
        (0, None),
        &[Defect::CSeqOutOfRange],
    ),
    expect("sdp01", "INVITE", (8, 1), (150, Some(2)), &[]),
    expect("transports", "OPTIONS", (60, 5), (0, None), &[]),
    expect("unkscm", "OPTIONS", (3_923_423, 1), (0, None), &[]),
    expect("unreason", "200", (35, 1), (154, Some(2)), &[]),
    expect("zeromf", "OPTIONS", (39_234_321, 1), (0, None), &[]),
];

#[test]
fn every_torture_message_yields_what_is_written_here() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/captures/torture");
    if !folder.is_dir() {
        eprintln!(
            "skipped: the RFC 4475 messages are not in {}",
            folder.display()
        );
        return;
    }
    for expected in &EXPECTED {
        let file = folder.join(expected.name).with_extension("dat");
        let payload = std::fs::read(&file).expect("the message can be read");
        check(expected, &payload);
    }
}

fn check(expected: &Expected, payload: &[u8]) {
    let name = expected.name;
    assert!(begins_like_sip(payload), "{name}");
    let (bytes, wholeness) = datagram(payload, false);
    assert_eq!(wholeness, Wholeness::Whole, "{name}");
    let message = Message::parse(bytes, wholeness).expect("has a start line");
    let start = match message.start {
        StartLine::Request { method, .. } => {
            String::from_utf8_lossy(method.as_bytes()).into_owned()
        }
        StartLine::Response { status, .. } => status.to_string(),
    };
    assert_eq!(start, expected.start, "{name}");
    let call_id = message.call_id().unwrap_or_default();
    assert!(call_id.starts_with(format!("{name}.").as_bytes()), "{name}");
    assert_eq!(
        message.cseq().map(|cseq| cseq.number),
        Some(expected.cseq),
        "{name}"
    );
    assert_eq!(message.vias().count(), expected.vias, "{name}");
    assert_eq!(message.body.len(), expected.body, "{name}");
    assert_eq!(message.defects(), expected.defects, "{name}");
    let streams = match message.sdp() {
        Body::Sdp(body) => Some(SessionDescription::parse(body).media.len()),
        Body::None | Body::Cut(_) => None,
    };
    assert_eq!(streams, expected.streams, "{name}");
}
