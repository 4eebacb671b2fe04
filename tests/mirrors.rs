//! One refused call, as SBCs, mirrors, converters and Wireshark itself write it: whatever wraps it, the row is the same.

#![expect(
    clippy::disallowed_methods,
    reason = "these tests write the captures and read the output of the program"
)]

mod support;

use std::collections::BTreeMap;
use std::io::Write;

use serde_json::Value;

use support::ladder::Ladder;
use support::ladder::MORNING;
use support::mirror::Message;
use support::mirror::Record;
use support::mirror::capture;
use support::mirror::chunk;
use support::mirror::datagram;
use support::mirror::debug_recording;
use support::mirror::ethernet;
use support::mirror::hep3;
use support::mirror::ip_packet;
use support::mirror::message_in;
use support::mirror::microseconds;
use support::mirror::mirrored;
use support::mirror::octets;
use support::mirror::plain_hep3;
use support::mirror::seconds;
use support::mirror::tag;

const LADDER: &str = "\
link raw
mtu 60000
sbc > teams  INVITE  with good
teams > sbc  100
teams > sbc  488  reason=srtp
sbc > teams  ACK
";

/// Link types (tcpdump.org/linktypes.html).
const ETHERNET: u32 = 1;
const RAW: u32 = 101;
const COOKED: u32 = 113;
const EXPORTED_PDU: u32 = 252;

/// How much later than the call the packets of a mirror are.
const LATER: u64 = 3_000_000_000;

/// What a run gives: the one row, and the summary.
struct Outcome {
    row: BTreeMap<String, String>,
    summary: Value,
}

impl Outcome {
    fn count(&self, path: &str) -> u64 {
        let found = path
            .split('.')
            .fold(&self.summary, |value, key| &value[key]);
        found.as_u64().unwrap_or(0)
    }
}

fn messages() -> Vec<Message> {
    let ladder = Ladder::play(LADDER, MORNING);
    let packets = ladder.packets.iter();
    packets
        .map(|packet| message_in(packet.time, &packet.bytes))
        .collect()
}

