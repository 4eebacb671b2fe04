//! Messages as mirrors, SBCs and Wireshark enclose them: HEP, AudioCodes debug recording, Exported PDU.

use std::net::IpAddr;
use std::net::SocketAddr;

use etherparse::NetSlice;
use etherparse::SlicedPacket;
use etherparse::TransportSlice;

/// A SIP message as it was sent.
pub(crate) struct Message {
    pub(crate) time: u64,
    pub(crate) from: SocketAddr,
    pub(crate) to: SocketAddr,
    pub(crate) bytes: Vec<u8>,
}

/// A record of a capture: nanoseconds and bytes.
pub(crate) type Record = (u64, Vec<u8>);

pub(crate) fn message_in(time: u64, packet: &[u8]) -> Message {
    let sliced = SlicedPacket::from_ip(packet).expect("a ladder's packet is whole");
    let (Some(NetSlice::Ipv4(ip)), Some(TransportSlice::Udp(udp))) = (sliced.net, sliced.transport)
    else {
        panic!("the ladder is UDP over IPv4");
    };
    Message {
        time,
        from: (ip.header().source_addr(), udp.source_port()).into(),
        to: (ip.header().destination_addr(), udp.destination_port()).into(),
        bytes: udp.payload().to_vec(),
    }
}

/// A capture with nanoseconds.
pub(crate) fn capture(link: u32, records: &[Record]) -> Vec<u8> {
    let mut file = Vec::new();
    for word in [0xa1b2_3c4d, 0x0004_0002, 0, 0, 262_144, link] {
        file.extend_from_slice(&u32::to_le_bytes(word));
    }
    for (time, bytes) in records {
        let length = u32::try_from(bytes.len()).expect("a record is small");
        let seconds = u32::try_from(time / 1_000_000_000).expect("a time of this century");
        let nanos = u32::try_from(time % 1_000_000_000).expect("less than a second");
        for word in [seconds, nanos, length, length] {
            file.extend_from_slice(&word.to_le_bytes());
        }
        file.extend_from_slice(bytes);
    }
    file
}

pub(crate) fn datagram(from: SocketAddr, to: SocketAddr, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len() + 8).expect("a datagram");
    let header = [from.port(), to.port(), length, 0]
        .map(u16::to_be_bytes)
        .concat();
    ip_packet(from, to, 17, &[&header, payload].concat())
}

/// Without a checksum, as converters write it.
pub(crate) fn ip_packet(from: SocketAddr, to: SocketAddr, protocol: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len() + 20).expect("a packet");
    let [high, low] = length.to_be_bytes();
    let header = [0x45, 0, high, low, 0, 1, 0, 0, 64, protocol, 0, 0];
    [&header[..], &octets(from), &octets(to), payload].concat()
}

pub(crate) fn octets(end: SocketAddr) -> [u8; 4] {
    match end.ip() {
        IpAddr::V4(address) => address.octets(),
        IpAddr::V6(_) => panic!("the ladder is IPv4"),
    }
}

pub(crate) fn ethernet(packet: &[u8]) -> Vec<u8> {
    [
        &b"\x0a\x02\x02\x02\x02\x02\x0a\x01\x01\x01\x01\x01\x08\0"[..],
        packet,
    ]
    .concat()
}

/// From the mirror to the collector.
pub(crate) fn mirrored(port: u16, payload: &[u8]) -> Vec<u8> {
    datagram(
        ([10, 9, 9, 1], 41_000).into(),
        ([10, 9, 9, 2], port).into(),
        payload,
    )
}

/// A type, a length and a value, for HEP (a vendor, the length of all) and Exported PDU (the length of the value).
pub(crate) fn chunk(kind: u16, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len() + 6).expect("a chunk");
    [
        &[0, 0],
        &kind.to_be_bytes()[..],
        &length.to_be_bytes(),
        value,
    ]
    .concat()
}

pub(crate) fn tag(kind: u16, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len()).expect("a tag");
    [&kind.to_be_bytes()[..], &length.to_be_bytes(), value].concat()
}

pub(crate) fn seconds(message: &Message) -> u32 {
    u32::try_from(message.time / 1_000_000_000).expect("a time of this century")
}

pub(crate) fn microseconds(message: &Message) -> u32 {
    u32::try_from(message.time % 1_000_000_000 / 1_000).expect("less than a second")
}

pub(crate) fn hep3(message: &Message, protocol: u8, payload: &[u8]) -> Vec<u8> {
    let chunks = [
        chunk(1, &[2]),
        chunk(2, &[protocol]),
        chunk(3, &octets(message.from)),
        chunk(4, &octets(message.to)),
        chunk(7, &message.from.port().to_be_bytes()),
        chunk(8, &message.to.port().to_be_bytes()),
        chunk(9, &seconds(message).to_be_bytes()),
        chunk(10, &microseconds(message).to_be_bytes()),
        chunk(11, &[1]),
        chunk(12, &[0, 0, 0, 1]),
        chunk(14, b"kept-to-ourselves"),
        chunk(17, b"correlation"),
        payload.to_vec(),
    ]
    .concat();
    let length = u16::try_from(chunks.len() + 6).expect("a message");
    [&b"HEP3"[..], &length.to_be_bytes(), &chunks].concat()
}

pub(crate) fn plain_hep3(message: &Message) -> Vec<u8> {
    hep3(message, 17, &chunk(15, &message.bytes))
}

/// Version 7, from the SBC to a PC.
pub(crate) fn debug_recording(media_type: u8, extension: &[u8], payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(extension.len()).expect("a short extension");
    let header = [7, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 6, media_type, length];
    let session = [0, 0x12, 0x34, 1, 0, 0, 0, 9];
    let packet = [&header[..], &session, extension, payload].concat();
    datagram(
        ([10, 9, 9, 1], 925).into(),
        ([10, 9, 9, 2], 925).into(),
        &packet,
    )
}

/// The tags of an Exported PDU that Wireshark writes for SIP, and the message.
pub(crate) fn exported_pdu(message: &Message) -> Vec<u8> {
    [
        tag(12, b"sip\0"),
        tag(20, &octets(message.from)),
        tag(21, &octets(message.to)),
        tag(24, &[0, 0, 0, 2]),
        tag(25, &u32::from(message.from.port()).to_be_bytes()),
        tag(26, &u32::from(message.to.port()).to_be_bytes()),
        tag(0, &[]),
        message.bytes.clone(),
    ]
    .concat()
}

/// A SIP message as AudioCodes debug recording sends it.
pub(crate) fn recorded_sip(message: &Message) -> Vec<u8> {
    let ends = [octets(message.from), octets(message.to)].concat();
    let ports = [message.from.port(), message.to.port()]
        .map(u16::to_be_bytes)
        .concat();
    debug_recording(10, &[&ends[..], &ports, &[17, 1]].concat(), &message.bytes)
}
