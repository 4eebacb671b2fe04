//! BSD loopback: four bytes of address family, in the byte order of the host that captured
//! (link type 0), or in network order (108, OpenBSD). Either order is read in both.

use super::Link;
use crate::capture::record::LinkType;
use crate::packet::Fate;
use crate::packet::Layer;

pub(super) const LINK: Link = Link {
    name: "BSD loopback",
    types: &[LinkType(0), LinkType(108)],
    source: "tcpdump.org: LINKTYPE_NULL, LINKTYPE_LOOP",
    strip,
};

fn strip(bytes: &[u8]) -> Layer<'_> {
    let Some((family, rest)) = bytes.split_first_chunk::<4>() else {
        return Layer::Short;
    };
    // A family is a small number, so the order in which it is small is the order it was written in.
    match u32::from_be_bytes(*family).min(u32::from_le_bytes(*family)) {
        // AF_INET; AF_INET6 of Windows or Linux, NetBSD, FreeBSD, Darwin.
        2 | 10 | 23 | 24 | 28 | 30 => Layer::Ip(rest),
        _ => Layer::Done(Fate::Other),
    }
}

#[cfg(test)]
mod tests {
    use super::strip;
    use crate::packet::Fate;
    use crate::packet::Layer;

    #[test]
    fn the_family_is_read_in_both_orders() {
        for family in [2_u32, 10, 24, 28, 30] {
            for header in [family.to_be_bytes(), family.to_le_bytes()] {
                assert_eq!(strip(&[&header[..], b"\x45"].concat()), Layer::Ip(b"\x45"));
            }
        }
    }

    #[test]
    fn other_families_are_no_ip() {
        assert_eq!(strip(b"\0\0\0\x07\x45"), Layer::Done(Fate::Other));
        assert_eq!(strip(b"\x02\0\0"), Layer::Short);
    }
}
