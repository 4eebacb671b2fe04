//! AudioCodes debug recording: what an SBC or gateway sends to a PC, as Wireshark's `packet-acdr.c` reads it.
//!
//! A header whose length depends on its version, an extension whose meaning depends on the kind of payload, and the
//! payload. Its SIP was decrypted before it was recorded, which makes it the plainest way to see a trunk over TLS.
//!
//! The packet goes from the SBC to the PC, so its own addresses say nothing of the call. Where the extension has none
//! either, they are unspecified. The time stamp counts from when the board started and is left alone.

use std::net::IpAddr;
use std::net::Ipv4Addr;

use super::Announcement;
use super::Tunnel;
use crate::packet::Carrier;
use crate::packet::Enclosed;
use crate::packet::Encoding;
use crate::packet::Endpoint;
use crate::packet::Fate;
use crate::packet::Layer;
use crate::packet::Outer;
use crate::packet::sift;

/// The payload begins with the version: 0 to 15.
pub(super) const TUNNEL: Tunnel = Tunnel {
    name: "AudioCodes debug recording",
    source: "Wireshark, packet-acdr.c",
    announced_by: Announcement::UdpPorts(&[925]),
    strip,
};

mod flag {
    //! Bits of what is called extra data.
    pub(super) const IPV6: u8 = 0x02;
    pub(super) const FRAGMENTED: u8 = 0x04;
    /// An IP header was put before the payload.
    pub(super) const HEADER_ADDED: u8 = 0x08;
    pub(super) const ENCRYPTED: u8 = 0x10;
    /// Lawful interception: an X2 or X3 header stands before the payload.
    pub(super) const INTERCEPTED: u8 = 0x40;
}

mod media {
    //! Media types, as far as they are told apart.
    pub(super) const T38: u8 = 3;
    pub(super) const SIP: u8 = 10;
    pub(super) const CONTROL: u8 = 14;
    pub(super) const TLS: u8 = 33;
    pub(super) const TLS_PEEK: u8 = 34;
    pub(super) const FRAGMENTED: u8 = 38;
    pub(super) const DTLS: u8 = 61;
}

/// The trace point at which an extension has addresses.
const SYSTEM: u8 = 6;

/// Trace points inside a DSP, whose payload has two more headers and is never signalling.
const DSP_INCOMING: u8 = 33;
const DSP_OUTGOING: u8 = 34;

/// The greatest version that Wireshark reads.
const LAST_VERSION: u8 = 9;

/// What old versions wrote where later ones have flags.
const NO_FLAGS: u8 = 0xAA;

/// What the header says.
#[derive(Clone, Copy)]
struct Header<'a> {
    flags: u8,
    trace_point: u8,
    media_type: u8,
    extension: &'a [u8],
}

fn strip<'a>(bytes: &'a [u8], _: &Outer) -> Layer<'a> {
    match *bytes {
        // A keep-alive of somebody who uses the port for SIP.
        [b'\r' | b'\n', b'\r' | b'\n', ..] => return Layer::Foreign,
        [version, ..] if version <= LAST_VERSION => {}
        // A version to come.
        [10..=15, ..] if bytes.len() >= header_len(LAST_VERSION) => {
            return Layer::Done(Fate::Unsupported);
        }
        _ => return Layer::Foreign,
    }
    match Header::read(bytes) {
        Some((header, payload)) => header.carries(payload),
        None => Layer::Short,
    }
}

/// How long the header of a version is, without its extension.
const fn header_len(version: u8) -> usize {
    match version {
        0..=4 => 15,
        5..=6 => 19,
        7 => 23,
        8 => 24,
        _ => 28,
    }
}

impl<'a> Header<'a> {
    /// The header, and the payload behind it and its extension. None where they end too early.
    fn read(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let version = *bytes.first()?;
        let (header, rest) = bytes.split_at_checked(header_len(version))?;
        // Version, time and two channel numbers, longer from version 9 on; from version 4 on a sequence number, but a
        // shorter time.
        let flags_at = if version < 9 { 11 } else { 15 };
        let [flags, trace_point, media_type, extension_len, ..] = *header.get(flags_at..)? else {
            return None;
        };
        // Before version 5 the byte is an offset, which Wireshark does not use either.
        let extension_len = if version < 5 { 0 } else { extension_len };
        let (extension, payload) = rest.split_at_checked(usize::from(extension_len))?;
        let has_flags = version > 3 || flags != NO_FLAGS;
        let header = Self {
            flags: if has_flags { flags } else { 0 },
            trace_point,
            media_type,
            extension,
        };
        Some((header, payload))
    }

