//! Ethernet: two addresses and a type or length field (IEEE 802.3).

use super::Link;
use super::strip_ether_type;
use crate::capture::record::LinkType;
use crate::packet::Layer;

pub(super) const ETHERNET: LinkType = LinkType(1);

pub(super) const LINK: Link = Link {
    name: "Ethernet",
    types: &[ETHERNET],
    source: "IEEE 802.3, 802.1Q, 802.1ad",
    strip,
};

#[inline]
pub(super) fn strip(bytes: &[u8]) -> Layer<'_> {
    let Some((header, rest)) = bytes.split_first_chunk::<14>() else {
        return Layer::Short;
    };
    strip_ether_type(u16::from_be_bytes([header[12], header[13]]), rest)
}

#[cfg(test)]
mod tests {
    use super::super::fate_of;
    use super::strip;
    use crate::packet::Fate;
    use crate::packet::Layer;

    fn frame(behind_addresses: &[u8]) -> Vec<u8> {
        [&[0x02; 12], behind_addresses].concat()
    }

    #[test]
    fn ip_is_behind_fourteen_bytes() {
        assert_eq!(strip(&frame(b"\x08\x00\x45")), Layer::Ip(b"\x45"));
        assert_eq!(strip(&frame(b"\x86\xDD\x60")), Layer::Ip(b"\x60"));
    }

    #[test]
    fn eight_vlan_tags_are_taken_off_and_no_more() {
        let mut tagged =
            b"\x81\x00\x00\x01\x88\xA8\x00\x02\x91\x00\x00\x03\x92\x00\x00\x04".repeat(2);
        tagged.extend_from_slice(b"\x08\x00\x45");
        assert_eq!(strip(&frame(&tagged)), Layer::Ip(b"\x45"));
        let more = [b"\x81\x00\x00\x01", tagged.as_slice()].concat();
        assert_eq!(strip(&frame(&more)), Layer::Done(Fate::Unsupported));
    }

    #[test]
    fn a_frame_that_ends_inside_a_tag_is_short() {
        assert_eq!(strip(&frame(b"\x81\x00\x00")), Layer::Short);
        assert_eq!(strip(&[0; 13]), Layer::Short);
    }

    #[test]
    fn a_length_field_announces_llc() {
        assert_eq!(
            strip(&frame(b"\x00\x26\x42\x42\x03\x00")),
            Layer::Done(Fate::Other)
        );
        assert_eq!(
            strip(&frame(b"\x00\x26\xAA\xAA\x03\0\0\0\x08\x00\x45")),
            Layer::Ip(b"\x45")
        );
        assert_eq!(
            strip(&frame(
                b"\x00\x26\xAA\xAA\x03\0\0\xF8\x81\x00\0\x07\x88\x64"
            )),
            Layer::EtherType(0x8864, b"")
        );
        assert_eq!(strip(&frame(b"\x00\x26\xAA\xAA\x03")), Layer::Short);
    }

    #[test]
    fn a_packet_of_llc_headers_alone_comes_to_an_end() {
        let headers = b"\xAA\xAA\x03\0\0\0\x00\x08".repeat(30_000);
        assert_eq!(
            strip(&frame(&[b"\x00\x08", headers.as_slice()].concat())),
            Layer::Done(Fate::Unsupported)
        );
    }

    #[test]
    fn an_encapsulation_that_is_not_decoded_is_told_from_what_carries_no_ip() {
        for (ether_type, fate) in [
            (0x88E5_u16, Fate::Unsupported), // MACsec
            (0x8903, Fate::Unsupported),     // FabricPath
            (0x8863, Fate::Other),           // PPPoE discovery
            (0x0806, Fate::Other),           // ARP
            (0x88CC, Fate::Other),           // LLDP
            (0x888E, Fate::Other),           // EAPOL
            (0x9000, Fate::Other),           // loopback test
        ] {
            assert_eq!(
                strip(&frame(&ether_type.to_be_bytes())),
                Layer::EtherType(ether_type, b"")
            );
            assert_eq!(fate_of(ether_type), fate, "{ether_type:04x}");
        }
    }
}
