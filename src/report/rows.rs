//! A call that is over → its row, and one row for each of its rejections.

use crate::call::Call;
use crate::call::OfferUnderTest;
use crate::call::Rejection;
use crate::call::Seen;
use crate::diagnosis::Observed;
use crate::diagnosis::Reported;
use crate::sip::HeaderName;
use crate::sip::Method;
use crate::sip::StartLine;
use crate::sip::Uri;
use crate::text::Text;
use crate::trunk::Config;
use crate::trunk::Numbering;
use crate::trunk::Parties;
use crate::trunk::Refusal;
use crate::trunk::Teams;
use crate::trunk::ends_of;
use crate::trunk::party::tells_caller;
use crate::trunk::trunk_groups;
use crate::trunk::trunk_of;

use super::ladder::Ladders;
use super::ladder::MOST_LADDERS;
use super::ladder::ladder_around;
use super::ladder::whole_ladder;
use super::offer_facts::offer_facts;
use super::redact::Named;
use super::relation::Ends;
use super::row::OfferFacts;
use super::row::OfferIn;
use super::row::Outcome;
use super::row::Row;
use super::row::Unsettled;

/// Trunk groups, joined by `;`.
fn joined<'a>(groups: &[&'a [u8]]) -> Text<'a> {
    match groups {
        [] => Text::default(),
        [one] => Text::from(*one),
        several => Text::from(several.join(&b';')),
    }
}

/// What rows are made with, besides the call.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'s> {
    /// What counts as Teams.
    pub teams: &'s Teams,
    /// The trunks' names.
    pub config: &'s Config,
    /// How numbers are dialled; none where legs are not kept to be paired.
    pub numbers: Option<&'s Numbering>,
    /// Whether rows tell the trunk groups that calls name: a draft of a configuration does.
    pub tells_trunk_groups: bool,
    /// Which rows have the messages of their calls.
    pub ladders: &'s Ladders,
    /// Whether rows tell whom the messages of their calls name: a run that is to be redacted does.
    pub tells_named: bool,
    /// The captures' paths by inventory number, as text.
    pub paths: &'s [String],
}

/// The rows of one call, and who is who in it.
#[derive(Debug)]
pub struct CallRows<'a> {
    /// The calls CSV's row.
    pub call: Row<'a>,
    /// The rejections CSV's rows.
    pub rejections: Vec<Row<'a>>,
    /// Who is who.
    pub parties: Parties,
}

/// Tells a call as rows. None for a call without any message.
pub fn rows_of<'a>(
    call: &Call<'a>,
    with: Surroundings<'a>,
    is_resumed: bool,
) -> Option<CallRows<'a>> {
    let first = call.initial_invite().or_else(|| call.first())?;
    let parties = Parties::of(call, with.teams);
    let path = with
        .paths
        .get(first.at.frame.file as usize)
        .map_or("", String::as_str);
    let mut row = Row {
        start_time: first.at.time,
        request_time: first.at.time,
        trunk: trunk_of(call, parties, with.teams, with.config, path),
        direction: parties.direction(call),
        call_id: first
            .message()
            .call_id()
            .map(Text::from)
            .unwrap_or_default(),
        caller_tag: call.caller_tag().map(Text::from).unwrap_or_default(),
        outcome: call.outcome(),
        final_status: call.final_response().and_then(Seen::status),
        setup: call.setup(),
        duration: call.duration(),
        transport: Some(first.transport),
        trunk_groups: if with.tells_trunk_groups {
            joined(&trunk_groups(first))
        } else {
            Text::default()
        },
        is_resumed,
        has_teams: parties.teams.is_some(),
        named: with
            .tells_named
            .then(|| Box::new(named_in(first, call.seen()))),
        ..Row::default()
    };
    if parties.teams.is_none() {
        let (calling, called) = ends_of(call, with.teams, with.config, path);
        row.ends = Some(Ends {
            caller: calling,
            callee: called,
        });
    }
    describe_invite(&mut row, first);
    describe_place(&mut row, call, first);
    let rejections = call.rejections();
    let ladder = with.ladders.are_wanted_of(row.call_id.as_bytes()).then(|| {
        Box::new(whole_ladder(
            call,
            rejections.first(),
            with.teams,
            with.ladders,
        ))
    });
    row.rejections = u32::try_from(rejections.len()).unwrap_or(u32::MAX);
    let mut refused: Vec<Row<'a>> = rejections
        .iter()
        .map(|rejection| describe_rejection(row.clone(), rejection, call, parties, with))
        .collect();
    if matches!(with.ladders, Ladders::OfRejections) {
        for (row, rejection) in refused.iter_mut().zip(&rejections).take(MOST_LADDERS) {
            row.ladder = Some(Box::new(ladder_around(call, rejection, with.teams)));
        }
    }
    let accepted = || accepted_offer(call).filter(|_| row.outcome == Outcome::Answered);
    let call = match refused.first() {
        Some(first) => Row {
            request_time: first.start_time,
            accepted: accepted(),
            ladder: None,
            ..first.clone()
        },
        None => row,
    };
    Some(CallRows {
        call: Row { ladder, ..call },
        rejections: refused,
        parties,
    })
}

