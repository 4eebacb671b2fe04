//! Linux netfilter log messages, as `tcpdump -i nflog` writes them: four bytes, then attributes of which one is the
//! IP packet.

use super::Link;
use super::strip_ether_type;
use crate::capture::record::LinkType;
use crate::packet::Fate;
use crate::packet::Layer;

pub(super) const LINK: Link = Link {
    name: "Linux NFLOG",
    types: &[LinkType(239)],
    source: "tcpdump.org: LINKTYPE_NFLOG",
    strip,
};

/// Attributes that are read before the payload. Linux writes less than twenty kinds, the payload last.
const MAX_ATTRIBUTES: usize = 64;

/// `NFULA_PACKET_HDR` and `NFULA_PAYLOAD` of linux/netfilter/nfnetlink_log.h.
const PACKET_HEADER: u16 = 1;
const PAYLOAD: u16 = 9;

fn strip(bytes: &[u8]) -> Layer<'_> {
    let [family, _, _, _, attributes @ ..] = bytes else {
        return Layer::Short;
    };
    // A bridge says in the packet header which protocol it is.
    let mut ether_type = match family {
        2 | 10 => 0x0800,
        _ => 0,
    };
    let mut rest = attributes;
    for _ in 0..MAX_ATTRIBUTES {
        let Some(([a, b, c, d], behind)) = rest.split_first_chunk::<4>() else {
            return Layer::Short;
        };
        // The byte order is that of the host that captured. A kind is a small number, which tells the two apart.
        let is_little = u16::from_le_bytes([*c, *d]) <= u16::from_be_bytes([*c, *d]);
        let read = if is_little {
            u16::from_le_bytes
        } else {
            u16::from_be_bytes
        };
        let (length, kind) = (usize::from(read([*a, *b])), read([*c, *d]));
        let Some(value_len) = length.checked_sub(4) else {
            return Layer::Done(Fate::Malformed);
        };
        let value = behind.get(..value_len).unwrap_or(behind);
        match (kind, value) {
            (PACKET_HEADER, [high, low, ..]) if ether_type == 0 => {
                ether_type = u16::from_be_bytes([*high, *low]);
            }
            (PAYLOAD, _) if ether_type == 0 => return Layer::Done(Fate::Other),
            (PAYLOAD, _) => return strip_ether_type(ether_type, value),
            _ => {}
        }
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    Layer::Done(Fate::Malformed)
}

#[cfg(test)]
mod tests {
    use super::strip;
    use crate::packet::Fate;
    use crate::packet::Layer;

    #[test]
    fn the_payload_is_found_in_either_byte_order() {
        let little =
            b"\x02\0\0\x05\x08\0\x01\0\x08\0\x01\0\x05\0\x0A\0\0\0\0\0\x06\0\x09\0\x45\0\0\0";
        assert_eq!(strip(little), Layer::Ip(b"\x45\0"));
        let big = b"\x0A\0\0\x05\0\x05\0\x0A\0\0\0\0\0\x06\0\x09\x60\0\0\0";
        assert_eq!(strip(big), Layer::Ip(b"\x60\0"));
    }

    #[test]
    fn a_bridge_names_the_protocol_in_the_packet_header() {
        let bridge = b"\x07\0\0\x05\x08\0\x01\0\x86\xDD\x01\0\x05\0\x09\0\x60\0\0\0";
        assert_eq!(strip(bridge), Layer::Ip(b"\x60"));
        let arp = b"\x07\0\0\x05\x08\0\x01\0\x08\x06\x01\0\x05\0\x09\0\0\0\0\0";
        assert_eq!(strip(arp), Layer::EtherType(0x0806, b"\0"));
        let unnamed = b"\x07\0\0\x05\x05\0\x09\0\x60\0\0\0";
        assert_eq!(strip(unnamed), Layer::Done(Fate::Other));
    }

    #[test]
    fn a_payload_that_the_snap_length_cut_is_taken_as_far_as_it_goes() {
        assert_eq!(
            strip(b"\x02\0\0\x05\xFF\x01\x09\0\x45\0"),
            Layer::Ip(b"\x45\0")
        );
        assert_eq!(strip(b"\x02\0\0\x05\x08\0\x01\0"), Layer::Short);
    }

    #[test]
    fn attributes_shorter_than_their_header_or_without_end_are_damaged() {
        assert_eq!(
            strip(b"\x02\0\0\x05\x03\0\x01\0"),
            Layer::Done(Fate::Malformed)
        );
        let many = [b"\x02\0\0\x05".as_slice(), &b"\x04\0\x01\0".repeat(5_000)].concat();
        assert_eq!(strip(&many), Layer::Done(Fate::Malformed));
    }
}
