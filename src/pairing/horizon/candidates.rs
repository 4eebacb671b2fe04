//! Who may be the other leg of a leg.

use crate::capture::record::Nanos;
use crate::pairing::WEAK_HORIZON;
use crate::pairing::ground;
use crate::pairing::ground::Grounds;
use crate::pairing::leg::Leg;
use crate::pairing::leg::Way;
use crate::pairing::number::Likeness;
use crate::pairing::related::LeftOut;
use crate::pairing::related::Why;
use crate::pairing::sharers::Place;
use crate::pairing::sharers::marks_of;
use crate::pairing::standing::Edge;

use super::State;
use super::Strength;
use super::Window;

/// Legs with the same two numbers that are looked at around one leg. With more of them nothing is told apart: somebody
/// tests a line.
const CROWD: usize = 64;

/// Legs with the same two numbers that are passed over on the way to those: more than five in a second.
const WALK: usize = 1_000;

/// How near another call of the same two numbers makes a leg of it an easy mistake.
const CLOSE: Nanos = Nanos::from_secs(3);

/// How far two clocks may be apart that only weak grounds measure.
const APART: Nanos = Nanos::from_secs(10);

impl Window {
    /// A leg that is nobody's yet, and no second sight of another.
    pub(super) fn can_be_had(&self, place: Place) -> bool {
        self.at(place).is_some_and(|held| held.state != State::Told) && !self.is_seen_before(place)
    }

    /// The candidates of a leg.
    pub(super) fn edges(&self, place: Place, strength: Strength) -> Result<Vec<Edge>, LeftOut> {
        match strength {
            Strength::Strong => Ok(self.strong_edges(place)),
            Strength::Weak => self.weak_edges(place),
        }
    }

    pub(super) fn strong_edges(&self, place: Place) -> Vec<Edge> {
        let Some(leg) = self.leg(place) else {
            return Vec::new();
        };
        let mut shared: Vec<(Place, Grounds)> = Vec::new();
        for (kind, value) in marks_of(leg) {
            for (other, its) in self.sharers.of(value).into_iter().flatten() {
                if other == place || !kind.meets(its) {
                    continue;
                }
                let Some((at, strong)) = ground::strong_for(kind, its) else {
                    continue;
                };
                let Some(candidate) = self.at(other).filter(|_| self.can_be_had(other)) else {
                    continue;
                };
                let apart = candidate.leg.start.since(leg.start).0.saturating_abs();
                if apart <= strong.reach.0 && (strong.holds)(leg, &candidate.leg) {
                    let known = shared.iter().position(|(known, _)| *known == other);
                    let known = known.unwrap_or_else(|| {
                        shared.push((other, Grounds::default()));
                        shared.len() - 1
                    });
                    if let Some((_, by)) = shared.get_mut(known) {
                        by.insert(at);
                    }
                }
            }
        }
        let edge = |(to, by)| {
            let other = self.leg(to)?;
            let edge = Edge::between(leg, other, to, by, &self.measured)?;
            let is_at_its_time = match edge.way {
                Some(Way::Incoming) => self.measured.clocks.allows(leg, other),
                Some(Way::Outgoing) => self.measured.clocks.allows(other, leg),
                None => true,
            };
            (is_at_its_time || by.names_call()).then_some(edge)
        };
        shared.into_iter().filter_map(edge).collect()
    }

    pub(super) fn weak_edges(&self, place: Place) -> Result<Vec<Edge>, LeftOut> {
        let Some(leg) = self.leg(place) else {
            return Ok(Vec::new());
        };
        let (mut edges, mut unknown_clocks, mut too_alike) = (Vec::new(), 0, 0);
        let near = self.with_like_numbers(place)?;
        for &other in &near {
            let Some(candidate) = self.at(other).filter(|_| self.can_be_had(other)) else {
                continue;
            };
            let by = Grounds::weak();
            let Some(edge) = Edge::between(leg, &candidate.leg, other, by, &self.measured) else {
                continue;
            };
            let (incoming, outgoing) = match edge.way {
                Some(Way::Incoming) => (leg, &candidate.leg),
                Some(Way::Outgoing) => (&candidate.leg, leg),
                None => continue,
            };
            if ground::names_differ(incoming, outgoing) {
                continue;
            }
            if self.fits(incoming, outgoing) {
                if self.is_crowded(place, other, &near)
                    && !ground::agree_narrowly(incoming, outgoing, &self.measured)
                {
                    too_alike += 1;
                } else {
                    edges.push(edge);
                }
            } else if !self.is_measuring && !self.measured.clocks.knows(incoming, outgoing) {
                unknown_clocks += 1;
            }
        }
        let reasons = [
            (Why::EqualStanding, too_alike),
            (Why::ClockUnknown, unknown_clocks),
        ];
        match reasons.into_iter().find(|(_, candidates)| *candidates > 0) {
            Some((why, candidates)) if edges.is_empty() => Err(LeftOut { why, candidates }),
            _ => Ok(edges),
        }
    }

    /// Whether the same two numbers have another call at about that time: a leg of the same tap near either.
    fn is_crowded(&self, a: Place, b: Place, near: &[Place]) -> bool {
        let is_third = |place: &&Place| ![a, b].contains(place);
        let is_close = |&place: &Place| {
            let close_to = |other: Place| {
                let (Some(one), Some(other)) = (self.leg(place), self.leg(other)) else {
                    return false;
                };
                one.tap == other.tap && one.start.since(other.start).0.saturating_abs() <= CLOSE.0
            };
            close_to(a) || close_to(b)
        };
        near.iter().filter(is_third).any(is_close)
    }

    /// Whether the weak grounds hold. While the clocks are measured they are not asked.
    fn fits(&self, incoming: &Leg, outgoing: &Leg) -> bool {
        if !self.is_measuring {
            return ground::weak_holds(incoming, outgoing, &self.measured);
        }
        let apart = outgoing.start.since(incoming.start).0.saturating_abs();
        apart <= APART.0
            && incoming.likeness(outgoing) == Likeness::Same
            && self
                .measured
                .is_one_sbc(incoming.callee_address, outgoing.caller_address)
            && ground::agree_in_outcome(incoming, outgoing)
    }

    /// The legs near this one with numbers that may be the same.
    pub(super) fn with_like_numbers(&self, place: Place) -> Result<Vec<Place>, LeftOut> {
        let Some(leg) = self.leg(place) else {
            return Ok(Vec::new());
        };
        let mut found = Vec::new();
        let mut next = leg
            .numbers_key()
            .and_then(|key| self.by_numbers.get(&key))
            .copied();
        let mut steps = 0;
        while let Some(other) = next {
            let Some(held) = self.at(other) else {
                break;
            };
            let apart = held.leg.start.since(leg.start).0;
            if apart < -WEAK_HORIZON.0 {
                break;
            }
            if apart <= WEAK_HORIZON.0 && other != place {
                found.push(other);
            }
            steps += 1;
            if found.len() > CROWD || steps > WALK {
                return Err(LeftOut {
                    why: Why::EqualStanding,
                    candidates: u32::try_from(found.len()).unwrap_or(u32::MAX),
                });
            }
            next = held.like;
        }
        Ok(found)
    }
}
