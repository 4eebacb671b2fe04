//! P-Charging-Vector (RFC 7315 §4.6): icid-value, by which an IMS network charges a call.

use crate::pairing::mark::Found;
use crate::pairing::mark::Kind;
use crate::pairing::mark::is_trivial;

use super::Evidence;
use super::Ground;
use super::Rule;
use super::naming;

pub(super) const GROUND: Ground = Ground {
    name: "charging-vector",
    meaning: "both legs have the same icid-value in P-Charging-Vector (RFC 7315)",
    trivial: "fewer than 12 characters, or too uniform",
    rule: Rule::Strong(naming(&[Kind::ChargingId], read)),
};

/// Bytes of an icid-value that can be unique in the world, as §5.6 asks.
const SHORTEST: usize = 12;

fn read(evidence: &Evidence<'_, '_>, found: &mut Found) {
    for value in evidence.headers("P-Charging-Vector") {
        for part in value.split(|&byte| byte == b';') {
            let Some(equals) = part.iter().position(|&byte| byte == b'=') else {
                continue;
            };
            let (name, value) = part.split_at(equals);
            if name.trim_ascii().eq_ignore_ascii_case(b"icid-value") {
                let icid = value.get(1..).unwrap_or_default().trim_ascii();
                let icid = icid.strip_prefix(b"\"").unwrap_or(icid);
                let icid = icid.strip_suffix(b"\"").unwrap_or(icid);
                found.add(Kind::ChargingId, &[icid], is_trivial(icid, SHORTEST));
            }
        }
    }
}
