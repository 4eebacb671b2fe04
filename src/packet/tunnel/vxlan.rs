//! VXLAN: eight bytes before an Ethernet frame. The generic extension (GPE) says what follows instead.
//!
//! Reserved bits are zero in what is sent, and that is what tells VXLAN from other traffic on its ports.

use super::Announcement;
use super::Tunnel;
use crate::packet::Fate;
use crate::packet::Layer;
use crate::packet::Outer;

/// 8472 is what Linux used before 4789 was assigned.
pub(super) const TUNNEL: Tunnel = Tunnel {
    name: "VXLAN",
    source: "RFC 7348, draft-smith-vxlan-group-policy",
    announced_by: Announcement::UdpPorts(&[4789, 8472]),
    strip,
};

pub(super) const GENERIC: Tunnel = Tunnel {
    name: "VXLAN-GPE",
    source: "draft-ietf-nvo3-vxlan-gpe",
    announced_by: Announcement::UdpPorts(&[4790]),
    strip: strip_generic,
};

fn strip<'a>(bytes: &'a [u8], _: &Outer) -> Layer<'a> {
    match bytes {
        // The network's number is valid; the first bit adds a group policy.
        [0x08, 0, 0, 0, _, _, _, 0, rest @ ..] | [0x88, _, _, _, _, _, _, 0, rest @ ..] => {
            Layer::Ethernet(rest)
        }
        [0x08, 0, 0, 0, ..] if bytes.len() < 8 => Layer::Short,
        _ => Layer::Foreign,
    }
}

fn strip_generic<'a>(bytes: &'a [u8], _: &Outer) -> Layer<'a> {
    /// The bit that says that the next protocol is valid.
    const HAS_NEXT_PROTOCOL: u8 = 0x04;
    let [flags @ 0x08..=0x0F, 0, 0, protocol, rest @ ..] = bytes else {
        return Layer::Foreign;
    };
    let carried = match rest {
        [_, _, _, 0, carried @ ..] => carried,
        [_, _, _, _, ..] => return Layer::Foreign,
        _ => return Layer::Short,
    };
    if flags & HAS_NEXT_PROTOCOL == 0 {
        return Layer::Ethernet(carried);
    }
    match protocol {
        1 | 2 => Layer::Ip(carried),
        3 => Layer::Ethernet(carried),
        4 => Layer::EtherType(0x894F, carried),
        5 => Layer::EtherType(0x8847, carried),
        _ => Layer::Done(Fate::Unsupported),
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::strip;
    use super::strip_generic;
    use crate::packet::Layer;
    use crate::packet::Outer;

    fn outer() -> Outer {
        Outer::of_ip(Ipv4Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into())
    }

    #[test]
    fn a_frame_is_behind_eight_bytes() {
        let bytes = b"\x08\0\0\0\0\0\x07\0\x02";
        assert_eq!(strip(bytes, &outer()), Layer::Ethernet(b"\x02"));
        assert_eq!(strip(&bytes[..7], &outer()), Layer::Short);
        let with_policy = b"\x88\x08\0\x05\0\0\x07\0\x02";
        assert_eq!(strip(with_policy, &outer()), Layer::Ethernet(b"\x02"));
    }

    #[test]
    fn media_and_keep_alives_and_sip_on_the_port_are_foreign() {
        for bytes in [
            &b"\x80\x08\x00\x01\x00\x00\x00\x00\x00"[..],
            b"\0\0\0\0",
            b"\r\n\r\n",
            b"SIP/2.0 488 Not Acceptable Here",
            b"\x08\x01\0\0\0\0\x07\0\x02",
            b"\x08\0\0\0\0\0\x07\x01\x02",
        ] {
            assert_eq!(strip(bytes, &outer()), Layer::Foreign, "{bytes:x?}");
            assert_eq!(strip_generic(bytes, &outer()), Layer::Foreign, "{bytes:x?}");
        }
    }

    #[test]
    fn the_generic_extension_names_what_follows() {
        for (protocol, expected) in [
            (1, Layer::Ip(&b"x"[..])),
            (2, Layer::Ip(b"x")),
            (3, Layer::Ethernet(b"x")),
            (4, Layer::EtherType(0x894F, b"x")),
        ] {
            let bytes = [0x0C, 0, 0, protocol, 0, 0, 7, 0, b'x'];
            assert_eq!(strip_generic(&bytes, &outer()), expected);
        }
        assert_eq!(
            strip_generic(b"\x08\0\0\0\0\0\x07\0x", &outer()),
            Layer::Ethernet(b"x")
        );
        assert_eq!(strip_generic(b"\x0C\0\0\x01\0\0", &outer()), Layer::Short);
    }
}
