//! The messages of a call in order: what a ladder diagram is drawn from.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::call::Call;
use crate::call::OfferUnderTest;
use crate::call::Rejection;
use crate::call::Seen;
use crate::capture::record::Frame;
use crate::capture::record::Nanos;
use crate::packet::Endpoint;
use crate::sip::Method;
use crate::sip::StartLine;
use crate::sip::Wholeness;
use crate::text::Text;
use crate::trunk::Teams;
use crate::trunk::party::End;
use crate::trunk::party::teams_end;

use super::keyless::without_keys;
use super::marked::MarkedText;
use super::offer_facts::offer_facts;
use super::row::OfferFacts;
use super::row::OfferIn;
use super::row::Transport;

/// Arrows around a rejection at most: half before its request, half behind.
const MOST_ARROWS: usize = 120;

/// Bytes shown of a message at most.
const LONGEST_SHOWN: usize = 16 << 10;

/// Of which calls rows have the messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Ladders {
    /// Of none.
    #[default]
    None,
    /// Each row of a rejection has the messages around it, and the texts of the refused request and of its 488.
    OfRejections,
    /// The rows of the calls with these Call-IDs have all their messages, with their texts.
    OfCalls(BTreeSet<Vec<u8>>),
    /// The same for a run that is redacted, which gives keys other keys: the texts are as they were. In another run, none.
    ToBeRedacted(BTreeSet<Vec<u8>>),
}

/// The text of a message in an [`Arrow`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    Nothing,
    WithoutKeys,
    AsItWas,
}

impl Ladders {
    /// Whether the row of this call has its messages.
    pub fn are_wanted_of(&self, call_id: &[u8]) -> bool {
        match self {
            Self::None | Self::OfRejections => false,
            Self::OfCalls(wanted) | Self::ToBeRedacted(wanted) => wanted.contains(call_id),
        }
    }

    /// How all messages of a call are shown.
    const fn shown(&self) -> Shown {
        match self {
            Self::None | Self::OfRejections | Self::OfCalls(_) => Shown::WithoutKeys,
            Self::ToBeRedacted(_) => Shown::AsItWas,
        }
    }
}

/// Messages of one call in order of time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ladder<'a> {
    /// The messages.
    #[serde(borrow)]
    pub arrows: Vec<Arrow<'a>>,
    /// Messages that were left out before the first of them.
    pub left_out_before: u32,
    /// Messages that were left out behind the last of them.
    pub left_out_behind: u32,
    /// Place of the refused request among the arrows; none where it is not in the capture.
    pub request: Option<u32>,
    /// Place of its 488.
    pub response: Option<u32>,
    /// What counts in the text of the refused request, where it is shown beside its rejection.
    pub marked: MarkedText,
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrow<'a> {
    /// When it was met first.
    pub time: Nanos,
    /// The frame that completed it.
    pub frame: Frame,
    /// Sender of the packet.
    pub from: Endpoint,
    /// Receiver of the packet.
    pub to: Endpoint,
    /// What carried it.
    pub transport: Transport,
    /// The end that is Teams, where one is known to be.
    pub teams: Option<End>,
    /// Method of a request; of a response, that of its CSeq. Empty where it is not readable.
    #[serde(borrow)]
    pub method: Text<'a>,
    /// Status code and reason phrase of a response; none of a request.
    #[serde(borrow)]
    pub status: Option<(u16, Text<'a>)>,
    /// CSeq number; 0 where it can't be read.
    pub cseq: u32,
    /// How often it was met: 1, and once more for each retransmission and each other tap.
    pub times: u32,
    /// When it was met last.
    pub until: Nanos,
    /// True where bytes of it are missing.
    pub is_cut: bool,
    /// What its SDP says; none where it has none.
    #[serde(borrow)]
    pub sdp: Option<OfferFacts<'a>>,
    /// Bytes of the message, as far as they are there.
    pub bytes: u32,
    /// The message without its keys, but for [`Ladders::ToBeRedacted`]; empty where it is not shown, or longer than can be.
    #[serde(borrow)]
    pub message: Text<'a>,
}

/// All messages of a call, with their texts; of its first rejection request and response are told.
pub fn whole_ladder<'a>(
    call: &Call<'a>,
    rejection: Option<&Rejection<'a, '_>>,
    teams: &Teams,
    ladders: &Ladders,
) -> Ladder<'a> {
    let shown = ladders.shown();
    let arrows = call.seen().iter().map(|seen| arrow(seen, teams, shown));
    let place = |of: Option<&Seen<'a>>| place(call, of?);
    Ladder {
        arrows: arrows.collect(),
        request: place(rejection.and_then(|rejection| rejection.request)),
        response: place(rejection.map(|rejection| rejection.response)),
        ..Ladder::default()
    }
}

