//! The network service header, which chains firewalls and the like: it says how long it is and what it carries.

use super::Announcement;
use super::Tunnel;
use crate::packet::Fate;
use crate::packet::Layer;
use crate::packet::Outer;

pub(super) const TUNNEL: Tunnel = Tunnel {
    name: "NSH",
    source: "RFC 8300 §2",
    announced_by: Announcement::EtherTypes(&[0x894F]),
    strip,
};

fn strip<'a>(bytes: &'a [u8], _: &Outer) -> Layer<'a> {
    let [version, length, _, protocol, ..] = bytes else {
        return Layer::Short;
    };
    let header_len = 4 * usize::from(length & 0x3F);
    // Version 0, and at least the base header and the path.
    if version >> 6 != 0 || header_len < 8 {
        return Layer::Done(Fate::Malformed);
    }
    let Some(carried) = bytes.get(header_len..) else {
        return Layer::Short;
    };
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
    use crate::packet::Fate;
    use crate::packet::Layer;
    use crate::packet::Outer;

    #[test]
    fn the_header_says_how_long_it_is_and_what_follows() {
        let outer = Outer::of_ip(Ipv4Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into());
        for (bytes, expected) in [
            (&b"\0\x02\x02\x01\0\0\x07\xFF\x45"[..], Layer::Ip(b"\x45")),
            (
                b"\x0F\xC3\x02\x03\0\0\x07\xFFmeta\x02",
                Layer::Ethernet(b"\x02"),
            ),
            (b"\0\x06\x01\x01\0\0\x07\xFF", Layer::Short),
            (b"\0\x01\x01\x01\0\0\x07\xFF", Layer::Done(Fate::Malformed)),
            (
                b"\0\x02\x02\x07\0\0\x07\xFF",
                Layer::Done(Fate::Unsupported),
            ),
        ] {
            assert_eq!(strip(bytes, &outer), expected, "{bytes:x?}");
        }
    }
}
