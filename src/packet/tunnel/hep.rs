//! HEP, the Homer Encapsulation Protocol: how Kamailio, OpenSIPS, FreeSWITCH, captagent and many SBCs mirror SIP.
//!
//! Version 3 is `HEP3`, the total length, and chunks of vendor, type, length and value, all big-endian; lengths count
//! their own header. Versions 1 and 2 are a fixed header, addresses and the message; version 2 has the time between
//! addresses and message, in the byte order of the host that sent it.
//!
//! Over UDP, the tunnel finds it on any port. Over TCP only version 3 is sent, since it alone says how long it is:
//! whoever reads the stream calls [`read`] on what has come so far.

use std::net::IpAddr;
use std::net::Ipv4Addr;

use super::Announcement;
use super::Tunnel;
use crate::capture::record::Nanos;
use crate::packet::Carrier;
use crate::packet::Enclosed;
use crate::packet::Encoding;
use crate::packet::Endpoint;
use crate::packet::Fate;
use crate::packet::Layer;
use crate::packet::Outer;
use crate::packet::sift;

/// The payload begins with `H` (version 3), or with 1 or 2 followed by 16, 28, 40 or 52.
pub(super) const TUNNEL: Tunnel = Tunnel {
    name: "HEP 1, 2 and 3",
    source: "github.com/sipcapture/HEP",
    announced_by: Announcement::UdpPayload(b"H\x01\x02"),
    strip,
};

/// How a message of version 3 begins.
const MAGIC: &[u8; 4] = b"HEP3";

/// Magic and total length.
const HEADER_LEN: usize = 6;

/// What [`read`] finds at the beginning of a byte stream.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reading<'a> {
    /// A whole HEP message.
    Whole {
        /// The SIP message in it; none where it carries something else.
        enclosed: Option<Enclosed<'a>>,
        /// How many bytes the HEP message takes, at least 6: the next begins behind them.
        len: usize,
    },
    /// The beginning of a HEP message: to be read again when this many bytes are there, at most 65,535.
    Needs(usize),
    /// No HEP message of version 3 begins here.
    Foreign,
}

/// Reads the HEP 3 message that a byte stream begins with.
///
/// The message's own length bounds what a reader has to hold. A reader that finds [`Reading::Foreign`] has lost the
/// stream, and may go on at the next `HEP3`. [`Enclosed::rest`] is empty: what follows is the reader's.
pub fn read(bytes: &[u8]) -> Reading<'_> {
    let Some((header, _)) = bytes.split_first_chunk::<HEADER_LEN>() else {
        let is_beginning = bytes.iter().zip(MAGIC).all(|(byte, magic)| byte == magic);
        return if is_beginning {
            Reading::Needs(HEADER_LEN)
        } else {
            Reading::Foreign
        };
    };
    let [magic @ .., high, low] = header;
    let len = usize::from(u16::from_be_bytes([*high, *low]));
    if magic != MAGIC || len < HEADER_LEN {
        return Reading::Foreign;
    }
    match bytes.get(HEADER_LEN..len) {
        Some(chunks) => Reading::Whole {
            enclosed: Chunks::read(chunks).enclosed(),
            len,
        },
        None => Reading::Needs(len),
    }
}

fn strip<'a>(bytes: &'a [u8], _: &Outer) -> Layer<'a> {
    match bytes {
        [b'H', b'E', b'P', b'3', ..] => strip_v3(bytes),
        [1 | 2, 16 | 28 | 40 | 52, ..] => strip_v1_or_v2(bytes),
        _ => Layer::Foreign,
    }
}

