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

/// Rejections of one call whose messages are told at most: each has its own part of them.
pub(super) const MOST_LADDERS: usize = 200;

/// Bytes shown of a message at most.
const LONGEST_SHOWN: usize = 16 << 10;

/// Of which calls rows have the messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Ladders {
    /// Of none.
    #[default]
    None,
    /// Each row of a rejection has the messages around it, and the texts of the refused request and of its 488: those of the
    /// first 200 of a call.
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::net::Ipv4Addr;

    use super::Arrow;
    use super::Ladder;
    use super::Ladders;
    use super::MOST_ARROWS;
    use super::ladder_around;
    use super::whole_ladder;
    use crate::call::Calls;
    use crate::call::Gathered;
    use crate::call::Glance;
    use crate::call::Sighting;
    use crate::call::Transport;
    use crate::capture::record::Frame;
    use crate::capture::record::Nanos;
    use crate::capture::record::Stamp;
    use crate::packet::Endpoint;
    use crate::report::keyless::LEFT_OUT;
    use crate::sip::Outline;
    use crate::sip::Wholeness;
    use crate::trunk::Config;
    use crate::trunk::Teams;

    const SDP: &str =
        "v=0\r\nm=audio 4000 RTP/SAVP 8\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:SECRET\r\n";

    fn message(start: &str, cseq: &str, body: &str) -> String {
        format!(
            "{start}\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK{cseq}\r\nFrom: <sip:a@a>;tag=1\r\nTo: <sip:b@b>\r\nCall-ID: c\r\nCSeq: {cseq}\r\n\
             Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }

    /// So many messages that are no answer, an INVITE and its 488, and as many again; each a second behind the other.
    fn gathered(around: u32) -> Gathered {
        let info = |number: u32| message("UPDATE sip:b@b SIP/2.0", &format!("{number} UPDATE"), "");
        let invite = message("INVITE sip:b@b SIP/2.0", "9999 INVITE", SDP);
        let refusal = message("SIP/2.0 488 No", "9999 INVITE", "");
        let mut messages: Vec<String> = (1..=around).map(info).collect();
        messages.extend([invite.clone(), invite, refusal]);
        messages.extend((1001..=1000 + around).map(info));
        let (mut calls, mut out) = (Calls::default(), Vec::new());
        for (at, bytes) in (0..).zip(&messages) {
            let end = |port| Endpoint {
                address: Ipv4Addr::LOCALHOST.into(),
                port,
            };
            let time = Nanos::from_secs(at);
            let sighting = Sighting {
                bytes: bytes.as_bytes(),
                wholeness: Wholeness::Whole,
                at: Stamp {
                    time,
                    frame: Frame {
                        file: 0,
                        number: u64::try_from(at).unwrap() + 1,
                    },
                },
                arrived: time,
                from: end(5060),
                to: end(5061),
                transport: Transport::Udp,
            };
            let outline = Outline::of(sighting.bytes, Wholeness::Whole).unwrap();
            calls.feed(b"c", &sighting, &Glance::of(&outline), &mut out);
        }
        calls.finish(&mut out);
        let mut gathered = out.pop().unwrap();
        calls.unpack(&mut gathered);
        gathered
    }

    fn around(of: &Gathered) -> Ladder<'_> {
        let calls = of.calls();
        let rejections = calls[0].rejections();
        ladder_around(&calls[0], &rejections[0], &Teams::new(&Config::default()))
    }

    fn text(arrow: Option<&Arrow<'_>>) -> String {
        String::from_utf8(arrow.unwrap().message.as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn the_texts_of_request_and_488_are_there_without_keys_and_no_others() {
        let gathered = gathered(3);
        let ladder = around(&gathered);
        assert_eq!(ladder.arrows.len(), 8);
        let request = text(ladder.refused());
        assert!(
            request.contains(LEFT_OUT) && !request.contains("SECRET"),
            "{request}"
        );
        assert!(text(ladder.refusal()).starts_with("SIP/2.0 488 No\r\n"));
        let shown = ladder
            .arrows
            .iter()
            .filter(|arrow| !arrow.message.is_empty());
        assert_eq!(shown.count(), 2);
    }

    #[test]
    fn what_was_sent_again_is_one_arrow_that_tells_how_often_and_when_last() {
        let gathered = gathered(0);
        let ladder = around(&gathered);
        let invite = ladder.refused().unwrap();
        assert_eq!((ladder.arrows.len(), invite.times), (2, 2));
        assert_eq!((invite.time, invite.until), (Nanos(0), Nanos::from_secs(1)));
    }

    #[test]
    fn of_a_long_call_what_is_around_the_rejection_is_told_and_how_much_more_there_is() {
        for count in [59, 60, 100] {
            let gathered = gathered(count);
            let ladder = around(&gathered);
            let (before, behind) = (ladder.left_out_before, ladder.left_out_behind);
            let all = u32::try_from(ladder.arrows.len()).unwrap() + before + behind;
            assert_eq!(all, 2 * count + 2);
            assert!(ladder.arrows.len() <= MOST_ARROWS);
            assert_eq!(ladder.refused().unwrap().cseq, 9999);
            assert_eq!(ladder.refusal().unwrap().status.as_ref().unwrap().0, 488);
        }
    }

    #[test]
    fn keys_stay_for_the_redactor_alone() {
        let gathered = gathered(1);
        let calls = gathered.calls();
        let rejections = calls[0].rejections();
        let ids = BTreeSet::from([b"c".to_vec()]);
        let teams = Teams::new(&Config::default());
        let has_key = |ladders: &Ladders| {
            assert!(ladders.are_wanted_of(b"c") && !ladders.are_wanted_of(b"d"));
            let ladder = whole_ladder(&calls[0], rejections.first(), &teams, ladders);
            text(ladder.refused()).contains("SECRET")
        };
        assert!(has_key(&Ladders::ToBeRedacted(ids.clone())));
        assert!(!has_key(&Ladders::OfCalls(ids)));
        assert!(!Ladders::OfRejections.are_wanted_of(b"c"));
    }

    #[test]
    fn what_comes_later_in_a_call_is_joined_behind_it() {
        let (earlier, later) = (gathered(2), gathered(1));
        let (mut ladder, rest) = (around(&earlier), around(&later));
        ladder.response = None;
        ladder.join(rest);
        assert_eq!(ladder.arrows.len(), 10);
        assert_eq!(ladder.refusal().unwrap().status.as_ref().unwrap().0, 488);
    }
}
