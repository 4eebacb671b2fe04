//! What is told of a leg.

use serde::Deserialize;
use serde::Serialize;

use super::ground::Grounds;
use super::leg::LegId;

/// Why a leg has no other.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Why {
    /// No other leg has enough in common with it: it is on one side only, as far as the packets tell.
    #[default]
    NoCandidate,
    /// Several have the same in common with it, or with its only candidate.
    EqualStanding,
    /// Its candidate has more in common with another.
    Outranked,
    /// All that it has in common with others, too many others have, too.
    SharedByMany,
    /// The numbers fit, and nothing shows by how much the two clocks differ.
    ClockUnknown,
    /// It is the same dialog as another leg.
    SeenTwice,
}

impl Why {
    /// All of them, in the order of [`Counts::left_out`].
    pub const ALL: [Self; 6] = [
        Self::NoCandidate,
        Self::EqualStanding,
        Self::Outranked,
        Self::SharedByMany,
        Self::ClockUnknown,
        Self::SeenTwice,
    ];

    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoCandidate => "no-candidate",
            Self::EqualStanding => "equal-standing",
            Self::Outranked => "outranked",
            Self::SharedByMany => "shared-by-many",
            Self::ClockUnknown => "clock-unknown",
            Self::SeenTwice => "seen-twice",
        }
    }
}

/// A leg without another: why, and how many could have been it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Why.
    pub why: Why,
    /// The candidates.
    pub candidates: u32,
}

/// What is told of one leg.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Related {
    /// The leg.
    pub leg: LegId,
    /// All other legs of its call, in order of time; none where it was left out.
    pub others: Vec<LegId>,
    /// On which grounds.
    pub by: Grounds,
    /// The leg of the call that refused first with 488.
    pub refused_first: Option<LegId>,
    /// True where this leg's 488 only passes another leg's on.
    pub relayed: bool,
    /// The leg between the SBC and the carrier: of several the one that was answered, else the last. None in a call without
    /// Teams.
    pub carrier_leg: Option<LegId>,
    /// Why there is no other leg.
    pub left_out: Option<LeftOut>,
}

/// What became of the legs of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Legs.
    pub legs: u64,
    /// Calls of which several legs were found, on strong grounds.
    pub strong: u64,
    /// The same on weak grounds.
    pub weak: u64,
    /// Legs left out, in the order of [`Why::ALL`].
    pub left_out: [u64; Why::ALL.len()],
    /// Values that legs bore and that prove nothing: nil, too short, too uniform, a clock reading.
    pub trivial: u64,
    /// Marks that more than a few legs bore in one window.
    pub shared_by_many: u64,
}

impl Counts {
    /// Legs left out for this reason.
    pub fn left_out_by(&self, why: Why) -> u64 {
        let place = Why::ALL.iter().position(|&known| known == why);
        place
            .and_then(|place| self.left_out.get(place))
            .copied()
            .unwrap_or(0)
    }

    pub(super) fn note_left_out(&mut self, why: Why) {
        let place = Why::ALL.iter().position(|&known| known == why);
        if let Some(count) = place.and_then(|place| self.left_out.get_mut(place)) {
            *count += 1;
        }
    }
}
