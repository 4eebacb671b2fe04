//! What bodies of all kinds say.

use proptest::prelude::*;

use crate::sdp::Direction;
use crate::sdp::SessionDescription;

const GOOD: &str = "v=0\r\no=- 1 2 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\na=sendonly\r\nm=audio 4000/2 RTP/SAVP 0 8 96 97\r\na=rtpmap:96 SILK/16000\r\na=mid:1\r\nm=video 0 RTP/AVP 34\r\nc=IN IP6 2001:db8::1\r\na=inactive\r\n";

fn parse(text: &str) -> SessionDescription<'_> {
    SessionDescription::parse(text.as_bytes())
}

#[test]
fn a_good_body_has_no_defect() {
    let sdp = parse(GOOD);
    assert!(sdp.defects.is_empty() && !sdp.is_malformed());
    assert_eq!(
        (sdp.media.len(), sdp.media[0].port, sdp.media[0].proto),
        (2, 4000, &b"RTP/SAVP"[..])
    );
    let codecs: Vec<_> = sdp.media[0]
        .codecs()
        .map(|codec| {
            codec
                .name
                .map(|name| String::from_utf8(name.to_vec()).unwrap())
        })
        .collect();
    assert_eq!(
        codecs,
        [
            Some("PCMU".to_owned()),
            Some("PCMA".to_owned()),
            Some("SILK".to_owned()),
            None
        ]
    );
}

#[test]
fn a_section_takes_over_what_the_session_says() {
    let sdp = parse(GOOD);
    assert_eq!(
        sdp.connection_of(&sdp.media[0]).unwrap().address,
        b"192.0.2.1"
    );
    assert_eq!(
        sdp.connection_of(&sdp.media[1]).unwrap().address,
        b"2001:db8::1"
    );
    assert_eq!(
        (
            sdp.direction_of(&sdp.media[0]),
            sdp.direction_of(&sdp.media[1])
        ),
        (Direction::SendOnly, Direction::Inactive)
    );
}

#[test]
fn line_ends_blank_lines_and_trailing_nuls_are_forgiven() {
    let expected = parse(GOOD);
    for text in [
        GOOD.replace("\r\n", "\n"),
        GOOD.trim_end().to_owned(),
        format!("{GOOD}\r\n\r\n"),
        format!("{GOOD}\0\0\0"),
    ] {
        assert_eq!(parse(&text), expected, "{text:?}");
    }
}

#[test]
fn a_line_that_can_not_be_read_costs_that_line_alone() {
    let text = GOOD.replace("a=mid:1", "garbage");
    let sdp = parse(&text);
    assert!(sdp.is_malformed());
    assert_eq!(sdp.defects[0].to_string(), "line 9: not of the form x=");
    assert_eq!(sdp.media.len(), 2);
}

#[test]
fn what_the_grammar_demands_is_missed() {
    for (line, what) in [
        ("v=0\r\n", "v=0 is missing"),
        ("s=-\r\n", "s= is missing"),
        ("t=0 0\r\n", "t= is missing"),
        ("o=- 1 2 IN IP4 192.0.2.1\r\n", "o= is missing"),
    ] {
        let text = GOOD.replacen(line, "", 1);
        let sdp = parse(&text);
        assert!(sdp.is_malformed());
        assert_eq!(sdp.defects[0].to_string(), what);
    }
}

#[test]
fn a_port_that_is_no_number_is_a_defect_and_a_stream_that_is_not_live() {
    for port in ["port", "70000", "-1", ""] {
        let text = GOOD.replace("4000/2", port);
        assert!(parse(&text).is_malformed(), "{port}");
    }
}

#[test]
fn a_format_that_is_no_number_is_kept() {
    let text = GOOD.replace("0 8 96 97", "0 inactive 8");
    let sdp = parse(&text);
    assert!(!sdp.is_malformed());
    assert_eq!(
        sdp.media[0]
            .codecs()
            .filter(|codec| codec.name.is_some())
            .count(),
        2
    );
}

#[test]
fn fax_and_messages_are_streams_too() {
    let text = GOOD.replace("m=video 0 RTP/AVP 34", "m=image 5000 udptl t38");
    let sdp = parse(&text);
    assert_eq!(
        (
            sdp.media[1].media,
            sdp.media[1].is_live(),
            sdp.is_malformed()
        ),
        (&b"image"[..], true, false)
    );
}

#[test]
fn candidates_count_even_where_they_can_not_be_read() {
    let text = format!("{GOOD}a=candidate:x\r\na=candidate:1 1 UDP 1 192.0.2.1 9 typ host\r\n");
    let sdp = parse(&text);
    assert_eq!(
        (
            sdp.candidates(),
            sdp.media[1].candidates.len(),
            sdp.is_malformed()
        ),
        (2, 1, false)
    );
}

#[test]
fn a_payload_type_may_not_stand_for_two_codecs() {
    let duplicates = |text: &str| {
        parse(text).media[0]
            .duplicate_payload_types()
            .collect::<Vec<_>>()
    };
    assert_eq!(duplicates(&GOOD.replace("0 8 96 97", "0 8 96 96")), [96]);
    assert_eq!(
        duplicates(&GOOD.replace("a=mid:1", "a=rtpmap:96 telephone-event/8000")),
        [96]
    );
    assert_eq!(
        duplicates(&GOOD.replace("a=mid:1", "a=rtpmap:96 silk/16000")),
        [0; 0]
    );
}

proptest! {
    #[test]
    fn no_bytes_make_it_fail(body in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = SessionDescription::parse(&body).is_malformed();
    }

    #[test]
    fn no_change_of_a_good_body_makes_it_fail(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut body = GOOD.as_bytes().to_vec();
        let at = at.index(body.len());
        body[at] = byte;
        let _ = SessionDescription::parse(&body).candidates();
    }

    #[test]
    fn what_a_strict_parser_accepts_reads_alike(at in any::<prop::sample::Index>(), byte in prop::sample::select(b"0189 azAZ=/:.\r\n".to_vec())) {
        let mut body = GOOD.as_bytes().to_vec();
        let at = at.index(body.len());
        body[at] = byte;
        if let Ok(strict) = sdp_types::Session::parse(&body) {
            let ours = SessionDescription::parse(&body);
            prop_assert_eq!(ours.media.len(), strict.medias.len());
            for (ours, strict) in ours.media.iter().zip(&strict.medias) {
                prop_assert_eq!(ours.media, strict.media.as_bytes());
                prop_assert_eq!(ours.port, strict.port);
                prop_assert_eq!(ours.proto, strict.proto.as_bytes());
            }
        }
    }
}
