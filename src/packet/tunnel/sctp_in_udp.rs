//! SCTP in UDP, as browsers and hosts behind address translation use it (RFC 6951).

use super::Announcement;
use super::Tunnel;
use crate::packet::Layer;
use crate::packet::Outer;

pub(super) const TUNNEL: Tunnel = Tunnel {
    name: "SCTP in UDP",
    source: "RFC 6951",
    announced_by: Announcement::UdpPorts(&[PORT]),
    strip,
};

/// The port that RFC 6951 §5.1 gives it.
pub(in crate::packet) const PORT: u16 = 9899;

/// The number of SCTP among the IP protocols.
const SCTP: u8 = 132;

/// The addresses are those of the packet, the ports those of SCTP (RFC 6951 §5.2). A chunk of a known type and a
/// possible length must follow the common header: a port proves nothing.
fn strip<'a>(bytes: &'a [u8], outer: &Outer) -> Layer<'a> {
    match bytes {
        [_, _, _, _, _, _, _, _, _, _, _, _, kind, _, high, low, ..]
            if u16::from_be_bytes([*high, *low]) >= 4 && is_chunk(*kind) =>
        {
            Layer::Transport(*outer, SCTP, bytes)
        }
        _ => Layer::Foreign,
    }
}

/// The types that RFC 9260 §3.2 lists, I-DATA and the extensions among them.
const fn is_chunk(kind: u8) -> bool {
    matches!(kind, 0..=15 | 64 | 128 | 130 | 132 | 192..=194)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::strip;
    use crate::packet::Layer;
    use crate::packet::Outer;

    #[test]
    fn only_what_begins_with_a_chunk_is_sctp() {
        let outer = Outer::of_ip(Ipv4Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into());
        let mut bytes = vec![0; 12];
        bytes.extend(b"\x00\x03\x00\x14");
        assert_eq!(strip(&bytes, &outer), Layer::Transport(outer, 132, &bytes));
        bytes[12] = 0x45;
        assert_eq!(strip(&bytes, &outer), Layer::Foreign);
        assert_eq!(strip(&bytes[..14], &outer), Layer::Foreign);
    }
}