    const fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    fn carries(&self, payload: &'a [u8]) -> Layer<'a> {
        if self.has(flag::ENCRYPTED | flag::FRAGMENTED) || self.media_type == media::FRAGMENTED {
            return Layer::Done(Fate::Unsupported);
        }
        if self.has(flag::HEADER_ADDED) && self.media_type != media::CONTROL {
            return match self.media_type {
                // These two have a UDP header only, and no SIP in it.
                media::T38 | media::DTLS => Layer::Done(Fate::Other),
                _ => Layer::Ip(payload),
            };
        }
        if matches!(self.trace_point, DSP_INCOMING | DSP_OUTGOING) {
            return Layer::Done(Fate::Other);
        }
        match self.media_type {
            media::SIP => self.enclose(payload, self.route_of_sip()),
            // Besides SIP (3) the application may be unknown (0) or just TCP (6): the payload decides.
            media::TLS | media::TLS_PEEK => self.enclose(payload, self.route_of_tls()),
            _ => Layer::Done(Fate::Other),
        }
    }

    fn enclose(&self, payload: &'a [u8], route: Route) -> Layer<'a> {
        match *payload {
            [] => Layer::Short,
            // A TLS record (RFC 8446 §5.1): TLS data as it was on the wire.
            [20..=23, 3, 0..=4, ..] => Layer::Done(Fate::Encrypted),
            _ if sift::might_be_sip(payload) => Layer::Enclosed(Enclosed {
                from: route.from,
                to: route.to,
                payload,
                encoding: Encoding::Plain,
                is_cut: false,
                carrier: route.carrier,
                time: None,
                rest: &[],
            }),
            _ if self.has(flag::INTERCEPTED) => Layer::Done(Fate::Unsupported),
            _ => Layer::Done(Fate::Other),
        }
    }

    /// Addresses, ports, IP protocol and direction; only what the system records has them.
    fn route_of_sip(&self) -> Route {
        let route = if self.trace_point != SYSTEM {
            None
        } else if self.has(flag::IPV6) && self.extension.len() >= 2 * 16 + 5 {
            Route::addresses_first::<16>(self.extension)
        } else {
            Route::addresses_first::<4>(self.extension)
        };
        route.unwrap_or(Route::UNKNOWN)
    }

    /// Ports, addresses and application.
    fn route_of_tls(&self) -> Route {
        Route {
            carrier: Carrier::Tls,
            ..Route::ports_first(self.extension).unwrap_or(Route::UNKNOWN)
        }
    }
}

/// What the extension says of who sent the payload.
#[derive(Clone, Copy)]
struct Route {
    from: Endpoint,
    to: Endpoint,
    carrier: Carrier,
}

impl Route {
    const UNKNOWN: Self = Self {
        from: Endpoint {
            address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            port: 0,
        },
        to: Endpoint {
            address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            port: 0,
        },
        carrier: Carrier::AsViaSays,
    };

    /// Two addresses, two ports and the IP protocol.
    fn addresses_first<const LEN: usize>(extension: &[u8]) -> Option<Self>
    where
        IpAddr: From<[u8; LEN]>,
    {
        let (from, rest) = extension.split_first_chunk::<LEN>()?;
        let (to, rest) = rest.split_first_chunk::<LEN>()?;
        let (from_port, rest) = rest.split_first_chunk::<2>()?;
        let (to_port, rest) = rest.split_first_chunk::<2>()?;
        let carrier = match rest.first()? {
            17 => Carrier::Udp,
            132 => Carrier::Sctp,
            // TLS is taken off before SIP is recorded, so that TCP may have carried it.
            _ => Carrier::AsViaSays,
        };
        Some(Self {
            from: endpoint(IpAddr::from(*from), *from_port),
            to: endpoint(IpAddr::from(*to), *to_port),
            carrier,
        })
    }

    /// Two ports and two IPv4 addresses.
    fn ports_first(extension: &[u8]) -> Option<Self> {
        let (from_port, rest) = extension.split_first_chunk::<2>()?;
        let (to_port, rest) = rest.split_first_chunk::<2>()?;
        let (from, rest) = rest.split_first_chunk::<4>()?;
        let (to, _) = rest.split_first_chunk::<4>()?;
        Some(Self {
            from: endpoint(IpAddr::from(*from), *from_port),
            to: endpoint(IpAddr::from(*to), *to_port),
            ..Self::UNKNOWN
        })
    }
}

const fn endpoint(address: IpAddr, port: [u8; 2]) -> Endpoint {
    Endpoint {
        address,
        port: u16::from_be_bytes(port),
    }
}

#[cfg(test)]
mod tests;
