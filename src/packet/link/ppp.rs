//! PPP as a serial line, a modem or a DSL port gives it.
//!
//! What follows the link's own framing is PPP wherever it is met, so the tunnels read it, under its EtherType.

use super::Link;
use super::cisco_hdlc;
use crate::capture::record::LinkType;
use crate::packet::Layer;

/// The EtherTypes of PPP and of a PPPoE session (IANA).
const PPP: u16 = 0x880B;
const PPPOE_SESSION: u16 = 0x8864;

/// On a serial line Cisco HDLC is met under the same link type.
pub(super) const LINK: Link = Link {
    name: "PPP",
    types: &[LinkType(9), LinkType(50)],
    source: "RFC 1661, RFC 1662",
    strip,
};

pub(super) const WITH_DIRECTION: Link = Link {
    name: "PPP with direction",
    types: &[LinkType(204)],
    source: "tcpdump.org: LINKTYPE_PPP_WITH_DIR",
    strip: strip_direction,
};

pub(super) const OVER_ETHERNET: Link = Link {
    name: "PPPoE",
    types: &[LinkType(51)],
    source: "RFC 2516",
    strip: strip_pppoe,
};

fn strip(bytes: &[u8]) -> Layer<'_> {
    match bytes {
        // Unicast and multicast of Cisco HDLC; no PPP protocol has these numbers.
        [0x0F | 0x8F, 0, ..] => cisco_hdlc::strip(bytes),
        _ => Layer::EtherType(PPP, bytes),
    }
}

fn strip_direction(bytes: &[u8]) -> Layer<'_> {
    match bytes {
        [_, rest @ ..] => strip(rest),
        [] => Layer::Short,
    }
}

fn strip_pppoe(bytes: &[u8]) -> Layer<'_> {
    Layer::EtherType(PPPOE_SESSION, bytes)
}

#[cfg(test)]
mod tests {
    use super::PPP;
    use super::strip;
    use super::strip_direction;
    use crate::packet::Layer;

    #[test]
    fn cisco_hdlc_is_told_from_ppp_by_its_address() {
        assert_eq!(strip(b"\x8F\x00\x86\xDD\x60"), Layer::Ip(b"\x60"));
        assert_eq!(
            strip(b"\xFF\x03\x00\x21\x45"),
            Layer::EtherType(PPP, b"\xFF\x03\x00\x21\x45")
        );
    }

    #[test]
    fn a_byte_of_direction_stands_before_the_frame() {
        assert_eq!(
            strip_direction(b"\x01\x21\x45"),
            Layer::EtherType(PPP, b"\x21\x45")
        );
        assert_eq!(strip_direction(b""), Layer::Short);
    }
}
