//! GRE: four bytes, then those of checksum, key and sequence number that the flags announce, then what an EtherType
//! names. NVGRE is GRE with a key that carries Ethernet; PPTP uses version 1, which acknowledges and carries PPP.

use super::Announcement;
use super::Tunnel;
use crate::packet::Fate;
use crate::packet::Layer;
use crate::packet::Outer;
use crate::packet::link;

pub(super) const TUNNEL: Tunnel = Tunnel {
    name: "GRE, NVGRE, PPTP, ERSPAN type I",
    source: "RFC 2784, RFC 2890, RFC 2637, RFC 7637",
    announced_by: Announcement::Protocols(&[47]),
    strip,
};

/// The flags in the first two bytes.
mod flag {
    pub(super) const CHECKSUM: u16 = 0x8000;
    pub(super) const ROUTING: u16 = 0x4000;
    pub(super) const KEY: u16 = 0x2000;
    pub(super) const SEQUENCE: u16 = 0x1000;
    /// In version 1 alone.
    pub(super) const ACKNOWLEDGMENT: u16 = 0x0080;
    pub(super) const VERSION: u16 = 0x0007;
}

/// What a mirror port of Cisco sends.
const ERSPAN: u16 = 0x88BE;

fn strip<'a>(bytes: &'a [u8], _: &Outer) -> Layer<'a> {
    let [a, b, c, d, rest @ ..] = bytes else {
        return Layer::Short;
    };
    let flags = u16::from_be_bytes([*a, *b]);
    let ether_type = u16::from_be_bytes([*c, *d]);
    let has = |flag: u16| flags & flag != 0;
    let fields = match flags & flag::VERSION {
        // The list of addresses of RFC 1701 is deprecated and of any length.
        0 if has(flag::ROUTING) => return Layer::Done(Fate::Unsupported),
        0 => [has(flag::CHECKSUM), has(flag::KEY), has(flag::SEQUENCE)],
        1 => [
            has(flag::KEY),
            has(flag::SEQUENCE),
            has(flag::ACKNOWLEDGMENT),
        ],
        _ => return Layer::Done(Fate::Unsupported),
    };
    let fields_len = 4 * fields.iter().filter(|is_there| **is_there).count();
    let Some(carried) = rest.get(fields_len..) else {
        return Layer::Short;
    };
    // RFC 2637 §4.1: an acknowledgment that carries nothing has no sequence number.
    if flags & flag::VERSION == 1 && !has(flag::SEQUENCE) {
        return Layer::Done(Fate::Other);
    }
    match ether_type {
        // Type I of ERSPAN has no header of its own, type II counts its packets and has one.
        ERSPAN if !has(flag::SEQUENCE) => Layer::Ethernet(carried),
        ERSPAN => Layer::EtherType(ERSPAN, carried),
        _ => link::strip_ether_type(ether_type, carried),
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::strip;
    use crate::packet::Fate;
    use crate::packet::Layer;
    use crate::packet::Outer;

    #[track_caller]
    fn assert_carried(bytes: &[u8], expected: Layer<'_>) {
        let outer = Outer::of_ip(Ipv4Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into());
        assert_eq!(strip(bytes, &outer), expected, "{bytes:x?}");
    }

    #[test]
    fn each_flag_announces_four_bytes() {
        for (flags, fields) in [
            (0x00, 0),
            (0x80, 4),
            (0x20, 4),
            (0x10, 4),
            (0xA0, 8),
            (0xB0, 12),
        ] {
            let bytes = [&[flags, 0, 0x08, 0][..], &vec![7; fields], b"\x45"].concat();
            assert_carried(&bytes, Layer::Ip(b"\x45"));
            assert_carried(&bytes[..3 + fields], Layer::Short);
        }
    }

    #[test]
    fn the_ether_type_says_what_is_carried() {
        assert_carried(b"\0\0\x86\xDD\x60", Layer::Ip(b"\x60"));
        assert_carried(
            b"\x20\0\x65\x58\0\0\x07\0\x02",
            Layer::EtherType(0x6558, b"\x02"),
        );
        assert_carried(b"\0\0\x88\x47", Layer::EtherType(0x8847, b""));
        assert_carried(b"\0\0\x88\xBE\x02", Layer::Ethernet(b"\x02"));
        assert_carried(
            b"\x10\0\x88\xBE\0\0\0\x01\x10",
            Layer::EtherType(0x88BE, b"\x10"),
        );
    }

    #[test]
    fn version_1_carries_ppp_or_acknowledges() {
        assert_carried(
            b"\x30\x81\x88\x0B\0\x02\0\x07\0\0\0\x01\0\0\0\x01\x21\x45",
            Layer::EtherType(0x880B, b"\x21\x45"),
        );
        assert_carried(
            b"\x20\x81\x88\x0B\0\0\0\x07\0\0\0\x01",
            Layer::Done(Fate::Other),
        );
    }

    #[test]
    fn source_routes_and_other_versions_are_not_decoded() {
        assert_carried(b"\x40\0\x08\0\0\0\0\0", Layer::Done(Fate::Unsupported));
        assert_carried(b"\0\x02\x08\0\x45", Layer::Done(Fate::Unsupported));
    }
}