/// The messages around a rejection, with the texts of the refused request and of its 488.
pub fn ladder_around<'a>(
    call: &Call<'a>,
    rejection: &Rejection<'a, '_>,
    teams: &Teams,
) -> Ladder<'a> {
    let all = call.seen();
    let request = rejection.request.and_then(|request| place(call, request));
    let response = place(call, rejection.response);
    let middle = request.or(response).unwrap_or_default() as usize;
    let last = (middle + MOST_ARROWS / 2).max(MOST_ARROWS).min(all.len());
    let first = last.saturating_sub(MOST_ARROWS);
    let shown = |at: usize| {
        if [request, response].contains(&u32::try_from(at).ok()) {
            Shown::WithoutKeys
        } else {
            Shown::Nothing
        }
    };
    let arrows = all[first..last]
        .iter()
        .zip(first..)
        .map(|(seen, at)| arrow(seen, teams, shown(at)))
        .collect();
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let shifted = |place: Option<u32>| {
        let place = place?.checked_sub(count(first))?;
        (place < count(last - first)).then_some(place)
    };
    Ladder {
        arrows,
        left_out_before: count(first),
        left_out_behind: count(all.len() - last),
        request: shifted(request),
        response: shifted(response),
        marked: rejection
            .request
            .filter(|request| request.bytes().len() <= LONGEST_SHOWN)
            .map(MarkedText::of)
            .unwrap_or_default(),
    }
}

/// Where in the call a message is.
fn place<'a>(call: &Call<'a>, of: &Seen<'a>) -> Option<u32> {
    let place = call.seen().iter().position(|seen| std::ptr::eq(seen, of))?;
    u32::try_from(place).ok()
}

fn arrow<'a>(seen: &Seen<'a>, teams: &Teams, shown: Shown) -> Arrow<'a> {
    let message = seen.message();
    let carried_in = if seen.method == Method::Update {
        OfferIn::Update
    } else {
        OfferIn::Invite
    };
    let (method, status) = match message.start {
        StartLine::Request { method, .. } => (method.as_bytes(), None),
        StartLine::Response { status, phrase, .. } => {
            let method = message.cseq().map(|cseq| cseq.method.as_bytes());
            (method.unwrap_or_default(), Some((status, phrase)))
        }
    };
    let text = match shown {
        Shown::AsItWas => Text::from(seen.bytes()),
        Shown::WithoutKeys if seen.bytes().len() <= LONGEST_SHOWN => {
            Text::from(without_keys(seen.bytes()))
        }
        Shown::Nothing | Shown::WithoutKeys => Text::default(),
    };
    Arrow {
        time: seen.at.time,
        frame: seen.at.frame,
        from: seen.from,
        to: seen.to,
        transport: seen.transport,
        teams: teams_end(seen, teams),
        method: Text::from(method),
        status: status.map(|(status, phrase)| (status, Text::from(phrase))),
        cseq: seen.cseq,
        times: seen.times,
        until: seen.until,
        is_cut: seen.wholeness == Wholeness::Cut,
        sdp: offer_facts(&OfferUnderTest::of(Some(seen)), carried_in)
            .filter(|facts| facts.offer_in != OfferIn::None),
        bytes: u32::try_from(seen.bytes().len()).unwrap_or(u32::MAX),
        message: text,
    }
}

impl<'a> Ladder<'a> {
    /// Takes what came later in the same call.
    pub fn join(&mut self, later: Self) {
        let base = u32::try_from(self.arrows.len()).unwrap_or(u32::MAX);
        let moved = |place: Option<u32>| place.map(|place| place.saturating_add(base));
        if self.response.is_none() {
            (self.request, self.response) = (moved(later.request), moved(later.response));
            self.marked = later.marked;
        }
        self.arrows.extend(later.arrows);
        self.left_out_behind = later.left_out_behind;
    }

    /// The refused request.
    pub fn refused(&self) -> Option<&Arrow<'a>> {
        self.arrows.get(self.request? as usize)
    }

    /// Its 488.
    pub fn refusal(&self) -> Option<&Arrow<'a>> {
        self.arrows.get(self.response? as usize)
    }
}
