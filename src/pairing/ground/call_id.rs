//! A Call-ID made from the other leg's: something put before or behind it, or another host.

use crate::pairing::mark::Found;
use crate::pairing::mark::Kind;
use crate::pairing::mark::is_trivial;

use super::Evidence;
use super::Ground;
use super::Rule;
use super::naming;

pub(super) const GROUND: Ground = Ground {
    name: "call-id",
    meaning: "one leg's Call-ID is the other's with something before or behind it, divided by a sign, or at another host",
    trivial: "fewer than 16 characters in common, or too uniform; two that only begin or end alike",
    rule: Rule::Strong(naming(&[Kind::CallIdWhole, Kind::CallIdPart], read)),
};

/// Characters of a Call-ID that another can't have by chance.
const SHORTEST: usize = 16;

/// Signs at which something may have been put to a Call-ID, counted from either end.
const CUTS: usize = 2;

fn read(evidence: &Evidence<'_, '_>, found: &mut Found) {
    let local = evidence.call_id.split(|&byte| byte == b'@').next();
    let local = local.unwrap_or_default();
    if is_trivial(local, SHORTEST) {
        // A counter is common, and no value that should have told something.
        return;
    }
    found.add(Kind::CallIdWhole, &[local], false);
    let signs = || {
        local
            .iter()
            .enumerate()
            .filter(|(_, byte)| !byte.is_ascii_alphanumeric())
            .map(|(at, _)| at)
    };
    let mut add = |part: Option<&[u8]>| {
        if let Some(part) = part.filter(|part| !is_trivial(part, SHORTEST)) {
            found.add(Kind::CallIdPart, &[part], false);
        }
    };
    for at in signs().take(CUTS) {
        add(local.get(at.saturating_add(1)..));
    }
    let cuts: Vec<usize> = signs().collect();
    for &at in cuts.iter().rev().take(CUTS) {
        add(local.get(..at));
    }
}