/// The first SIP message of a datagram.
fn strip_v3(bytes: &[u8]) -> Layer<'_> {
    let mut rest = bytes;
    loop {
        match read(rest) {
            Reading::Whole { enclosed, len } => {
                rest = rest.get(len..).unwrap_or_default();
                match enclosed {
                    Some(enclosed) => return Layer::Enclosed(Enclosed { rest, ..enclosed }),
                    None if rest.is_empty() => return Layer::Done(Fate::Other),
                    None => {}
                }
            }
            // Cut off, or a length that lies: what is there counts.
            Reading::Needs(_) => {
                let chunks = Chunks::read(rest.get(HEADER_LEN..).unwrap_or_default());
                return match chunks.enclosed() {
                    Some(enclosed) => Layer::Enclosed(enclosed),
                    None if chunks.is_other() => Layer::Done(Fate::Other),
                    None => Layer::Short,
                };
            }
            Reading::Foreign if rest.len() == bytes.len() => return Layer::Foreign,
            Reading::Foreign => return Layer::Done(Fate::Other),
        }
    }
}

/// The SIP message that follows in the same datagram, behind others.
pub(in crate::packet) fn following(rest: &[u8]) -> Option<Enclosed<'_>> {
    match strip_v3(rest) {
        Layer::Enclosed(enclosed) => Some(enclosed),
        _ => None,
    }
}

mod chunk {
    //! Chunk types of the generic vendor. 14, the authentication key, is never looked at.
    pub(super) const FAMILY: u16 = 1;
    pub(super) const PROTOCOL: u16 = 2;
    pub(super) const IPV4_SOURCE: u16 = 3;
    pub(super) const IPV4_DESTINATION: u16 = 4;
    pub(super) const IPV6_SOURCE: u16 = 5;
    pub(super) const IPV6_DESTINATION: u16 = 6;
    pub(super) const SOURCE_PORT: u16 = 7;
    pub(super) const DESTINATION_PORT: u16 = 8;
    pub(super) const SECONDS: u16 = 9;
    pub(super) const MICROSECONDS: u16 = 10;
    pub(super) const PAYLOAD_TYPE: u16 = 11;
    pub(super) const PAYLOAD: u16 = 15;
    pub(super) const DEFLATED_PAYLOAD: u16 = 16;
}

/// The payload type of SIP. RTCP is 5, a log line 100, and so on.
const SIP: u8 = 1;

/// `AF_INET`, everywhere.
const IPV4: u8 = 2;

/// What the chunks say.
#[derive(Clone, Copy, Default)]
struct Chunks<'a> {
    family: Option<u8>,
    protocol: u8,
    ipv4: [Option<[u8; 4]>; 2],
    ipv6: [Option<[u8; 16]>; 2],
    ports: [u16; 2],
    seconds: u32,
    microseconds: u32,
    payload_type: Option<u8>,
    payload: Option<(&'a [u8], Encoding)>,
}

impl<'a> Chunks<'a> {
    /// Chunks of any order. A chunk that is longer than what is left ends with it, and is the last; so is one that is
    /// shorter than its header.
    fn read(mut bytes: &'a [u8]) -> Self {
        let mut chunks = Self::default();
        while let Some((header, rest)) = bytes.split_first_chunk::<6>() {
            let [vendor_high, vendor_low, kind_high, kind_low, high, low] = *header;
            let length = usize::from(u16::from_be_bytes([high, low]));
            let Some(length) = length.checked_sub(header.len()) else {
                break;
            };
            let (value, next) = rest.split_at_checked(length).unwrap_or((rest, &[]));
            // What vendors add is theirs.
            if [vendor_high, vendor_low] == [0, 0] {
                chunks.take(u16::from_be_bytes([kind_high, kind_low]), value);
            }
            bytes = next;
        }
        chunks
    }

