//! X-CID: the Call-ID of the other leg, which many an SBC can be told to write.

use crate::pairing::mark::Found;
use crate::pairing::mark::Kind;
use crate::pairing::mark::is_trivial;

use super::Evidence;
use super::Ground;
use super::Rule;
use super::naming;

pub(super) const GROUND: Ground = Ground {
    name: "x-cid",
    meaning: "the header X-CID of one leg is the Call-ID of the other, or both have the same X-CID",
    trivial: "the leg's own Call-ID, and values too short or too uniform to be one",
    rule: Rule::Strong(naming(&[Kind::XCidNames], read)),
};

fn read(evidence: &Evidence<'_, '_>, found: &mut Found) {
    for value in evidence.headers("X-CID") {
        let call_id = value.trim_ascii();
        if call_id != evidence.call_id {
            found.add(Kind::XCidNames, &[call_id], is_trivial(call_id, 0));
        }
    }
}
