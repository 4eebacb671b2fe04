//! Cisco HDLC: an address, a control byte that is 0, and an EtherType.

use super::Link;
use super::strip_ether_type;
use crate::capture::record::LinkType;
use crate::packet::Layer;

pub(super) const LINK: Link = Link {
    name: "Cisco HDLC",
    types: &[LinkType(104)],
    source: "RFC 1547 §4.3.1",
    strip,
};

pub(super) fn strip(bytes: &[u8]) -> Layer<'_> {
    let [_, _, high, low, rest @ ..] = bytes else {
        return Layer::Short;
    };
    strip_ether_type(u16::from_be_bytes([*high, *low]), rest)
}

#[cfg(test)]
mod tests {
    use super::strip;
    use crate::packet::Layer;

    #[test]
    fn the_ether_type_is_behind_address_and_control() {
        assert_eq!(strip(b"\x0F\x00\x08\x00\x45"), Layer::Ip(b"\x45"));
        assert_eq!(strip(b"\x0F\x00\x80\x35"), Layer::EtherType(0x8035, b""));
        assert_eq!(strip(b"\x0F\x00\x08"), Layer::Short);
    }
}
