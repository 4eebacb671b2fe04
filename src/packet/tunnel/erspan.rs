//! ERSPAN: frames that a switch mirrors over GRE. Type I has no header and is left to GRE; the first four bits of the
//! others say which they are.

use super::Announcement;
use super::Tunnel;
use crate::packet::Fate;
use crate::packet::Layer;
use crate::packet::Outer;

pub(super) const TYPE_II: Tunnel = Tunnel {
    name: "ERSPAN type II",
    source: "draft-foschiano-erspan-03 §4.2",
    announced_by: Announcement::EtherTypes(&[0x88BE]),
    strip,
};

pub(super) const TYPE_III: Tunnel = Tunnel {
    name: "ERSPAN type III",
    source: "draft-foschiano-erspan-03 §4.3",
    announced_by: Announcement::EtherTypes(&[0x22EB]),
    strip,
};

fn strip<'a>(bytes: &'a [u8], _: &Outer) -> Layer<'a> {
    match bytes.first().map(|first| first >> 4) {
        Some(1) => bytes.get(8..).map_or(Layer::Short, Layer::Ethernet),
        Some(2) => strip_type_iii(bytes),
        Some(_) => Layer::Done(Fate::Unsupported),
        None => Layer::Short,
    }
}

/// Twelve bytes, and eight for the platform where the last bit of them says so.
fn strip_type_iii(bytes: &[u8]) -> Layer<'_> {
    let Some(([.., frame_type, options], rest)) = bytes.split_first_chunk::<12>() else {
        return Layer::Short;
    };
    let has_platform_header = options & 1 == 1;
    let Some(carried) = rest.get(if has_platform_header { 8 } else { 0 }..) else {
        return Layer::Short;
    };
    match frame_type >> 2 & 0x1F {
        0 => Layer::Ethernet(carried),
        2 => Layer::Ip(carried),
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

    #[track_caller]
    fn assert_carried(bytes: &[u8], expected: Layer<'_>) {
        let outer = Outer::of_ip(Ipv4Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into());
        assert_eq!(strip(bytes, &outer), expected, "{bytes:x?}");
    }

    #[test]
    fn type_ii_is_eight_bytes_before_a_frame() {
        assert_carried(b"\x10\x07\0\x01\0\0\0\0\x02", Layer::Ethernet(b"\x02"));
        assert_carried(b"\x10\x07\0\x01\0\0\0", Layer::Short);
    }

    #[test]
    fn type_iii_says_what_it_carries_and_whether_the_platform_adds_to_it() {
        let header = |end: &[u8]| [&[0x20; 10], end].concat();
        assert_carried(&header(b"\0\0\x02"), Layer::Ethernet(b"\x02"));
        assert_carried(&header(b"\x88\0\x45"), Layer::Ip(b"\x45"));
        assert_carried(
            &header(b"\0\x01\0\0\0\0\0\0\0\0\x02"),
            Layer::Ethernet(b"\x02"),
        );
        assert_carried(&header(b"\0\x01\0\0\0\0\0\0\0"), Layer::Short);
        assert_carried(&header(b"\x1E\0\x02"), Layer::Done(Fate::Unsupported));
    }

    #[test]
    fn another_version_is_not_decoded() {
        assert_carried(&[0x30; 40], Layer::Done(Fate::Unsupported));
    }
}
