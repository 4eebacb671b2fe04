//! IP in IP (RFC 2003), IPv6 in IPv4 (RFC 4213, "6in4"), and IP in IPv6 (RFC 2473): no header between the two.

use super::Announcement;
use super::Tunnel;
use crate::packet::Layer;
use crate::packet::Outer;

/// 94 is what some systems use for IP in IP besides 4.
pub(super) const TUNNEL: Tunnel = Tunnel {
    name: "IP in IP, 6in4",
    source: "RFC 2003, RFC 2473, RFC 4213",
    announced_by: Announcement::Protocols(&[4, 41, 94]),
    strip,
};

fn strip<'a>(bytes: &'a [u8], _: &Outer) -> Layer<'a> {
    Layer::Ip(bytes)
}
