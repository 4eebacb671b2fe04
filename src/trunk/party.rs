//! Who is who at the two ends of a message, and of a call.

use std::cmp::Ordering;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::call::Call;
use crate::call::Rejection;
use crate::call::Seen;
use crate::sip::HeaderName;
use crate::sip::Method;
use crate::sip::StartLine;
use crate::sip::Uri;

use super::config::Config;
use super::naming::side_host;
use super::sbc::SbcAddresses;
use super::sbc::Standing;
use super::teams::Teams;

/// Which way the call went.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Direction {
    /// The INVITE went to Teams.
    #[default]
    ToTeams,
    /// The INVITE came from Teams.
    FromTeams,
}

impl Direction {
    /// The word in the CSV.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ToTeams => "to-teams",
            Self::FromTeams => "from-teams",
        }
    }
}

/// Who refused.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Refuser {
    /// Teams.
    #[default]
    Teams,
    /// The session border controller.
    Sbc,
    /// The carrier.
    Carrier,
}

impl Refuser {
    /// The word in the CSV.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Teams => "teams",
            Self::Sbc => "sbc",
            Self::Carrier => "carrier",
        }
    }
}

/// One end of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// Who sent it.
    Sender,
    /// Who it was sent to.
    Receiver,
}

/// One side of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The one that sent the initial INVITE.
    Caller,
    /// The other.
    Callee,
}

impl Side {
    /// The side opposite.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Caller => Self::Callee,
            Self::Callee => Self::Caller,
        }
    }
}

/// What tells an end's identity, the strongest first: headers can be rewritten or copied from another leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ground {
    Address,
    Product,
    Contact,
    Identity,
}

const GROUNDS: [Ground; 4] = [
    Ground::Address,
    Ground::Product,
    Ground::Contact,
    Ground::Identity,
];

/// The end of a message that is Teams: by the first ground on which exactly one of the two is.
pub fn teams_end(seen: &Seen<'_>, teams: &Teams) -> Option<End> {
    GROUNDS
        .iter()
        .find_map(|&ground| teams_end_by(ground, seen, teams))
}

fn teams_end_by(ground: Ground, seen: &Seen<'_>, teams: &Teams) -> Option<End> {
    let host_of = |name| host(seen, name).is_some_and(|host| teams.has_host(host));
    let (sender, receiver) = match ground {
        Ground::Address => (
            teams.has_address(seen.from.address),
            teams.has_address(seen.to.address),
        ),
        Ground::Product => (product_is_teams(seen, teams), false),
        Ground::Contact => match seen.message().start {
            StartLine::Request { uri, .. } => (
                host_of(HeaderName::Contact) || via_is_teams(seen, teams),
                teams.has_host(Uri::parse(uri).host),
            ),
            // The top Via of a response is that of the element it is sent to (RFC 3261 §18.2.2).
            StartLine::Response { .. } => (host_of(HeaderName::Contact), via_is_teams(seen, teams)),
        },
        Ground::Identity if seen.is_request() => {
            (host_of(HeaderName::From), host_of(HeaderName::To))
        }
        Ground::Identity => (host_of(HeaderName::To), host_of(HeaderName::From)),
    };
    match (sender, receiver) {
        (true, false) => Some(End::Sender),
        (false, true) => Some(End::Receiver),
        _ => None,
    }
}

fn product_is_teams(seen: &Seen<'_>, teams: &Teams) -> bool {
    [HeaderName::Server, HeaderName::UserAgent]
        .into_iter()
        .filter_map(|name| seen.message().header(name))
        .any(|product| teams.has_agent(&product))
}

fn via_is_teams(seen: &Seen<'_>, teams: &Teams) -> bool {
    seen.message()
        .vias()
        .next()
        .is_some_and(|via| teams.has_host(via.host))
}

/// The host in a From, To or Contact.
pub(super) fn host<'a>(seen: &Seen<'a>, name: HeaderName) -> Option<&'a [u8]> {
    let host = seen.message().addresses(name).next()?.parsed_uri().host;
    (!host.is_empty()).then_some(host)
}

/// Who is who in a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parties {
    /// The side that is Teams; none where neither is known to be.
    pub teams: Option<Side>,
}

impl Parties {
    /// Looks at all messages of the call on the strongest ground before the next.
    pub fn of(call: &Call<'_>, teams: &Teams) -> Self {
        let reference = reference_tag(call);
        let side = GROUNDS.iter().find_map(|&ground| {
            call.seen()
                .iter()
                .find_map(|seen| Some(side_of(seen, teams_end_by(ground, seen, teams)?, reference)))
        });
        Self { teams: side }
    }

