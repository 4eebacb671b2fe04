//! `x-c` in Microsoft's Contact: `<Call-ID>/d/8/<GUID>`.

use crate::pairing::mark::Found;
use crate::pairing::mark::Kind;
use crate::pairing::mark::is_trivial;
use crate::pairing::number::unescaped;
use crate::sip::HeaderName;

use super::Evidence;
use super::Ground;
use super::Rule;
use super::naming;

pub(super) const GROUND: Ground = Ground {
    name: "x-c",
    meaning: "the parameter x-c of a Contact begins with the other leg's Call-ID, or both legs have the same x-c",
    trivial: "the leg's own Call-ID, which says nothing of another",
    rule: Rule::Strong(naming(&[Kind::ContactNames], read)),
};

fn read(evidence: &Evidence<'_, '_>, found: &mut Found) {
    for seen in &evidence.spoken {
        for contact in seen.message().addresses(HeaderName::Contact).take(2) {
            let uri = contact.parsed_uri();
            let Some(written) = uri.param("x-c") else {
                continue;
            };
            let named = unescaped(written);
            let call_id = call_id_in(&named);
            // Microsoft puts the Call-ID of its own leg there: only what another leg bears, too, tells something.
            if call_id != evidence.call_id {
                found.add(Kind::ContactNames, &[call_id], is_trivial(call_id, 0));
            }
        }
    }
}

/// What stands before `/d/`.
fn call_id_in(value: &[u8]) -> &[u8] {
    let end = value.windows(3).position(|part| part == b"/d/");
    end.and_then(|end| value.get(..end)).unwrap_or(value)
}
