//! A leg: the few facts of one call that is over by which its other leg is found. No text of the call is kept.

use std::net::IpAddr;

use serde::Deserialize;
use serde::Serialize;

use crate::call::Call;
use crate::call::RejectedAt;
use crate::call::Seen;
use crate::capture::record::Nanos;
use crate::sip::HeaderName;
use crate::sip::Method;
use crate::sip::StartLine;
use crate::sip::Uri;
use crate::trunk::Parties;
use crate::trunk::party::Side;
use crate::trunk::party::tells_caller;

use super::ground::Evidence;
use super::ground::read_marks;
use super::mark::Kind;
use super::mark::Mark;
use super::mark::hash_of;
use super::number::Likeness;
use super::number::Number;
use crate::trunk::Numbering;

/// The name of a leg in one run: any number that no other leg has. It names and never decides.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct LegId(pub u64);

/// Whose leg it is.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum LegSide {
    /// Neither end is known.
    #[default]
    Unknown,
    /// The SBC and Teams; Teams called.
    FromTeams,
    /// The SBC and Teams; Teams was called.
    ToTeams,
    /// The SBC and a carrier. No call tells that by itself: a configuration may.
    Carrier,
}

/// Which way a leg goes, seen from the SBC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Way {
    /// Its INVITE came to the SBC.
    Incoming,
    /// Its INVITE left the SBC.
    Outgoing,
}

/// The first 488 of a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// Who sent it: the end that called, or the end that was called.
    pub by_caller: bool,
    /// Whether the initial INVITE was refused; a request inside the dialog otherwise.
    pub is_initial: bool,
    /// Milliseconds after the leg's start.
    pub after: u32,
}

/// One leg of a call. In memory it takes 208 bytes with seven marks, and 280 at most.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Leg {
    /// Its name.
    pub id: LegId,
    /// The first INVITE; the first message where there is none.
    pub start: Nanos,
    /// Call-ID, as a hash: legs that share one are never paired.
    pub call: u64,
    /// The caller's tag, as a hash: with the Call-ID it tells dialogs apart.
    pub tag: u32,
    /// Which capture it came from: legs of one tap have one clock.
    pub tap: u32,
    /// Milliseconds from the start to the final response; none where there is none.
    pub decided_after: Option<u32>,
    /// Milliseconds from the 200 to the BYE.
    pub talked: Option<u32>,
    /// Milliseconds from the start to the last message.
    pub ended_after: u32,
    /// The final response; 0 where there is none.
    pub status: u16,
    /// Its first 488.
    pub refused: Option<Refused>,
    /// Whose leg it is.
    pub side: LegSide,
    /// False where its INVITE is not in the capture: then numbers, start and addresses are not known well enough.
    pub has_invite: bool,
    /// Who called.
    pub caller: Number,
    /// Who was called.
    pub callee: Number,
    /// The address that the INVITE came from, on its first hop that was seen.
    pub caller_address: Option<IpAddr>,
    /// The address that it went to, on its last hop that was seen.
    pub callee_address: Option<IpAddr>,
    /// Values that were there and are the same for many calls.
    pub trivial: u32,
    /// What its other leg may have, too.
    pub marks: Box<[Mark]>,
}

impl Leg {
    /// The facts of one call. `tap` says by whose clock its times are. None for a call without any message.
    pub fn of(
        id: LegId,
        call: &Call<'_>,
        parties: Parties,
        numbers: &Numbering,
        tap: u32,
    ) -> Option<Self> {
        let first = call.initial_invite().or_else(|| call.first())?;
        let call_id = first.message().call_id().unwrap_or_default();
        let start = first.at.time;
        let has_invite = call.initial_invite().is_some();
        let after = |time: Nanos| milliseconds(time.since(start));
        let marks = read_marks(&Evidence::of(call, call_id));
        let final_response = call.final_response();
        let (from, to) = addresses(call);
        let [from_number, to_number] = if has_invite {
            numbers_of(first, numbers)
        } else {
            Default::default()
        };
        Some(Self {
            id,
            start,
            call: Mark::new(Kind::OwnCallId, &[call_id]).value(),
            tag: short(hash_of(&[call.caller_tag().unwrap_or_default()])),
            tap,
            decided_after: final_response.map(|response| after(response.at.time)),
            talked: call.duration().map(milliseconds),
            ended_after: call.seen().last().map_or(0, |last| after(last.at.time)),
            status: final_response.and_then(Seen::status).unwrap_or(0),
            refused: refused(call, start),
            side: side(parties, call),
            has_invite,
            caller: from_number,
            callee: to_number,
            caller_address: from,
            callee_address: to,
            trivial: marks.trivial,
            marks: marks.into_marks(),
        })
    }

    /// The order in which legs are fed: by time, and where that leaves it open by what they are.
    pub fn order(&self) -> (Nanos, u64, u32, u32, u64) {
        (self.start, self.call, self.tag, self.tap, self.id.0)
    }

    /// True for a leg between the SBC and Teams.
    pub const fn is_teams(&self) -> bool {
        matches!(self.side, LegSide::FromTeams | LegSide::ToTeams)
    }

    /// Which way it goes, as far as it tells by itself: what Teams calls comes to the SBC.
    pub const fn way(&self) -> Option<Way> {
        match self.side {
            LegSide::FromTeams => Some(Way::Incoming),
            LegSide::ToTeams => Some(Way::Outgoing),
            LegSide::Unknown | LegSide::Carrier => None,
        }
    }

