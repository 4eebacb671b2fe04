//! Messages that somebody else wrapped with their addresses: SBCs, mirrors and Wireshark itself.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::GzDecoder;
use flate2::read::ZlibDecoder;

use super::Endpoint;
use super::tunnel::hep;
use crate::capture::record::Nanos;

/// How long an inflated payload may be: many times the longest SIP message that is sent.
const MAX_INFLATED: u64 = 1 << 20;

/// How many times longer than its compressed form it may be: several times what SIP is compressed to. What inflates a
/// thousandfold would make a window of small packets fill the memory.
const MAX_RATIO: u64 = 16;

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
    /// What follows in the same packet, mirrored in the same way; empty where it is the last.
    pub rest: &'a [u8],
}

impl<'a> Enclosed<'a> {
    /// The message that follows in the same packet. Mirrors that send several at once are rare.
    #[must_use]
    pub fn following(&self) -> Option<Self> {
        let following = hep::following(self.rest)?;
        let is_cut = following.is_cut || self.is_cut;
        Some(Self {
            is_cut,
            ..following
        })
    }

    /// The payload as it was on the wire. What can't be inflated ends where the damage begins, and what grows
    /// beyond reason ends there: at most a mebibyte, and sixteen times the payload.
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
    let most = MAX_INFLATED.min(MAX_RATIO.saturating_mul(bytes.len() as u64));
    // What was inflated before an error stays.
    let _ = if bytes.starts_with(b"\x1f\x8b") {
        GzDecoder::new(bytes).take(most).read_to_end(&mut inflated)
    } else {
        ZlibDecoder::new(bytes)
            .take(most)
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