fn analyze(link: u32, records: &[Record]) -> Outcome {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("capture.pcap");
    std::fs::write(path, capture(link, records)).expect("the capture is written");
    let summary = folder.path().join("summary.json");
    let output = assert_cmd::Command::cargo_bin("sip488")
        .expect("the program")
        .current_dir(folder.path())
        .args(["analyze", "-q", "--summary", "summary.json", "capture.pcap"])
        .output()
        .expect("the program runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let mut csv = csv::Reader::from_reader(&output.stdout[..]);
    let mut rows: Vec<BTreeMap<String, String>> =
        csv.deserialize().map(|row| row.expect("a row")).collect();
    assert_eq!(rows.len(), 1, "{}", String::from_utf8_lossy(&output.stdout));
    let summary = std::fs::read(&summary).expect("the summary is there");
    Outcome {
        row: rows.remove(0),
        summary: serde_json::from_slice(&summary).expect("the summary is JSON"),
    }
}

/// The call in plain UDP.
fn plain() -> Outcome {
    let records: Vec<Record> = messages()
        .iter()
        .map(|message| {
            (
                message.time,
                datagram(message.from, message.to, &message.bytes),
            )
        })
        .collect();
    analyze(RAW, &records)
}

/// The call with each message wrapped.
fn wrapped(link: u32, later: u64, wrap: impl Fn(&Message) -> Vec<u8>) -> Outcome {
    let records: Vec<Record> = messages()
        .iter()
        .map(|message| (message.time + later, wrap(message)))
        .collect();
    analyze(link, &records)
}

/// Compares all cells but those named, and the counts.
fn assert_same(outcome: &Outcome, but: &[(&str, &str)]) {
    let mut wanted = plain().row;
    for (column, cell) in but {
        wanted.insert((*column).to_owned(), (*cell).to_owned());
    }
    assert_eq!(outcome.row, wanted);
    assert_eq!(outcome.count("sip.messages"), 4);
    assert_eq!(outcome.count("packets.sip"), 4);
}

#[test]
fn hep_3_has_the_inner_addresses_and_the_inner_time() {
    for port in [9060, 5060, 12_345] {
        let outcome = wrapped(RAW, LATER, |message| mirrored(port, &plain_hep3(message)));
        assert_same(&outcome, &[]);
    }
}

#[test]
fn hep_3_says_what_carried_the_message() {
    for (protocol, name) in [(6, "tcp"), (22, "tls"), (132, "sctp")] {
        let outcome = wrapped(RAW, LATER, |message| {
            mirrored(9060, &hep3(message, protocol, &chunk(15, &message.bytes)))
        });
        assert_same(&outcome, &[("transport", name)]);
    }
}

#[test]
fn hep_3_with_a_compressed_payload_is_the_same_call() {
    let outcome = wrapped(RAW, LATER, |message| {
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        zlib.write_all(&message.bytes).expect("memory takes it");
        let deflated = zlib.finish().expect("memory takes it");
        mirrored(9060, &hep3(message, 17, &chunk(16, &deflated)))
    });
    assert_same(&outcome, &[]);
}

#[test]
fn several_hep_messages_in_a_datagram_are_a_message_each() {
    let all: Vec<u8> = messages().iter().flat_map(plain_hep3).collect();
    let outcome = analyze(RAW, &[(messages()[0].time, mirrored(9060, &all))]);
    let mut wanted = plain().row;
    wanted.insert("response_frame".to_owned(), "1".to_owned());
    assert_eq!(outcome.row, wanted);
    assert_eq!(outcome.count("sip.messages"), 4);
    assert_eq!(outcome.count("packets.sip"), 1);
}

#[test]
fn hep_1_and_2_are_the_same_call() {
    let header = |message: &Message, version| {
        let ports = [message.from.port(), message.to.port()].map(u16::to_be_bytes);
        let ends = [octets(message.from), octets(message.to)];
        [&[version, 16, 2, 17][..], &ports.concat(), &ends.concat()].concat()
    };
    let first = wrapped(RAW, 0, |message| {
        mirrored(9060, &[&header(message, 1)[..], &message.bytes].concat())
    });
    assert_same(&first, &[]);
    for in_order in [u32::to_le_bytes as fn(u32) -> [u8; 4], u32::to_be_bytes] {
        let second = wrapped(RAW, LATER, |message| {
            let time = [seconds(message), microseconds(message), 1]
                .map(in_order)
                .concat();
            mirrored(
                9060,
                &[&header(message, 2)[..], &time, &message.bytes].concat(),
            )
        });
        assert_same(&second, &[]);
    }
}

#[test]
fn hep_with_lengths_that_lie_loses_only_itself() {
    let mut records = Vec::new();
    for message in messages() {
        let good = plain_hep3(&message);
        for at in [4, 10, 16, 40, 60] {
            for lie in [0_u16, 5, 6, 40, u16::MAX] {
                let mut bad = good.clone();
                bad[at..at + 2].copy_from_slice(&lie.to_be_bytes());
                // So that what can be read of it is no message of the call.
                let method = bad.iter().rposition(|byte| *byte == b'\n').expect("a line");
                bad.truncate(method.min(180));
                records.push((message.time + LATER, mirrored(9060, &bad)));
            }
        }
        records.push((message.time + LATER, mirrored(9060, &good)));
    }
    let outcome = analyze(RAW, &records);
    for column in [
        "call_id",
        "case",
        "verdict",
        "source",
        "destination",
        "final_status",
    ] {
        assert_eq!(outcome.row[column], plain().row[column], "{column}");
    }
    assert_eq!(outcome.count("packets.total"), 4 * 26);
}

#[test]
fn an_exported_pdu_is_the_same_call_and_via_says_what_carried_it() {
    let ends = |message: &Message| {
        [
            tag(20, &octets(message.from)),
            tag(21, &octets(message.to)),
            tag(24, &[0, 0, 0, 2]),
            tag(25, &u32::from(message.from.port()).to_be_bytes()),
            tag(26, &u32::from(message.to.port()).to_be_bytes()),
            tag(0, &[]),
        ]
        .concat()
    };
    // Whatever it was on the wire: Via is what is left of it.
    for (transport, name) in [("UDP", "udp"), ("tcp", "tcp"), ("TLS", "tls")] {
        for dissector in [tag(12, b"sip\0"), tag(13, b"sip_udp"), tag(14, b"udp.port")] {
            let outcome = wrapped(EXPORTED_PDU, 0, |message| {
                let message_via = via(message, transport);
                [&dissector[..], &ends(message), &message_via].concat()
            });
            assert_same(&outcome, &[("transport", name)]);
        }
    }
}

/// The message with another transport in its Vias.
fn via(message: &Message, transport: &str) -> Vec<u8> {
    let text = String::from_utf8(message.bytes.clone()).expect("ASCII");
    assert!(text.contains("SIP/2.0/TLS"), "{text}");
    text.replace("SIP/2.0/TLS", &format!("SIP/2.0/{transport}"))
        .into_bytes()
}

#[test]
fn an_export_without_addresses_still_gives_the_verdict() {
    let outcome = wrapped(EXPORTED_PDU, 0, |message| {
        [&tag(12, b"sip"), &tag(0, &[])[..], &message.bytes].concat()
    });
    for column in [
        "call_id",
        "case",
        "verdict",
        "outcome",
        "start_time",
        "caller",
    ] {
        assert_eq!(outcome.row[column], plain().row[column], "{column}");
    }
    for column in ["source", "destination"] {
        assert_eq!(outcome.row[column], "", "{column}");
    }
}

#[test]
fn debug_recording_of_sip_is_the_same_call() {
    let outcome = wrapped(RAW, 0, |message| {
        let ends = [octets(message.from), octets(message.to)].concat();
        let ports = [message.from.port(), message.to.port()]
            .map(u16::to_be_bytes)
            .concat();
        let extension = [&ends[..], &ports, &[17, 1]].concat();
        debug_recording(10, &extension, &message.bytes)
    });
    assert_same(&outcome, &[]);
}

#[test]
fn debug_recording_of_tls_is_the_same_call() {
    let outcome = wrapped(RAW, 0, |message| {
        let ends = [octets(message.from), octets(message.to)].concat();
        let ports = [message.from.port(), message.to.port()]
            .map(u16::to_be_bytes)
            .concat();
        let extension = [&ports[..], &ends, &[3]].concat();
        debug_recording(34, &extension, &message.bytes)
    });
    assert_same(&outcome, &[("transport", "tls")]);
}

fn sctp(message: &Message, chunks: &[u8]) -> Vec<u8> {
    let ports = [message.from.port(), message.to.port()]
        .map(u16::to_be_bytes)
        .concat();
    let tag = if message.from < message.to {
        0x1234_5678_u32
    } else {
        0x8765_4321
    };
    let packet = [&ports[..], &tag.to_be_bytes(), &[0; 4], chunks].concat();
    ip_packet(message.from, message.to, 132, &packet)
}

fn data_chunk(flags: u8, number: u32, bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len() + 16).expect("a chunk");
    let header = [
        &[0, flags][..],
        &length.to_be_bytes(),
        &number.to_be_bytes(),
        &[0; 8],
    ]
    .concat();
    let mut chunk = [&header[..], bytes].concat();
    chunk.resize(chunk.len().next_multiple_of(4), 0);
    chunk
}

