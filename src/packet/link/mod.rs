//! The link-layer header: how long it is, and what is behind it.
//!
//! One file per family of link types, each with a [`Link`] of plain data; [`LINKS`] lists them.
//! A record's link type is looked up in a table that the compiler builds from [`LINKS`], so a
//! family more costs nothing per packet.
//!
//! An encapsulation that is named here but not decoded is [`Fate::Unsupported`], so that the
//! summary can say how much was not looked into. A protocol that cannot carry SIP is
//! [`Fate::Other`].

mod cisco_hdlc;
mod cooked;
mod ethernet;
mod exported_pdu;
mod ieee_802_11;
mod loopback;
mod mpls;
mod nflog;
mod pktap;
mod ppp;
mod raw;

use crate::capture::record::LinkType;
use crate::packet::Fate;
use crate::packet::Layer;

/// The families of link types that are decoded.
pub const LINKS: &[Link] = &[
    ethernet::LINK,
    raw::LINK,
    loopback::LINK,
    cooked::V1,
    cooked::V2,
    exported_pdu::LINK,
    ppp::LINK,
    ppp::WITH_DIRECTION,
    ppp::OVER_ETHERNET,
    cisco_hdlc::LINK,
    mpls::LINK,
    ieee_802_11::LINK,
    ieee_802_11::RADIOTAP,
    ieee_802_11::PRISM,
    ieee_802_11::AVS,
    ieee_802_11::PPI,
    nflog::LINK,
    pktap::LINK,
];

/// A family of link types.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    /// What the family is called.
    pub name: &'static str,
    /// The link types, as tcpdump.org's list numbers them.
    pub types: &'static [LinkType],
    /// Where its header is described.
    pub source: &'static str,
    /// Takes the link-layer header off.
    pub strip: Strip,
}

/// Takes the link-layer header off a record's bytes.
pub type Strip = for<'a> fn(&'a [u8]) -> Layer<'a>;

/// The link type by which the capture layer says that a record's link type cannot be known.
const UNKNOWABLE: LinkType = LinkType(0xFFFF);

/// VLAN tags that are taken off one packet. Provider bridging stacks two; the bound is against
/// packets that are made of tags alone.
const MAX_TAGS: usize = 8;

/// One more than the greatest link type in [`LINKS`]: the length of the table.
const TABLE_LEN: usize = 277;

/// [`Link::strip`] by link type.
static TABLE: [Strip; TABLE_LEN] = {
    let mut table: [Strip; TABLE_LEN] = [unsupported; TABLE_LEN];
    let mut family = 0;
    while family < LINKS.len() {
        let mut index = 0;
        while index < LINKS[family].types.len() {
            table[LINKS[family].types[index].0 as usize] = LINKS[family].strip;
            index += 1;
        }
        family += 1;
    }
    table
};

/// Takes the header of an Ethernet frame off.
pub(super) fn strip_ethernet(bytes: &[u8]) -> Layer<'_> {
    ethernet::strip(bytes)
}

/// Takes the link-layer header off.
#[inline]
pub(super) fn strip(link: LinkType, bytes: &[u8]) -> Layer<'_> {
    // Nearly every record is Ethernet: a direct call is inlined, one through the table is not.
    if link == ethernet::ETHERNET {
        return ethernet::strip(bytes);
    }
    match TABLE.get(usize::from(link.0)) {
        Some(strip) => strip(bytes),
        None if link == UNKNOWABLE => Layer::Done(Fate::Malformed),
        None => Layer::Done(Fate::Unsupported),
    }
}

fn unsupported(_: &[u8]) -> Layer<'_> {
    Layer::Done(Fate::Unsupported)
}

/// What an EtherType announces; VLAN tags are taken off. `bytes` begin behind the type field.
#[inline]
pub(super) fn strip_ether_type(ether_type: u16, bytes: &[u8]) -> Layer<'_> {
    match ether_type {
        0x0800 | 0x86DD => Layer::Ip(bytes),
        _ => strip_tags(ether_type, bytes),
    }
}

/// Takes an LLC header off (IEEE 802.2).
fn strip_llc(bytes: &[u8]) -> Layer<'_> {
    // In the place of the type, a length announces LLC; how long it is does not matter.
    strip_tags(0, bytes)
}

fn strip_tags(mut ether_type: u16, mut bytes: &[u8]) -> Layer<'_> {
    for _ in 0..=MAX_TAGS {
        match ether_type {
            0x0800 | 0x86DD => return Layer::Ip(bytes),
            // 802.1Q, 802.1ad, and the two numbers for stacked tags from before 802.1ad.
            0x8100 | 0x88A8 | 0x9100 | 0x9200 => {
                let [_, _, high, low, rest @ ..] = bytes else {
                    return Layer::Short;
                };
                ether_type = u16::from_be_bytes([*high, *low]);
                bytes = rest;
            }
            // Up to 1500 the field is a length, and LLC follows (IEEE 802.3 §3.2.6).
            0..=1500 => match *bytes {
                // SNAP carries an EtherType under the organisation code 0 (RFC 1042), or that of bridges (802.1H).
                [0xAA, 0xAA, 0x03, 0, 0, 0 | 0xF8, high, low, ref rest @ ..] => {
                    ether_type = u16::from_be_bytes([high, low]);
                    bytes = rest;
                }
                [0xAA, ..] if bytes.len() < 8 => return Layer::Short,
                // The address of IP itself (RFC 948).
                [0x06, 0x06, 0x03, ref rest @ ..] => return Layer::Ip(rest),
                [] => return Layer::Short,
                _ => return Layer::Done(Fate::Other),
            },
            other => return Layer::EtherType(other, bytes),
        }
    }
    Layer::Done(Fate::Unsupported)
}

/// The fate of an EtherType that is not IP: an encapsulation that may hold IP, or no carrier of it.
pub(super) const fn fate_of(ether_type: u16) -> Fate {
    match ether_type {
        0x883E // WCCP
        | 0x88E5 // MACsec
        | 0x8903 // FabricPath
        => Fate::Unsupported,
        _ => Fate::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::LINKS;
    use super::TABLE_LEN;
    use super::strip;
    use crate::capture::record::LinkType;
    use crate::packet::Fate;
    use crate::packet::Layer;

    #[test]
    fn the_table_is_as_long_as_the_greatest_link_type_needs() {
        let greatest = LINKS
            .iter()
            .flat_map(|link| link.types)
            .map(|link| usize::from(link.0))
            .max();
        assert_eq!(greatest, Some(TABLE_LEN - 1));
    }

    #[test]
    fn a_link_type_belongs_to_one_family() {
        let mut types: Vec<LinkType> = LINKS.iter().flat_map(|link| link.types).copied().collect();
        let all = types.len();
        types.sort();
        types.dedup();
        assert_eq!(types.len(), all);
    }

    #[test]
    fn an_unknown_link_type_is_unsupported_and_an_unknowable_one_malformed() {
        for link in [6, 107, 155, 277, 4000] {
            assert_eq!(
                strip(LinkType(link), &[0x45; 40]),
                Layer::Done(Fate::Unsupported)
            );
        }
        assert_eq!(
            strip(LinkType(0xFFFF), &[0x45; 40]),
            Layer::Done(Fate::Malformed)
        );
    }

    #[test]
    fn every_family_survives_every_short_record() {
        for link in LINKS.iter().flat_map(|link| link.types) {
            for length in 0..40 {
                for filler in [0, 0x02, 0x45, 0x81, 0xAA, 0xFF] {
                    let _ = strip(*link, &vec![filler; length]);
                }
            }
        }
    }
}
