//! User-to-User (RFC 7433): what one end's application has to say to the other's, passed on as it is.

use crate::pairing::HORIZON;
use crate::pairing::mark::Found;
use crate::pairing::mark::Kind;
use crate::pairing::mark::is_trivial;

use super::Evidence;
use super::Ground;
use super::Rule;
use super::chancy;

pub(super) const GROUND: Ground = Ground {
    name: "user-to-user",
    meaning: "both legs have the same User-to-User (RFC 7433), and like numbers",
    trivial: "fewer than 16 characters, or too uniform; it may name a campaign, so it counts only beside like numbers",
    rule: Rule::Strong(chancy(&[Kind::UserToUser], read, HORIZON)),
};

/// Characters of what may name one call.
const SHORTEST: usize = 16;

fn read(evidence: &Evidence<'_, '_>, found: &mut Found) {
    for value in evidence.headers("User-to-User") {
        let told = value.split(|&byte| byte == b';').next().unwrap_or_default();
        let told = told.trim_ascii().to_ascii_lowercase();
        found.add(Kind::UserToUser, &[&told], is_trivial(&told, SHORTEST));
    }
}
