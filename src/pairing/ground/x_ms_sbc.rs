//! X-MS-SBC: what the SBC calls itself. Some put a name for the call behind it.

use crate::pairing::HORIZON;
use crate::pairing::mark::Found;
use crate::pairing::mark::Kind;
use crate::pairing::mark::is_trivial;

use super::Evidence;
use super::Ground;
use super::Rule;
use super::chancy;

pub(super) const GROUND: Ground = Ground {
    name: "x-ms-sbc",
    meaning: "both legs have the same name for the call in X-MS-SBC, and like numbers",
    trivial: "vendor, product and version, which every call of that SBC has: only a word of 16 hexadecimal digits or more counts",
    rule: Rule::Strong(chancy(&[Kind::XMsSbc], read, HORIZON)),
};

/// Hexadecimal digits of a word that is no version.
const DIGITS: usize = 16;

fn read(evidence: &Evidence<'_, '_>, found: &mut Found) {
    for value in evidence.headers("X-MS-SBC") {
        let is_sign = |byte: &u8| !byte.is_ascii_alphanumeric() && *byte != b'-';
        let names_call = |word: &&[u8]| {
            let digits = word.iter().filter(|byte| byte.is_ascii_hexdigit()).count();
            let is_hex = word
                .iter()
                .all(|byte| byte.is_ascii_hexdigit() || *byte == b'-');
            is_hex && digits >= DIGITS
        };
        let word = value.split(is_sign).find(names_call).unwrap_or_default();
        found.add(Kind::XMsSbc, &[word], is_trivial(word, DIGITS));
    }
}