    fn take(&mut self, kind: u16, value: &'a [u8]) {
        let [source, destination] = &mut self.ipv4;
        let [source6, destination6] = &mut self.ipv6;
        let [source_port, destination_port] = &mut self.ports;
        match kind {
            chunk::FAMILY => self.family = value.first().copied(),
            chunk::PROTOCOL => self.protocol = value.first().copied().unwrap_or(0),
            chunk::IPV4_SOURCE => *source = value.try_into().ok(),
            chunk::IPV4_DESTINATION => *destination = value.try_into().ok(),
            chunk::IPV6_SOURCE => *source6 = value.try_into().ok(),
            chunk::IPV6_DESTINATION => *destination6 = value.try_into().ok(),
            chunk::SOURCE_PORT => *source_port = u16_of(value),
            chunk::DESTINATION_PORT => *destination_port = u16_of(value),
            chunk::SECONDS => self.seconds = u32_of(value),
            chunk::MICROSECONDS => self.microseconds = u32_of(value),
            chunk::PAYLOAD_TYPE => self.payload_type = value.first().copied(),
            chunk::PAYLOAD => self.payload = Some((value, Encoding::Plain)),
            chunk::DEFLATED_PAYLOAD => self.payload = Some((value, Encoding::Deflated)),
            _ => {}
        }
    }

    /// True where the payload is said to be something else, or is there and is nothing like SIP.
    fn is_other(&self) -> bool {
        let is_sip = self.payload_type.is_none_or(|kind| kind == SIP);
        !is_sip || self.payload.is_some_and(|(payload, _)| !payload.is_empty())
    }

    /// None where it isn't SIP. The payload type may be missing; what is no SIP then shows itself later.
    fn enclosed(&self) -> Option<Enclosed<'a>> {
        let (payload, encoding) = self.payload?;
        let is_sip = self.payload_type.is_none_or(|kind| kind == SIP);
        let might_be = encoding == Encoding::Deflated || sift::might_be_sip(payload);
        if !is_sip || !might_be || payload.is_empty() {
            return None;
        }
        let [from, to] = self.addresses();
        let [from_port, to_port] = self.ports;
        Some(Enclosed {
            from: Endpoint {
                address: from,
                port: from_port,
            },
            to: Endpoint {
                address: to,
                port: to_port,
            },
            payload,
            encoding,
            is_cut: false,
            carrier: carrier_of(self.protocol),
            time: time_of(self.seconds, self.microseconds),
            rest: &[],
        })
    }

    /// Of the family that is announced; of the other one where there is none of that.
    fn addresses(&self) -> [IpAddr; 2] {
        let ipv4 = self.ipv4.map(|address| address.map(IpAddr::from));
        let ipv6 = self.ipv6.map(|address| address.map(IpAddr::from));
        let is_ipv4 = self.family.is_none_or(|family| family == IPV4);
        let (first, second) = if is_ipv4 { (ipv4, ipv6) } else { (ipv6, ipv4) };
        let [from, to] = first;
        let [other_from, other_to] = second;
        [from.or(other_from), to.or(other_to)]
            .map(|address| address.unwrap_or(Ipv4Addr::UNSPECIFIED.into()))
    }
}

/// Version, header length, family, protocol, two ports, two addresses. The header length of version 2 counts the time
/// or not, as the sender sees it.
fn strip_v1_or_v2(bytes: &[u8]) -> Layer<'_> {
    let Some((header, rest)) = bytes.split_first_chunk::<8>() else {
        return Layer::Foreign;
    };
    let [version, header_len, family, protocol, ports @ ..] = *header;
    let ends = match (version, header_len, family) {
        (1, 16, IPV4) | (2, 16 | 28, IPV4) => addresses::<4>(rest),
        // AF_INET6 of Linux, Windows, NetBSD, FreeBSD and Darwin.
        (1, 40, 10 | 23 | 24 | 28 | 30) | (2, 40 | 52, 10 | 23 | 24 | 28 | 30) => {
            addresses::<16>(rest)
        }
        _ => return Layer::Foreign,
    };
    if !matches!(protocol, UDP | TCP | SCTP | AS_TLS | AS_WEBSOCKET) {
        return Layer::Foreign;
    }
    let Some((from, to, rest)) = ends else {
        return Layer::Short;
    };
    let (time, payload) = if version == 2 {
        let Some((time, payload)) = rest.split_first_chunk::<TIME_LEN>() else {
            return Layer::Short;
        };
        (time_of_v2(time), payload)
    } else {
        (None, rest)
    };
    let [from_high, from_low, to_high, to_low] = ports;
    match payload {
        [] => Layer::Short,
        // Four bytes that begin like HEP prove little: without a message behind them it is something else.
        _ if !sift::might_be_sip(payload) => Layer::Foreign,
        _ => Layer::Enclosed(Enclosed {
            from: Endpoint {
                address: from,
                port: u16::from_be_bytes([from_high, from_low]),
            },
            to: Endpoint {
                address: to,
                port: u16::from_be_bytes([to_high, to_low]),
            },
            payload,
            encoding: Encoding::Plain,
            is_cut: false,
            carrier: carrier_of(protocol),
            time,
            rest: &[],
        }),
    }
}

