//! Geneve: eight bytes, options, and what an EtherType names.

use super::Announcement;
use super::Tunnel;
use crate::packet::Layer;
use crate::packet::Outer;
use crate::packet::link;

pub(super) const TUNNEL: Tunnel = Tunnel {
    name: "Geneve",
    source: "RFC 8926",
    announced_by: Announcement::UdpPorts(&[6081]),
    strip,
};

fn strip<'a>(bytes: &'a [u8], _: &Outer) -> Layer<'a> {
    // Version 0 and the length of the options; two flags and reserved bits.
    let [options @ 0..=0x3F, flags, high, low, rest @ ..] = bytes else {
        return Layer::Foreign;
    };
    let ether_type = u16::from_be_bytes([*high, *low]);
    // STUN begins as version 0 does; what is carried makes the difference.
    let is_carried = matches!(
        ether_type,
        0x0800 | 0x0806 | 0x86DD | 0x6558 | 0x8100 | 0x8847 | 0x8848 | 0x894F
    );
    if flags & 0x3F != 0 || !is_carried {
        return Layer::Foreign;
    }
    let behind_options = rest.get(4 + 4 * usize::from(*options)..);
    behind_options.map_or(Layer::Short, |carried| {
        link::strip_ether_type(ether_type, carried)
    })
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::strip;
    use crate::packet::Layer;
    use crate::packet::Outer;

    #[test]
    fn options_stand_before_what_is_carried() {
        let outer = Outer::of_ip(Ipv4Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into());
        for (bytes, expected) in [
            (&b"\0\0\x08\0\0\0\x07\0\x45"[..], Layer::Ip(&b"\x45"[..])),
            (
                b"\0\0\x65\x58\0\0\x07\0\x02",
                Layer::EtherType(0x6558, b"\x02"),
            ),
            (b"\x02\x40\x08\0\0\0\x07\0optsopts\x45", Layer::Ip(b"\x45")),
            (b"\x02\x40\x08\0\0\0\x07\0opts", Layer::Short),
            (b"\0\0\x08\0\0", Layer::Short),
        ] {
            assert_eq!(strip(bytes, &outer), expected, "{bytes:x?}");
        }
    }

    #[test]
    fn stun_and_media_and_sip_on_the_port_are_foreign() {
        let outer = Outer::of_ip(Ipv4Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into());
        for bytes in [
            &b"\0\x01\0\x08\x21\x12\xA4\x42"[..],
            b"\x80\xC8\0\x06\0\0\0\0",
            b"INVITE sip:a@example.com SIP/2.0",
            b"\0\0\0\0\0\0\0\0",
            b"\r\n\r\n",
        ] {
            assert_eq!(strip(bytes, &outer), Layer::Foreign, "{bytes:x?}");
        }
    }
}
