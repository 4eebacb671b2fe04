//! What a description must yield, whatever is wrong with it.

use proptest::prelude::*;

use super::Defect;
use super::Direction;
use super::MediaDescription;
use super::SessionDescription;

const OFFER: &str = "v=0\r\n\
    o=- 91249 1 IN IP4 127.0.0.1\r\n\
    s=session\r\n\
    c=IN IP4 198.51.100.7\r\n\
    b=CT:10000000\r\n\
    t=0 0\r\n\
    a=group:BUNDLE 1 2\r\n\
    a=ice-ufrag:abcd\r\n\
    a=inactive\r\n\
    m=audio 54056/2 UDP/TLS/RTP/SAVP 104 0 96 13\r\n\
    c=IN IP4 0.0.0.0\r\n\
    b=AS:64\r\n\
    a=rtcp:54057\r\n\
    a=candidate:1 1 UDP 2130706431 198.51.100.7 54056 typ host\r\n\
    a=candidate:garbage\r\n\
    a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^31\r\n\
    a=cryptoscale:1 client AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n\
    a=RTPMAP:104 SILK/16000\r\n\
    a=rtpmap:96 telephone-event/8000\r\n\
    a=fmtp:96 0-16\r\n\
    a=ptime:20\r\n\
    a=mid:1\r\n\
    a=rtcp-mux\r\n\
    a=sendrecv\r\n\
    m=video 0 RTP/AVP 31\r\n\
    a=bundle-only\r\n";

/// A description of one stream with these lines.
fn with(lines: &str) -> String {
    format!("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n{lines}")
}

fn parse(text: &str) -> SessionDescription<'_> {
    SessionDescription::parse(text.as_bytes())
}

fn only_media<'s, 'a>(session: &'s SessionDescription<'a>) -> &'s MediaDescription<'a> {
    assert_eq!(session.media.len(), 1);
    &session.media[0]
}

#[test]
fn an_offer_is_read_with_all_its_lines() {
    let session = parse(OFFER);
    assert_eq!(session.defects, []);
    let [audio, video] = &session.media[..] else {
        panic!("two streams")
    };
    assert_eq!(
        (audio.media, audio.port, audio.port_count),
        (&b"audio"[..], 54056, Some(2))
    );
    assert!(audio.is_live() && !video.is_live());
    assert_eq!(session.candidates(), 2);
    assert_eq!(audio.candidates().count(), 1);
    assert_eq!((audio.crypto.len(), audio.crypto[0].is_usable()), (1, true));
    let names: Vec<_> = audio.codecs().filter_map(|codec| codec.name).collect();
    assert_eq!(names, [&b"SILK"[..], b"PCMU", b"telephone-event", b"CN"]);
    assert_eq!((audio.ptime(), audio.mid()), (Some(20), Some(&b"1"[..])));
    assert_eq!(
        (audio.fmtp(b"96"), audio.rtcp()),
        (Some(&b"0-16"[..]), Some(&b"54057"[..]))
    );
    assert!(audio.has_rtcp_mux() && !video.has_rtcp_mux());
    assert_eq!(audio.attributes.count(), 12);
    assert_eq!(session.groups().count(), 1);
}

#[test]
fn a_stream_inherits_from_the_session() {
    let session = parse(OFFER);
    let [audio, video] = &session.media[..] else {
        panic!("two streams")
    };
    assert!(
        session
            .connection_of(audio)
            .is_some_and(super::ConnectionData::is_unspecified)
    );
    assert!(
        session
            .connection_of(video)
            .is_some_and(|found| !found.is_unspecified())
    );
    assert_eq!(session.direction_of(audio), Direction::SendRecv);
    assert_eq!(session.direction_of(video), Direction::Inactive);
    assert_eq!(session.ufrag_of(audio), Some(&b"abcd"[..]));
    assert_eq!(session.fingerprint_of(audio), None);
}

#[test]
fn no_key_is_shown() {
    let shown = format!("{:?}", parse(OFFER));
    assert!(
        !shown.contains("WVNf") && !shown.contains("87, 86, 78"),
        "{shown}"
    );
}

