//! What bridges put between the addresses and the type of a frame, or around the frame: provider backbones, TRILL,
//! and the tags by which a fabric extender tells its switch the port.

use super::Announcement;
use super::Tunnel;
use crate::packet::Fate;
use crate::packet::Layer;
use crate::packet::Outer;
use crate::packet::link;

pub(super) const MAC_IN_MAC: Tunnel = Tunnel {
    name: "IEEE 802.1ah (MAC in MAC)",
    source: "IEEE 802.1Q §9.7",
    announced_by: Announcement::EtherTypes(&[0x88E7]),
    strip: strip_mac_in_mac,
};

pub(super) const TRILL: Tunnel = Tunnel {
    name: "TRILL",
    source: "RFC 6325 §3",
    announced_by: Announcement::EtherTypes(&[0x22F3]),
    strip: strip_trill,
};

pub(super) const VN_TAG: Tunnel = Tunnel {
    name: "VN-Tag",
    source: "Cisco, before IEEE 802.1BR",
    announced_by: Announcement::EtherTypes(&[0x8926]),
    strip: strip_vn_tag,
};

pub(super) const E_TAG: Tunnel = Tunnel {
    name: "IEEE 802.1BR E-Tag",
    source: "IEEE 802.1BR §7",
    announced_by: Announcement::EtherTypes(&[0x893F]),
    strip: strip_e_tag,
};

/// Flags and the number of the service, then the customer's frame.
fn strip_mac_in_mac<'a>(bytes: &'a [u8], _: &Outer) -> Layer<'a> {
    bytes.get(4..).map_or(Layer::Short, Layer::Ethernet)
}

/// Version, length of the options, hops, two nicknames; then the frame.
fn strip_trill<'a>(bytes: &'a [u8], _: &Outer) -> Layer<'a> {
    let [high, low, _, _, _, _, rest @ ..] = bytes else {
        return Layer::Short;
    };
    let header = u16::from_be_bytes([*high, *low]);
    if header >> 14 != 0 {
        return Layer::Done(Fate::Unsupported);
    }
    let options_len = 4 * usize::from(header >> 6 & 0x1F);
    rest.get(options_len..)
        .map_or(Layer::Short, Layer::Ethernet)
}

fn strip_vn_tag<'a>(bytes: &'a [u8], _: &Outer) -> Layer<'a> {
    behind_tag(bytes, 4)
}

fn strip_e_tag<'a>(bytes: &'a [u8], _: &Outer) -> Layer<'a> {
    behind_tag(bytes, 6)
}

fn behind_tag(bytes: &[u8], length: usize) -> Layer<'_> {
    match bytes.get(length..) {
        Some([high, low, rest @ ..]) => {
            link::strip_ether_type(u16::from_be_bytes([*high, *low]), rest)
        }
        _ => Layer::Short,
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::strip_e_tag;
    use super::strip_mac_in_mac;
    use super::strip_trill;
    use super::strip_vn_tag;
    use crate::packet::Fate;
    use crate::packet::Layer;
    use crate::packet::Outer;

    #[test]
    fn a_frame_or_a_type_is_behind_each_tag() {
        let outer = Outer::of_ip(Ipv4Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into());
        assert_eq!(
            strip_mac_in_mac(b"\0\0\0\x07\x02", &outer),
            Layer::Ethernet(b"\x02")
        );
        assert_eq!(
            strip_trill(b"\0\x5F\0\x01\0\x02opts\x02", &outer),
            Layer::Ethernet(b"\x02")
        );
        assert_eq!(
            strip_trill(b"\x40\0\0\x01\0\x02\x02", &outer),
            Layer::Done(Fate::Unsupported)
        );
        assert_eq!(
            strip_vn_tag(b"\0\0\0\x07\x08\0\x45", &outer),
            Layer::Ip(b"\x45")
        );
        assert_eq!(
            strip_e_tag(b"\0\0\0\x07\0\0\x81\0\0\x07\x86\xDD\x60", &outer),
            Layer::Ip(b"\x60")
        );
    }

    #[test]
    fn a_frame_that_ends_inside_a_tag_is_short() {
        let outer = Outer::of_ip(Ipv4Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into());
        assert_eq!(strip_mac_in_mac(b"\0\0\0", &outer), Layer::Short);
        assert_eq!(strip_trill(b"\0\x5F\0\x01\0\x02opt", &outer), Layer::Short);
        assert_eq!(strip_vn_tag(b"\0\0\0\x07\x08", &outer), Layer::Short);
    }
}
