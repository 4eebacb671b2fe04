//! Legs in order of time → groups, with a window that moves along.
//!
//! Each leg is looked at twice: when everything that it may share a value with is there, for its strong grounds; and a
//! little later, when that is done for all legs near it, for the weak ones. A group is told as a whole, so that what one
//! leg says of another the other says of it.

mod attempts;
mod candidates;
mod telling;

use std::collections::VecDeque;

use rustc_hash::FxHashMap;

use crate::capture::record::Nanos;

use super::HELD;
use super::HORIZON;
use super::WEAK_HORIZON;
use super::ground::Grounds;
use super::leg::Leg;
use super::leg::Way;
use super::measured::Measured;
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
pub(super) struct Window {
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

impl Window {
    pub(super) fn new(measured: Measured, is_measuring: bool) -> Self {
        Self {
            measured,
            is_measuring,
            ..Self::default()
        }
    }

    pub(super) fn into_measured(self) -> Measured {
        self.measured
    }

    pub(super) const fn counts(&self) -> Counts {
        self.counts
    }

    pub(super) fn feed(&mut self, mut leg: Leg, out: &mut Vec<Related>) {
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
    pub(super) fn advance(&mut self, now: Option<Nanos>, out: &mut Vec<Related>) {
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
}
