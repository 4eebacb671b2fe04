//! Legs in order of time → groups, with a window that moves along.
//!
//! Each leg is looked at twice: when everything that it may share a value with is there, for its strong grounds; and a
//! little later, when that is done for all legs near it, for the weak ones. A group is told as a whole, so that what one
//! leg says of another the other says of it.

mod attempts;

use std::collections::VecDeque;

use rustc_hash::FxHashMap;

use crate::capture::record::Nanos;

use super::HELD;
use super::HORIZON;
use super::WEAK_HORIZON;
use super::ground;
use super::ground::Grounds;
use super::leg::Leg;
use super::leg::LegId;
use super::leg::Way;
use super::measured::Measured;
use super::number::Likeness;
use super::refusal;
use super::refusal::Member;
use super::related::Counts;
use super::related::LeftOut;
use super::related::Related;
use super::related::Why;
use super::sharers::Place;
use super::sharers::Sharers;
use super::sharers::marks_of;
use super::standing::Edge;
use super::standing::are_attempts;
use super::standing::best;

/// Legs with the same two numbers that are looked at around one leg. With more of them nothing is told apart: somebody
/// tests a line.
const CROWD: usize = 64;

/// How far two clocks may be apart that only weak grounds measure.
const APART: Nanos = Nanos::from_secs(10);

/// Legs with the same two numbers that are passed over on the way to those: more than five in a second.
const WALK: usize = 1_000;

/// What became of a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    /// Strong grounds named candidates, and none of them is it: weak grounds can't do better.
    LeftOut(LeftOut),
    Told,
}

#[derive(Debug)]
struct Held {
    leg: Leg,
    state: State,
    /// The leg before it with the same two numbers.
    like: Option<Place>,
}

/// Legs of one call, with the way of each.
#[derive(Debug)]
struct Group {
    /// In order of time.
    members: Vec<(Place, Option<Way>)>,
    by: Vec<(Place, Grounds)>,
}

/// On what grounds is being looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Strength {
    Strong,
    Weak,
}

/// The window.
#[derive(Debug, Default)]
struct Window {
    measured: Measured,
    /// True in the first pass: the weak grounds are tried without the clocks, to measure them where nothing else does.
    is_measuring: bool,
    held: VecDeque<Held>,
    /// Place of the first that is held.
    base: Place,
    strong_next: Place,
    weak_next: Place,
    sharers: Sharers,
    by_numbers: FxHashMap<u64, Place>,
    now: Option<Nanos>,
    counts: Counts,
}

/// The first pass: measures how the clocks differ and which addresses are one SBC's.
#[derive(Debug)]
pub struct Measuring(Window);

impl Default for Measuring {
    fn default() -> Self {
        Self::new(Measured::default())
    }
}

impl Measuring {
    /// With what is known already.
    pub fn new(known: Measured) -> Self {
        Self(Window {
            measured: known,
            is_measuring: true,
            ..Window::default()
        })
    }

    /// Takes the next leg, in order of [`Leg::order`].
    pub fn feed(&mut self, leg: Leg) {
        self.0.feed(leg, &mut Vec::new());
    }

    /// What was measured.
    pub fn finish(mut self) -> Measured {
        self.0.advance(None, &mut Vec::new());
        let mut measured = self.0.measured;
        measured.clocks.settle();
        measured
    }
}

/// The second pass: tells which legs are one call.
#[derive(Debug)]
pub struct Pairing(Window);

impl Pairing {
    /// With what the first pass measured.
    pub fn new(measured: Measured) -> Self {
        Self(Window {
            measured,
            ..Window::default()
        })
    }

    /// Takes the next leg, in order of [`Leg::order`]. What is known of earlier legs goes to `out`: each leg once, in no
    /// order that means anything.
    pub fn feed(&mut self, leg: Leg, out: &mut Vec<Related>) {
        self.0.feed(leg, out);
    }

    /// Tells the rest.
    pub fn finish(mut self, out: &mut Vec<Related>) -> Counts {
        self.0.advance(None, out);
        self.0.counts
    }
}

/// Both passes over legs that fit in memory, in any order. What is told is in the order of the legs' names.
pub fn pair(mut legs: Vec<Leg>, known: Measured) -> (Vec<Related>, Counts) {
    legs.sort_unstable_by_key(Leg::order);
    let mut measuring = Measuring::new(known);
    for leg in &legs {
        measuring.feed(leg.clone());
    }
    let mut pairing = Pairing::new(measuring.finish());
    let mut told = Vec::with_capacity(legs.len());
    for leg in legs {
        pairing.feed(leg, &mut told);
    }
    let counts = pairing.finish(&mut told);
    told.sort_unstable_by_key(|related| related.leg);
    (told, counts)
}

