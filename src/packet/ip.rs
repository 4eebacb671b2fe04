//! IP, UDP and TCP headers. This file alone knows etherparse.
//!
//! Only the slice types are used, which read a field where it stands: they cost about as much as
//! decoding by hand, and the owned header types sixty times that. Lengths and chains of extension
//! headers are followed here, since a length that disagrees with the capture is the rule in
//! captures, not the exception: the snap length cuts, offloading leaves the length 0, and
//! Ethernet pads.

use super::Datagram;
use super::Endpoint;
use super::Fate;
use super::Flags;
use super::Fragment;
use super::Layer;
use super::Outer;
use super::Packet;
use super::Sctp;
use super::Segment;
use super::Whence;
use super::read_on;
use super::sift;
use super::tunnel;
use etherparse::IpAuthHeaderSlice;
use etherparse::Ipv4HeaderSlice;
use etherparse::Ipv6FragmentHeaderSlice;
use etherparse::Ipv6HeaderSlice;
use etherparse::Ipv6RawExtHeaderSlice;
use etherparse::TcpSlice;
use etherparse::UdpSlice;
use etherparse::err;
use std::net::IpAddr;

/// Extension headers that are followed in one packet. RFC 8200 §4.1 gives an order in which seven
/// can stand; the bound is against packets that are made of extension headers alone.
const MAX_EXTENSIONS: usize = 16;

mod protocol {
    //! Internet protocol numbers (IANA), as far as they are told apart.
    pub(super) const HOP_BY_HOP: u8 = 0;
    pub(super) const TCP: u8 = 6;
    pub(super) const UDP: u8 = 17;
    pub(super) const ROUTING: u8 = 43;
    pub(super) const FRAGMENT: u8 = 44;
    pub(super) const AUTHENTICATION: u8 = 51;
    pub(super) const DESTINATION_OPTIONS: u8 = 60;
    pub(super) const SCTP: u8 = 132;
}

/// Who sent an IP packet to whom.
#[derive(Clone, Copy)]
struct Route {
    source: IpAddr,
    destination: IpAddr,
}

/// What the header announces and the capture does not hold.
#[derive(Clone, Copy)]
struct Missing {
    /// How many bytes of the IP payload; 0 where it is all there.
    bytes: u32,
    /// Where the packet was found.
    whence: Whence,
}

impl Missing {
    /// Of a payload announced as `announced` bytes where `captured` bytes are there.
    fn of(announced: usize, captured: usize, whence: Whence) -> Self {
        let bytes = u32::try_from(announced.saturating_sub(captured)).unwrap_or(u32::MAX);
        // The record knows how long the packet was; a header that announces more is damaged.
        Self {
            bytes: if whence.is_snapped() {
                bytes.min(whence.snapped)
            } else {
                bytes
            },
            whence,
        }
    }

    /// Of a payload whose length is not announced: what the snap length took.
    const fn unannounced(whence: Whence) -> Self {
        Self {
            bytes: whence.snapped,
            whence,
        }
    }

    const fn short_header(self) -> Packet<'static> {
        self.whence.short_headers()
    }
}

/// Reads an IP packet of either version.
#[inline]
pub(super) fn decode(bytes: &[u8], whence: Whence) -> Packet<'_> {
    match bytes.first().map(|first| first >> 4) {
        Some(4) if sift::is_media_in_v4(bytes, tunnel::SCTP_PORT) => Packet::Done(Fate::Other),
        Some(4) => decode_v4(bytes, whence),
        Some(6) => decode_v6(bytes, whence),
        Some(_) => Packet::Done(Fate::Malformed),
        None => whence.short_headers(),
    }
}

/// Reads the payload of an IP packet or of a reassembled datagram: UDP, TCP, or what stands before
/// them. `is_cut` says that the end of the payload was not captured.
///
/// How much is missing of a cut payload cannot be known here: of a [`Segment`], [`Segment::cut`]
/// stays 0 and the hole shows when the next segment comes.
pub fn decode_payload(
    source: IpAddr,
    destination: IpAddr,
    protocol: u8,
    payload: &[u8],
    is_cut: bool,
) -> Packet<'_> {
    let missing = Missing::unannounced(Whence::of_record(u32::from(is_cut)));
    match decode_chain(
        Route {
            source,
            destination,
        },
        protocol,
        payload,
        missing,
    ) {
        Packet::Segment(segment) => Packet::Segment(Segment { cut: 0, ..segment }),
        packet => packet,
    }
}

/// Reads what stands behind an IP header that is not there: an export or UDP carried it without one.
pub(super) fn decode_transport<'a>(
    outer: &Outer,
    protocol: u8,
    payload: &'a [u8],
    whence: Whence,
) -> Packet<'a> {
    let route = Route {
        source: outer.from.address,
        destination: outer.to.address,
    };
    decode_chain(route, protocol, payload, Missing::unannounced(whence))
}

