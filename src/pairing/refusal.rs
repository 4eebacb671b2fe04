//! Which leg of a group refused first, and which only passed that on.
//!
//! A refusal travels against the request. Of a leg, the SBC is one end: a 488 that the other end sent came from outside,
//! and one that the SBC sent passes another on, where there is one. Clocks are not asked.

use super::leg::Leg;
use super::leg::Refused;
use super::leg::Way;

/// Milliseconds by which the two 488s of one renegotiation may differ in how long after its start each leg had it: the
/// longest that a request waits for its response (Timer B, RFC 3261 §17.1.1.2), and the SBC's own time.
const PASSED_ON_WITHIN: u32 = 40_000;

/// A leg of a group, as refusals see it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member<'l> {
    pub(super) leg: &'l Leg,
    /// None where neither addresses nor Teams tell.
    pub(super) way: Option<Way>,
}

/// What a group's 488s tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// The member that refused first.
    pub(super) first: Option<usize>,
    /// The members whose 488 only passes another's on.
    pub(super) relayed: Vec<usize>,
}

/// Who sent a 488.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sender {
    Outside,
    Sbc,
}

/// Reads the 488s of a group, whose members are in order of time.
pub(super) fn told(members: &[Member<'_>]) -> Told {
    let refused: Vec<(usize, Refused, Option<Sender>)> = members
        .iter()
        .enumerate()
        .filter_map(|(at, member)| {
            let refused = member.leg.refused?;
            Some((at, refused, member.way.map(|way| sender(way, refused))))
        })
        .collect();
    let relayed: Vec<usize> = refused
        .iter()
        .filter(|(at, late, sender)| {
            let passes_on = |(other, early, other_sender): &(usize, Refused, Option<Sender>)| {
                let ways = [*at, *other].map(|at| members.get(at).and_then(|member| member.way));
                other != at
                    && *other_sender == Some(Sender::Outside)
                    && ways[0] != ways[1]
                    && is_one_refusal(*early, *late)
            };
            *sender == Some(Sender::Sbc) && refused.iter().any(passes_on)
        })
        .map(|&(at, ..)| at)
        .collect();
    let first = match refused.as_slice() {
        [(at, ..)] => Some(*at),
        several if several.iter().all(|(.., sender)| sender.is_some()) => several
            .iter()
            .filter(|(at, ..)| !relayed.contains(at))
            .min_by_key(|&&(at, refused, sender)| rank(at, refused, sender))
            .map(|&(at, ..)| at),
        _ => None,
    };
    Told { first, relayed }
}

/// What came from outside goes before what the SBC said itself, the call's beginning before what came later, and of
/// several attempts the first.
fn rank(at: usize, refused: Refused, sender: Option<Sender>) -> (bool, bool, u32, usize) {
    let later = if refused.is_initial { 0 } else { refused.after };
    (sender == Some(Sender::Sbc), !refused.is_initial, later, at)
}

fn sender(way: Way, refused: Refused) -> Sender {
    // The SBC was called on the incoming leg, and calls on the outgoing one.
    if (way == Way::Outgoing) == refused.by_caller {
        Sender::Sbc
    } else {
        Sender::Outside
    }
}

/// Whether one request can have been refused twice so.
fn is_one_refusal(a: Refused, b: Refused) -> bool {
    a.is_initial == b.is_initial && (a.is_initial || a.after.abs_diff(b.after) <= PASSED_ON_WITHIN)
}

#[cfg(test)]
mod tests {
    use super::Leg;
    use super::Member;
    use super::Refused;
    use super::Told;
    use super::Way;
    use super::told;

    fn leg(refused: Option<(bool, bool, u32)>) -> Leg {
        Leg {
            refused: refused.map(|(by_caller, is_initial, after)| Refused {
                by_caller,
                is_initial,
                after,
            }),
            ..Leg::default()
        }
    }

    fn of(legs: &[(&Leg, Option<Way>)]) -> Told {
        let members: Vec<Member<'_>> = legs.iter().map(|&(leg, way)| Member { leg, way }).collect();
        told(&members)
    }

    const IN: Option<Way> = Some(Way::Incoming);
    const OUT: Option<Way> = Some(Way::Outgoing);

    #[test]
    fn the_leg_further_from_the_caller_refused_first_whatever_the_clocks_say() {
        // The relayed 488 has the earlier time on its own clock.
        let incoming = leg(Some((false, true, 10)));
        let outgoing = leg(Some((false, true, 900)));
        let expected = Told {
            first: Some(1),
            relayed: vec![0],
        };
        assert_eq!(of(&[(&incoming, IN), (&outgoing, OUT)]), expected);
    }

    #[test]
    fn a_488_that_the_sbc_made_itself_is_passed_on_by_nobody() {
        let (incoming, outgoing) = (leg(Some((false, true, 10))), leg(None));
        let expected = Told {
            first: Some(0),
            relayed: vec![],
        };
        assert_eq!(of(&[(&incoming, IN), (&outgoing, OUT)]), expected);
    }

    #[test]
    fn a_renegotiation_from_the_far_end_is_refused_by_the_near_one() {
        // The called end's re-INVITE: the caller's end refused it, and the SBC passed that on.
        let incoming = leg(Some((true, false, 5_000)));
        let outgoing = leg(Some((true, false, 5_050)));
        let expected = Told {
            first: Some(0),
            relayed: vec![1],
        };
        assert_eq!(of(&[(&incoming, IN), (&outgoing, OUT)]), expected);
    }

    #[test]
    fn two_renegotiations_an_hour_apart_are_two_refusals() {
        let incoming = leg(Some((true, false, 5_000)));
        let outgoing = leg(Some((true, false, 3_605_000)));
        let expected = Told {
            first: Some(0),
            relayed: vec![],
        };
        assert_eq!(of(&[(&incoming, IN), (&outgoing, OUT)]), expected);
    }

    #[test]
    fn of_two_data_centres_that_refused_the_first_did_first() {
        let incoming = leg(Some((false, true, 300)));
        let (first, second) = (leg(Some((false, true, 90))), leg(Some((false, true, 80))));
        let expected = Told {
            first: Some(1),
            relayed: vec![0],
        };
        let legs = [(&incoming, IN), (&first, OUT), (&second, OUT)];
        assert_eq!(of(&legs), expected);
    }

    #[test]
    fn where_nothing_tells_the_way_nobody_is_said_to_have_refused_first() {
        let (a, b) = (leg(Some((false, true, 10))), leg(Some((false, true, 20))));
        assert_eq!(of(&[(&a, None), (&b, None)]), Told::default());
    }
}