impl Window {
    fn feed(&mut self, mut leg: Leg, out: &mut Vec<Related>) {
        // A leg that is fed too late counts as of now, so that the window holds what it must.
        let now = self.now.map_or(leg.start, |now| now.max(leg.start));
        leg.start = now;
        self.now = Some(now);
        self.counts.legs += 1;
        self.counts.trivial += u64::from(leg.trivial);
        let place = self.base.saturating_add(self.held.len() as Place);
        self.sharers.add(place, &leg);
        let like = leg
            .numbers_key()
            .and_then(|key| self.by_numbers.insert(key, place));
        self.held.push_back(Held {
            leg,
            state: State::Open,
            like,
        });
        self.advance(Some(now), out);
    }

    /// Decides what can be decided at this time; everything at the end.
    fn advance(&mut self, now: Option<Nanos>, out: &mut Vec<Related>) {
        let is_past = |held: Option<&Held>, age: Nanos| {
            held.is_some_and(|held| now.is_none_or(|now| now.since(held.leg.start) > age))
        };
        let twice = |span: Nanos| span.plus(span);
        let strong_age = twice(HORIZON);
        let weak_age = strong_age.plus(twice(WEAK_HORIZON));
        while is_past(self.at(self.strong_next), strong_age) {
            self.decide_strong(self.strong_next, out);
            self.strong_next += 1;
        }
        while is_past(self.at(self.weak_next), weak_age) {
            self.decide_weak(self.weak_next, out);
            self.weak_next += 1;
        }
        while is_past(self.held.front(), HELD) {
            let Some(gone) = self.held.pop_front() else {
                break;
            };
            self.sharers.remove(self.base, &gone.leg);
            if let Some(key) = gone.leg.numbers_key()
                && self.by_numbers.get(&key) == Some(&self.base)
            {
                self.by_numbers.remove(&key);
            }
            self.base += 1;
        }
    }

    fn at(&self, place: Place) -> Option<&Held> {
        let index = place.checked_sub(self.base)?;
        self.held.get(usize::try_from(index).ok()?)
    }

    fn at_mut(&mut self, place: Place) -> Option<&mut Held> {
        let index = place.checked_sub(self.base)?;
        self.held.get_mut(usize::try_from(index).ok()?)
    }

    fn leg(&self, place: Place) -> Option<&Leg> {
        self.at(place).map(|held| &held.leg)
    }

    fn decide_strong(&mut self, place: Place, out: &mut Vec<Related>) {
        if self.at(place).is_none_or(|held| held.state != State::Open) {
            return;
        }
        if self.is_seen_before(place) {
            self.set(place, Why::SeenTwice, 1);
            return;
        }
        match self.group_of(place, Strength::Strong) {
            Ok(group) => self.tell(&group, Strength::Strong, out),
            Err(LeftOut {
                why: Why::NoCandidate,
                ..
            }) => {}
            Err(LeftOut { why, candidates }) => self.set(place, why, candidates),
        }
    }

    fn decide_weak(&mut self, place: Place, out: &mut Vec<Related>) {
        let Some(held) = self.at(place) else {
            return;
        };
        let left_out = match held.state {
            State::Told => return,
            State::LeftOut(left_out) => left_out,
            State::Open => match self.group_of(place, Strength::Weak) {
                Ok(group) if self.is_open(&group) => {
                    return self.tell(&group, Strength::Weak, out);
                }
                Ok(_) => LeftOut {
                    why: Why::EqualStanding,
                    candidates: 1,
                },
                Err(left_out) => match self.attempted_after(place, left_out) {
                    Some(group) => return self.tell(&group, Strength::Weak, out),
                    None => self.refine(place, left_out),
                },
            },
        };
        if let Some(held) = self.at_mut(place) {
            held.state = State::LeftOut(left_out);
            out.push(Related {
                leg: held.leg.id,
                left_out: Some(left_out),
                ..Related::default()
            });
            self.counts.note_left_out(left_out.why);
        }
    }

    /// What fits nothing alone may be one of several attempts, where the clocks are known.
    fn attempted_after(&self, place: Place, left_out: LeftOut) -> Option<Group> {
        if self.is_measuring || left_out.why != Why::NoCandidate {
            return None;
        }
        self.attempted(place).filter(|group| self.is_open(group))
    }

