//! One refused call in a connection that begins before the capture, or with something else than SIP: the row is the
//! same, over plain TCP and inside TLS.

#![expect(
    clippy::disallowed_methods,
    reason = "these tests write the captures and read the output of the program"
)]

mod support;

use std::collections::BTreeMap;
use std::net::SocketAddr;

use support::ladder::Ladder;
use support::ladder::MORNING;
use support::mirror::Message;
use support::mirror::Record;
use support::mirror::capture;
use support::mirror::message_in;
use support::mirror::plain_hep3;
use support::stream::Passage;
use support::stream::Stream;
use support::tls::Tls;
use support::wire::Wire;

const LADDER: &str = "\
link raw
mtu 60000
sbc > teams  INVITE  with good
teams > sbc  100
teams > sbc  488  reason=srtp
sbc > teams  ACK
";

/// The link type of raw IP (tcpdump.org/linktypes.html).
const RAW: u32 = 101;

/// What one side sends at once; true where that is the client.
type Flight = (bool, Vec<u8>);

fn messages() -> Vec<Message> {
    let ladder = Ladder::play(LADDER, MORNING);
    let packets = ladder.packets.iter();
    packets
        .map(|packet| message_in(packet.time, &packet.bytes))
        .collect()
}

/// The messages, each as `wrap` makes it.
fn flights(wrap: impl Fn(bool, &[u8]) -> Vec<u8>) -> Vec<Flight> {
    let all = messages();
    let client = all[0].from;
    all.iter()
        .map(|message| {
            let by_client = message.from == client;
            (by_client, wrap(by_client, &message.bytes))
        })
        .collect()
}

/// A WebSocket message in one frame, masked where the client sends it (RFC 6455 §5.3).
fn frame(by_client: bool, message: &[u8]) -> Vec<u8> {
    let mask: &[u8] = if by_client {
        &[0x9A, 1, 0xF3, 0x44]
    } else {
        &[]
    };
    let bit = if by_client { 0x80 } else { 0 };
    let length = u16::try_from(message.len()).expect("a message is short");
    let header = if length < 126 {
        vec![0x82, bit | u8::try_from(length).expect("short")]
    } else {
        [&[0x82, bit | 0x7E][..], &length.to_be_bytes()].concat()
    };
    let masks = mask.iter().chain(&[0; 4]).take(4).cycle();
    let payload = message.iter().zip(masks).map(|(byte, mask)| byte ^ mask);
    [header, mask.to_vec(), payload.collect()].concat()
}

/// How a connection is captured.
#[derive(Clone, Copy)]
struct How {
    /// The first bytes of each side that the capture has not; where there are none, it has the opening.
    missing: usize,
    segment: usize,
    /// The segment of the first flight that the capture lost.
    lost: Option<usize>,
}

const WHOLE: How = How {
    missing: 0,
    segment: 1348,
    lost: None,
};

/// The packets of one connection that carries these flights.
fn packets(flights: &[Flight], how: How) -> Vec<Record> {
    let all = messages();
    let (client, server): (SocketAddr, SocketAddr) = ((all[0].from.ip(), 50_001).into(), all[0].to);
    let mut wire = Wire::counting_from(1);
    let (mut stream, opening) = Stream::open(client, server, [1_000, 9_000], &mut wire);
    let mut sent = if how.missing == 0 {
        opening
    } else {
        Vec::new()
    };
    let mut begun = [how.missing; 2];
    let mut lost = how.lost;
    for (by_client, bytes) in flights {
        let missing = &mut begun[usize::from(!by_client)];
        let rest = &bytes[(*missing).min(bytes.len())..];
        *missing = 0;
        let passage = Passage {
            missing: lost.take(),
            ..Passage::default()
        };
        sent.extend(stream.send(*by_client, rest, how.segment, &passage, &mut wire));
    }
    sent.extend(stream.close(true, &mut wire));
    let times = (MORNING..).step_by(1_000_000);
    times
        .zip(sent)
        .map(|(time, (.., bytes))| (time, bytes))
        .collect()
}

/// The flights inside TLS, and the key log.
fn inside_tls(flights: &[Flight]) -> (Vec<Flight>, String) {
    let mut tls = Tls::named("begun late");
    let mut all = tls.handshake("sip.pstnhub.microsoft.com");
    all.extend(
        flights
            .iter()
            .map(|(by_client, bytes)| (*by_client, tls.seal(*by_client, bytes))),
    );
    (all, tls.key_log())
}

/// The rows that a capture of these packets gives.
fn rows(records: &[Record], keys: &str) -> Vec<BTreeMap<String, String>> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("x.pcap"), capture(RAW, records)).expect("it is written");
    std::fs::write(folder.path().join("x.keylog"), keys).expect("it is written");
    let output = assert_cmd::Command::cargo_bin("sip488")
        .expect("the program")
        .current_dir(folder.path())
        .args(["analyze", "-q", "x.pcap"])
        .output()
        .expect("the program runs");
    let mut csv = csv::Reader::from_reader(&output.stdout[..]);
    csv.deserialize().map(|row| row.expect("a row")).collect()
}