#[test]
fn a_crypto_of_the_session_is_none_of_a_stream() {
    let text = with("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAA\r\nm=audio 1 RTP/SAVP 0\r\n");
    let session = parse(&text);
    assert_eq!(session.defects, [Defect::CryptoAtSessionLevel { line: 6 }]);
    assert!(only_media(&session).crypto.is_empty());
}

#[test]
fn what_a_strict_peer_refuses_is_malformed() {
    let audio = "m=audio 1 RTP/AVP 0\r\n";
    let sound = with(audio);
    assert!(!parse(&sound).is_malformed());
    for (from, to) in [
        ("v=0\r\n", ""),
        ("v=0\r\n", "v=1\r\n"),
        ("o=- 1 1 IN IP4 192.0.2.1\r\n", ""),
        ("o=- 1 1 IN IP4 192.0.2.1", "o=-"),
        ("s=-\r\n", ""),
        ("t=0 0\r\n", ""),
        ("t=0 0", "t=now"),
        ("c=IN IP4 192.0.2.1", "c=IN IP4"),
        ("c=IN IP4 192.0.2.1", "c=IN IP4 192.0.2.1111"),
        ("m=audio 1 ", "m=audio x "),
        ("m=audio 1 ", "m=audio 70000 "),
        ("m=audio 1 RTP/AVP 0", "m=audio"),
        ("\r\n", "\r"),
    ] {
        let text = if from == "\r\n" {
            sound.replace(from, to)
        } else {
            sound.replacen(from, to, 1)
        };
        assert!(parse(&text).is_malformed(), "{from:?} as {to:?}");
        assert!(!parse(&text).is_unreadable(), "{from:?} as {to:?}");
    }
}

#[test]
fn what_everybody_reads_over_is_not_malformed() {
    let sound = with("m=audio 1 RTP/AVP 0\r\na=sendrecv\r\n");
    let mut not_utf8 = sound.replacen("s=-", "s=?", 1).into_bytes();
    not_utf8
        .iter_mut()
        .filter(|byte| **byte == b'?')
        .for_each(|byte| *byte = 0xff);
    for text in [
        sound.replace("\r\n", "\n").into_bytes(),
        sound.trim_end().as_bytes().to_vec(),
        format!("{sound}\r\n\r\n").into_bytes(),
        format!("{sound}\0\0").into_bytes(),
        format!("{sound}garbage\r\na=\r\na=rtpmap:x\r\n").into_bytes(),
        format!("{sound}\r\na=mid:1\r\n").into_bytes(),
        format!("{sound}c=IN IP4 192.0.2.2\r\nc=IN IP4 192.0.2.3\r\n").into_bytes(),
        sound
            .replacen("m=audio 1 RTP/AVP 0", "m=audio 0 RTP/AVP", 1)
            .into_bytes(),
        sound.replacen("c=IN IP4 192.0.2.1\r\n", "", 1).into_bytes(),
        not_utf8,
    ] {
        let session = SessionDescription::parse(&text);
        assert!(!session.is_malformed(), "{:?}", session.defects);
        assert_eq!(only_media(&session).media, b"audio");
    }
}

#[test]
fn line_ends_at_the_end_are_no_defect() {
    assert_eq!(parse(&with("m=audio 1 RTP/AVP 0\r\n\r\n")).defects, []);
    assert_eq!(
        parse(&with("m=audio 1 RTP/AVP 0")).defects,
        [Defect::LastLineNotEnded]
    );
}

#[test]
fn the_first_connection_of_a_section_counts() {
    let text = with("m=audio 1 RTP/AVP 0\r\nc=IN IP4 192.0.2.2\r\nc=IN IP4 0.0.0.0\r\n");
    let session = parse(&text);
    assert_eq!(session.defects, [Defect::ConnectionRepeated { line: 8 }]);
    let connection = session.connection_of(only_media(&session)).expect("there");
    assert_eq!(connection.address, b"192.0.2.2");
}

#[test]
fn a_payload_type_that_stands_for_two_things_is_found() {
    let text = with(
        "m=audio 1 RTP/AVP 0 8 0 96 97 x 200 200\r\n\
         a=rtpmap:96 SILK/8000\r\na=rtpmap:96 telephone-event/8000\r\n\
         a=rtpmap:97 opus/48000/2\r\na=rtpmap:97 OPUS/48000/2\r\n",
    );
    assert_eq!(only_media(&parse(&text)).duplicate_payload_types(), [0, 96]);
}

