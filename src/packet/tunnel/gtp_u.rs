//! GTP-U, the user plane of mobile networks: eight bytes, optional fields, chained extension headers, and the packet
//! of a subscriber.

use super::Announcement;
use super::Tunnel;
use super::likeness;
use crate::packet::Fate;
use crate::packet::Layer;
use crate::packet::Outer;

pub(super) const TUNNEL: Tunnel = Tunnel {
    name: "GTP-U",
    source: "3GPP TS 29.281 §5",
    announced_by: Announcement::UdpPorts(&[2152]),
    strip,
};

/// Extension headers that are followed. A handful is defined; the bound is against packets made of them alone.
const MAX_EXTENSIONS: usize = 16;

/// The flags E, S and PN: with any of them all three optional fields are there.
const OPTIONAL_FIELDS: u8 = 0x07;
/// The flag E: of the optional fields, the type of the next extension header counts.
const EXTENSIONS: u8 = 0x04;

fn strip<'a>(bytes: &'a [u8], _: &Outer) -> Layer<'a> {
    // Version 1, protocol type GTP, and a zero bit before the flags.
    let [flags @ 0x30..=0x37, message_type, rest @ ..] = bytes else {
        return Layer::Foreign;
    };
    match message_type {
        255 => strip_packet(*flags, rest),
        // Echo, error indication, supported extensions, tunnel status, end marker.
        1 | 2 | 26 | 31 | 253 | 254 if rest.len() >= 6 => Layer::Done(Fate::Other),
        _ => Layer::Foreign,
    }
}

/// A G-PDU; `bytes` begin behind the message type.
fn strip_packet(flags: u8, bytes: &[u8]) -> Layer<'_> {
    // Length and tunnel endpoint identifier.
    let Some(mut rest) = bytes.get(6..) else {
        return Layer::Short;
    };
    if flags & OPTIONAL_FIELDS != 0 {
        // Sequence number and N-PDU number.
        let [_, _, _, next, behind @ ..] = rest else {
            return Layer::Short;
        };
        rest = behind;
        if flags & EXTENSIONS != 0 {
            rest = match behind_extensions(*next, rest) {
                Ok(rest) => rest,
                Err(layer) => return layer,
            };
        }
    }
    match rest.first().map(|first| first >> 4) {
        None => Layer::Short,
        Some(4 | 6) if !likeness::is_ethernet(rest) || likeness::is_ip(rest) => Layer::Ip(rest),
        // Sessions of the types Ethernet, and PPP or whatever else two ends agree upon.
        Some(_) if likeness::is_ethernet(rest) => Layer::Ethernet(rest),
        Some(_) => match rest {
            [0xFF, 0x03, ..] => Layer::EtherType(0x880B, rest),
            _ => Layer::Done(Fate::Unsupported),
        },
    }
}

/// Each begins with its length in units of four bytes and ends with the type of the next (TS 29.281 §5.2.1).
fn behind_extensions(mut next: u8, mut bytes: &[u8]) -> Result<&[u8], Layer<'static>> {
    for _ in 0..=MAX_EXTENSIONS {
        if next == 0 {
            return Ok(bytes);
        }
        let length = match bytes.first() {
            None => return Err(Layer::Short),
            Some(0) => return Err(Layer::Done(Fate::Malformed)),
            Some(units) => 4 * usize::from(*units),
        };
        let Some((extension, behind)) = bytes.split_at_checked(length) else {
            return Err(Layer::Short);
        };
        next = extension.last().copied().unwrap_or(0);
        bytes = behind;
    }
    Err(Layer::Done(Fate::Malformed))
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
    fn the_packet_is_behind_the_optional_fields_if_any_is_there() {
        assert_carried(b"\x30\xFF\0\x01\0\0\0\x07\x45", Layer::Ip(b"\x45"));
        for flags in [b'\x31', b'\x32', b'\x33'] {
            let bytes = [&[flags], &b"\xFF\0\x05\0\0\0\x07\0\x01\0\x85\x60"[..]].concat();
            assert_carried(&bytes, Layer::Ip(b"\x60"));
        }
    }

    #[test]
    fn extension_headers_are_followed_to_the_last() {
        let bytes = b"\x34\xFF\0\x0D\0\0\0\x07\0\0\0\x85\x01\0\0\xC0\x02\0\0\0\0\0\0\0\x45";
        assert_carried(bytes, Layer::Ip(b"\x45"));
        for length in 2..bytes.len() {
            assert_carried(&bytes[..length], Layer::Short);
        }
    }

    #[test]
    fn a_chain_of_extensions_without_length_or_end_is_damaged() {
        assert_carried(
            b"\x34\xFF\0\x0D\0\0\0\x07\0\0\0\x85\0\0\0\0",
            Layer::Done(Fate::Malformed),
        );
        let endless = [
            &b"\x34\xFF\0\x0D\0\0\0\x07\0\0\0\x85"[..],
            &b"\x01\0\0\x85".repeat(300),
        ];
        assert_carried(&endless.concat(), Layer::Done(Fate::Malformed));
    }

    #[test]
    fn signalling_carries_nothing_and_anything_else_is_foreign() {
        assert_carried(
            b"\x32\x01\0\x04\0\0\0\0\0\x01\0\0",
            Layer::Done(Fate::Other),
        );
        assert_carried(b"\x30\xFE\0\0\0\0\0\x07", Layer::Done(Fate::Other));
        assert_carried(b"\x48\x20\0\x08", Layer::Foreign);
        assert_carried(b"\x80\x08\0\x01\0\0\0\0", Layer::Foreign);
        assert_carried(b"OPTIONS sip:a SIP/2.0", Layer::Foreign);
        assert_carried(b"30 bytes of text", Layer::Foreign);
        assert_carried(b"", Layer::Foreign);
    }

    #[test]
    fn a_session_may_carry_frames() {
        let frame = [&[0x02; 12][..], b"\x08\0\x45"].concat();
        let bytes = [b"\x30\xFF\0\x0F\0\0\0\x07", frame.as_slice()].concat();
        assert_carried(&bytes, Layer::Ethernet(&frame));
        assert_carried(
            b"\x30\xFF\0\x01\0\0\0\x07\x99",
            Layer::Done(Fate::Unsupported),
        );
    }
}
