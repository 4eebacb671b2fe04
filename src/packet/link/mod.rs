//! The link-layer header: how long it is, and what is behind it.
//!
//! One file per family of link types, each with a [`Link`] of plain data; [`LINKS`] lists them.
//! A record's link type is looked up in a table that the compiler builds from [`LINKS`], so a
//! family more costs nothing per packet.
//!
//! An encapsulation that is named here but not decoded is [`Fate::Unsupported`], so that the
//! summary can say how much was not looked into. A protocol that cannot carry SIP is
//! [`Fate::Other`].

mod cooked;
mod ethernet;
mod exported_pdu;
mod loopback;
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
];

/// A family of link types.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    /// What the family is called.
    pub name: &'static str,
    /// The link types, as tcpdump.org's list numbers them.
    pub types: &'static [LinkType],
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

/// Takes the link-layer header off.
#[inline]
/// Takes the header of an Ethernet frame off.
pub(super) fn strip_ethernet(bytes: &[u8]) -> Layer<'_> {
    ethernet::strip(bytes)
}

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
fn strip_ether_type(ether_type: u16, bytes: &[u8]) -> Layer<'_> {
    match ether_type {
        0x0800 | 0x86DD => Layer::Ip(bytes),
        _ => strip_tags(ether_type, bytes),
    }
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
            0..=1500 => return strip_llc(bytes),
            other => return Layer::EtherType(other, bytes),
        }
    }
    Layer::Done(Fate::Unsupported)
}

/// LLC with SNAP carries an EtherType under the organisation code 0 (RFC 1042).
fn strip_llc(bytes: &[u8]) -> Layer<'_> {
    match *bytes {
        [0xAA, 0xAA, 0x03, 0, 0, 0, 0x08, 0x00, ref rest @ ..]
        | [0xAA, 0xAA, 0x03, 0, 0, 0, 0x86, 0xDD, ref rest @ ..] => Layer::Ip(rest),
        _ => Layer::Done(Fate::Other),
    }
}

/// The fate of an EtherType that is not IP: an encapsulation that may hold IP, or no carrier of it.
pub(super) const fn fate_of(ether_type: u16) -> Fate {
    match ether_type {
        0x22F3 // TRILL
        | 0x6558 // transparent Ethernet bridging
        | 0x8847 | 0x8848 // MPLS
        | 0x8864 // PPPoE session
        | 0x880B // PPP
        | 0x88E5 // MACsec
        | 0x88E7 // 802.1ah
        | 0x893F // 802.1BR
        | 0x894F // NSH
        | 0x8926 // VN-Tag
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
        for link in [105, 127, 155, 277, 4000] {
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
