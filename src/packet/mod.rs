//! Record → [`Packet`]: a datagram, a segment, a fragment, or at once a [`Fate`].
//!
//! [`decode`] is the way that every packet of a night goes, and most of them are RTP. It looks at
//! one record alone, remembers nothing, allocates nothing, and never fails: what can't be read
//! further has its fate at once. What needs more than one record is [`defragment`]'s.
//!
//! This layer never looks for SIP. It only turns away what cannot be SIP (`sift`).
//!
//! In reading order: [`link`] strips the link-layer header, `ip` reads IP, UDP and TCP, `sift`
//! turns media away, [`defragment`] joins fragments, [`fate`] names what became of a packet.

pub mod defragment;
mod enclosed;
pub mod fate;
mod ip;
mod layer;
pub mod link;
mod sift;
pub mod tunnel;

pub use enclosed::Carrier;
pub use enclosed::Enclosed;
pub use enclosed::Encoding;
pub use fate::Fate;
pub use ip::decode_payload;
pub use layer::Layer;
pub use layer::Outer;

use crate::capture::record::Record;
use layer::Whence;
use std::net::IpAddr;
use std::net::Ipv4Addr;

/// What a record holds, as far as it can be told from this record alone.
///
/// Headers that end too early are [`Fate::Truncated`] where the snap length cut the record, and
/// [`Fate::Malformed`] where it was captured whole.
#[inline]
pub fn decode<'a>(record: &Record<'a>) -> Packet<'a> {
    let captured = u32::try_from(record.data.len()).unwrap_or(u32::MAX);
    let whence = Whence::of_record(record.original_len.saturating_sub(captured));
    match link::strip(record.link, record.data) {
        Layer::Ip(bytes) => ip::decode(bytes, whence),
        layer => read_on(layer, whence),
    }
}

/// Reads what a header was found to carry.
fn read_on(mut layer: Layer<'_>, mut whence: Whence) -> Packet<'_> {
    loop {
        layer = match layer {
            Layer::Ip(bytes) => return ip::decode(bytes, whence),
            Layer::Ethernet(bytes) => link::strip_ethernet(bytes),
            Layer::EtherType(ether_type, bytes) => {
                let nowhere =
                    Outer::of_ip(Ipv4Addr::UNSPECIFIED.into(), Ipv4Addr::UNSPECIFIED.into());
                let Some(deeper) = whence.deeper() else {
                    return Packet::Done(Fate::Unsupported);
                };
                whence = deeper;
                match tunnel::by_ether_type(ether_type, bytes, &nowhere) {
                    Some(layer) => layer,
                    None => return Packet::Done(link::fate_of(ether_type)),
                }
            }
            Layer::Transport(outer, protocol, bytes) => {
                return ip::decode_transport(&outer, protocol, bytes, whence);
            }
            Layer::Enclosed(enclosed) => {
                let is_cut = enclosed.is_cut || whence.is_snapped();
                return Packet::Enclosed(Enclosed { is_cut, ..enclosed });
            }
            Layer::Short => return whence.short_headers(),
            Layer::Done(fate) => return Packet::Done(fate),
            Layer::Foreign => return Packet::Done(Fate::Other),
        };
    }
}

impl Whence {
    const fn short_headers(self) -> Packet<'static> {
        Packet::Done(self.fate_of_short_headers())
    }
}

/// One end of a datagram or connection.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct Endpoint {
    /// IPv4 or IPv6 address. An IPv4-mapped IPv6 address stays IPv6.
    pub address: IpAddr,
    /// UDP or TCP port.
    pub port: u16,
}

/// What one record holds, as far as it can be told from this record alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Packet<'a> {
    /// Nothing more will come of it.
    Done(Fate),
    /// A UDP datagram whose payload may be SIP.
    Datagram(Datagram<'a>),
    /// A TCP segment, an empty one too.
    Segment(Segment<'a>),
    /// A part of an IP datagram.
    Fragment(Fragment<'a>),
    /// A message that came with addresses of its own.
    Enclosed(Enclosed<'a>),
    /// An SCTP packet with data.
    Sctp(Sctp<'a>),
}

/// A UDP datagram (RFC 768).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Datagram<'a> {
    /// Sender.
    pub from: Endpoint,
    /// Receiver.
    pub to: Endpoint,
    /// What was captured of the payload.
    pub payload: &'a [u8],
    /// True where the snap length cut the payload.
    pub is_cut: bool,
}

/// An SCTP packet (RFC 9260 §3).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sctp<'a> {
    /// Sender.
    pub from: Endpoint,
    /// Receiver.
    pub to: Endpoint,
    /// The verification tag, by which the receiver tells one association from another.
    pub verification_tag: u32,
    /// What was captured of the chunks, from the first chunk header on.
    pub chunks: &'a [u8],
    /// True where the snap length cut them.
    pub is_cut: bool,
}

/// A TCP segment (RFC 9293).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Segment<'a> {
    /// Sender.
    pub from: Endpoint,
    /// Receiver.
    pub to: Endpoint,
    /// Sequence number of the first payload byte (of the SYN, where there is one).
    pub sequence: u32,
    /// Acknowledgment number, where the ACK bit is set.
    pub acknowledgment: Option<u32>,
    /// SYN, FIN and RST.
    pub flags: Flags,
    /// What was captured of the payload.
    pub payload: &'a [u8],
    /// How many payload bytes the snap length cut off behind `payload`.
    pub cut: u32,
}

/// The TCP flags that open and close connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// Synchronise: the connection opens.
    pub syn: bool,
    /// The sender has no more data.
    pub fin: bool,
    /// The connection is torn down.
    pub rst: bool,
}

/// An IP fragment (RFC 791 §3.2, RFC 8200 §4.5).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fragment<'a> {
    /// Sender.
    pub source: IpAddr,
    /// Receiver.
    pub destination: IpAddr,
    /// Identification: 16 bits in IPv4, 32 in IPv6.
    pub identification: u32,
    /// The protocol of the whole datagram's payload.
    pub protocol: u8,
    /// Where this part starts in the datagram's payload, in bytes.
    pub offset: u32,
    /// True unless this is the last part.
    pub more: bool,
    /// What was captured of this part.
    pub payload: &'a [u8],
    /// True where the snap length cut this part.
    pub is_cut: bool,
}
