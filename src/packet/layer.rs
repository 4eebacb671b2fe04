//! What stands behind a header: the word that link types and tunnels answer with.

use std::net::IpAddr;

use super::Enclosed;
use super::Endpoint;
use super::Fate;

/// What is behind a header that was taken off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Layer<'a> {
    /// An IP packet, either version; bytes that pad the frame may follow it.
    Ip(&'a [u8]),
    /// An Ethernet frame, from its destination address on.
    Ethernet(&'a [u8]),
    /// What an EtherType announces (IEEE 802.3 §3.2.6), and the bytes behind the type field.
    EtherType(u16, &'a [u8]),
    /// What an IP protocol number announces, without an IP header of its own.
    Transport(Outer, u8, &'a [u8]),
    /// A message with addresses of its own.
    Enclosed(Enclosed<'a>),
    /// The bytes end inside the header.
    Short,
    /// Nothing that is decoded further.
    Done(Fate),
    /// Not what was looked for: a number that announces it does not prove it. Whoever asked reads the bytes otherwise.
    Foreign,
}

/// Who sent what a tunnel was found in. Ports are 0 where IP carries it directly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outer {
    /// Sender.
    pub from: Endpoint,
    /// Receiver.
    pub to: Endpoint,
}

impl Outer {
    /// Of an IP packet.
    pub const fn of_ip(source: IpAddr, destination: IpAddr) -> Self {
        Self {
            from: Endpoint {
                address: source,
                port: 0,
            },
            to: Endpoint {
                address: destination,
                port: 0,
            },
        }
    }
}

/// Tunnels that are entered one inside another. Two or three are met in practice; the bound is against packets that
/// are made of headers alone.
const MAX_DEPTH: u8 = 8;

/// Where a header was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Whence {
    /// Bytes that the snap length cut off at the end of the record.
    pub(super) snapped: u32,
    /// Tunnels that were entered on the way.
    depth: u8,
}

impl Whence {
    /// In a record that the snap length cut by `snapped` bytes, in no tunnel.
    pub(super) const fn of_record(snapped: u32) -> Self {
        Self { snapped, depth: 0 }
    }

    /// One tunnel further in; none where it would be one too many.
    pub(super) const fn deeper(self) -> Option<Self> {
        if self.depth >= MAX_DEPTH {
            return None;
        }
        Some(Self {
            snapped: self.snapped,
            depth: self.depth + 1,
        })
    }

    pub(super) const fn is_snapped(self) -> bool {
        self.snapped > 0
    }

    /// The fate of headers that end before they should.
    pub(super) const fn fate_of_short_headers(self) -> Fate {
        if self.is_snapped() {
            Fate::Truncated
        } else {
            Fate::Malformed
        }
    }
}