    /// Whether nothing has been decided of any leg of a group: what strong grounds left out, weak ones don't pair, and
    /// what had two candidates still has them when one has found another leg.
    fn is_open(&self, group: &Group) -> bool {
        let is_open = |held: &Held| held.state == State::Open;
        let mut members = group.members.iter();
        members.all(|&(place, _)| self.at(place).is_some_and(is_open))
    }

    fn set(&mut self, place: Place, why: Why, candidates: u32) {
        if let Some(held) = self.at_mut(place) {
            held.state = State::LeftOut(LeftOut { why, candidates });
        }
    }

    /// Says more of a leg that nothing was found for.
    fn refine(&mut self, place: Place, left_out: LeftOut) -> LeftOut {
        let Some(leg) = self.leg(place) else {
            return left_out;
        };
        let void = marks_of(leg).filter(|&(_, value)| self.sharers.is_void(value));
        let void = void.count() as u64;
        self.counts.shared_by_many += void;
        if void > 0 && left_out.why == Why::NoCandidate {
            return LeftOut {
                why: Why::SharedByMany,
                ..left_out
            };
        }
        left_out
    }

    /// Whether an earlier leg is the same dialog, on another tap or continued.
    fn is_seen_before(&self, place: Place) -> bool {
        let Some(leg) = self.leg(place) else {
            return false;
        };
        let (mut earlier, mut bearers) = (false, self.sharers.of(leg.call));
        for (other, _) in bearers.iter_mut().flatten() {
            let is_same = |other: &Leg| leg.is_same_dialog(other);
            earlier |= other < place && self.leg(other).is_some_and(is_same);
        }
        earlier
    }

    /// A leg that is nobody's yet, and no second sight of another.
    fn can_be_had(&self, place: Place) -> bool {
        self.at(place).is_some_and(|held| held.state != State::Told) && !self.is_seen_before(place)
    }

    /// The candidates of a leg.
    fn edges(&self, place: Place, strength: Strength) -> Result<Vec<Edge>, LeftOut> {
        match strength {
            Strength::Strong => Ok(self.strong_edges(place)),
            Strength::Weak => self.weak_edges(place),
        }
    }

