//! Packets inside packets: what takes an encapsulation off.
//!
//! One file per encapsulation, each with a [`Tunnel`] of plain data; [`TUNNELS`] lists them. An encapsulation is
//! announced by an EtherType, an IP protocol number or a UDP port, or known by how its bytes begin. A port proves
//! nothing: a tunnel that finds no such header answers [`Layer::Foreign`], and the packet is read as if the tunnel
//! were not there.

mod acdr;
mod bridge;
mod erspan;
mod ether_ip;
mod geneve;
mod gre;
mod gtp_u;
pub mod hep;
mod ip_in_ip;
mod l2tp;
mod likeness;
mod mpls;
mod nsh;
mod ppp;
mod pppoe;
mod sctp_in_udp;
mod teredo;
mod vxlan;

pub(super) use self::sctp_in_udp::PORT as SCTP_PORT;

use super::Layer;
use super::Outer;

/// The encapsulations that are taken off.
pub const TUNNELS: &[Tunnel] = &[
    ip_in_ip::TUNNEL,
    gre::TUNNEL,
    erspan::TYPE_II,
    erspan::TYPE_III,
    vxlan::TUNNEL,
    vxlan::GENERIC,
    geneve::TUNNEL,
    gtp_u::TUNNEL,
    mpls::TUNNEL,
    mpls::IN_IP,
    pppoe::TUNNEL,
    ppp::TUNNEL,
    l2tp::OVER_UDP,
    l2tp::OVER_IP,
    teredo::TUNNEL,
    sctp_in_udp::TUNNEL,
    ether_ip::TUNNEL,
    ether_ip::BARE,
    ether_ip::BRIDGED,
    nsh::TUNNEL,
    bridge::MAC_IN_MAC,
    bridge::TRILL,
    bridge::VN_TAG,
    bridge::E_TAG,
    acdr::TUNNEL,
    hep::TUNNEL,
];

/// An encapsulation.
#[derive(Clone, Copy, Debug)]
pub struct Tunnel {
    /// What it is called.
    pub name: &'static str,
    /// Where it is described.
    pub source: &'static str,
    /// What announces it.
    pub announced_by: Announcement,
    /// Takes its header off.
    pub strip: Strip,
}

/// What says that a tunnel's header follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Announcement {
    /// EtherTypes.
    EtherTypes(&'static [u16]),
    /// IP protocol numbers (IANA).
    Protocols(&'static [u8]),
    /// UDP ports, of either end. What begins as media does was turned away before.
    UdpPorts(&'static [u16]),
    /// A UDP payload that begins as no other does, on any port: the first bytes that it may have.
    UdpPayload(&'static [u8]),
}

/// Takes an encapsulation's header off its bytes.
pub type Strip = for<'a> fn(&'a [u8], &Outer) -> Layer<'a>;

/// What an EtherType carries; none where no tunnel is announced by it.
#[cold]
pub(super) fn by_ether_type<'a>(
    ether_type: u16,
    bytes: &'a [u8],
    outer: &Outer,
) -> Option<Layer<'a>> {
    TUNNELS
        .iter()
        .filter(|tunnel| matches!(tunnel.announced_by, Announcement::EtherTypes(types) if types.contains(&ether_type)))
        .find_map(|tunnel| tunnel.enter(bytes, outer))
}

/// What an IP protocol carries; none where no tunnel is announced by it.
#[cold]
pub(super) fn by_protocol<'a>(protocol: u8, bytes: &'a [u8], outer: &Outer) -> Option<Layer<'a>> {
    TUNNELS
        .iter()
        .filter(|tunnel| matches!(tunnel.announced_by, Announcement::Protocols(protocols) if protocols.contains(&protocol)))
        .find_map(|tunnel| tunnel.enter(bytes, outer))
}

/// What a UDP payload carries; none where it is no tunnel's.
///
/// Every datagram that is no media comes by here, and costs three look-ups where no tunnel is announced.
#[inline]
pub(super) fn by_udp<'a>(payload: &'a [u8], outer: &Outer) -> Option<Layer<'a>> {
    let first = *payload.first()?;
    let port = |port: u16| PORTS[usize::from(port / 64)] >> (port % 64) & 1;
    let is_announced =
        port(outer.to.port) | port(outer.from.port) != 0 || FIRST_BYTES[usize::from(first)];
    if is_announced {
        // What is copied here needs to be in memory here alone.
        let outer = *outer;
        announced_by_udp(first, payload, &outer)
    } else {
        None
    }
}

#[cold]
fn announced_by_udp<'a>(first: u8, payload: &'a [u8], outer: &Outer) -> Option<Layer<'a>> {
    TUNNELS
        .iter()
        .filter(|tunnel| match tunnel.announced_by {
            Announcement::UdpPorts(ports) => {
                ports.contains(&outer.to.port) || ports.contains(&outer.from.port)
            }
            Announcement::UdpPayload(firsts) => firsts.contains(&first),
            _ => false,
        })
        .find_map(|tunnel| tunnel.enter(payload, outer))
}

impl Tunnel {
    fn enter<'a>(&self, bytes: &'a [u8], outer: &Outer) -> Option<Layer<'a>> {
        Some((self.strip)(bytes, outer)).filter(|layer| *layer != Layer::Foreign)
    }
}

/// A bit for each UDP port that announces a tunnel: most packets are media on other ports.
static PORTS: [u64; 1024] = {
    let mut bits = [0; 1024];
    let mut tunnel = 0;
    while tunnel < TUNNELS.len() {
        if let Announcement::UdpPorts(ports) = TUNNELS[tunnel].announced_by {
            let mut index = 0;
            while index < ports.len() {
                bits[(ports[index] / 64) as usize] |= 1 << (ports[index] % 64);
                index += 1;
            }
        }
        tunnel += 1;
    }
    bits
};

/// Whether a UDP payload that begins with this byte may announce a tunnel by itself.
static FIRST_BYTES: [bool; 256] = {
    let mut may = [false; 256];
    let mut tunnel = 0;
    while tunnel < TUNNELS.len() {
        if let Announcement::UdpPayload(firsts) = TUNNELS[tunnel].announced_by {
            let mut index = 0;
            while index < firsts.len() {
                may[firsts[index] as usize] = true;
                index += 1;
            }
        }
        tunnel += 1;
    }
    may
};

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::Announcement;
    use super::TUNNELS;
    use crate::packet::Layer;
    use crate::packet::Outer;
    use crate::packet::sift::is_media;

    #[test]
    fn every_tunnel_survives_short_and_senseless_bytes() {
        let outer = Outer::of_ip(Ipv4Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into());
        for tunnel in TUNNELS {
            for length in 0..80 {
                for filler in [0, 1, 0x02, 0x08, 0x30, 0x45, 0x60, 0x81, 0xAA, 0xFF] {
                    let _ = (tunnel.strip)(&vec![filler; length], &outer);
                }
            }
        }
    }

    #[test]
    fn media_is_foreign_to_every_tunnel_over_udp() {
        let outer = Outer::of_ip(Ipv4Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into());
        let over_udp = TUNNELS.iter().filter(|tunnel| {
            matches!(
                tunnel.announced_by,
                Announcement::UdpPorts(_) | Announcement::UdpPayload(_)
            )
        });
        for tunnel in over_udp {
            for first in (0..=255).filter(|first| is_media(&[*first])) {
                for second in 0..=255 {
                    let payload = [&[first, second], &[0; 58][..]].concat();
                    let layer = (tunnel.strip)(&payload, &outer);
                    assert_eq!(layer, Layer::Foreign, "{}: {payload:x?}", tunnel.name);
                }
            }
        }
    }
}
