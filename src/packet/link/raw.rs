//! Raw IP: no link-layer header. The version field tells IPv4 from IPv6 whatever the link type says.

use super::Link;
use crate::capture::record::LinkType;
use crate::packet::Layer;

/// 12 and 14 are what some systems wrote for 101; 228 is IPv4 alone, 229 IPv6 alone.
pub(super) const LINK: Link = Link {
    name: "raw IP",
    types: &[
        LinkType(12),
        LinkType(14),
        LinkType(101),
        LinkType(228),
        LinkType(229),
    ],
    source: "tcpdump.org: LINKTYPE_RAW, LINKTYPE_IPV4, LINKTYPE_IPV6",
    strip,
};

fn strip(bytes: &[u8]) -> Layer<'_> {
    Layer::Ip(bytes)
}
