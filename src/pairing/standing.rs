//! What speaks for two legs being one call, and who of several candidates has more of it.

use super::ground::Grounds;
use super::leg::Leg;
use super::leg::LegSide;
use super::leg::Way;
use super::measured::Measured;
use super::number::Likeness;
use super::sharers::Place;

/// How much speaks for a candidate: first that the pair crosses from Teams to another side, then that the SBC's address is
/// between the two, then how many grounds there are. Of equals none is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Standing {
    crosses: bool,
    is_beside: bool,
    grounds: u32,
}

/// A candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Edge {
    pub(super) to: Place,
    pub(super) by: Grounds,
    pub(super) standing: Standing,
    /// Which way the leg goes that has the candidate.
    pub(super) way: Option<Way>,
}

impl Edge {
    /// What speaks for `b` as the other leg of `a`; none where they can't be one call.
    pub(super) fn between(
        a: &Leg,
        b: &Leg,
        to: Place,
        by: Grounds,
        measured: &Measured,
    ) -> Option<Self> {
        let (way, is_beside) = bearing(a, b, measured)?;
        Some(Self {
            to,
            by,
            standing: Standing {
                crosses: a.is_teams() != b.is_teams(),
                is_beside,
                grounds: by.count(),
            },
            way,
        })
    }
}

/// Which way `a` goes if the two are one call, and whether they meet at the SBC's address. None where they can't be: both
/// on one side, or both going one way.
pub(super) fn bearing(a: &Leg, b: &Leg, measured: &Measured) -> Option<(Option<Way>, bool)> {
    let both = |side: fn(&Leg) -> bool| side(a) && side(b);
    if a.call == b.call || both(Leg::is_teams) || both(|leg| leg.side == LegSide::Carrier) {
        return None;
    }
    let comes = a.way() != Some(Way::Outgoing) && b.way() != Some(Way::Incoming);
    let leaves = a.way() != Some(Way::Incoming) && b.way() != Some(Way::Outgoing);
    let comes_beside = comes && measured.is_one_sbc(a.callee_address, b.caller_address);
    let leaves_beside = leaves && measured.is_one_sbc(a.caller_address, b.callee_address);
    match (comes_beside, leaves_beside) {
        (true, false) => return Some((Some(Way::Incoming), true)),
        (false, true) => return Some((Some(Way::Outgoing), true)),
        (true, true) => return Some((by_clock(a, b), true)),
        (false, false) => {}
    }
    // From one address two legs go the same way.
    let is_one = |a: Option<_>, b: Option<_>| a.is_some() && a == b;
    let start_alike = is_one(a.caller_address, b.caller_address);
    let end_alike = is_one(a.callee_address, b.callee_address);
    match (comes, leaves) {
        (true, false) if a.is_teams() || b.is_teams() => {
            // The SBC is where `a` ends and `b` begins.
            let sbc_alike = if a.is_teams() { end_alike } else { start_alike };
            (!sbc_alike).then_some((Some(Way::Incoming), false))
        }
        (false, true) if a.is_teams() || b.is_teams() => {
            let sbc_alike = if a.is_teams() { start_alike } else { end_alike };
            (!sbc_alike).then_some((Some(Way::Outgoing), false))
        }
        _ if start_alike || end_alike => None,
        _ => Some((by_clock(a, b), false)),
    }
}

/// On one clock the incoming leg begins first.
fn by_clock(a: &Leg, b: &Leg) -> Option<Way> {
    match a.start.cmp(&b.start) {
        _ if a.tap != b.tap || !a.has_invite || !b.has_invite => None,
        std::cmp::Ordering::Less => Some(Way::Incoming),
        std::cmp::Ordering::Greater => Some(Way::Outgoing),
        std::cmp::Ordering::Equal => None,
    }
}

/// The candidates of the highest standing.
pub(super) fn best(mut edges: Vec<Edge>) -> Vec<Edge> {
    let highest = edges.iter().map(|edge| edge.standing).max();
    edges.retain(|edge| Some(edge.standing) == highest);
    edges
}

/// Milliseconds for which what was given up may still be heard of when the next attempt has begun: a late 487, a
/// retransmission.
const HEARD_OF: i64 = 100;

/// Whether outgoing legs are one call tried several times: by the same numbers, at most one of them answered, and one
/// after the other. Where each bears a name of the call, it may have been tried everywhere at once.
pub(super) fn are_attempts(outgoing: &mut [&Leg], names_call: bool) -> bool {
    outgoing.sort_by_key(|leg| leg.order());
    let answered = outgoing.iter().filter(|leg| leg.is_answered()).count();
    let differ = |pair: &[&Leg]| match pair {
        [a, b] => a.likeness(b) == Likeness::Different,
        _ => false,
    };
    let follows = |pair: &[&Leg]| match pair {
        [a, b] => {
            let over = a.decided_after.unwrap_or(a.ended_after);
            let gap = b.start.since(a.at(over)).0;
            a.tap == b.tap && !a.is_answered() && gap >= -HEARD_OF * 1_000_000
        }
        _ => true,
    };
    answered <= 1
        && !outgoing.windows(2).any(differ)
        && (names_call || outgoing.windows(2).all(follows))
}
