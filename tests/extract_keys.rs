//! `sip488 extract`: no key of another call is in a packet that was picked, whatever else the packet holds.
#![cfg(feature = "extract")]
#![allow(
    clippy::disallowed_methods,
    reason = "a test that can not read its files has failed"
)]

#[path = "support/place.rs"]
mod place;
#[path = "support/mod.rs"]
mod support;

use std::net::SocketAddr;

use place::Place;
use place::code;
use place::err;
use support::ladder::MORNING;
use support::mirror;

/// The keys of two calls.
const KEYS: [&str; 2] = [
    "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz",
    "NzB4d1BINUh2M0dKdUlyVzdqSm9kb2tQNXcvUEE9",
];

/// An SBC and a proxy.
const ENDS: [&str; 2] = ["203.0.113.9:40000", "52.114.75.24:5060"];

/// A request of a call, with this key in its body.
fn request(call_id: &str, method: &str, key: &str) -> String {
    let body = format!(
        "v=0\r\no=- 1 1 IN IP4 203.0.113.9\r\ns=-\r\nc=IN IP4 203.0.113.9\r\nt=0 0\r\n\
         m=audio 49998 RTP/SAVP 8\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{key}|2^31\r\n"
    );
    message(
        &format!("{method} sip:+12025550177@sip.pstnhub.microsoft.com SIP/2.0"),
        (call_id, method),
        &body,
    )
}

/// The 488 to an INVITE.
fn refusal(call_id: &str) -> String {
    message("SIP/2.0 488 Not Acceptable Here", (call_id, "INVITE"), "")
}

fn message(start: &str, (call_id, method): (&str, &str), body: &str) -> String {
    format!(
        "{start}\r\nVia: SIP/2.0/TCP 203.0.113.9;branch=z9hG4bK{call_id}{method}\r\n\
         From: <sip:+49301234567@sbc.contoso.example>;tag=a{call_id}\r\n\
         To: <sip:+12025550177@sip.pstnhub.microsoft.com>;tag=b\r\n\
         Call-ID: {call_id}\r\nCSeq: 1 {method}\r\nContact: <sip:sbc.contoso.example:5060>\r\n\
         Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// What is captured of one connection or association: who sends, the sequence number, and the payload.
type Sent<'s> = (bool, usize, &'s str);

/// TCP segments (RFC 9293 §3.1) as a capture.
fn segments(sent: &[Sent<'_>]) -> Vec<u8> {
    let packet = |(is_up, sequence, payload): &Sent<'_>| {
        let mut ends: [SocketAddr; 2] = ENDS.map(|end| end.parse().expect("an address"));
        if !is_up {
            ends.reverse();
        }
        let number = u32::try_from(1000 + sequence).expect("a small number");
        let mut segment = ends.map(|end| end.port().to_be_bytes()).concat();
        segment.extend(number.to_be_bytes());
        segment.extend([0, 0, 0, 1, 0x50, 0x18, 0xff, 0xff, 0, 0, 0, 0]);
        segment.extend(payload.as_bytes());
        mirror::ethernet(&mirror::ip_packet(ends[0], ends[1], 6, &segment))
    };
    timed(sent.iter().map(packet))
}

/// Packets, a millisecond apart.
fn timed(packets: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
    let times = (0..).map(|number| MORNING + number * 1_000_000);
    let records: Vec<mirror::Record> = times.zip(packets).collect();
    mirror::capture(1, &records)
}

/// Extracts the call `wanted`; its two messages must be there, and of no key more than chance has.
fn holds(name: &str, capture: &[u8]) {
    const PART: usize = 6;
    let place = Place::new();
    place.put("x.pcap", capture);
    let words = [
        "extract",
        "x.pcap",
        "-o",
        "out.pcapng",
        "--call-id",
        "wanted",
    ];
    let output = place.run(&words);
    assert_eq!(code(&output), Some(0), "{name}: {}", err(&output));
    let out = std::fs::read(place.path("out.pcapng")).expect("the capture");
    let has = |text: &str| memchr::memmem::find(&out, text.as_bytes()).is_some();
    for key in KEYS {
        for part in (0..=key.len() - PART).map(|from| &key[from..from + PART]) {
            assert!(!has(part), "{name}: {part} of {key}");
        }
    }
    let rows = place.run(&["analyze", "-q", "out.pcapng", "-o", "rows.csv"]);
    assert!(code(&rows) < Some(2), "{name}: {}", err(&rows));
    let text = place.read("rows.csv");
    let row = text.lines().find(|row| row.contains("wanted"));
    let is_judged = row.is_some_and(|row| row.contains("488"));
    assert!(is_judged, "{name}: {text}");
}

/// Two messages, the latter wanted, and where a few characters of each key have passed.
fn two() -> (String, String, usize, usize) {
    let first = request("other", "INVITE", KEYS[0]);
    let second = request("wanted", "INVITE", KEYS[1]);
    let in_key = |message: &str, key| message.find(key).expect("the key") + 3;
    let (in_first, in_second) = (in_key(&first, KEYS[0]), in_key(&second, KEYS[1]));
    (first, second, in_first, in_second)
}

#[test]
fn a_segment_with_the_end_of_another_call_has_no_part_of_its_key() {
    let (first, second, cut, _) = two();
    let refused = refusal("wanted");
    let between = message("OPTIONS sip:a SIP/2.0", ("third", "OPTIONS"), "");
    let no_line_end = message("INFO sip:a SIP/2.0", ("third", "INFO"), "ends so");
    let unfinished = format!("{}{no_line_end}", &first[cut..]);
    let behind = format!("{unfinished}{second}");
    for (name, rest) in [
        ("directly", format!("{}{second}", &first[cut..])),
        (
            "with one between",
            format!("{}{between}{second}", &first[cut..]),
        ),
        ("behind a body without line end", behind),
    ] {
        let sent = [
            (true, 0, &first[..cut]),
            (true, cut, &rest),
            (false, 0, &refused),
        ];
        holds(name, &segments(&sent));
        // The key of the other call, as its first segment is of no wanted message.
        let place = Place::new();
        place.put("x.pcap", &segments(&sent));
        place.run(&[
            "extract",
            "x.pcap",
            "-o",
            "out.pcapng",
            "--call-id",
            "wanted",
        ]);
        let out = std::fs::read(place.path("out.pcapng")).expect("the capture");
        let starts = memchr::memmem::find_iter(&out, b"INVITE sip:").count();
        assert_eq!(starts, 1, "{name}: the first segment came too");
    }
}

#[test]
fn a_message_behind_a_line_that_nobody_ended_stays_as_it_was() {
    let third = message(
        "INFO sip:a SIP/2.0",
        ("third", "INFO"),
        "one word and another",
    );
    let (_, second, _, _) = two();
    let refused = refusal("wanted");
    let cut = third.len() - 11;
    let rest = format!("{}{second}", &third[cut..]);
    let sent = [
        (true, 0, &third[..cut]),
        (true, cut, &rest),
        (false, 0, &refused),
    ];
    holds("a line without end", &segments(&sent));
}

#[test]
fn a_segment_that_was_sent_again_from_within_a_key_has_no_part_of_it() {
    let (first, second, in_first, in_second) = two();
    let refused = refusal("wanted");
    let sent = [
        (true, 0, &second[..]),
        (false, 0, &refused),
        (true, in_second, &second[in_second..]),
    ];
    holds("of the call itself", &segments(&sent));
    let both = format!("{first}{second}");
    let sent = [
        (true, 0, &both[..]),
        (false, 0, &refused),
        (true, in_first, &both[in_first..]),
    ];
    holds("of the one before", &segments(&sent));
    let sent = [
        (true, 0, &first[..]),
        (true, in_first, &both[in_first..]),
        (false, 0, &refused),
    ];
    holds("with what is new", &segments(&sent));
}

#[test]
fn a_stream_that_begins_within_a_key_shows_no_part_of_it() {
    let (first, second, in_key, _) = two();
    let refused = refusal("wanted");
    let key = in_key - 3;
    for cut in [key - 7, key - 4, key - 1, key, key + 3, key + 30] {
        let rest = format!("{}{second}", &first[cut..]);
        let sent = [(true, 0, &rest[..]), (false, 0, &refused)];
        holds(&format!("from {cut}"), &segments(&sent));
        // The same behind a loss.
        let before = request("before", "INFO", "AAAA");
        let sent = [
            (true, 0, &before[..]),
            (true, before.len() + cut, &rest),
            (false, 0, &refused),
        ];
        holds(&format!("behind a loss, from {cut}"), &segments(&sent));
    }
}

/// A DATA chunk (RFC 9260 §3.3.1): flags, number, data.
type Chunk<'s> = (u8, u32, &'s str);

