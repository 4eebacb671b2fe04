//! MPLS without a frame around it.

use super::Link;
use crate::capture::record::LinkType;
use crate::packet::Layer;

pub(super) const LINK: Link = Link {
    name: "MPLS",
    types: &[LinkType(219)],
    source: "RFC 3032",
    strip,
};

fn strip(bytes: &[u8]) -> Layer<'_> {
    Layer::EtherType(0x8847, bytes)
}