#[inline]
fn decode_v4(bytes: &[u8], whence: Whence) -> Packet<'_> {
    let header = match Ipv4HeaderSlice::from_slice(bytes) {
        Ok(header) => header,
        Err(err::ipv4::HeaderSliceError::Len(_)) => {
            return whence.short_headers();
        }
        Err(err::ipv4::HeaderSliceError::Content(_)) => return Packet::Done(Fate::Malformed),
    };
    let header_len = header.slice().len();
    let captured = bytes.get(header_len..).unwrap_or_default();
    let (payload, missing) = match usize::from(header.total_len()) {
        // Segmentation offload: the length is filled in by the network card, behind the capture.
        0 => (captured, Missing::unannounced(whence)),
        total_len => {
            let Some(announced) = total_len.checked_sub(header_len) else {
                return Packet::Done(Fate::Malformed);
            };
            let announced = if header.is_fragmenting_payload() {
                announced
            } else {
                announced_by_udp_too(header.protocol().0, announced, captured)
            };
            let missing = Missing::of(announced, captured.len(), whence);
            (captured.get(..announced).unwrap_or(captured), missing)
        }
    };
    let route = Route {
        source: IpAddr::V4(header.source_addr()),
        destination: IpAddr::V4(header.destination_addr()),
    };
    if header.is_fragmenting_payload() {
        return Packet::Fragment(Fragment {
            source: route.source,
            destination: route.destination,
            identification: u32::from(header.identification()),
            protocol: header.protocol().0,
            offset: u32::from(header.fragments_offset().byte_offset()),
            more: header.more_fragments(),
            payload,
            is_cut: missing.bytes > 0,
        });
    }
    decode_chain(route, header.protocol().0, payload, missing)
}

/// The length of an IP payload. Converters write UDP datagrams that are longer than their IP header says; where the
/// record goes on behind the IP packet, the length in the UDP header counts.
#[inline]
fn announced_by_udp_too(protocol: u8, announced: usize, captured: &[u8]) -> usize {
    match *captured {
        [_, _, _, _, high, low, ..] if protocol == protocol::UDP && captured.len() > announced => {
            announced.max(usize::from(u16::from_be_bytes([high, low])))
        }
        _ => announced,
    }
}

fn decode_v6(bytes: &[u8], whence: Whence) -> Packet<'_> {
    let header = match Ipv6HeaderSlice::from_slice(bytes) {
        Ok(header) => header,
        Err(err::ipv6::HeaderSliceError::Len(_)) => {
            return whence.short_headers();
        }
        Err(err::ipv6::HeaderSliceError::Content(_)) => return Packet::Done(Fate::Malformed),
    };
    let captured = bytes.get(header.slice().len()..).unwrap_or_default();
    let (payload, missing) = match usize::from(header.payload_length()) {
        // A jumbogram (RFC 2675), or segmentation offload: all that is there.
        0 => (captured, Missing::unannounced(whence)),
        announced => {
            let announced = announced_by_udp_too(header.next_header().0, announced, captured);
            let missing = Missing::of(announced, captured.len(), whence);
            (captured.get(..announced).unwrap_or(captured), missing)
        }
    };
    let route = Route {
        source: IpAddr::V6(header.source_addr()),
        destination: IpAddr::V6(header.destination_addr()),
    };
    decode_chain(route, header.next_header().0, payload, missing)
}

/// Follows extension headers (RFC 8200 §4) to UDP, TCP, a fragment or the end.
#[inline]
fn decode_chain(
    route: Route,
    mut protocol: u8,
    mut payload: &[u8],
    missing: Missing,
) -> Packet<'_> {
    for _ in 0..=MAX_EXTENSIONS {
        let (next, extension_len) = match protocol {
            protocol::UDP => return decode_udp(route, payload, missing),
            protocol::TCP => return decode_tcp(route, payload, missing),
            protocol::HOP_BY_HOP | protocol::ROUTING | protocol::DESTINATION_OPTIONS => {
                let Ok(extension) = Ipv6RawExtHeaderSlice::from_slice(payload) else {
                    return missing.short_header();
                };
                (extension.next_header(), extension.slice().len())
            }
            protocol::AUTHENTICATION => match IpAuthHeaderSlice::from_slice(payload) {
                Ok(extension) => (extension.next_header(), extension.slice().len()),
                Err(err::ip_auth::HeaderSliceError::Len(_)) => return missing.short_header(),
                Err(err::ip_auth::HeaderSliceError::Content(_)) => {
                    return Packet::Done(Fate::Malformed);
                }
            },
            protocol::FRAGMENT => {
                let Ok(extension) = Ipv6FragmentHeaderSlice::from_slice(payload) else {
                    return missing.short_header();
                };
                // A first fragment without any more is a whole packet (RFC 6946).
                if extension.is_fragmenting_payload() {
                    return decode_fragment(route, &extension, payload, missing);
                }
                (extension.next_header(), extension.slice().len())
            }
            other => return decode_other(other, route, payload, missing),
        };
        protocol = next.0;
        payload = payload.get(extension_len..).unwrap_or_default();
    }
    Packet::Done(Fate::Malformed)
}

