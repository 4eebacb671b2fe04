//! Cisco-Guid: four numbers by which Cisco's gateways name a call on all its legs.

use crate::pairing::mark::Found;
use crate::pairing::mark::Kind;
use crate::pairing::mark::is_trivial;

use super::Evidence;
use super::Ground;
use super::Rule;
use super::naming;

pub(super) const GROUND: Ground = Ground {
    name: "cisco-guid",
    meaning: "both legs have the same Cisco-Guid",
    trivial: "what is not four decimal numbers, or too uniform",
    rule: Rule::Strong(naming(&[Kind::CiscoGuid], read)),
};

/// Characters of the shortest that four numbers of 32 bits are likely to have.
const SHORTEST: usize = 20;

fn read(evidence: &Evidence<'_, '_>, found: &mut Found) {
    for value in evidence.headers("Cisco-Guid") {
        let guid = value.trim_ascii();
        let is_number = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
        let is_guid = guid
            .split(|&byte| byte == b'-')
            .filter(|part| is_number(part))
            .count()
            == 4;
        found.add(
            Kind::CiscoGuid,
            &[guid],
            !is_guid || is_trivial(guid, SHORTEST),
        );
    }
}
