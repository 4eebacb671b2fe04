//! PPP: a protocol number of two bytes, or of one where that is enough, with or without the address and control bytes
//! of HDLC before it.

use super::Announcement;
use super::Tunnel;
use crate::packet::Fate;
use crate::packet::Layer;
use crate::packet::Outer;

/// The EtherType is what PPTP's GRE names it by; the link types of PPP use it, too.
pub(super) const TUNNEL: Tunnel = Tunnel {
    name: "PPP",
    source: "RFC 1661, RFC 1662, RFC 5072",
    announced_by: Announcement::EtherTypes(&[0x880B]),
    strip,
};

fn strip<'a>(bytes: &'a [u8], _: &Outer) -> Layer<'a> {
    strip_frame(bytes)
}

/// Takes the header of a PPP frame off.
pub(super) fn strip_frame(bytes: &[u8]) -> Layer<'_> {
    let bytes = match bytes {
        [0xFF, 0x03, rest @ ..] => rest,
        _ => bytes,
    };
    let (protocol, rest) = match *bytes {
        // The last byte of a protocol number alone is odd (RFC 1661 §2), so an odd first byte is the last one.
        [only, ref rest @ ..] if only & 1 == 1 => (u16::from(only), rest),
        [high, low, ref rest @ ..] => (u16::from_be_bytes([high, low]), rest),
        _ => return Layer::Short,
    };
    match protocol {
        0x0021 | 0x0057 => Layer::Ip(rest),
        0x0281 | 0x0283 => Layer::EtherType(0x8847, rest),
        // Compressed and encrypted packets, parts of packets (RFC 1990), bridged frames (RFC 3518).
        0x0003 | 0x0005 | 0x002D | 0x002F | 0x0031 | 0x003D | 0x0053 | 0x0055 | 0x0061 | 0x0065
        | 0x0067 | 0x0069 | 0x00FB | 0x00FD | 0x2063 | 0x2065 | 0x2067 | 0x2069 => {
            Layer::Done(Fate::Unsupported)
        }
        _ => Layer::Done(Fate::Other),
    }
}

#[cfg(test)]
mod tests {
    use super::strip_frame;
    use crate::packet::Fate;
    use crate::packet::Layer;

    #[test]
    fn the_protocol_has_one_byte_or_two_and_hdlc_may_precede_it() {
        for bytes in [
            &b"\xFF\x03\x00\x21\x45"[..],
            b"\xFF\x03\x21\x45",
            b"\x00\x21\x45",
            b"\x21\x45",
        ] {
            assert_eq!(strip_frame(bytes), Layer::Ip(b"\x45"), "{bytes:x?}");
        }
        assert_eq!(strip_frame(b"\x57\x60"), Layer::Ip(b"\x60"));
        assert_eq!(strip_frame(b"\x02\x81"), Layer::EtherType(0x8847, b""));
    }

    #[test]
    fn what_may_hide_ip_is_told_from_negotiation() {
        for (bytes, fate) in [
            (&b"\x00\xFD\x90"[..], Fate::Unsupported),
            (b"\x3D\xC0", Fate::Unsupported),
            (b"\x00\x2D\x45", Fate::Unsupported),
            (b"\xC0\x21\x09", Fate::Other),
            (b"\x80\x21\x01", Fate::Other),
            (b"\xC2\x23\x01", Fate::Other),
        ] {
            assert_eq!(strip_frame(bytes), Layer::Done(fate), "{bytes:x?}");
        }
        assert_eq!(strip_frame(b"\xFF\x03\x00"), Layer::Short);
        assert_eq!(strip_frame(b""), Layer::Short);
    }
}