fn addresses<const LEN: usize>(bytes: &[u8]) -> Option<(IpAddr, IpAddr, &[u8])>
where
    IpAddr: From<[u8; LEN]>,
{
    let (from, rest) = bytes.split_first_chunk::<LEN>()?;
    let (to, rest) = rest.split_first_chunk::<LEN>()?;
    Some((IpAddr::from(*from), IpAddr::from(*to), rest))
}

const TCP: u8 = 6;
const UDP: u8 = 17;
const SCTP: u8 = 132;

/// By convention of Homer: the number of an extinct protocol, as TLS has none.
const AS_TLS: u8 = 22;

/// By the same convention (ESP is not meant).
const AS_WEBSOCKET: u8 = 50;

fn carrier_of(protocol: u8) -> Carrier {
    match protocol {
        UDP => Carrier::Udp,
        TCP | AS_WEBSOCKET => Carrier::Tcp,
        AS_TLS => Carrier::Tls,
        SCTP => Carrier::Sctp,
        _ => Carrier::AsViaSays,
    }
}

/// Seconds, microseconds, capture agent and two bytes that align the structure.
const TIME_LEN: usize = 12;

/// The years in which HEP is sent: 2005 to 2040, in seconds since 1970. The wrong byte order seldom falls into them.
const YEARS: std::ops::Range<u32> = 1_104_537_600..2_208_988_800;

/// The sender wrote its own byte order: little-endian nearly always.
fn time_of_v2(time: &[u8; TIME_LEN]) -> Option<Nanos> {
    let (seconds, rest) = time.split_first_chunk::<4>()?;
    let (microseconds, _) = rest.split_first_chunk::<4>()?;
    let in_order = |of: fn([u8; 4]) -> u32| (of(*seconds), of(*microseconds));
    [u32::from_le_bytes as fn([u8; 4]) -> u32, u32::from_be_bytes]
        .into_iter()
        .map(in_order)
        .find(|(seconds, microseconds)| YEARS.contains(seconds) && *microseconds < MILLION)
        .and_then(|(seconds, microseconds)| time_of(seconds, microseconds))
}

const MILLION: u32 = 1_000_000;

/// None where no time was given.
fn time_of(seconds: u32, microseconds: u32) -> Option<Nanos> {
    // More than a second of microseconds is no time at all, and the seconds stand.
    let microseconds = Some(microseconds).filter(|count| *count < MILLION);
    let within = Nanos(i64::from(microseconds.unwrap_or(0)) * 1_000);
    (seconds != 0).then(|| Nanos::from_secs(i64::from(seconds)).plus(within))
}

fn u16_of(value: &[u8]) -> u16 {
    value.try_into().map_or(0, u16::from_be_bytes)
}

fn u32_of(value: &[u8]) -> u32 {
    value.try_into().map_or(0, u32::from_be_bytes)
}

#[cfg(test)]
mod tests;
