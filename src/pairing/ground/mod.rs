//! The grounds on which two legs are held to be one call, one file each.
//!
//! A strong ground is a value that one call has and another has not; one is enough. The weak ones are true of many calls,
//! and prove something only together.

mod call_id;
mod charging_vector;
mod cisco_guid;
mod media_address;
mod numbers;
mod sbc_address;
mod sdp_origin;
mod session_id;
mod start_time;
mod user_to_user;
mod x_c;
mod x_cid;
mod x_ms_sbc;

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::Serialize;

use crate::call::Call;
use crate::call::Seen;
use crate::capture::record::Nanos;
use crate::sdp::Identity;
use crate::sip::Body;
use crate::sip::Method;
use crate::sip::Value;

use super::HORIZON;
use super::leg::Leg;
use super::mark::Found;
use super::mark::Kind;
use super::measured::Measured;

pub(super) use start_time::DECIDED;
pub(super) use start_time::agree_in_outcome;
pub(super) use start_time::agree_narrowly;
pub(super) use start_time::talk_alike;

/// A ground. The column `related_by`, and the README's table are prints of these.
#[derive(Debug)]
pub struct Ground {
    /// The word in the CSV.
    pub name: &'static str,
    /// What it says, for a person who has never met it.
    pub meaning: &'static str,
    /// What of it proves nothing.
    pub trivial: &'static str,
    /// How it is found and held against another.
    pub rule: Rule,
}

/// How a ground decides.
#[derive(Debug)]
pub enum Rule {
    /// By itself.
    Strong(Strong),
    /// Only with all the other weak ones: whether an incoming and an outgoing leg agree.
    Weak(fn(&Leg, &Leg, &Measured) -> bool),
}

/// A value of which both legs have the same.
#[derive(Debug)]
pub struct Strong {
    /// What it leaves on a leg.
    pub kinds: &'static [Kind],
    /// Finds it in a call.
    pub read: fn(&Evidence<'_, '_>, &mut Found),
    /// How far apart two legs may begin for the value to be one call's, clocks included.
    pub reach: Nanos,
    /// What else must be true of two legs that have it in common.
    pub holds: fn(&Leg, &Leg) -> bool,
    /// True for a value that names the call, and that no other call comes to have by chance.
    pub names_call: bool,
}

/// How far apart two legs may begin that have no more in common than what a later call may use again: a port, a counter.
pub(super) const REUSED_AFTER: Nanos = Nanos::from_secs(10);

/// A value that names the call needs nothing beside it.
pub(super) fn always(_: &Leg, _: &Leg) -> bool {
    true
}

/// A value that two calls may come to have by chance proves something only where the numbers don't speak against it.
pub(super) fn with_like_numbers(a: &Leg, b: &Leg) -> bool {
    a.has_like_numbers(b)
}

/// A value that names the call.
const fn naming(kinds: &'static [Kind], read: fn(&Evidence<'_, '_>, &mut Found)) -> Strong {
    Strong {
        kinds,
        read,
        reach: HORIZON,
        holds: always,
        names_call: true,
    }
}

/// A value that another call may have, too.
const fn chancy(
    kinds: &'static [Kind],
    read: fn(&Evidence<'_, '_>, &mut Found),
    reach: Nanos,
) -> Strong {
    Strong {
        kinds,
        read,
        reach,
        holds: with_like_numbers,
        names_call: false,
    }
}

/// The grounds: the strong ones first, and of those the ones first that are hardest to have by chance.
pub const GROUNDS: &[Ground] = &[
    session_id::GROUND,
    x_cid::GROUND,
    x_c::GROUND,
    cisco_guid::GROUND,
    charging_vector::GROUND,
    call_id::GROUND,
    user_to_user::GROUND,
    x_ms_sbc::GROUND,
    sdp_origin::GROUND,
    media_address::GROUND,
    numbers::GROUND,
    sbc_address::GROUND,
    start_time::GROUND,
];

/// Some of the grounds.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Grounds(u16);

impl Grounds {
    /// The weak ones, all of them.
    pub fn weak() -> Self {
        let mut weak = Self::default();
        for (at, ground) in GROUNDS.iter().enumerate() {
            if matches!(ground.rule, Rule::Weak(_)) {
                weak.insert(at);
            }
        }
        weak
    }

    /// Adds the ground at a place of [`GROUNDS`].
    pub(super) fn insert(&mut self, at: usize) {
        self.0 |= 1_u16
            .checked_shl(u32::try_from(at).unwrap_or(u32::MAX))
            .unwrap_or(0);
    }

    /// These and those.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// True where there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many there are.
    pub const fn count(self) -> u32 {
        self.0.count_ones()
    }

    /// The grounds, in the order of [`GROUNDS`].
    pub fn iter(self) -> impl Iterator<Item = &'static Ground> {
        GROUNDS
            .iter()
            .enumerate()
            .filter(move |(at, _)| self.0 >> at & 1 == 1)
            .map(|(_, ground)| ground)
    }

    /// True where a strong one is among them.
    pub fn is_strong(self) -> bool {
        self.iter()
            .any(|ground| matches!(ground.rule, Rule::Strong(_)))
    }

    /// True where one is among them that names the call.
    pub fn names_call(self) -> bool {
        self.iter()
            .any(|ground| matches!(&ground.rule, Rule::Strong(strong) if strong.names_call))
    }
}

/// The names, joined by `;`: the cell of `related_by`.
impl fmt::Display for Grounds {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, ground) in self.iter().enumerate() {
            let comma = if at == 0 { "" } else { ";" };
            write!(to, "{comma}{}", ground.name)?;
        }
        Ok(())
    }
}