/// Whom the messages of a call name, the first of them before all others.
fn named_in<'a>(first: &Seen<'a>, others: &[Seen<'a>]) -> Named<'a> {
    let mut named = Named::default();
    for seen in std::iter::once(first).chain(others) {
        named.add(seen.message());
    }
    named
}

/// What the first INVITE tells; where there is none, what the first message tells of it.
fn describe_invite<'a>(row: &mut Row<'a>, first: &Seen<'a>) {
    if !tells_caller(first) {
        return;
    }
    row.caller = first
        .message()
        .from()
        .map(|from| user_of(from.uri))
        .unwrap_or_default();
    match first.message().start {
        StartLine::Request { uri, .. } => {
            row.callee = user_of(uri);
            (row.source, row.destination) = (Some(first.from), Some(first.to));
            row.user_agent = agent(first, &[HeaderName::UserAgent]);
        }
        // A response goes the other way.
        StartLine::Response { .. } => {
            (row.source, row.destination) = (Some(first.to), Some(first.from));
        }
    }
}

/// The frames of the first INVITE and of the final response, and the offer of that INVITE.
fn describe_place<'a>(row: &mut Row<'a>, call: &Call<'a>, first: &Seen<'a>) {
    if first.is_request() {
        (row.file, row.invite_frame) = (Some(first.at.frame.file), Some(first.at.frame.number));
    }
    if first.is_request() && first.method == Method::Invite {
        row.offer = offer_facts(&OfferUnderTest::of(Some(first)), offer_in(Some(first)));
    }
    if let Some(response) = call.final_response() {
        describe_response(row, response);
    }
}

/// The offer of the INVITE that was answered.
fn accepted_offer<'a>(call: &Call<'a>) -> Option<OfferFacts<'a>> {
    let invite = call.accepted().find(|seen| seen.is_initial_invite())?;
    offer_facts(&OfferUnderTest::of(Some(invite)), offer_in(Some(invite)))
}

fn describe_response<'a>(row: &mut Row<'a>, response: &Seen<'a>) {
    (row.response_file, row.response_frame) =
        (Some(response.at.frame.file), Some(response.at.frame.number));
    row.server = agent(response, &[HeaderName::Server, HeaderName::UserAgent]);
}

fn describe_rejection<'a>(
    mut row: Row<'a>,
    rejection: &Rejection<'a, '_>,
    call: &Call<'a>,
    parties: Parties,
    with: Surroundings<'_>,
) -> Row<'a> {
    let reported = Reported::of(rejection.response);
    row.request_time = rejection.request.unwrap_or(rejection.response).at.time;
    row.rejected_at = rejection.at;
    row.offer = offer_facts(&rejection.offer, offer_in(rejection.request));
    // First those of its own, as there is room for so many only.
    row.named = row.named.map(|all| {
        let own = rejection.request.unwrap_or(rejection.response);
        let mut named = named_in(own, std::slice::from_ref(rejection.response));
        named.join(*all);
        Box::new(named)
    });
    row.unsettled = Some(Unsettled {
        refusal: Refusal::of(rejection, call, parties, with.teams, with.config),
        observed: Observed::of(rejection, &reported),
    });
    (row.diag_code, row.diag_phrase, row.correlation_id) =
        (reported.code, reported.phrase, reported.correlation_id);
    (row.file, row.invite_frame) = (None, None);
    if let Some(request) = rejection.request {
        (row.file, row.invite_frame) = (Some(request.at.frame.file), Some(request.at.frame.number));
        row.user_agent = agent(request, &[HeaderName::UserAgent]);
    }
    describe_response(&mut row, rejection.response);
    row
}

fn offer_in(request: Option<&Seen<'_>>) -> OfferIn {
    match request.map(|request| request.method) {
        Some(Method::Update) => OfferIn::Update,
        _ => OfferIn::Invite,
    }
}

/// The user part of a URI; the number of a `tel:` URI; the whole URI where there is neither.
fn user_of(uri: &[u8]) -> Text<'_> {
    let user = Uri::parse(uri).user.unwrap_or_default();
    Text::from(if user.is_empty() {
        uri.trim_ascii()
    } else {
        user
    })
}

fn agent<'a>(seen: &Seen<'a>, names: &[HeaderName]) -> Text<'a> {
    names
        .iter()
        .find_map(|&name| seen.message().header(name))
        .map(Text::from)
        .unwrap_or_default()
}