    /// The side that is not Teams; where neither is, the side that sent the first INVITE.
    pub fn sbc(self) -> Side {
        self.teams.map_or(Side::Caller, Side::other)
    }

    /// Which way the call went; none where Teams is not in it, or where its messages don't tell who called.
    pub fn direction(self, call: &Call<'_>) -> Option<Direction> {
        let tells = call.caller_tag().is_some() || call.first().is_some_and(tells_caller);
        match self.teams.filter(|_| tells)? {
            Side::Callee => Some(Direction::ToTeams),
            Side::Caller => Some(Direction::FromTeams),
        }
    }
}

/// True for a message that goes the way of the INVITE, or answers one that does. BYE and UPDATE go either way.
pub fn tells_caller(seen: &Seen<'_>) -> bool {
    matches!(
        seen.method,
        Method::Invite | Method::Ack | Method::Cancel | Method::Prack
    )
}

/// The caller's tag; of a call without its INVITE, the From tag of its first message.
fn reference_tag<'a>(call: &Call<'a>) -> &'a [u8] {
    call.caller_tag()
        .or_else(|| call.first().map(|first| first.from_tag))
        .unwrap_or_default()
}

/// A request with the caller's tag in From was sent by the caller, and its response by the callee.
fn side_of(seen: &Seen<'_>, end: End, caller_tag: &[u8]) -> Side {
    let is_by_caller = (seen.from_tag == caller_tag) == seen.is_request();
    if is_by_caller == (end == End::Sender) {
        Side::Caller
    } else {
        Side::Callee
    }
}

/// The messages that a side sent.
pub(super) fn sent_by<'call, 'a>(
    side: Side,
    call: &'call Call<'a>,
) -> impl Iterator<Item = &'call Seen<'a>> {
    let reference = reference_tag(call);
    call.seen()
        .iter()
        .filter(move |seen| side_of(seen, End::Sender, reference) == side)
}

/// Who refused, as far as one call tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// Teams, or somebody who refused Teams.
    By(Refuser),
    /// Neither end is Teams: which of the two is the SBC, only the whole run can tell.
    Between {
        /// Who sent the 488.
        sender: IpAddr,
        /// Who got it.
        receiver: IpAddr,
    },
}

impl Refusal {
    /// Who sent this 488.
    pub fn of(
        rejection: &Rejection<'_, '_>,
        call: &Call<'_>,
        parties: Parties,
        teams: &Teams,
        config: &Config,
    ) -> Self {
        let response = rejection.response;
        let by_request = || {
            let end = teams_end(rejection.request?, teams)?;
            Some(if end == End::Sender {
                End::Receiver
            } else {
                End::Sender
            })
        };
        let by_call = || {
            let sender = side_of(response, End::Sender, reference_tag(call));
            Some(if parties.teams? == sender {
                End::Sender
            } else {
                End::Receiver
            })
        };
        match teams_end(response, teams)
            .or_else(by_request)
            .or_else(by_call)
        {
            Some(End::Sender) => Self::By(Refuser::Teams),
            Some(End::Receiver) => Self::By(Refuser::Sbc),
            None => by_named_host(response, call, config).map_or(
                Self::Between {
                    sender: response.from.address,
                    receiver: response.to.address,
                },
                Self::By,
            ),
        }
    }

    /// Who refused, with what the whole run told of the SBC's addresses.
    pub fn settle(self, sbc: &SbcAddresses) -> Option<Refuser> {
        match self {
            Self::By(refuser) => Some(refuser),
            Self::Between { sender, receiver } => match sbc.which(sender, receiver)? {
                End::Sender => Some(Refuser::Sbc),
                End::Receiver => Some(Refuser::Carrier),
            },
        }
    }
}

/// Who refused where neither end is Teams, by the hosts that the configuration names; none where they contradict.
fn by_named_host(response: &Seen<'_>, call: &Call<'_>, config: &Config) -> Option<Refuser> {
    if config.sbc_hosts.is_empty() && config.carrier_hosts.is_empty() {
        return None;
    }
    let sender = side_of(response, End::Sender, reference_tag(call));
    let standing = |side: Side| {
        let host = side_host(call, side);
        Standing::of(
            config.is_sbc(None, host),
            config.is_carrier(None, host),
            false,
        )
    };
    match standing(sender).cmp(&standing(sender.other())) {
        Ordering::Greater => Some(Refuser::Sbc),
        Ordering::Less => Some(Refuser::Carrier),
        Ordering::Equal => None,
    }
}