#[test]
fn sctp_is_the_same_call() {
    let outcome = wrapped(RAW, 0, |message| {
        let number = u32::try_from(message.time / 1_000_000 % 1_000_000).expect("small");
        sctp(message, &data_chunk(3, number, &message.bytes))
    });
    assert_same(&outcome, &[("transport", "sctp")]);
}

#[test]
fn sctp_in_fragments_out_of_order_and_sent_again_is_the_same_call() {
    let mut records = Vec::new();
    for message in messages() {
        let first = u32::try_from(message.time / 1_000_000 % 1_000_000).expect("small") * 4;
        let (head, tail) = message.bytes.split_at(message.bytes.len() / 2);
        let last = sctp(&message, &data_chunk(1, first + 1, tail));
        records.push((message.time - 2_000, last.clone()));
        records.push((message.time - 1_000, last));
        records.push((message.time, sctp(&message, &data_chunk(2, first, head))));
    }
    let outcome = analyze(RAW, &records);
    let mut wanted = plain().row;
    wanted.insert("transport".to_owned(), "sctp".to_owned());
    wanted.insert("invite_frame".to_owned(), "3".to_owned());
    wanted.insert("response_frame".to_owned(), "9".to_owned());
    assert_eq!(outcome.row, wanted);
    assert_eq!(outcome.count("sip.messages"), 4);
    assert_eq!(outcome.count("packets.total"), 12);
}

