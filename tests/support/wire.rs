//! Payload → IP packets → frames on a link, with right checksums and lengths.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::net::SocketAddr;

use etherparse::IpFragOffset;
use etherparse::IpNumber;
use etherparse::Ipv4Header;
use etherparse::Ipv6FragmentHeader;
use etherparse::Ipv6Header;
use etherparse::TcpHeader;
use etherparse::UdpHeader;

/// What an IP packet travels on, and so the link type of the capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// Ethernet.
    Ethernet,
    /// Ethernet with one IEEE 802.1Q tag: a trunk port.
    Vlan(u16),
    /// Ethernet with a service tag around a customer tag (IEEE 802.1ad).
    DoubleVlan(u16, u16),
    /// Linux cooked capture, version 1: `tcpdump -i any`.
    Cooked,
    /// Linux cooked capture, version 2.
    Cooked2,
    /// The bare IP packet.
    Raw,
}

impl Link {
    /// The link type in the capture's header (tcpdump.org/linktypes.html).
    pub(crate) const fn number(self) -> u16 {
        match self {
            Self::Ethernet | Self::Vlan(_) | Self::DoubleVlan(..) => 1,
            Self::Cooked => 113,
            Self::Cooked2 => 276,
            Self::Raw => 101,
        }
    }
}

/// A frame as a capture file keeps it.
#[derive(Clone, Debug)]
pub(crate) struct Packet {
    /// Nanoseconds since 1970.
    pub(crate) time: u64,
    /// The whole frame.
    pub(crate) bytes: Vec<u8>,
    /// How many of its bytes the capture keeps; all where it is absent.
    pub(crate) cut: Option<usize>,
    /// What it travelled on.
    pub(crate) link: Link,
    /// Which of the ladder's files it goes to.
    pub(crate) file: usize,
}

/// The flags of a TCP segment (RFC 9293 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flags {
    /// Opens a connection.
    Syn,
    /// Answers the opening.
    SynAck,
    /// Acknowledges.
    Ack,
    /// Carries data.
    PushAck,
    /// Ends a direction.
    FinAck,
}

/// Makes packets, and remembers the IP identification of each sender.
#[derive(Clone, Debug)]
pub(crate) struct Wire {
    first: u16,
    identification: BTreeMap<IpAddr, u16>,
}

impl Wire {
    /// Packets whose identifications count up from one.
    pub(crate) const fn counting_from(first: u16) -> Self {
        Self {
            first,
            identification: BTreeMap::new(),
        }
    }

    /// The IP packets of one UDP datagram: several where it is longer than `mtu`.
    pub(crate) fn datagram(
        &mut self,
        from: SocketAddr,
        to: SocketAddr,
        payload: &[u8],
        mtu: usize,
    ) -> Vec<Vec<u8>> {
        let header = match (from.ip(), to.ip()) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                let ip =
                    Ipv4Header::new(0, 64, IpNumber::UDP, source.octets(), destination.octets())
                        .expect("an empty payload fits");
                UdpHeader::with_ipv4_checksum(from.port(), to.port(), &ip, payload)
            }
            (IpAddr::V6(source), IpAddr::V6(destination)) => {
                let ip = ipv6_header(IpNumber::UDP, source.octets(), destination.octets(), 0);
                UdpHeader::with_ipv6_checksum(from.port(), to.port(), &ip, payload)
            }
            _ => panic!("{from} and {to} are of two IP versions"),
        }
        .expect("a ladder's message fits a datagram");
        let mut bytes = header.to_bytes().to_vec();
        bytes.extend_from_slice(payload);
        self.packets(from.ip(), to.ip(), IpNumber::UDP, &bytes, mtu)
    }

    /// The IP packet of one TCP segment.
    pub(crate) fn segment(
        &mut self,
        from: SocketAddr,
        to: SocketAddr,
        flags: Flags,
        sequence: u32,
        acknowledged: u32,
        payload: &[u8],
    ) -> Vec<u8> {
        let mut header = TcpHeader::new(from.port(), to.port(), sequence, 64_240);
        header.syn = matches!(flags, Flags::Syn | Flags::SynAck);
        header.ack = flags != Flags::Syn;
        header.psh = flags == Flags::PushAck;
        header.fin = flags == Flags::FinAck;
        header.acknowledgment_number = if header.ack { acknowledged } else { 0 };
        header.checksum = match (from.ip(), to.ip()) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                header.calc_checksum_ipv4_raw(source.octets(), destination.octets(), payload)
            }
            (IpAddr::V6(source), IpAddr::V6(destination)) => {
                header.calc_checksum_ipv6_raw(source.octets(), destination.octets(), payload)
            }
            _ => panic!("{from} and {to} are of two IP versions"),
        }
        .expect("a ladder's segment is short");
        let mut bytes = header.to_bytes().to_vec();
        bytes.extend_from_slice(payload);
        self.packets(from.ip(), to.ip(), IpNumber::TCP, &bytes, usize::MAX)
            .remove(0)
    }

    /// One IP packet, or its fragments in order (RFC 791 §3.2, RFC 8200 §4.5).
    fn packets(
        &mut self,
        from: IpAddr,
        to: IpAddr,
        protocol: IpNumber,
        payload: &[u8],
        mtu: usize,
    ) -> Vec<Vec<u8>> {
        let identification = self.identification.entry(from).or_insert(self.first);
        *identification = identification.wrapping_add(1);
        match (from, to) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                let pieces = pieces(payload, mtu, Ipv4Header::MIN_LEN);
                let last = pieces.len() - 1;
                pieces
                    .iter()
                    .enumerate()
                    .map(|(place, (offset, piece))| {
                        let mut header =
                            Ipv4Header::new(0, 64, protocol, source.octets(), destination.octets())
                                .expect("empty");
                        header
                            .set_payload_len(piece.len())
                            .expect("a piece is short");
                        header.identification = *identification;
                        header.dont_fragment = last == 0;
                        header.more_fragments = place < last;
                        header.fragment_offset = eighths(*offset);
                        header.header_checksum = header.calc_header_checksum();
                        let mut bytes = header.to_bytes().to_vec();
                        bytes.extend_from_slice(piece);
                        bytes
                    })
                    .collect()
            }
            (IpAddr::V6(source), IpAddr::V6(destination)) => {
                let pieces = pieces(payload, mtu, Ipv6Header::LEN + Ipv6FragmentHeader::LEN);
                let last = pieces.len() - 1;
                pieces
                    .iter()
                    .enumerate()
                    .map(|(place, (offset, piece))| {
                        if last == 0 {
                            let header = ipv6_header(
                                protocol,
                                source.octets(),
                                destination.octets(),
                                piece.len(),
                            );
                            let mut bytes = header.to_bytes().to_vec();
                            bytes.extend_from_slice(piece);
                            return bytes;
                        }
                        let length = piece.len() + Ipv6FragmentHeader::LEN;
                        let header = ipv6_header(
                            IpNumber::IPV6_FRAGMENTATION_HEADER,
                            source.octets(),
                            destination.octets(),
                            length,
                        );
                        let fragment = Ipv6FragmentHeader::new(
                            protocol,
                            eighths(*offset),
                            place < last,
                            u32::from(*identification),
                        );
                        let mut bytes = header.to_bytes().to_vec();
                        bytes.extend_from_slice(&fragment.to_bytes());
                        bytes.extend_from_slice(piece);
                        bytes
                    })
                    .collect()
            }
            _ => panic!("{from} and {to} are of two IP versions"),
        }
    }
}

