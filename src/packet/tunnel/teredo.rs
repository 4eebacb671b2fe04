//! Teredo: IPv6 over UDP, through address translators. What a client and its server say to each other may be
//! preceded by an authentication and by the address that the server saw.

use super::Announcement;
use super::Tunnel;
use crate::packet::Layer;
use crate::packet::Outer;

pub(super) const TUNNEL: Tunnel = Tunnel {
    name: "Teredo",
    source: "RFC 4380 §5.1.1",
    announced_by: Announcement::UdpPorts(&[3544]),
    strip,
};

fn strip<'a>(bytes: &'a [u8], _: &Outer) -> Layer<'a> {
    // Every header begins with a zero byte, which IPv6 does not.
    behind_authentication(bytes)
        .and_then(behind_origin)
        .filter(|packet| is_ipv6_of_teredo(packet))
        .map_or(Layer::Foreign, Layer::Ip)
}

/// Lengths of client identification and of authentication value; these, a nonce of eight bytes and a confirmation.
fn behind_authentication(bytes: &[u8]) -> Option<&[u8]> {
    match bytes {
        [0, 1, id_len, value_len, rest @ ..] => {
            rest.get(usize::from(*id_len) + usize::from(*value_len) + 9..)
        }
        _ => Some(bytes),
    }
}

/// Port and address, disguised.
fn behind_origin(bytes: &[u8]) -> Option<&[u8]> {
    match bytes {
        [0, 0, rest @ ..] => rest.get(6..),
        _ => Some(bytes),
    }
}

/// At least one end has a Teredo address (RFC 4380 §2.6), or a link-local one while it asks for the prefix.
fn is_ipv6_of_teredo(bytes: &[u8]) -> bool {
    let begins = |place: usize, prefix: &[u8]| {
        let address = bytes.get(place..).unwrap_or_default();
        address.starts_with(prefix)
    };
    let is_v6 = matches!(bytes, [0x60..=0x6F, ..]);
    let (source, destination) = (8, 24);
    is_v6
        && (begins(source, b"\x20\x01\0\0")
            || begins(destination, b"\x20\x01\0\0")
            || begins(source, b"\xFE\x80\0\0"))
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::strip;
    use crate::packet::Layer;
    use crate::packet::Outer;

    #[test]
    fn ipv6_is_behind_authentication_and_origin_if_they_are_there() {
        let outer = Outer::of_ip(Ipv4Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into());
        let mut packet = vec![0; 40];
        packet[0] = 0x60;
        packet[24..26].copy_from_slice(b"\x20\x01");
        let authentication = b"\0\x01\x02\x01idAnoncenoncC";
        let origin = b"\0\0\x12\x34\x01\x02\x03\x04";
        for headers in [
            vec![],
            authentication[..4 + 3 + 9].to_vec(),
            origin.to_vec(),
            [&authentication[..16], origin].concat(),
        ] {
            let bytes = [headers.as_slice(), &packet].concat();
            assert_eq!(strip(&bytes, &outer), Layer::Ip(&packet), "{headers:x?}");
        }
    }

    #[test]
    fn stun_and_media_and_text_on_the_port_are_foreign() {
        let outer = Outer::of_ip(Ipv4Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into());
        let mut text = b"just some letters, longer than a header of IPv6".to_vec();
        text.resize(200, b' ');
        for bytes in [
            &b"\0\x01\0\x08\x21\x12\xA4\x42abcdefghijkl\0\x03\0\x04\0\0\0\0"[..],
            b"\x80\0\0\x01\0\0\0\0",
            b"",
            b"\0\0\0\0",
            &text,
        ] {
            assert_eq!(strip(bytes, &outer), Layer::Foreign, "{bytes:x?}");
        }
    }
}