#[test]
fn formats_that_are_no_numbers_are_kept() {
    let text = with("m=image 1 udptl t38\r\n");
    let session = parse(&text);
    let codec = only_media(&session).codecs().next().expect("one");
    assert_eq!(
        (codec.format, codec.payload_type, codec.name),
        (&b"t38"[..], None, None)
    );
}

#[test]
fn nothing_at_all_is_unreadable() {
    for text in ["", "\r\n", "hello", "\0\0\0", "s=-\r\n"] {
        assert!(
            parse(text).is_unreadable() && parse(text).is_malformed(),
            "{text:?}"
        );
    }
}

#[test]
fn an_origin_may_have_a_name_of_several_words() {
    let text = OFFER.replacen("o=-", "o=John Smith", 1);
    assert_eq!(
        parse(&text).origin.expect("readable").username,
        b"John Smith"
    );
}

#[test]
fn what_is_kept_is_bounded() {
    let mut text = with("");
    text.push_str(&"m=audio 1 RTP/AVP 0\r\n".repeat(70));
    text.push_str(&"garbage\r\n".repeat(1000));
    let session = parse(&text);
    assert_eq!(session.media.len(), 64);
    assert!(session.defects.len() <= 257);

    let text = with("m=audio 1 RTP/AVP 0\r\n") + &"a=candidate:1 1 UDP 1 h 9\r\n".repeat(2000);
    let session = parse(&text);
    assert_eq!(session.candidates(), 2000);
    assert_eq!(only_media(&session).attributes.iter().count(), 1024);
}

#[test]
fn what_is_beyond_the_bounds_is_counted() {
    let many = |line: &str, count| line.repeat(count);
    let text = with(&many("m=audio 1 RTP/AVP 0\r\n", 70));
    assert_eq!(parse(&text).defects, [Defect::TooManyMedia { dropped: 6 }]);
    let text = with(&many("a=x\r\n", 1030)) + "m=audio 1 RTP/AVP 0\r\n";
    let session = parse(&text);
    assert_eq!(
        session.defects,
        [Defect::TooManyAttributes { line: 6 + 1024 }]
    );
    assert_eq!(session.attributes.count(), 1030);
    let text = with(&many("b=AS:1\r\n", 65))
        + "m=audio 1 RTP/AVP 0\r\n"
        + &many("a=rtpmap:96 x/8000\r\n", 257);
    let session = parse(&text);
    assert_eq!(session.bandwidths.len(), 64);
    assert_eq!(only_media(&session).rtpmaps.len(), 256);
    let text = with("m=audio 1 RTP/AVP 0\r\nm=video\r\nb=AS:1\r\n");
    assert_eq!(only_media(&parse(&text)).bandwidths, []);
    // The first malformation is told where there is no room for more.
    let sound = with("m=audio 1 RTP/AVP 0\r\n");
    let garbage = many("garbage\r\n", 300);
    let defects = |text: &str| parse(text).defects.len();
    assert_eq!(defects(&format!("{sound}{garbage}")), 256);
    let malformed = sound
        .replacen("s=-\r\n", "", 1)
        .replacen("t=0 0\r\n", "", 1);
    assert_eq!(defects(&format!("{malformed}{garbage}")), 257);
    assert!(parse(&format!("{malformed}{garbage}")).is_malformed());
}

#[test]
fn each_defect_is_told_with_its_line() {
    for (lines, told) in [
        ("a=x\r\n\0\0", Defect::TrailingNuls { bytes: 2 }),
        (
            "o=- 2 2 IN IP4 192.0.2.1\r\n",
            Defect::LineRepeated { line: 6 },
        ),
        ("s=again\r\n", Defect::LineRepeated { line: 6 }),
        ("1=x\r\n", Defect::LineUnreadable { line: 6 }),
        ("a=x\na=y\r\n", Defect::LineFeedOnly),
        ("b=AS:1:\r\n", Defect::BandwidthUnreadable { line: 6 }),
    ] {
        let text = with(lines);
        let session = parse(&text);
        assert_eq!(session.defects.first(), Some(&told), "{lines:?}");
        let shown = told.to_string();
        assert!(shown.contains("line") || shown.contains("NUL"), "{shown}");
    }
    for (text, absent) in [
        ("", Defect::LastLineNotEnded),
        ("v=0\ra=x\r", Defect::LineFeedOnly),
    ] {
        assert!(!parse(text).defects.contains(&absent), "{text:?}");
    }
    let longest = with(&format!(
        "a={}\r\nm=audio 1 RTP/AVP 0\r\n",
        "y".repeat(4094)
    ));
    assert_eq!(parse(&longest).defects, []);
}

