//! Who is who at the two ends of a message, and of a call.

use std::cmp::Ordering;
use std::net::IpAddr;

use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};

use crate::call::Call;
use crate::call::Rejection;
use crate::call::Seen;
use crate::sip::HeaderName;
use crate::sip::Method;
use crate::sip::StartLine;
use crate::sip::Uri;

use super::config::Config;
use super::config::Place;
use super::config::Trunk;
use super::naming::side_host;
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
            Self::Between { sender, receiver } => {
                match sbc.standing(sender).cmp(&sbc.standing(receiver)) {
                    Ordering::Greater => Some(Refuser::Sbc),
                    Ordering::Less => Some(Refuser::Carrier),
                    Ordering::Equal => None,
                }
            }
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

/// How much speaks for an end's being the SBC: of two ends, the higher one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    /// Named as a carrier's.
    Carrier,
    /// Nothing is known, or one thing contradicts another.
    Unknown,
    /// A trunk's address, which may be a carrier's trunk.
    Trunk,
    /// Named as the SBC's, or talked to Teams.
    Sbc,
}

impl Standing {
    fn of(is_sbc: bool, is_carrier: bool, is_trunk: bool) -> Self {
        match (is_sbc, is_carrier) {
            (true, false) => Self::Sbc,
            (false, true) => Self::Carrier,
            (false, false) if is_trunk => Self::Trunk,
            _ => Self::Unknown,
        }
    }
}

/// Addresses kept as the SBC's at most: a site has a few.
const SBC_ADDRESSES: usize = 100_000;

/// The addresses that talked to Teams in this run, and those that the configuration names.
#[derive(Clone, Debug, Default)]
pub struct SbcAddresses {
    seen: FxHashSet<IpAddr>,
    /// What the configuration says of addresses.
    config: Config,
}

impl SbcAddresses {
    /// Those that the configuration names.
    pub fn new(config: &Config) -> Self {
        Self {
            seen: FxHashSet::default(),
            config: config.clone(),
        }
    }

    /// Notes the other end of a message that Teams sent or got.
    pub fn note(&mut self, from: IpAddr, to: IpAddr, teams_end: End) {
        let other = if teams_end == End::Sender { to } else { from };
        // An address that an export or a mirror left out is nobody's.
        if self.seen.len() < SBC_ADDRESSES && !other.is_unspecified() {
            self.seen.insert(other);
        }
    }

    /// Adds what another part of the run noted.
    pub fn join(&mut self, other: &Self) {
        self.seen.extend(&other.seen);
    }

    /// True for an address of an SBC: one that talked to Teams, or that the configuration names, and not as a carrier's.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.standing(address) > Standing::Unknown
    }

    fn standing(&self, address: IpAddr) -> Standing {
        let is_trunk = |trunk: &Trunk| {
            let network = |place: &Place| place.network.contains(&address.to_canonical());
            trunk.addresses.iter().any(network)
        };
        Standing::of(
            self.seen.contains(&address) || self.config.is_sbc(Some(address), None),
            self.config.is_carrier(Some(address), None),
            self.config.trunks.iter().any(is_trunk),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Config;
    use super::End;
    use super::Refusal;
    use super::Refuser;
    use super::SbcAddresses;

    fn refused(config: &str, sender: &str, receiver: &str) -> Option<Refuser> {
        let mut sbc = SbcAddresses::new(&Config::parse(config).unwrap());
        sbc.note(
            "192.0.2.1".parse().unwrap(),
            "52.114.1.1".parse().unwrap(),
            End::Receiver,
        );
        let (sender, receiver) = (sender.parse().unwrap(), receiver.parse().unwrap());
        Refusal::Between { sender, receiver }.settle(&sbc)
    }

    #[test]
    fn who_talked_to_teams_is_the_sbc() {
        assert_eq!(refused("", "192.0.2.1", "203.0.113.1"), Some(Refuser::Sbc));
        assert_eq!(
            refused("", "203.0.113.1", "192.0.2.1"),
            Some(Refuser::Carrier)
        );
        assert_eq!(refused("", "203.0.113.1", "203.0.113.2"), None);
    }

    #[test]
    fn a_carriers_trunk_is_not_the_sbc_beside_one_that_talked_to_teams() {
        let trunk = "[[trunk]]\nname = \"A\"\naddresses = [\"203.0.113.0/24\"]\n";
        assert_eq!(
            refused(trunk, "203.0.113.1", "192.0.2.1"),
            Some(Refuser::Carrier)
        );
        assert_eq!(
            refused(trunk, "203.0.113.1", "198.51.100.1"),
            Some(Refuser::Sbc)
        );
    }

    #[test]
    fn a_named_carrier_makes_the_other_end_the_sbc() {
        let carrier = "[carrier]\naddresses = [\"203.0.113.0/24\"]\n";
        assert_eq!(
            refused(carrier, "203.0.113.1", "198.51.100.1"),
            Some(Refuser::Carrier)
        );
        assert_eq!(
            refused(carrier, "198.51.100.1", "203.0.113.1"),
            Some(Refuser::Sbc)
        );
    }

    #[test]
    fn what_is_named_both_ways_tells_nothing() {
        let both =
            "[sbc]\naddresses = [\"203.0.113.1\"]\n[carrier]\naddresses = [\"203.0.113.1\"]\n";
        assert_eq!(refused(both, "203.0.113.1", "198.51.100.1"), None);
    }
}
