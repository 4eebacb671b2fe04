//! MPLS: labels of four bytes, the last of which says so, and behind them no word about what they carry.
//!
//! The first four bits tell (BCP 128): 4 and 6 are IP, 0 is a control word before a frame (RFC 4385 §3), 1 is the
//! channel by which the ends of a pseudowire check on each other. Pseudowires without a control word carry frames
//! whose addresses may begin so as well, which the look of what follows settles.

use super::Announcement;
use super::Tunnel;
use super::likeness;
use crate::packet::Fate;
use crate::packet::Layer;
use crate::packet::Outer;

pub(super) const TUNNEL: Tunnel = Tunnel {
    name: "MPLS, Ethernet pseudowire",
    source: "RFC 3032, RFC 4448",
    announced_by: Announcement::EtherTypes(&[0x8847, 0x8848]),
    strip,
};

pub(super) const IN_IP: Tunnel = Tunnel {
    name: "MPLS in IP",
    source: "RFC 4023",
    announced_by: Announcement::Protocols(&[137]),
    strip,
};

/// Labels in one stack. Segment routing with entropy labels needs about ten; the bound is against packets that are
/// made of labels alone.
const MAX_LABELS: usize = 32;

fn strip<'a>(bytes: &'a [u8], _: &Outer) -> Layer<'a> {
    let mut rest = bytes;
    for _ in 0..MAX_LABELS {
        let Some(([_, _, third, _], behind)) = rest.split_first_chunk::<4>() else {
            return Layer::Short;
        };
        rest = behind;
        let is_bottom_of_stack = third & 1 == 1;
        if is_bottom_of_stack {
            return behind_labels(rest);
        }
    }
    Layer::Done(Fate::Unsupported)
}

fn behind_labels(bytes: &[u8]) -> Layer<'_> {
    let Some(first) = bytes.first() else {
        return Layer::Short;
    };
    match first >> 4 {
        4 | 6 if likeness::is_ethernet(bytes) && !likeness::is_ip(bytes) => Layer::Ethernet(bytes),
        4 | 6 => Layer::Ip(bytes),
        0 => match bytes.get(4..) {
            Some(frame) if likeness::is_ethernet(frame) || !likeness::is_ethernet(bytes) => {
                Layer::Ethernet(frame)
            }
            _ => Layer::Ethernet(bytes),
        },
        1 if !likeness::is_ethernet(bytes) => Layer::Done(Fate::Other),
        _ => Layer::Ethernet(bytes),
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::MAX_LABELS;
    use super::strip;
    use crate::packet::Fate;
    use crate::packet::Layer;
    use crate::packet::Outer;

    const LABEL: &[u8] = b"\x00\x01\x00\x40";
    const LAST: &[u8] = b"\x00\x01\x01\x40";

    #[track_caller]
    fn assert_behind(labels: &[&[u8]], rest: &[u8], expected: Layer<'_>) {
        let outer = Outer::of_ip(Ipv4Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into());
        let bytes = [&labels.concat(), rest].concat();
        assert_eq!(strip(&bytes, &outer), expected);
    }

    fn frame(first: u8) -> Vec<u8> {
        let mut frame = vec![2; 12];
        frame[0] = first;
        frame.extend(b"\x08\x00\x45\0\0\x14");
        frame
    }

    #[test]
    fn ip_is_behind_the_last_label() {
        assert_behind(&[LAST], b"\x45\0\0\x14", Layer::Ip(b"\x45\0\0\x14"));
        assert_behind(&[LABEL, LABEL, LAST], b"\x60", Layer::Ip(b"\x60"));
    }

    #[test]
    fn a_pseudowire_carries_a_frame_with_or_without_a_control_word() {
        let control_word = [b"\0\0\0\0", frame(2).as_slice()].concat();
        assert_behind(&[LAST], &control_word, Layer::Ethernet(&control_word[4..]));
        for first in [0x00, 0x02, 0x10, 0x45, 0x4C, 0x68, 0x94] {
            assert_behind(&[LAST], &frame(first), Layer::Ethernet(&frame(first)));
        }
    }

    #[test]
    fn the_channel_of_a_pseudowire_carries_nothing() {
        assert_behind(&[LAST], b"\x10\0\0\x21\x45", Layer::Done(Fate::Other));
    }

    #[test]
    fn a_stack_ends_inside_the_packet_and_within_bounds() {
        assert_behind(&[LABEL], b"\0\x01\x01", Layer::Short);
        assert_behind(&[LAST], b"", Layer::Short);
        let many = LABEL.repeat(MAX_LABELS);
        assert_behind(&[&many, LAST], b"\x45", Layer::Done(Fate::Unsupported));
    }
}
