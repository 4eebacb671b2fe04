//! Ethernet frames directly in IP, in GRE and in Geneve.

use super::Announcement;
use super::Tunnel;
use crate::packet::Fate;
use crate::packet::Layer;
use crate::packet::Outer;

pub(super) const TUNNEL: Tunnel = Tunnel {
    name: "EtherIP",
    source: "RFC 3378",
    announced_by: Announcement::Protocols(&[97]),
    strip,
};

pub(super) const BARE: Tunnel = Tunnel {
    name: "Ethernet in IP",
    source: "RFC 8986 §4.9",
    announced_by: Announcement::Protocols(&[143]),
    strip: strip_nothing,
};

pub(super) const BRIDGED: Tunnel = Tunnel {
    name: "transparent Ethernet bridging",
    source: "RFC 1701, RFC 7637",
    announced_by: Announcement::EtherTypes(&[0x6558]),
    strip: strip_nothing,
};

fn strip<'a>(bytes: &'a [u8], _: &Outer) -> Layer<'a> {
    match bytes {
        // Version 3; some systems have it in the other half of the byte.
        [0x30 | 0x03, _, frame @ ..] => Layer::Ethernet(frame),
        [] | [_] => Layer::Short,
        _ => Layer::Done(Fate::Malformed),
    }
}

fn strip_nothing<'a>(bytes: &'a [u8], _: &Outer) -> Layer<'a> {
    Layer::Ethernet(bytes)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::strip;
    use crate::packet::Fate;
    use crate::packet::Layer;
    use crate::packet::Outer;

    #[test]
    fn a_frame_is_behind_two_bytes() {
        let outer = Outer::of_ip(Ipv4Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into());
        assert_eq!(strip(b"\x30\0\x02", &outer), Layer::Ethernet(b"\x02"));
        assert_eq!(strip(b"\x30", &outer), Layer::Short);
        assert_eq!(strip(b"\x40\0\x02", &outer), Layer::Done(Fate::Malformed));
    }
}
