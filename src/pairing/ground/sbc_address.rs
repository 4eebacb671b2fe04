//! The SBC between the two legs: one goes to the address that the other comes from.

use crate::pairing::leg::Leg;
use crate::pairing::measured::Measured;

use super::Ground;
use super::Rule;

pub(super) const GROUND: Ground = Ground {
    name: "sbc-address",
    meaning: "one leg goes to the address from which the other comes, or to one that pairs on strong grounds have shown to be the same SBC's",
    trivial: "0.0.0.0, which stands where an export left the address out",
    rule: Rule::Weak(agree),
};

fn agree(incoming: &Leg, outgoing: &Leg, measured: &Measured) -> bool {
    measured.is_one_sbc(incoming.callee_address, outgoing.caller_address)
}
