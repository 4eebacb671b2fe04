//! A call's trunk: the SBC-side identity that calls are compared by.

use std::net::IpAddr;

use crate::call::Call;
use crate::call::Seen;
use crate::sip::HeaderName;
use crate::sip::StartLine;
use crate::sip::Uri;
use crate::text::Text;

use super::config::Config;
use super::party;
use super::party::Parties;
use super::party::Side;
use super::party::host;
use super::party::sent_by;
use super::party::teams_end;
use super::teams::Teams;
use super::teams::address_in;

/// The trunk of a call: the configured name for its SBC-side host, address or capture path; else the host of the
/// SBC-side Contact, then From or To, where that is a name, and not Teams' own; else the SBC-side address. Host names in
/// lower case.
pub fn trunk_of<'a>(
    call: &Call<'a>,
    parties: Parties,
    teams: &Teams,
    config: &'a Config,
    path: &str,
) -> Text<'a> {
    end_of(call, parties.sbc(), teams, config, path)
}

/// What the two ends of a call without Teams would be called as trunks, by the same rules: who called, and who was called.
/// Of who was called, the host in the Request-URI goes before the others, as it is there whether the call is answered or not.
pub fn ends_of<'a>(
    call: &Call<'a>,
    teams: &Teams,
    config: &'a Config,
    path: &str,
) -> (Text<'a>, Text<'a>) {
    let dialled = call
        .initial_invite()
        .and_then(|invite| match invite.message().start {
            StartLine::Request { uri, .. } => Some(Uri::parse(uri).host),
            StartLine::Response { .. } => None,
        });
    let others = contact(call, Side::Callee).into_iter();
    let callee = End {
        hosts: dialled
            .into_iter()
            .chain(others.filter(|_| !config.trunks.is_empty()))
            .collect(),
        address: address(call, Side::Callee, teams),
    };
    (
        end_of(call, Side::Caller, teams, config, path),
        callee.name(teams, config, path),
    )
}

/// What one side of a call would be called as a trunk.
fn end_of<'a>(
    call: &Call<'a>,
    side: Side,
    teams: &Teams,
    config: &'a Config,
    path: &str,
) -> Text<'a> {
    let contact = contact(call, side);
    if config.trunks.is_empty()
        && let Some(host) = contact.filter(|host| is_name(host) && !teams.has_host(host))
    {
        return Text::from(host).into_ascii_lowercase();
    }
    let end = End {
        hosts: contact.into_iter().chain(identity(call, side)).collect(),
        address: address(call, side, teams),
    };
    end.name(teams, config, path)
}

/// By what an end of a call can be known: the hosts that stand for it, the best first, and its address.
struct End<'a> {
    hosts: Vec<&'a [u8]>,
    address: Option<IpAddr>,
}

impl<'a> End<'a> {
    fn name(self, teams: &Teams, config: &'a Config, path: &str) -> Text<'a> {
        // An export or a mirror may leave the addresses out.
        let address = self.address.filter(|address| !address.is_unspecified());
        let mut keys = self.hosts.iter().map(|host| Some(*host)).chain([None]);
        if let Some(trunk) = keys.find_map(|host| config.trunk_for(host, address, path)) {
            return Text::from(trunk.name.as_str());
        }
        match self
            .hosts
            .into_iter()
            .find(|host| is_name(host) && !teams.has_host(host))
        {
            Some(host) => Text::from(host).into_ascii_lowercase(),
            None => address
                .map(|address| Text::from(address.to_string().into_bytes()))
                .unwrap_or_default(),
        }
    }
}

/// A host that identifies somebody: no address, and nothing below `.invalid`, which privacy (RFC 3323 §4.1.1.3) and
/// WebSocket clients (RFC 7118 §5) put where they have no name.
fn is_name(host: &[u8]) -> bool {
    let is_invalid = host.len() >= 7 && host[host.len() - 7..].eq_ignore_ascii_case(b"invalid");
    address_in(host).is_none() && !is_invalid && host.iter().any(u8::is_ascii_alphabetic)
}

/// The host of the first Contact by which this side wants to be reached: a refusal's or redirection's Contact is
/// another's.
fn contact<'a>(call: &Call<'a>, side: Side) -> Option<&'a [u8]> {
    let speaks_for_itself = |seen: &&Seen<'_>| {
        seen.status()
            .is_none_or(|status| status < 300 || status == 488)
    };
    let mut contacts = sent_by(side, call)
        .filter(speaks_for_itself)
        .filter_map(|seen| host(seen, HeaderName::Contact))
        .take(CONTACTS)
        .peekable();
    let first = contacts.peek().copied();
    contacts.find(|host| is_name(host)).or(first)
}

/// Contacts looked at before an address is taken for a name that is nowhere.
const CONTACTS: usize = 4;

/// The host of From where the SBC is the caller, of To where it is the callee.
fn identity<'a>(call: &Call<'a>, side: Side) -> Option<&'a [u8]> {
    let first = call.initial_invite().or_else(|| call.first())?;
    host(
        first,
        if side == Side::Caller {
            HeaderName::From
        } else {
            HeaderName::To
        },
    )
}

/// The SBC's address: the other end of the first hop that has Teams' address; else the SBC-side end of the first
/// message.
fn address(call: &Call<'_>, side: Side, teams: &Teams) -> Option<IpAddr> {
    let beside_teams = call
        .seen()
        .iter()
        .find(|seen| teams.has_address(seen.from.address) != teams.has_address(seen.to.address));
    if let Some(seen) = beside_teams {
        return Some(if teams_end(seen, teams)? == party::End::Sender {
            seen.to.address
        } else {
            seen.from.address
        });
    }
    let first = call.initial_invite().or_else(|| call.first())?;
    // A response goes the other way than its request.
    let (calling, called) = if first.is_request() {
        (first.from, first.to)
    } else {
        (first.to, first.from)
    };
    Some(if side == Side::Caller {
        calling.address
    } else {
        called.address
    })
}
