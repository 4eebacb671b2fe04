//! PPPoE sessions. The discovery of a session has an EtherType of its own and carries nothing.

use super::Announcement;
use super::Tunnel;
use super::ppp;
use crate::packet::Fate;
use crate::packet::Layer;
use crate::packet::Outer;

pub(super) const TUNNEL: Tunnel = Tunnel {
    name: "PPPoE",
    source: "RFC 2516",
    announced_by: Announcement::EtherTypes(&[0x8864]),
    strip,
};

fn strip<'a>(bytes: &'a [u8], _: &Outer) -> Layer<'a> {
    match bytes {
        // Version and type are 1, the code of session data is 0; then session and length. The length counts: in
        // padded frames some routers count the padding in the IP packet.
        [0x11, 0, _, _, high, low, rest @ ..] => {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            ppp::strip_frame(rest.get(..length).filter(|_| length > 0).unwrap_or(rest))
        }
        [0x11, 0, ..] | [0x11] | [] => Layer::Short,
        [0x11, ..] => Layer::Done(Fate::Other),
        _ => Layer::Done(Fate::Malformed),
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
    fn a_session_carries_ppp() {
        let outer = Outer::of_ip(Ipv4Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into());
        for (bytes, expected) in [
            (
                &b"\x11\x00\x12\x34\x00\x03\x00\x21\x45"[..],
                Layer::Ip(b"\x45"),
            ),
            (
                b"\x11\x00\x12\x34\x00\x03\x00\x21\x45\0\0",
                Layer::Ip(b"\x45"),
            ),
            (b"\x11\x00\x12\x34\x00", Layer::Short),
            (b"\x11\x09\x00\x00\x00\x00", Layer::Done(Fate::Other)),
            (b"\x21\x00\x00\x00\x00\x00", Layer::Done(Fate::Malformed)),
        ] {
            assert_eq!(strip(bytes, &outer), expected, "{bytes:x?}");
        }
    }
}
