//! The samples whose SIP is not plain in its packets: inside TLS, a mirror's packets, an export, a compressed file.

use std::io::Write;
use std::net::SocketAddr;

use super::ladder::Ladder;
use super::mirror;
use super::mirror::Message;
use super::mirror::Record;
use super::stream::Passage;
use super::stream::Stream;
use super::tls::Tls;
use super::wire::Wire;

/// Link types (tcpdump.org/linktypes.html).
const RAW: u32 = 101;
const EXPORTED_PDU: u32 = 252;

/// A file: its name, and its bytes.
type File = (String, Vec<u8>);

/// One refused call of `ladder` in each wrapping. `start` gives when each begins.
pub(crate) fn samples(ladder: &str, mut start: impl FnMut() -> u64) -> Vec<File> {
    let mut call = |name: &str| {
        let call = ladder.replace("call ", &format!("call {name}-"));
        let ladder = format!("link raw\nmtu 60000\n{call}");
        let played = Ladder::play(&ladder, start());
        let messages = played
            .packets
            .iter()
            .map(|packet| mirror::message_in(packet.time, &packet.bytes));
        messages.collect::<Vec<Message>>()
    };
    let wrapped = |messages: &[Message], wrap: fn(&Message) -> Vec<u8>| -> Vec<Record> {
        messages
            .iter()
            .map(|message| (message.time, wrap(message)))
            .collect()
    };
    let hep = wrapped(&call("hep"), |message| {
        mirror::mirrored(9060, &mirror::plain_hep3(message))
    });
    let recorded = wrapped(&call("acdr"), mirror::recorded_sip);
    let exported = wrapped(&call("export"), mirror::exported_pdu);
    let plain = wrapped(&call("gzip"), |message| {
        mirror::datagram(message.from, message.to, &message.bytes)
    });
    let (outside, outside_keys) = over_tls(&call("tls"), "tls");
    let (inside, inside_keys) = over_tls(&call("tls-inside"), "tls-inside");
    vec![
        ("hep.pcap".to_owned(), mirror::capture(RAW, &hep)),
        (
            "audiocodes-debug-recording.pcap".to_owned(),
            mirror::capture(RAW, &recorded),
        ),
        (
            "exported-pdus.pcap".to_owned(),
            mirror::capture(EXPORTED_PDU, &exported),
        ),
        (
            "plain.pcap.gz".to_owned(),
            compressed(&mirror::capture(RAW, &plain)),
        ),
        ("tls.pcap".to_owned(), mirror::capture(RAW, &outside)),
        ("tls.keylog".to_owned(), outside_keys.into_bytes()),
        (
            "tls-with-keys-inside.pcapng".to_owned(),
            with_keys(&inside, &inside_keys),
        ),
    ]
}

/// The messages over one TLS connection, and its key log. The one who speaks first opens the connection.
fn over_tls(messages: &[Message], name: &str) -> (Vec<Record>, String) {
    let first = messages.first().expect("a ladder has messages");
    let port = u16::try_from(50_000 + first.time / 1_000_000_000 % 10_000).expect("a port");
    let client: SocketAddr = (first.from.ip(), port).into();
    let mut tls = Tls::named(name);
    let mut wire = Wire::counting_from(1);
    let mut time = first.time - 100_000_000;
    let (mut stream, opening) = Stream::open(client, first.to, [1_000, 9_000], &mut wire);
    let mut records = Vec::new();
    let mut put = |time: u64, packets: Vec<(SocketAddr, SocketAddr, Vec<u8>)>| {
        for (place, (_, _, bytes)) in (0..).zip(packets) {
            records.push((time + place * 50_000, bytes));
        }
    };
    put(time, opening);
    for (by_client, flight) in tls.handshake("sip.pstnhub.microsoft.com") {
        time += 20_000_000;
        put(
            time,
            stream.send(by_client, &flight, 1348, &Passage::default(), &mut wire),
        );
    }
    for message in messages {
        let by_client = message.from == first.from;
        let record = tls.seal(by_client, &message.bytes);
        put(
            message.time,
            stream.send(by_client, &record, 1348, &Passage::default(), &mut wire),
        );
    }
    (records, tls.key_log())
}

fn compressed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

/// A pcapng file with a Decryption Secrets Block before its packets, as Wireshark saves it.
fn with_keys(records: &[Record], key_log: &str) -> Vec<u8> {
    let length = |bytes: &[u8]| {
        u32::try_from(bytes.len())
            .expect("a sample is small")
            .to_le_bytes()
    };
    let block = |kind: u32, body: &[u8]| {
        let mut body = body.to_vec();
        body.resize(body.len().next_multiple_of(4), 0);
        let whole = u32::try_from(body.len() + 12)
            .expect("a sample is small")
            .to_le_bytes();
        [&kind.to_le_bytes()[..], &whole, &body, &whole].concat()
    };
    let section = [
        &0x1A2B_3C4D_u32.to_le_bytes()[..],
        &[1, 0, 0, 0],
        &[0xFF; 8],
    ]
    .concat();
    // Raw IP, and if_tsresol 9: nanoseconds.
    let interface = [101, 0, 0, 0, 0, 0, 4, 0, 9, 0, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0];
    let secrets = [
        &0x544C_534B_u32.to_le_bytes()[..],
        &length(key_log.as_bytes()),
        key_log.as_bytes(),
    ]
    .concat();
    let mut file = [
        block(0x0A0D_0D0A, &section),
        block(1, &interface),
        block(10, &secrets),
    ]
    .concat();
    for (time, bytes) in records {
        let [high, low] =
            [time >> 32, time & 0xFFFF_FFFF].map(|half| u32::try_from(half).expect("a half"));
        let head = [0, high, low].map(u32::to_le_bytes).concat();
        file.extend(block(
            6,
            &[&head[..], &length(bytes), &length(bytes), bytes].concat(),
        ));
    }
    file
}