/// A payload cut to what fits beside `header` bytes; every piece but the last is a multiple of 8 long.
fn pieces(payload: &[u8], mtu: usize, header: usize) -> Vec<(usize, &[u8])> {
    if payload.len().saturating_add(header) <= mtu {
        return vec![(0, payload)];
    }
    let size = (mtu - header) / 8 * 8;
    payload
        .chunks(size)
        .enumerate()
        .map(|(place, piece)| (place * size, piece))
        .collect()
}

fn eighths(offset: usize) -> IpFragOffset {
    let eighths = u16::try_from(offset / 8).expect("a datagram is shorter than 64 KiB");
    IpFragOffset::try_new(eighths).expect("a datagram is shorter than 64 KiB")
}

fn ipv6_header(
    next_header: IpNumber,
    source: [u8; 16],
    destination: [u8; 16],
    length: usize,
) -> Ipv6Header {
    Ipv6Header {
        payload_length: u16::try_from(length).expect("a piece is short"),
        next_header,
        hop_limit: 64,
        source,
        destination,
        ..Ipv6Header::default()
    }
}

/// An IP packet as a frame of a link.
pub(crate) fn frame(link: Link, from: IpAddr, to: IpAddr, packet: &[u8]) -> Vec<u8> {
    let ether_type: [u8; 2] = if from.is_ipv4() {
        [0x08, 0x00]
    } else {
        [0x86, 0xdd]
    };
    let mut bytes = Vec::with_capacity(packet.len() + 22);
    match link {
        Link::Ethernet | Link::Vlan(_) | Link::DoubleVlan(..) => {
            bytes.extend_from_slice(&hardware_address(to));
            bytes.extend_from_slice(&hardware_address(from));
            match link {
                Link::Vlan(tag) => {
                    bytes.extend_from_slice(&[0x81, 0x00]);
                    bytes.extend_from_slice(&tag.to_be_bytes());
                }
                Link::DoubleVlan(service, customer) => {
                    bytes.extend_from_slice(&[0x88, 0xa8]);
                    bytes.extend_from_slice(&service.to_be_bytes());
                    bytes.extend_from_slice(&[0x81, 0x00]);
                    bytes.extend_from_slice(&customer.to_be_bytes());
                }
                _ => {}
            }
            bytes.extend_from_slice(&ether_type);
        }
        Link::Cooked => {
            // Unicast to us, from an Ethernet interface, address of 6 bytes padded to 8.
            bytes.extend_from_slice(&[0, 0, 0, 1, 0, 6]);
            bytes.extend_from_slice(&hardware_address(from));
            bytes.extend_from_slice(&[0, 0]);
            bytes.extend_from_slice(&ether_type);
        }
        Link::Cooked2 => {
            bytes.extend_from_slice(&ether_type);
            bytes.extend_from_slice(&[0, 0]);
            bytes.extend_from_slice(&[0, 0, 0, 2, 0, 1, 0, 6]);
            bytes.extend_from_slice(&hardware_address(from));
            bytes.extend_from_slice(&[0, 0]);
        }
        Link::Raw => {}
    }
    bytes.extend_from_slice(packet);
    bytes
}

/// A locally administered address that stands for the IP address.
fn hardware_address(address: IpAddr) -> [u8; 6] {
    let octets = match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets()[12..].to_vec(),
    };
    [0x02, 0x00, octets[0], octets[1], octets[2], octets[3]]
}