fn decode_fragment<'a>(
    route: Route,
    header: &Ipv6FragmentHeaderSlice<'a>,
    payload: &'a [u8],
    missing: Missing,
) -> Packet<'a> {
    Packet::Fragment(Fragment {
        source: route.source,
        destination: route.destination,
        identification: header.identification(),
        protocol: header.next_header().0,
        offset: u32::from(header.fragment_offset().byte_offset()),
        more: header.more_fragments(),
        payload: payload.get(header.slice().len()..).unwrap_or_default(),
        is_cut: missing.bytes > 0,
    })
}

/// What is neither UDP nor TCP: a tunnel, SCTP, or the end.
#[cold]
fn decode_other(protocol: u8, route: Route, bytes: &[u8], missing: Missing) -> Packet<'_> {
    if protocol == protocol::SCTP {
        return decode_sctp(route, bytes, missing);
    }
    let outer = Outer::of_ip(route.source, route.destination);
    match tunnel::by_protocol(protocol, bytes, &outer) {
        Some(layer) => enter(layer, missing),
        None => Packet::Done(fate_of(protocol)),
    }
}

/// Reads what a tunnel carries.
#[cold]
fn enter(layer: Layer<'_>, missing: Missing) -> Packet<'_> {
    match missing.whence.deeper() {
        Some(whence) => read_on(layer, whence),
        None => Packet::Done(Fate::Unsupported),
    }
}

/// The common header is ports, verification tag and checksum (RFC 9260 §3.1).
fn decode_sctp(route: Route, bytes: &[u8], missing: Missing) -> Packet<'_> {
    let Some((header, chunks)) = bytes.split_first_chunk::<12>() else {
        return missing.short_header();
    };
    let [from_high, from_low, to_high, to_low, tag @ .., _, _, _, _] = *header;
    Packet::Sctp(Sctp {
        from: Endpoint {
            address: route.source,
            port: u16::from_be_bytes([from_high, from_low]),
        },
        to: Endpoint {
            address: route.destination,
            port: u16::from_be_bytes([to_high, to_low]),
        },
        verification_tag: u32::from_be_bytes(tag),
        chunks,
        is_cut: missing.bytes > 0,
    })
}

#[inline]
fn decode_udp(route: Route, bytes: &[u8], missing: Missing) -> Packet<'_> {
    // A length field of less than a header or more than is there is not believed, as synthesised
    // captures have it wrong; one that is smaller than the IP payload bounds the payload.
    let Ok(datagram) = UdpSlice::from_slice_lax(bytes) else {
        return missing.short_header();
    };
    let payload = datagram.payload();
    // SCTP begins with its source port, which is any number.
    let is_sctp = |port: u16| port == tunnel::SCTP_PORT;
    if sift::is_media(payload)
        && !is_sctp(datagram.destination_port())
        && !is_sctp(datagram.source_port())
    {
        return Packet::Done(Fate::Other);
    }
    let is_cut = missing.bytes > 0 && {
        let announced = usize::from(datagram.length());
        announced < 8 || announced > bytes.len()
    };
    let from = Endpoint {
        address: route.source,
        port: datagram.source_port(),
    };
    let to = Endpoint {
        address: route.destination,
        port: datagram.destination_port(),
    };
    if let Some(layer) = tunnel::by_udp(payload, &Outer { from, to }) {
        return enter(layer, missing);
    }
    if !sift::might_be_sip(payload) {
        let is_all_cut_off = payload.is_empty() && is_cut && missing.whence.is_snapped();
        return Packet::Done(if is_all_cut_off {
            Fate::Truncated
        } else {
            Fate::Other
        });
    }
    Packet::Datagram(Datagram {
        from,
        to,
        payload,
        is_cut,
    })
}

fn decode_tcp(route: Route, bytes: &[u8], missing: Missing) -> Packet<'_> {
    let segment = match TcpSlice::from_slice(bytes) {
        Ok(segment) => segment,
        Err(err::tcp::HeaderSliceError::Len(_)) => return missing.short_header(),
        Err(err::tcp::HeaderSliceError::Content(_)) => return Packet::Done(Fate::Malformed),
    };
    Packet::Segment(Segment {
        from: Endpoint {
            address: route.source,
            port: segment.source_port(),
        },
        to: Endpoint {
            address: route.destination,
            port: segment.destination_port(),
        },
        sequence: segment.sequence_number(),
        acknowledgment: segment.ack().then(|| segment.acknowledgment_number()),
        flags: Flags {
            syn: segment.syn(),
            fin: segment.fin(),
            rst: segment.rst(),
        },
        payload: segment.payload(),
        // What a damaged length announces was never sent: the sequence numbers go on without it.
        cut: if missing.whence.is_snapped() {
            missing.bytes
        } else {
            0
        },
    })
}

/// The fate of a protocol that is decoded no further: an encapsulation or transport that may
/// carry SIP, or no carrier of it.
const fn fate_of(protocol: u8) -> Fate {
    match protocol {
        50 // ESP
        | 55 // minimal encapsulation
        | 98 // RFC 1241 encapsulation
        | 108 // IPComp
        | 136 // UDP-Lite
        | 147 // AGGFRAG
        => Fate::Unsupported,
        _ => Fate::Other,
    }
}

#[cfg(test)]
mod tests;
