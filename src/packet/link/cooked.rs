//! Linux cooked captures, as `tcpdump -i any` writes them: version 1 (SLL) with the protocol at
//! the end of 16 bytes, version 2 (SLL2) with it at the beginning of 20.
//!
//! The device type (ARPHRD) is not looked at: loopback, tunnels and PPP give IP just as Ethernet
//! does.

use super::Link;
use super::strip_ether_type;
use crate::capture::record::LinkType;
use crate::packet::Layer;

pub(super) const V1: Link = Link {
    name: "Linux cooked v1",
    types: &[LinkType(113)],
    source: "tcpdump.org: LINKTYPE_LINUX_SLL",
    strip: strip_v1,
};

pub(super) const V2: Link = Link {
    name: "Linux cooked v2",
    types: &[LinkType(276)],
    source: "tcpdump.org: LINKTYPE_LINUX_SLL2",
    strip: strip_v2,
};

fn strip_v1(bytes: &[u8]) -> Layer<'_> {
    let Some((header, rest)) = bytes.split_first_chunk::<16>() else {
        return Layer::Short;
    };
    strip_ether_type(u16::from_be_bytes([header[14], header[15]]), rest)
}

fn strip_v2(bytes: &[u8]) -> Layer<'_> {
    let Some((header, rest)) = bytes.split_first_chunk::<20>() else {
        return Layer::Short;
    };
    strip_ether_type(u16::from_be_bytes([header[0], header[1]]), rest)
}

#[cfg(test)]
mod tests {
    use super::strip_v1;
    use super::strip_v2;
    use crate::packet::Layer;

    #[test]
    fn any_device_type_gives_ip() {
        for arphrd in [1_u16, 512, 768, 772, 65534] {
            let mut header = [0; 16];
            header[2..4].copy_from_slice(&arphrd.to_be_bytes());
            header[14..].copy_from_slice(b"\x08\x00");
            assert_eq!(
                strip_v1(&[&header[..], b"\x45"].concat()),
                Layer::Ip(b"\x45")
            );
        }
    }

    #[test]
    fn the_protocol_may_be_a_vlan_tag() {
        let v1 = [&[0; 14][..], b"\x81\x00\x00\x07\x08\x00\x45"].concat();
        assert_eq!(strip_v1(&v1), Layer::Ip(b"\x45"));
        let v2 = [b"\x81\x00", &[0; 18][..], b"\x00\x07\x86\xDD\x60"].concat();
        assert_eq!(strip_v2(&v2), Layer::Ip(b"\x60"));
    }

    #[test]
    fn what_is_no_ip_keeps_its_type() {
        assert_eq!(
            strip_v2(&[b"\x08\x06", &[0; 18][..]].concat()),
            Layer::EtherType(0x0806, b"")
        );
        assert_eq!(strip_v2(&[0; 19]), Layer::Short);
    }
}
