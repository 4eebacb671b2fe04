//! Weak grounds for a call that was tried several times: the SBC takes the next route when one has failed, and the leg
//! that came to it waits for all of them.
//!
//! The first attempt begins when the incoming leg says, each further one when the one before has failed, and the last is
//! decided when the incoming leg is. Nothing else may fit any of them.

use crate::pairing::ground;
use crate::pairing::ground::DECIDED;
use crate::pairing::ground::Grounds;
use crate::pairing::ground::talk_alike;
use crate::pairing::leg::Leg;
use crate::pairing::leg::Way;
use crate::pairing::number::Likeness;
use crate::pairing::sharers::FEW;
use crate::pairing::sharers::Place;
use crate::pairing::standing::Edge;

use super::Group;
use super::Window;

/// How soon after a failure the next attempt begins, and how much before it, where the clock was read late; in
/// milliseconds.
const SOONEST: i64 = -50;
const LATEST: i64 = 1_000;

impl Window {
    /// The group of a leg for which nothing fits alone: the one incoming leg near it with attempts of which it is one, or
    /// with attempts of its own.
    pub(super) fn attempted(&self, place: Place) -> Option<Group> {
        let mut hubs = self.with_like_numbers(place).ok()?;
        hubs.push(place);
        let mut groups = hubs.into_iter().filter_map(|hub| {
            let spokes = self.attempts_of(hub)?;
            let is_among = hub == place || spokes.iter().any(|edge| edge.to == place);
            is_among.then_some((hub, spokes))
        });
        let (hub, spokes) = groups.next()?;
        groups.next().is_none().then(|| self.attempts(hub, &spokes))
    }

    /// All attempts of an incoming leg, two at least; none where anything is left open.
    fn attempts_of(&self, hub: Place) -> Option<Vec<Edge>> {
        let incoming = self.leg(hub).filter(|_| self.can_be_had(hub))?;
        let decided = incoming.decided_after?;
        if !self.weak_edges(hub).ok()?.is_empty() {
            return None;
        }
        let pool: Vec<Edge> = self
            .with_like_numbers(hub)
            .ok()?
            .into_iter()
            .filter_map(|other| self.attempt(incoming, other))
            .collect();
        let begins = |leg: &Leg| self.measured.clocks.fits(incoming, leg);
        let first = self.only(&pool, begins)?;
        let mut last = self.leg(first.to)?;
        let (began, mut spokes) = (last.start, vec![first]);
        while !last.is_answered() && spokes.len() < FEW - 1 {
            let Some(failed) = last.decided_after.map(|after| last.at(after)) else {
                break;
            };
            let follows = |leg: &Leg| {
                let gap = leg.start.since(failed).0.div_euclid(1_000_000);
                leg.tap == last.tap && leg.start > last.start && (SOONEST..=LATEST).contains(&gap)
            };
            match pool.iter().filter(|edge| self.is(edge.to, follows)).count() {
                0 => break,
                1 => {}
                _ => return None,
            }
            let next = self.only(&pool, follows)?;
            last = self.leg(next.to)?;
            spokes.push(next);
        }
        let took = last.at(last.decided_after?).since(began).0 / 1_000_000;
        let is_decided = i64::from(decided).abs_diff(took) <= u64::from(DECIDED)
            && incoming.is_answered() == last.is_answered()
            && talk_alike(incoming, last);
        let is_free = |edge: &Edge| self.is_nobody_elses(edge.to, hub);
        (spokes.len() > 1 && is_decided && spokes.iter().all(is_free)).then_some(spokes)
    }

    /// A leg that may be an attempt, its time aside.
    fn attempt(&self, incoming: &Leg, other: Place) -> Option<Edge> {
        let outgoing = self.leg(other).filter(|_| self.can_be_had(other))?;
        let edge = Edge::between(incoming, outgoing, other, Grounds::weak(), &self.measured)?;
        let is_possible = edge.way == Some(Way::Incoming)
            && self
                .measured
                .is_one_sbc(incoming.callee_address, outgoing.caller_address)
            && incoming.likeness(outgoing) == Likeness::Same
            && !ground::names_differ(incoming, outgoing);
        is_possible.then_some(edge)
    }

    fn is(&self, place: Place, of: impl Fn(&Leg) -> bool) -> bool {
        self.leg(place).is_some_and(of)
    }

    /// The only one that is so.
    fn only(&self, pool: &[Edge], is_so: impl Fn(&Leg) -> bool) -> Option<Edge> {
        let mut found = pool.iter().filter(|edge| self.is(edge.to, &is_so));
        let only = *found.next()?;
        found.next().is_none().then_some(only)
    }

    /// Whether no other incoming leg begins when this attempt could be one of it: by a window far wider than what fits, since
    /// nothing but its time tells whose it is.
    fn is_nobody_elses(&self, attempt: Place, hub: Place) -> bool {
        let Some(outgoing) = self.leg(attempt) else {
            return false;
        };
        let begins_here = |&other: &Place| {
            let Some(incoming) = self.leg(other).filter(|_| other != hub) else {
                return false;
            };
            self.attempt(incoming, attempt).is_some()
                && self.can_be_had(other)
                && self.measured.clocks.allows(incoming, outgoing)
        };
        self.with_like_numbers(attempt)
            .is_ok_and(|near| !near.iter().any(begins_here))
    }
}