#[test]
fn a_line_too_long_costs_that_line_alone() {
    let text = with(&format!(
        "a=x:{}\r\nm=audio 1 RTP/AVP 0\r\n",
        "y".repeat(5000)
    ));
    let session = parse(&text);
    assert_eq!(session.defects, [Defect::LineTooLong { line: 6 }]);
    assert_eq!(session.media.len(), 1);
}

#[test]
fn what_follows_an_unreadable_stream_is_no_part_of_the_one_before() {
    let text = with("m=audio 1 RTP/AVP 0\r\nm=video\r\nc=IN IP4 0.0.0.0\r\na=inactive\r\n");
    let session = parse(&text);
    assert!(session.is_malformed());
    assert_eq!(only_media(&session).connection, None);
    assert_eq!(
        session.direction_of(only_media(&session)),
        Direction::SendRecv
    );
}

/// Lines that may be shuffled into a description, sound ones and others.
const LINES: [&str; 16] = [
    "v=0",
    "o=- 1 2 IN IP4 192.0.2.1",
    "s=-",
    "t=0 0",
    "c=IN IP4 192.0.2.9/127",
    "c=IN IP6 ::",
    "b=AS:64",
    "a=sendonly",
    "a=rtpmap:0 PCMU/8000",
    "a=x:y:z",
    "m=audio 4000 RTP/AVP 0 8",
    "m=video 0/2 RTP/SAVP 31",
    "m=audio x RTP/AVP 0",
    "i=words",
    "k=prompt",
    "garbage",
];

proptest! {
    #[test]
    fn what_the_oracle_accepts_is_read_alike(
        lines in proptest::collection::vec(0..LINES.len(), 0..14)
    ) {
        let mut text = String::from("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n");
        for line in lines {
            text.push_str(LINES[line]);
            text.push_str("\r\n");
        }
        let Ok(theirs) = sdp_types::Session::parse(text.as_bytes()) else { return Ok(()) };
        let ours = parse(&text);
        prop_assert_eq!(theirs.medias.len(), ours.media.len());
        prop_assert_eq!(theirs.attributes.len(), ours.attributes.count());
        let address = |written: &str| written.split('/').next().map(str::as_bytes).map(<[u8]>::to_vec);
        prop_assert_eq!(
            theirs.connection.as_ref().and_then(|found| address(&found.connection_address)),
            ours.connection.map(|found| found.address.to_vec())
        );
        for (theirs, ours) in theirs.medias.iter().zip(&ours.media) {
            prop_assert_eq!(theirs.media.as_bytes(), ours.media);
            prop_assert_eq!(u32::from(theirs.port), ours.port);
            prop_assert_eq!(theirs.num_ports.map(u32::from), ours.port_count);
            prop_assert_eq!(theirs.proto.as_bytes(), ours.proto);
            prop_assert_eq!(theirs.fmt.as_bytes(), ours.formats.join(&b' '));
            prop_assert_eq!(theirs.attributes.len(), ours.attributes.count());
            prop_assert_eq!(theirs.bandwidths.len(), ours.bandwidths.len());
            prop_assert_eq!(
                theirs.connections.first().and_then(|found| address(&found.connection_address)),
                ours.connection.map(|found| found.address.to_vec())
            );
        }
    }

    #[test]
    fn no_bytes_make_it_fail(
        changes in proptest::collection::vec((0..OFFER.len(), any::<u8>()), 0..20)
    ) {
        let mut bytes = OFFER.as_bytes().to_vec();
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        let session = SessionDescription::parse(&bytes);
        for media in &session.media {
            let _ = (media.codecs().count(), media.duplicate_payload_types(), media.ptime());
            let _ = (session.direction_of(media), session.connection_of(media));
        }
    }
}