#[track_caller]
fn assert_refused(records: &[Record], keys: &str, transport: &str) {
    let rows = rows(records, keys);
    assert_eq!(rows.len(), 1, "one call");
    let columns = ["case", "verdict", "outcome", "final_status", "transport"];
    assert_eq!(
        columns.map(|column| rows[0][column].as_str()),
        [
            "srtp-encryption-required",
            "contradicted",
            "rejected",
            "488",
            transport
        ]
    );
}

/// The call in these flights, over plain TCP and inside TLS, in segments of several sizes.
#[track_caller]
fn assert_read(flights: &[Flight]) {
    let (sealed, keys) = inside_tls(flights);
    for segment in [1348, 23] {
        let how = How { segment, ..WHOLE };
        assert_refused(&packets(flights, how), "", "tcp");
        assert_refused(&packets(&sealed, how), &keys, "tls");
    }
}

fn upgrade() -> Vec<Flight> {
    vec![
        (
            true,
            b"GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n".to_vec(),
        ),
        (
            false,
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n".to_vec(),
        ),
    ]
}

fn asked() -> Flight {
    (
        true,
        b"CONNECT sip.example:5061 HTTP/1.1\r\nHost: sip.example\r\n\r\n".to_vec(),
    )
}

#[test]
fn a_websocket_whose_upgrade_was_before_the_capture_is_read() {
    assert_read(&flights(frame));
    for missing in [1, 3, 30, 300] {
        let how = How { missing, ..WHOLE };
        let before = [
            (true, frame(true, &[b'x'; 400])),
            (false, frame(false, &[b'x'; 400])),
        ];
        let flights = [&before[..], &flights(frame)].concat();
        assert_refused(&packets(&flights, how), "", "tcp");
    }
}

#[test]
fn a_websocket_behind_other_http_is_read() {
    let refused = [
        upgrade()[0].clone(),
        (
            false,
            b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 5\r\n\r\nnope!".to_vec(),
        ),
    ];
    let page = [
        (true, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec()),
        (
            false,
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
                .to_vec(),
        ),
    ];
    assert_read(&[&refused[..], &upgrade(), &flights(frame)].concat());
    assert_read(&[&page[..], &refused, &upgrade(), &flights(frame)].concat());
}

#[test]
fn a_proxy_line_is_taken_off_inside_tls_too() {
    let one = b"PROXY TCP4 192.0.2.99 52.114.75.24 40000 5061\r\n".to_vec();
    let two = [
        &b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0C"[..],
        &[192, 0, 2, 99, 52, 114, 75, 24, 0x9C, 0x40, 0x13, 0xC5],
    ]
    .concat();
    for line in [one, two] {
        let before = [(true, line)];
        let plain = flights(|_, message| message.to_vec());
        let socket = [upgrade(), flights(frame)].concat();
        for flights in [plain, socket] {
            let (sealed, keys) = inside_tls(&[&before[..], &flights].concat());
            assert_refused(&packets(&sealed, WHOLE), &keys, "tls");
            let joined = [
                vec![(true, [&before[0].1[..], &flights[0].1].concat())],
                flights[1..].to_vec(),
            ]
            .concat();
            let (sealed, keys) = inside_tls(&joined);
            assert_refused(&packets(&sealed, WHOLE), &keys, "tls");
        }
    }
}

#[test]
fn a_proxy_that_asks_who_is_there_is_passed_over() {
    let refused = (
        false,
        b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 3\r\n\r\nbad".to_vec(),
    );
    let opened = (false, b"HTTP/1.1 200 OK\r\n\r\n".to_vec());
    let before = [asked(), refused.clone(), asked(), refused, asked(), opened];
    let plain = flights(|_, message| message.to_vec());
    let (sealed, keys) = inside_tls(&plain);
    for segment in [1348, 23] {
        let how = How { segment, ..WHOLE };
        assert_refused(&packets(&[&before[..], &plain].concat(), how), "", "tcp");
        let socket = [&before[..], &upgrade(), &flights(frame)].concat();
        assert_refused(&packets(&socket, how), "", "tcp");
        assert_refused(
            &packets(&[&before[..], &sealed].concat(), how),
            &keys,
            "tls",
        );
    }
}

#[test]
fn a_mirror_whose_first_packet_was_before_the_capture_is_read() {
    let mut mirror = vec![b'x'; 300];
    mirror.splice(..6, *b"HEP3\x01\x2C");
    for message in messages() {
        mirror.extend(plain_hep3(&message));
    }
    for missing in [1, 6, 50] {
        for segment in [1348, 23] {
            let how = How {
                missing,
                segment,
                lost: None,
            };
            assert_refused(&packets(&[(true, mirror.clone())], how), "", "udp");
        }
    }
}

#[test]
fn a_frame_over_several_segments_behind_a_loss_is_read() {
    let mut all = upgrade();
    all.extend(flights(frame));
    let first = all.remove(0);
    let before = frame(true, &[b'x'; 900]);
    all.insert(0, (true, [first.1, before].concat()));
    // The client's INVITE takes several segments, right behind what is lost.
    let how = How {
        missing: 0,
        segment: 200,
        lost: Some(3),
    };
    let last = all[0].1.len() % 200;
    assert!(last > 0, "the end of a frame is there, behind the loss");
    assert_refused(&packets(&all, how), "", "tcp");
}