/// SCTP packets (RFC 9260 §3): who sends, and the chunks.
fn sctp(packets: &[(bool, &[Chunk<'_>])]) -> Vec<u8> {
    let packet = |(is_up, chunks): &(bool, &[Chunk<'_>])| {
        let mut ends: [SocketAddr; 2] = ENDS.map(|end| end.parse().expect("an address"));
        if !is_up {
            ends.reverse();
        }
        let mut packet = ends.map(|end| end.port().to_be_bytes()).concat();
        packet.extend([0, 0, 0, 7, 0, 0, 0, 0]);
        for (flags, number, data) in *chunks {
            let length = u16::try_from(data.len() + 16).expect("short");
            packet.extend([0, *flags]);
            packet.extend(length.to_be_bytes());
            packet.extend(number.to_be_bytes());
            packet.extend([0; 8]);
            packet.extend(data.as_bytes());
            packet.resize(packet.len().next_multiple_of(4), 0);
        }
        mirror::ethernet(&mirror::ip_packet(ends[0], ends[1], 132, &packet))
    };
    timed(packets.iter().map(packet))
}

#[test]
fn a_packet_with_chunks_of_another_call_has_no_part_of_its_key() {
    let (first, second, cut, in_second) = two();
    let refused = refusal("wanted");
    let down: (bool, &[Chunk<'_>]) = (false, &[(3, 1, &refused)]);
    let tail = (1, 2, &first[cut..]);
    let complete = [
        (true, &[(2, 1, &first[..cut])][..]),
        (true, &[tail, (3, 3, &second)]),
        down,
    ];
    holds("the end of a message", &sctp(&complete));
    holds("the end of one that was lost", &sctp(&complete[1..]));
    let middle = [
        (true, &[(2, 1, &first[..cut])][..]),
        (
            true,
            &[(0, 2, &first[cut..cut + 20]), (2, 4, &second[..in_second])],
        ),
        (
            true,
            &[(1, 3, &first[cut + 20..]), (1, 5, &second[in_second..])],
        ),
        down,
    ];
    holds("pieces side by side", &sctp(&middle));
}
