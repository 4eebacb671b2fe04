//! What bytes look like, where a header does not say what it carries.
//!
//! Such headers rely on what both ends were configured to, which a capture does not show.

/// Whether the bytes look like an IP packet, rather than like a frame whose addresses begin as IP does: the checksum
/// of the header is right, or the protocol is one that is met.
pub(super) fn is_ip(bytes: &[u8]) -> bool {
    match *bytes {
        [first @ 0x45..=0x4F, ..] => bytes
            .get(..4 * usize::from(first & 0x0F))
            .is_some_and(|header| ones_complement_sum(header) == 0xFFFF),
        [0x60..=0x6F, _, _, _, _, _, next_header, ..] => {
            matches!(
                next_header,
                0 | 4 | 6 | 17 | 41 | 43 | 44 | 47 | 50 | 51 | 58 | 60 | 132
            )
        }
        _ => false,
    }
}

/// Of a header that has its checksum in it: all ones where it is right (RFC 1071).
fn ones_complement_sum(header: &[u8]) -> u16 {
    header.as_chunks::<2>().0.iter().fold(0, |sum: u16, pair| {
        let (sum, carry) = sum.overflowing_add(u16::from_be_bytes(*pair));
        sum.wrapping_add(u16::from(carry))
    })
}

/// Whether the bytes look like an Ethernet frame: its type is one of those that are met, and what follows begins as
/// the type says.
pub(super) fn is_ethernet(bytes: &[u8]) -> bool {
    let Some((_, behind_addresses)) = bytes.split_first_chunk::<12>() else {
        return false;
    };
    matches!(
        behind_addresses,
        // IP, ARP for IP on Ethernet, MPLS, PPPoE.
        [0x08, 0x00, 0x45..=0x4F, ..]
            | [0x86, 0xDD, 0x60..=0x6F, ..]
            | [0x08, 0x06, 0x00, 0x01, 0x08, 0x00, ..]
            | [0x88, 0x47 | 0x48, _, _, _, _, ..]
            | [0x88, 0x63 | 0x64, 0x11, ..]
            // A VLAN tag, and another type behind it.
            | [0x81, 0x00, _, _, 0x08, 0x00 | 0x06, ..]
            | [0x81, 0x00, _, _, 0x86, 0xDD, ..]
            | [0x81, 0x00, _, _, 0x88, 0x47 | 0x48 | 0x63 | 0x64, ..]
            | [0x88, 0xA8, _, _, 0x81, 0x00, ..]
            // A length, then LLC of SNAP or of a spanning tree.
            | [0x00..=0x05, _, 0xAA, 0xAA, 0x03, ..]
            | [0x00..=0x05, _, 0x42, 0x42, 0x03, ..]
    )
}

#[cfg(test)]
mod tests {
    use super::is_ethernet;
    use super::is_ip;

    #[test]
    fn a_frame_has_a_type_and_what_it_announces() {
        for behind in [
            &b"\x08\x00\x45"[..],
            b"\x86\xDD\x60",
            b"\x81\x00\0\x07\x08\x00",
            b"\x00\x26\x42\x42\x03",
        ] {
            assert!(is_ethernet(&[&[0x45; 12], behind].concat()), "{behind:x?}");
        }
        for behind in [
            &b""[..],
            b"\x08\x00\x60",
            b"\x12\x34\x45",
            b"\x81\x00\0\x07",
        ] {
            assert!(!is_ethernet(&[&[0x45; 12], behind].concat()), "{behind:x?}");
        }
    }

    #[test]
    fn a_packet_has_a_checksum_or_a_protocol_that_is_met() {
        let v4 = b"\x45\0\0\x14\0\0\0\0\x40\x11\xF6\xD5\xC0\0\x02\x01\xC0\0\x02\x02";
        assert!(is_ip(v4));
        assert!(!is_ip(&v4[..19]));
        assert!(!is_ip(&[0x45; 20]));
        assert!(is_ip(b"\x60\0\0\0\0\x08\x11\x40"));
        assert!(!is_ip(b"\x60\0\0\0\0\x08\xFE\x40"));
        assert!(!is_ip(b""));
    }
}
