//! Record → [`Packet`]: a datagram, a segment, a fragment, or at once a [`Fate`].

pub mod fate;

pub use fate::Fate;

use std::net::IpAddr;

/// One end of a datagram or connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
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
