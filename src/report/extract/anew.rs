//! A redacted message as a packet of its own: the form in which Wireshark exports what a dissector was given (link type 252,
//! LINKTYPE_WIRESHARK_UPPER_PDU; tags of `exported_pdu_tlvs.h`), so that nothing of the packet that brought it is left.

use std::borrow::Cow;
use std::net::IpAddr;

use crate::packet::Endpoint;
use crate::report::ladder::Arrow;
use crate::report::row::Transport;

use super::Packet;

/// Wireshark's Exported PDUs.
const LINK: u16 = 252;

/// Tags: each a type and a length of two bytes, and a value; the name of the dissector, addresses and ports.
const END: u16 = 0;
const DISSECTOR: u16 = 12;
const IPV4_SOURCE: u16 = 20;
const IPV4_DESTINATION: u16 = 21;
const IPV6_SOURCE: u16 = 22;
const IPV6_DESTINATION: u16 = 23;
const PORT_TYPE: u16 = 24;
const SOURCE_PORT: u16 = 25;
const DESTINATION_PORT: u16 = 26;

/// The packet of a message; none where its text is not there.
pub fn packet(arrow: &Arrow<'_>) -> Option<Packet<'static>> {
    let message = arrow.message.as_bytes();
    if message.is_empty() {
        return None;
    }
    let mut data = Vec::with_capacity(message.len() + 64);
    tag(DISSECTOR, b"sip\0", &mut data);
    address(arrow.from, (IPV4_SOURCE, IPV6_SOURCE), &mut data);
    address(arrow.to, (IPV4_DESTINATION, IPV6_DESTINATION), &mut data);
    tag(
        PORT_TYPE,
        &port_type(arrow.transport).to_be_bytes(),
        &mut data,
    );
    for (kind, end) in [(SOURCE_PORT, arrow.from), (DESTINATION_PORT, arrow.to)] {
        tag(kind, &u32::from(end.port).to_be_bytes(), &mut data);
    }
    tag(END, b"", &mut data);
    data.extend_from_slice(message);
    let length = u32::try_from(data.len()).ok()?;
    Some(Packet {
        time: arrow.time,
        frame: arrow.frame,
        link: LINK,
        // How much a cut message lacked is not known: a byte says that it did.
        original_len: length.saturating_add(arrow.is_cut.into()),
        data: Cow::Owned(data),
    })
}

/// As `exported_pdu_tlvs.h` numbers them. TLS is taken off.
const fn port_type(transport: Transport) -> u32 {
    match transport {
        Transport::Sctp => 1,
        Transport::Tcp | Transport::Tls => 2,
        Transport::Udp => 3,
    }
}

fn address(end: Endpoint, (ipv4, ipv6): (u16, u16), data: &mut Vec<u8>) {
    match end.address {
        IpAddr::V4(address) => tag(ipv4, &address.octets(), data),
        IpAddr::V6(address) => tag(ipv6, &address.octets(), data),
    }
}

/// All values here are multiples of four bytes long, so that none is filled up.
fn tag(kind: u16, value: &[u8], data: &mut Vec<u8>) {
    let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
    data.extend(kind.to_be_bytes());
    data.extend(length.to_be_bytes());
    data.extend_from_slice(value);
}
