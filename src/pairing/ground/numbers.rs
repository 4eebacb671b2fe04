//! The same two numbers.

use crate::pairing::leg::Leg;
use crate::pairing::measured::Measured;
use crate::pairing::number::Likeness;

use super::Ground;
use super::Rule;

pub(super) const GROUND: Ground = Ground {
    name: "numbers",
    meaning: "caller and callee are the same numbers on both legs, however they are written",
    trivial: "a number that is withheld",
    rule: Rule::Weak(agree),
};

fn agree(incoming: &Leg, outgoing: &Leg, _: &Measured) -> bool {
    incoming.likeness(outgoing) == Likeness::Same
}
