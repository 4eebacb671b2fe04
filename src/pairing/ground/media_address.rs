//! Where media is to be sent: an SBC that stays out of the media passes address and port on.

use std::net::IpAddr;

use crate::pairing::mark::Found;
use crate::pairing::mark::Kind;

use super::Evidence;
use super::Ground;
use super::REUSED_AFTER;
use super::Rule;
use super::chancy;

pub(super) const GROUND: Ground = Ground {
    name: "media-address",
    meaning: "both legs have an SDP with a stream at the same address and port, and like numbers",
    trivial: "0.0.0.0, the own machine, port 0 and port 9, a name instead of an address",
    rule: Rule::Strong(chancy(&[Kind::Media], read, REUSED_AFTER)),
};

/// Streams looked at in one description: audio and, rarely, one more.
const STREAMS: usize = 2;

/// The port of ICE before there is a candidate (RFC 8839 §4.2.1.3): nobody's.
const DISCARD: u16 = 9;

fn read(evidence: &Evidence<'_, '_>, found: &mut Found) {
    for description in &evidence.descriptions {
        for &(address, port) in description.streams.iter().take(STREAMS) {
            let written = std::str::from_utf8(address).ok();
            let parsed: Option<IpAddr> = written.and_then(|written| written.parse().ok());
            let is_somewhere =
                parsed.is_some_and(|address| !address.is_unspecified() && !address.is_loopback());
            found.add(
                Kind::Media,
                &[&address.to_ascii_lowercase(), &port.to_be_bytes()],
                !is_somewhere || port == DISCARD,
            );
        }
    }
}