    fn strong_edges(&self, place: Place) -> Vec<Edge> {
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
                    match shared.iter_mut().find(|(known, _)| *known == other) {
                        Some((_, by)) => by.insert(at),
                        None => {
                            let mut by = Grounds::default();
                            by.insert(at);
                            shared.push((other, by));
                        }
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

    fn weak_edges(&self, place: Place) -> Result<Vec<Edge>, LeftOut> {
        let Some(leg) = self.leg(place) else {
            return Ok(Vec::new());
        };
        let (mut edges, mut unknown_clocks) = (Vec::new(), 0);
        for other in self.with_like_numbers(place)? {
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
                edges.push(edge);
            } else if !self.is_measuring && !self.measured.clocks.knows(incoming, outgoing) {
                unknown_clocks += 1;
            }
        }
        if edges.is_empty() && unknown_clocks > 0 {
            return Err(LeftOut {
                why: Why::ClockUnknown,
                candidates: unknown_clocks,
            });
        }
        Ok(edges)
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
    fn with_like_numbers(&self, place: Place) -> Result<Vec<Place>, LeftOut> {
        let Some(leg) = self.leg(place) else {
            return Ok(Vec::new());
        };
        let mut found = Vec::new();
        let mut next = leg.numbers_key().and_then(|key| self.by_numbers.get(&key)).copied();
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

    /// The group of a leg: its best candidate, where each is the other's only best one; or an incoming leg with all its
    /// attempts, each of which has no better.
    fn group_of(&self, place: Place, strength: Strength) -> Result<Group, LeftOut> {
        let bests = |place| self.edges(place, strength).map(best);
        let own = bests(place)?;
        let left_out = |why| LeftOut {
            why,
            candidates: u32::try_from(own.len()).unwrap_or(u32::MAX),
        };
        let Some(first) = own.first() else {
            return Err(left_out(Why::NoCandidate));
        };
        let (hub, spokes) = if own.len() == 1 {
            let back = bests(first.to).map_err(|_| left_out(Why::EqualStanding))?;
            match back.as_slice() {
                edges if !edges.iter().any(|edge| edge.to == place) => {
                    return Err(left_out(Why::Outranked));
                }
                [_] => return Ok(self.couple(place, *first)),
                _ => (first.to, back),
            }
        } else {
            (place, own.clone())
        };
        if strength == Strength::Weak {
            // Two that begin at one time are no attempts of one call.
            return Err(left_out(Why::EqualStanding));
        }
        let is_attempt = |edge: &Edge| {
            let is_hubs = |of: Vec<Edge>| matches!(of.as_slice(), [only] if only.to == hub);
            edge.way == Some(Way::Incoming) && bests(edge.to).is_ok_and(is_hubs)
        };
        let mut outgoing: Vec<&Leg> = spokes.iter().filter_map(|edge| self.leg(edge.to)).collect();
        let names_call = spokes.iter().all(|edge| edge.by.names_call());
        if spokes.iter().all(is_attempt) && are_attempts(&mut outgoing, names_call) {
            Ok(self.attempts(hub, &spokes))
        } else {
            Err(left_out(Why::EqualStanding))
        }
    }

    fn couple(&self, place: Place, edge: Edge) -> Group {
        let other = edge.way.map(|way| match way {
            Way::Incoming => Way::Outgoing,
            Way::Outgoing => Way::Incoming,
        });
        self.group(
            vec![(place, edge.way), (edge.to, other)],
            vec![(place, edge.by), (edge.to, edge.by)],
        )
    }

    fn attempts(&self, hub: Place, spokes: &[Edge]) -> Group {
        let mut members = vec![(hub, Some(Way::Incoming))];
        members.extend(spokes.iter().map(|edge| (edge.to, Some(Way::Outgoing))));
        let all = spokes
            .iter()
            .fold(Grounds::default(), |all, edge| all.with(edge.by));
        let mut by = vec![(hub, all)];
        by.extend(spokes.iter().map(|edge| (edge.to, edge.by)));
        self.group(members, by)
    }

    fn group(&self, mut members: Vec<(Place, Option<Way>)>, by: Vec<(Place, Grounds)>) -> Group {
        members.sort_by_key(|&(place, _)| self.leg(place).map(Leg::order));
        Group { members, by }
    }

    fn tell(&mut self, group: &Group, strength: Strength, out: &mut Vec<Related>) {
        let members: Vec<Member<'_>> = group
            .members
            .iter()
            .filter_map(|&(place, way)| Some(Member { leg: self.leg(place)?, way }))
            .collect();
        let told = refusal::told(&members);
        let id = |at: usize| members.get(at).map(|member| member.leg.id);
        let carrier_leg = carrier_leg(&members);
        let refused_first = told.first.and_then(id);
        let ids: Vec<LegId> = members.iter().map(|member| member.leg.id).collect();
        let related: Vec<Related> = group
            .members
            .iter()
            .zip(&ids)
            .enumerate()
            .map(|(at, (&(place, _), &leg))| Related {
                leg,
                others: ids.iter().copied().filter(|&other| other != leg).collect(),
                by: grounds_of(group, place),
                refused_first,
                relayed: told.relayed.contains(&at),
                carrier_leg,
                left_out: None,
            })
            .collect();
        self.learn(group, strength);
        for &(place, _) in &group.members {
            if let Some(held) = self.at_mut(place) {
                held.state = State::Told;
            }
        }
        match strength {
            Strength::Strong => self.counts.strong += 1,
            Strength::Weak => self.counts.weak += 1,
        }
        out.extend(related);
    }

    /// What a couple shows of the site.
    fn learn(&mut self, group: &Group, strength: Strength) {
        let going = |way: Way| {
            let mut members = group.members.iter();
            let (place, _) = members.find(|(_, its)| *its == Some(way))?;
            self.leg(*place).cloned()
        };
        if !self.is_measuring || group.members.len() != 2 {
            return;
        }
        if let (Some(incoming), Some(outgoing)) = (going(Way::Incoming), going(Way::Outgoing)) {
            match strength {
                Strength::Strong => self.measured.note(&incoming, &outgoing),
                Strength::Weak => self.measured.clocks.note(&incoming, &outgoing, false),
            }
        }
    }
}

fn grounds_of(group: &Group, place: Place) -> Grounds {
    let mut by = group.by.iter();
    by.find(|(its, _)| *its == place)
        .map(|(_, by)| *by)
        .unwrap_or_default()
}

/// The carrier's leg of a group with Teams in it: of several the one that was answered, else the last.
fn carrier_leg(members: &[Member<'_>]) -> Option<LegId> {
    if !members.iter().any(|member| member.leg.is_teams()) {
        return None;
    }
    let carriers = || members.iter().filter(|member| !member.leg.is_teams());
    carriers()
        .find(|member| member.leg.is_answered())
        .or_else(|| carriers().last())
        .map(|member| member.leg.id)
}
