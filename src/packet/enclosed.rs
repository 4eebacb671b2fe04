//! Messages that somebody else wrapped with their addresses: SBCs, mirrors and Wireshark itself.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::GzDecoder;
use flate2::read::ZlibDecoder;

use super::Endpoint;
use crate::capture::record::Nanos;

/// How long an inflated payload may be: many times the longest SIP message that is sent.
const MAX_INFLATED: u64 = 1 << 20;

/// A message as a mirror or an export encloses it, with the addresses and the time that it had on the wire.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Enclosed<'a> {
    /// Sender of the message, not of the packet that brought it here.
    pub from: Endpoint,
    /// Receiver of the message.
    pub to: Endpoint,
    /// The message, or what was captured of it.
    pub payload: &'a [u8],
    /// How `payload` is written.
    pub encoding: Encoding,
    /// True where the snap length cut the payload.
    pub is_cut: bool,
    /// What carried the message.
    pub carrier: Carrier,
    /// When it was sent, where the encapsulation says so.
    pub time: Option<Nanos>,
}

impl<'a> Enclosed<'a> {
    /// The payload as it was on the wire. What can't be inflated ends where the damage begins; at most a mebibyte.
    pub fn message(&self) -> Cow<'a, [u8]> {
        match self.encoding {
            Encoding::Plain => Cow::Borrowed(self.payload),
            Encoding::Deflated => Cow::Owned(inflate(self.payload)),
        }
    }
}

/// Both containers are in use, whatever the specification of the encapsulation says.
fn inflate(bytes: &[u8]) -> Vec<u8> {
    let mut inflated = Vec::new();
    // What was inflated before an error stays.
    let _ = if bytes.starts_with(b"\x1f\x8b") {
        GzDecoder::new(bytes)
            .take(MAX_INFLATED)
            .read_to_end(&mut inflated)
    } else {
        ZlibDecoder::new(bytes)
            .take(MAX_INFLATED)
            .read_to_end(&mut inflated)
    };
    inflated
}

/// How an enclosed payload is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// As it was on the wire.
    #[default]
    Plain,
    /// Compressed with zlib or gzip (RFC 1950, RFC 1952).
    Deflated,
}

/// What carried an enclosed message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// UDP, or a transport that carries whole messages as UDP does.
    Udp,
    /// TCP.
    Tcp,
    /// TLS over TCP.
    Tls,
    /// SCTP (RFC 4168).
    Sctp,
    /// The encapsulation doesn't say; the message's topmost Via does (RFC 3261 §20.42).
    AsViaSays,
}
