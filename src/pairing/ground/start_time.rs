//! One call begins, is decided and ends on both legs at about one time.

use crate::pairing::leg::Leg;
use crate::pairing::measured::Measured;

use super::Ground;
use super::Rule;

pub(super) const GROUND: Ground = Ground {
    name: "start-time",
    meaning: "the outgoing leg begins when the SBC must have sent it, by the clocks as pairs on strong grounds have shown them; both legs take as long to be decided, with one result, and talk as long",
    trivial: "legs of two clocks whose difference is not known",
    rule: Rule::Weak(agree),
};

fn agree(incoming: &Leg, outgoing: &Leg, measured: &Measured) -> bool {
    measured.clocks.fits(incoming, outgoing) && agree_in_outcome(incoming, outgoing)
}

/// Milliseconds by which the two legs may differ in how long they took to be decided: what an SBC needs to pass on an
/// INVITE and its answer. The difference of two clocks is not in it.
pub(in crate::pairing) const DECIDED: u32 = 600;

/// Milliseconds by which they may differ in how long they were talked on: a BYE may be sent once more before it is passed
/// on (T1, RFC 3261 §17.1.1.1).
const TALKED: u32 = 600;

/// Whether one call can have ended so on both legs.
pub(in crate::pairing) fn agree_in_outcome(incoming: &Leg, outgoing: &Leg) -> bool {
    if incoming.is_answered() != outgoing.is_answered() {
        return false;
    }
    incoming.decided_after.is_some() == outgoing.decided_after.is_some()
        && is_near(incoming.decided_after, outgoing.decided_after, DECIDED)
        && talk_alike(incoming, outgoing)
}

/// The same where the two numbers have another call at about that time: milliseconds that an SBC usually takes, both ways.
const NARROWLY: u32 = 300;

/// Whether one call has ended so on both legs, and hardly another: with one code, after the same time.
pub(in crate::pairing) fn agree_narrowly(
    incoming: &Leg,
    outgoing: &Leg,
    measured: &Measured,
) -> bool {
    let window = measured
        .clocks
        .window(incoming.tap, outgoing.tap, incoming.start);
    let is_narrow = window
        .is_some_and(|window| window.to.saturating_sub(window.from) <= 2 * i64::from(NARROWLY));
    is_narrow
        && incoming.status == outgoing.status
        && incoming.decided_after.is_some()
        && is_near(incoming.decided_after, outgoing.decided_after, NARROWLY)
        && is_near(incoming.talked, outgoing.talked, NARROWLY)
}

/// Whether both were talked on for as long, where both tell.
pub(in crate::pairing) fn talk_alike(incoming: &Leg, outgoing: &Leg) -> bool {
    is_near(incoming.talked, outgoing.talked, TALKED)
}

fn is_near(a: Option<u32>, b: Option<u32>, most: u32) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a.abs_diff(b) <= most,
        _ => true,
    }
}