    /// True where its INVITE was answered with 2xx.
    pub const fn is_answered(&self) -> bool {
        matches!(self.status, 200..300)
    }

    /// True where both are the same call, seen twice.
    pub const fn is_same_dialog(&self, other: &Self) -> bool {
        self.call == other.call && self.tag == other.tag
    }

    /// How alike the numbers of two legs are: the same only where both are, different where one is.
    pub fn likeness(&self, other: &Self) -> Likeness {
        let callers = self.caller.likeness(other.caller);
        match (callers, self.callee.likeness(other.callee)) {
            (Likeness::Same, Likeness::Same) => Likeness::Same,
            (Likeness::Different, _) | (_, Likeness::Different) => Likeness::Different,
            _ => Likeness::Untold,
        }
    }

    /// True where one number at least is the same, and none is another: what a value needs beside it that two calls may
    /// come to have by chance.
    pub fn has_like_numbers(&self, other: &Self) -> bool {
        let likenesses = [
            self.caller.likeness(other.caller),
            self.callee.likeness(other.callee),
        ];
        likenesses.contains(&Likeness::Same) && !likenesses.contains(&Likeness::Different)
    }

    /// What the legs of two equal pairs of numbers share.
    pub(super) fn numbers_key(&self) -> Option<u64> {
        let is_known = self.has_invite && !self.caller.is_unknown() && !self.callee.is_unknown();
        let keys = [self.caller.key(), self.callee.key()].map(u64::to_be_bytes);
        is_known.then(|| hash_of(&[&keys[0], &keys[1]]))
    }

    /// The time so many milliseconds after the start.
    pub(super) fn at(&self, after: u32) -> Nanos {
        self.start
            .plus(Nanos(i64::from(after).saturating_mul(1_000_000)))
    }
}

/// Whole milliseconds; none below zero.
fn milliseconds(span: Nanos) -> u32 {
    u32::try_from(span.0.max(0) / 1_000_000).unwrap_or(u32::MAX)
}

fn short(hash: u64) -> u32 {
    u32::try_from(hash >> 32).unwrap_or(0)
}

fn side(parties: Parties, call: &Call<'_>) -> LegSide {
    let tells = call.caller_tag().is_some() || call.first().is_some_and(tells_caller);
    match parties.teams.filter(|_| tells) {
        Some(Side::Caller) => LegSide::FromTeams,
        Some(Side::Callee) => LegSide::ToTeams,
        None => LegSide::Unknown,
    }
}

/// The ends of the initial INVITE: who sent its first hop and who got its last, by the number of Via values. An address
/// that an export left out is none.
fn addresses(call: &Call<'_>) -> (Option<IpAddr>, Option<IpAddr>) {
    let is_known = |address: &IpAddr| !address.is_unspecified();
    let invites = || call.seen().iter().filter(|seen| seen.is_initial_invite());
    let first = invites().min_by_key(|seen| (seen.hops, seen.at));
    let last = invites().max_by_key(|seen| (seen.hops, std::cmp::Reverse(seen.at)));
    (
        first
            .map(|seen| seen.from.address.to_canonical())
            .filter(is_known),
        last.map(|seen| seen.to.address.to_canonical())
            .filter(is_known),
    )
}

/// Who called whom: From and the Request-URI. Where From withholds the number, the network's own word for it counts
/// (P-Asserted-Identity, RFC 3325).
fn numbers_of(invite: &Seen<'_>, numbers: &Numbering) -> [Number; 2] {
    let message = invite.message();
    let user = |uri: &[u8]| {
        let user = Uri::parse(uri).user.unwrap_or_default();
        Number::read(user, numbers)
    };
    let mut caller = message
        .from()
        .map(|from| user(from.uri))
        .unwrap_or_default();
    if caller.is_unknown() {
        caller = message
            .addresses(HeaderName::PAssertedIdentity)
            .take(2)
            .map(|asserted| user(asserted.uri))
            .find(|number| !number.is_unknown())
            .unwrap_or_default();
    }
    let mut dialled = match message.start {
        StartLine::Request { uri, .. } if invite.method == Method::Invite => user(uri),
        _ => Number::default(),
    };
    if dialled.is_unknown() {
        dialled = message.to().map(|to| user(to.uri)).unwrap_or_default();
    }
    [caller, dialled]
}

/// The first 488, and which end sent it: a response has the From tag of its request, and goes the other way.
fn refused(call: &Call<'_>, start: Nanos) -> Option<Refused> {
    let rejections = call.rejections();
    let first = rejections
        .iter()
        .min_by_key(|rejection| rejection.response.at)?;
    let caller_tag = call
        .caller_tag()
        .or_else(|| call.first().map(|first| first.from_tag))
        .unwrap_or_default();
    Some(Refused {
        by_caller: first.response.from_tag != caller_tag,
        // Where the refused request is not in the capture, it was the first if nothing else decided the call.
        is_initial: match first.at {
            Some(at) => at == RejectedAt::Initial,
            None => call.seen().iter().all(|seen| !accepts_call(seen)),
        },
        after: milliseconds(first.response.at.time.since(start)),
    })
}

fn accepts_call(seen: &Seen<'_>) -> bool {
    seen.method == Method::Invite && matches!(seen.status(), Some(200..300))
}
