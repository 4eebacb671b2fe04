//! A record's bytes → packet: link types, tunnels, Exported PDUs, HEP, AudioCodes debug recording, IP, UDP, TCP.

use sip488::capture::record::LinkType;
use sip488::capture::record::Nanos;
use sip488::capture::record::Record;
use sip488::packet::Packet;
use sip488::packet::decode;

use super::Subject;
use super::script::Script;

pub(crate) const SUBJECT: Subject = Subject {
    name: "packet",
    dictionary: &[
        b"\x08\x00\x45\x00",
        b"\x86\xdd\x60\x00",
        b"\x81\x00",
        b"\x88\xa8",
        b"\x88\x47",
        b"\x88\x64",
        b"\x65\x58",
        b"\x89\x4f",
        b"\x00\x00\x08\x00",
        b"\x20\x00\x08\x00",
        b"\x12\xb5",
        b"\x17\xc1",
        b"\x08\x68",
        b"\x06\xa5",
        b"HEP3",
        b"\x02\x10\x02\x11",
        b"\x23\x92",
        b"\x13\xc4",
        b"\x00\x0c\x00\x04sip\x00",
        b"\x00\x0e\x00\x04\x73\x69\x70\x00",
        b"\x1f\x8b\x08",
        b"\x45\x00\x00\x1c",
        b"\xff\xff",
    ],
    longest: 4 << 10,
    run,
};

/// The first two bytes are the link type, the third how much the snap length cut.
fn run(bytes: &[u8]) {
    let mut script = Script::new(bytes);
    let link = LinkType(script.short());
    let cut = script.byte().unwrap_or_default();
    let data = script.bytes(usize::MAX);
    let record = Record {
        time: Nanos(0),
        link,
        original_len: u32::try_from(data.len()).unwrap_or(u32::MAX) + u32::from(cut),
        data,
    };
    let packet = decode(&record);
    let held = match &packet {
        Packet::Done(_) => 0,
        Packet::Datagram(datagram) => datagram.payload.len(),
        Packet::Segment(segment) => segment.payload.len(),
        Packet::Fragment(fragment) => fragment.payload.len(),
        Packet::Sctp(packet) => packet.chunks.len(),
        Packet::Enclosed(enclosed) => {
            let mut next = Some(*enclosed);
            while let Some(enclosed) = next {
                let bound = (enclosed.payload.len() * 16).max(enclosed.payload.len());
                assert!(enclosed.message().len() <= bound, "inflated beyond reason");
                next = enclosed.following();
            }
            enclosed.payload.len()
        }
    };
    assert!(held <= data.len(), "a payload is a part of its record");
    assert_eq!(packet, decode(&record), "nothing is remembered");
}

/// An input with this record.
pub(crate) fn input(link: LinkType, data: &[u8]) -> Vec<u8> {
    [&link.0.to_le_bytes()[..], &[0], data].concat()
}
