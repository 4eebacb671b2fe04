//! A group → what is told of each of its legs, and what it shows of the site.

use crate::pairing::ground::Grounds;
use crate::pairing::leg::LegId;
use crate::pairing::leg::Way;
use crate::pairing::refusal;
use crate::pairing::refusal::Member;
use crate::pairing::related::Related;
use crate::pairing::sharers::Place;

use super::Group;
use super::State;
use super::Strength;
use super::Window;

impl Window {
    pub(super) fn tell(&mut self, group: &Group, strength: Strength, out: &mut Vec<Related>) {
        let members: Vec<Member<'_>> = group
            .members
            .iter()
            .filter_map(|&(place, way)| {
                Some(Member {
                    leg: self.leg(place)?,
                    way,
                })
            })
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
        .or_else(|| carriers().next_back())
        .map(|member| member.leg.id)
}