#[test]
fn lengths_of_zero_and_dummy_ethernet_are_the_same_call() {
    // A converter that leaves the lengths to nobody: neither IP nor UDP says how long it is.
    for zeroes in [vec![2, 3], vec![24, 25], vec![2, 3, 24, 25]] {
        let outcome = wrapped(ETHERNET, 0, |message| {
            let mut packet = datagram(message.from, message.to, &message.bytes);
            for place in &zeroes {
                packet[*place] = 0;
            }
            ethernet(&packet)
        });
        assert_same(&outcome, &[]);
    }
}

#[test]
fn a_datagram_longer_than_any_length_field_is_read_whole() {
    let outcome = wrapped(ETHERNET, 0, |message| {
        let text = String::from_utf8(message.bytes.clone()).expect("ASCII");
        let (head, body) = text.split_once("\r\n\r\n").expect("a message");
        let mut message = Message {
            bytes: message.bytes.clone(),
            ..*message
        };
        if !body.is_empty() {
            let body = body.to_owned() + &"a=x-padding:as converters see it\r\n".repeat(2_500);
            let lines = head
                .split("\r\n")
                .filter(|line| !line.starts_with("Content-Length"));
            let head = lines.collect::<Vec<&str>>().join("\r\n");
            message.bytes =
                format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes();
            assert!(message.bytes.len() > 65_535);
        }
        // VoIPmonitor writes such a datagram with both lengths zero.
        let mut packet = datagram(message.from, message.to, &[]);
        packet[2..4].fill(0);
        packet[24..26].fill(0);
        packet.extend_from_slice(&message.bytes);
        ethernet(&packet)
    });
    assert_same(&outcome, &[]);
}

#[test]
fn what_via_says_does_not_change_what_carried_the_packet() {
    for transport in ["TLS", "TCP", "UDP"] {
        let outcome = wrapped(RAW, 0, |message| {
            datagram(message.from, message.to, &via(message, transport))
        });
        assert_same(&outcome, &[("transport", "udp")]);
    }
}

#[test]
fn the_any_interface_shows_a_packet_twice_and_the_call_once() {
    let mut records = Vec::new();
    for message in messages() {
        let packet = datagram(message.from, message.to, &message.bytes);
        for (later, direction) in [(0, 0_u8), (7_000, 4)] {
            let header = [0, direction, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 8, 0];
            records.push((message.time + later, [&header[..], &packet].concat()));
        }
    }
    let outcome = analyze(COOKED, &records);
    let mut wanted = plain().row;
    wanted.insert("invite_frame".to_owned(), "1".to_owned());
    wanted.insert("response_frame".to_owned(), "5".to_owned());
    assert_eq!(outcome.row, wanted);
    assert_eq!(outcome.count("sip.messages"), 8);
    assert_eq!(
        (outcome.count("calls"), outcome.count("rejections")),
        (1, 1)
    );
}