/// The strong ground on which marks of these two kinds speak, and its place.
pub(super) fn strong_for(a: Kind, b: Kind) -> Option<(usize, &'static Strong)> {
    GROUNDS
        .iter()
        .enumerate()
        .find_map(|(at, ground)| match &ground.rule {
            Rule::Strong(strong) if strong.kinds.contains(&a) || strong.kinds.contains(&b) => {
                Some((at, strong))
            }
            _ => None,
        })
}

/// Whether the weak grounds hold, all of them.
pub(super) fn weak_holds(incoming: &Leg, outgoing: &Leg, measured: &Measured) -> bool {
    GROUNDS.iter().all(|ground| match ground.rule {
        Rule::Weak(agrees) => agrees(incoming, outgoing, measured),
        Rule::Strong(_) => true,
    })
}

/// What an SBC passes on, or leaves out, and seldom writes anew.
const PASSED_ON: [Kind; 5] = [
    Kind::SessionOfCaller,
    Kind::CiscoGuid,
    Kind::ChargingId,
    Kind::XCidNames,
    Kind::UserToUser,
];

/// True where both legs bear something that an SBC passes on, and none of it is the same: then they are two calls,
/// whatever the numbers say.
pub(super) fn names_differ(a: &Leg, b: &Leg) -> bool {
    PASSED_ON.iter().any(|&kind| {
        let of = |leg: &Leg| {
            let marks = leg.marks.iter().copied();
            marks
                .filter(|mark| mark.kind() == Some(kind))
                .collect::<Vec<_>>()
        };
        let (a, b) = (of(a), of(b));
        !a.is_empty() && !b.is_empty() && !a.iter().any(|mark| b.contains(mark))
    })
}

/// Where the grounds look: the messages of a call that are sure to have been passed on. Every call is looked at, and most
/// of the values are rare: all are found in one pass.
#[derive(Debug)]
pub struct Evidence<'call, 'a> {
    /// Call-ID.
    pub call_id: &'a [u8],
    /// When the call began.
    pub start: Nanos,
    /// The initial INVITE and the final response; where that is no 2xx, the first provisional response with more to say
    /// than 100, too.
    pub spoken: Vec<&'call Seen<'a>>,
    /// What their bodies say of themselves.
    pub descriptions: Vec<Identity<'a>>,
    named: Vec<Named<'a>>,
}

/// A header that some ground asks for.
#[derive(Debug)]
struct Named<'a> {
    name: &'static str,
    value: Value<'a>,
    is_of_request: bool,
}

/// The headers that grounds ask for by name.
const HEADERS: [&str; 6] = [
    "Session-ID",
    "Cisco-Guid",
    "P-Charging-Vector",
    "X-CID",
    "User-to-User",
    "X-MS-SBC",
];

impl<'call, 'a> Evidence<'call, 'a> {
    /// What is looked at of a call.
    pub fn of(call: &'call Call<'a>, call_id: &'a [u8]) -> Self {
        let first = call.initial_invite().or_else(|| call.first());
        let last = call.final_response();
        let is_answered = last.is_some_and(|last| matches!(last.status(), Some(200..300)));
        let provisional =
            call.seen().iter().filter(|_| !is_answered).find(|seen| {
                seen.method == Method::Invite && matches!(seen.status(), Some(101..200))
            });
        let spoken: Vec<_> = [first, provisional, last].into_iter().flatten().collect();
        Self {
            call_id,
            start: first.map_or(Nanos(0), |first| first.at.time),
            descriptions: spoken
                .iter()
                .filter_map(|seen| match seen.message().sdp() {
                    Body::Sdp(body) => Some(Identity::of(body)),
                    Body::None | Body::Cut(_) => None,
                })
                .collect(),
            named: spoken.iter().flat_map(|seen| named(seen)).collect(),
            spoken,
        }
    }

    /// The value of a header in each message that has it, the first where it is repeated; and whether it is a request's.
    pub fn headers_and_whose(&self, name: &str) -> impl Iterator<Item = (Cow<'a, [u8]>, bool)> {
        self.named
            .iter()
            .filter(move |named| named.name == name)
            .map(|named| (named.value.unfolded(), named.is_of_request))
    }

    /// The value of a header in each message that has it, the first where it is repeated.
    pub fn headers(&self, name: &str) -> impl Iterator<Item = Cow<'a, [u8]>> {
        self.headers_and_whose(name).map(|(value, _)| value)
    }
}

/// The headers of one message that grounds ask for, each once.
fn named<'a>(seen: &Seen<'a>) -> Vec<Named<'a>> {
    let mut all: Vec<Named<'a>> = Vec::new();
    for (written, value) in seen.message().written_headers() {
        // Most headers are known by their length to be none of them.
        let known = HEADERS.iter().find(|name| {
            name.len() == written.len() && name.as_bytes().eq_ignore_ascii_case(written)
        });
        if let Some(&name) = known
            && !all.iter().any(|named| named.name == name)
        {
            all.push(Named {
                name,
                value,
                is_of_request: seen.is_request(),
            });
        }
    }
    all
}

/// Asks every strong ground for its marks.
pub(super) fn read_marks(evidence: &Evidence<'_, '_>) -> Found {
    let mut found = Found::default();
    for ground in GROUNDS {
        if let Rule::Strong(strong) = &ground.rule {
            (strong.read)(evidence, &mut found);
        }
    }
    found
}

#[cfg(test)]
mod tests;
