//! TLS records whose keys are known, and others → plaintext.
//!
//! No change of a protected record survives its authentication, so a script can have the right keys protect any bytes.

use sip488::transport::tls::KeyLog;

use super::Subject;
use super::script::Script;
use super::wrapping;
use crate::support::tls::Tls;

pub(crate) const SUBJECT: Subject = Subject {
    name: "tls",
    dictionary: &[
        b"\x16\x03\x01\x00",
        b"\x16\x03\x03\x00",
        b"\x17\x03\x03\x00",
        b"\x14\x03\x03\x00\x01\x01",
        b"\x15\x03\x03\x00\x02",
        b"\x01\x00\x00",
        b"\x02\x00\x00",
        b"\x00\x2b\x00\x02\x03\x04",
        b"\x00\x16\x00\x00",
        b"\x13\x01",
        b"\x00\x2f",
        b"\xc0\x2f",
        b"\x18\x00\x00\x01\x00",
        b"PROXY TCP4 ",
        b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n",
        b"INVITE sip:a SIP/2.0\r\n",
    ],
    longest: 16 << 10,
    run,
};

/// Each step: what to do, whose direction, and bytes. 0: they are sent; 1: they are lost; 2: they are sent as data,
/// protected; 3: the next flight of the handshake is sent.
fn run(bytes: &[u8]) {
    let mut tls = Tls::named("fuzz");
    let mut keys = KeyLog::default();
    keys.read(tls.key_log().as_bytes());
    let mut flights = Vec::new();
    let mut script = Script::new(bytes);
    let mut sent = Vec::new();
    while let Some(kind) = script.byte() {
        let (by_client, bytes) = (kind & 1 == 0, script.counted());
        match kind >> 1 & 3 {
            0 => sent.extend(wrapping::input([(usize::from(!by_client), bytes)])),
            1 => {
                let lost = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
                sent.push(2 | u8::from(!by_client));
                sent.extend(lost.to_le_bytes());
            }
            2 => {
                let record = tls.seal(by_client, bytes.get(..16_000).unwrap_or(bytes));
                sent.extend(wrapping::input([(usize::from(!by_client), &record[..])]));
            }
            _ => {
                if flights.is_empty() && sent.len() < 64 {
                    flights = tls.handshake("sip.pstnhub.microsoft.com");
                    flights.reverse();
                }
                if let Some((by_client, flight)) = flights.pop() {
                    sent.extend(wrapping::input([(usize::from(!by_client), &flight[..])]));
                }
            }
        }
    }
    wrapping::play(&sent, &keys);
}

/// A handshake and a message each way, whole, and with a loss between them.
pub(crate) fn inputs(message: &[u8]) -> Vec<Vec<u8>> {
    let step = |kind: u8, bytes: &[u8]| [&[kind][..], &super::script::counted(bytes)].concat();
    let flight = step(6, b"");
    let handshake = [&flight[..], &flight, &flight].concat();
    let lost = step(2, b"lost");
    vec![
        [&handshake[..], &step(4, message), &step(5, message)].concat(),
        [&handshake[..], &step(4, message), &lost, &step(4, message)].concat(),
        [&step(4, message)[..], &step(0, b"\x17\x03\x03\x00\x20")].concat(),
    ]
}
