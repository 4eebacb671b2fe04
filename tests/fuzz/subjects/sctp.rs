//! SCTP packets → user messages.

use std::net::IpAddr;
use std::net::Ipv4Addr;

use sip488::packet::Endpoint;
use sip488::packet::Sctp;
use sip488::transport::sctp::Associations;

use super::Subject;
use super::script::Script;
use super::script::counted;

pub(crate) const SUBJECT: Subject = Subject {
    name: "sctp",
    dictionary: &[
        b"\x00\x03\x00",
        b"\x00\x02\x00",
        b"\x00\x00\x00",
        b"\x00\x01\x00",
        b"\x40\x03\x00",
        b"\xff\xff",
    ],
    longest: 16 << 10,
    run,
};

/// Each step: the direction, and a packet's chunks.
fn run(bytes: &[u8]) {
    let mut script = Script::new(bytes);
    let mut associations = Associations::default();
    let (mut fed, mut told) = (0, 0);
    while let Some(kind) = script.byte() {
        let end = |port| Endpoint {
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port,
        };
        let chunks = script.counted();
        fed += chunks.len();
        let packet = Sctp {
            from: end(5_060 + u16::from(kind & 1)),
            to: end(5_061 - u16::from(kind & 1)),
            verification_tag: u32::from(kind >> 4),
            chunks,
            is_cut: kind & 2 != 0,
        };
        associations.feed(&packet, &mut |message| told += message.bytes.len());
    }
    assert!(told <= fed, "more came out than was sent");
}

/// A message in one chunk, and one in three.
pub(crate) fn inputs(message: &[u8]) -> Vec<Vec<u8>> {
    let chunk = |flags: u8, number: u8, bytes: &[u8]| {
        let length = u16::try_from(bytes.len() + 16).expect("a chunk is short");
        let padding = vec![0; (4 - bytes.len() % 4) % 4];
        [
            &[0, flags][..],
            &length.to_be_bytes(),
            &[0, 0, 0, number, 0, 0, 0, 0, 0, 0, 0, 0],
            bytes,
            &padding,
        ]
        .concat()
    };
    let packet = |chunks: &[u8]| [&[0][..], &counted(chunks)].concat();
    let third = message.len() / 3;
    let (first, rest) = message.split_at(third);
    let (second, last) = rest.split_at(third);
    let fragments = [
        packet(&chunk(2, 1, first)),
        packet(&chunk(0, 2, second)),
        packet(&chunk(1, 3, last)),
    ];
    vec![packet(&chunk(3, 1, message)), fragments.concat()]
}
