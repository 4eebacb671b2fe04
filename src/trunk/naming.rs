//! A call's trunk: the SBC-side identity that calls are compared by.

use std::net::IpAddr;

use crate::call::Call;
use crate::call::Seen;
use crate::packet::Endpoint;
use crate::sip::HeaderName;
use crate::sip::NameAddr;
use crate::sip::Params;
use crate::sip::StartLine;
use crate::sip::Uri;
use crate::text::Text;

use super::config::Config;
use super::config::Keys;
use super::config::Trunk;
use super::party::End;
use super::party::Parties;
use super::party::Side;
use super::party::host;
use super::party::sent_by;
use super::party::teams_end;
use super::teams::Teams;
use super::teams::address_in;

/// The trunk of a call: the configured name for its SBC-side host, address or port, its trunk group or capture path;
/// else the host of the SBC-side Contact, then From or To, where that is a name, and not Teams' own; else the SBC-side
/// address. Host names in lower case. Where neither side is Teams, a name may be the other side's: a carrier's trunk is
/// the carrier's, whoever called.
pub fn trunk_of<'a>(
    call: &Call<'a>,
    parties: Parties,
    teams: &Teams,
    config: &'a Config,
    path: &str,
) -> Text<'a> {
    let side = parties.sbc();
    let contact = contact(call, side);
    if config.trunks.is_empty()
        && let Some(host) = contact.filter(|host| is_name(host) && !teams.has_host(host))
    {
        return Text::from(host).into_ascii_lowercase();
    }
    if let Some(trunk) = named(call, parties, teams, config, path) {
        return Text::from(trunk.name.as_str());
    }
    let mut hosts = contact.into_iter().chain(identity(call, side));
    match hosts.find(|host| is_name(host) && !teams.has_host(host)) {
        Some(host) => Text::from(host).into_ascii_lowercase(),
        None => address(call, side, teams)
            .map(|address| Text::from(address.to_string().into_bytes()))
            .unwrap_or_default(),
    }
}

/// The trunk that the configuration has for a call.
fn named<'c>(
    call: &Call<'_>,
    parties: Parties,
    teams: &Teams,
    config: &'c Config,
    path: &str,
) -> Option<&'c Trunk> {
    if config.trunks.is_empty() {
        return None;
    }
    let first = if parties.teams.is_none() && is_carrier(call, Side::Callee, teams, config) {
        Side::Callee
    } else {
        parties.sbc()
    };
    let other = parties.teams.is_none().then(|| first.other());
    let groups = groups(call, config);
    [Some(first), other]
        .into_iter()
        .flatten()
        .find_map(|side| named_by(call, side, &groups, teams, config, path))
}

/// The trunk that the configuration has for one side of a call.
fn named_by<'c>(
    call: &Call<'_>,
    side: Side,
    trunk_groups: &[&[u8]],
    teams: &Teams,
    config: &'c Config,
    path: &str,
) -> Option<&'c Trunk> {
    let ports = ports(call, side, teams, config);
    let hosts = contact(call, side).into_iter().chain(identity(call, side));
    let address = address(call, side, teams);
    hosts.map(Some).chain([None]).find_map(|host| {
        config.trunk_for(&Keys {
            host,
            address,
            ports: &ports,
            trunk_groups,
            path,
        })
    })
}

/// The trunk groups that a call names; none where no trunk is known by one.
fn groups<'a>(call: &Call<'a>, config: &Config) -> Vec<&'a [u8]> {
    let has_groups = |trunk: &Trunk| !trunk.trunk_groups.is_empty();
    if !config.trunks.iter().any(has_groups) {
        return Vec::new();
    }
    let first = call.initial_invite().or_else(|| call.first());
    first.map(trunk_groups).unwrap_or_default()
}

/// What the two ends of a call without Teams would be called as trunks, by the same rules: who called, and who was called.
/// Of who was called, the host in the Request-URI counts, as it is there whether the call is answered or not.
pub fn ends_of<'a>(
    call: &Call<'a>,
    teams: &Teams,
    config: &'a Config,
    path: &str,
) -> (Text<'a>, Text<'a>) {
    let groups = groups(call, config);
    let end = |side: Side, hosts: &[Option<&'a [u8]>]| {
        if let Some(trunk) = named_by(call, side, &groups, teams, config, path) {
            return Text::from(trunk.name.as_str());
        }
        let mut hosts = hosts.iter().copied().flatten();
        let address = || address(call, side, teams);
        match hosts.find(|host| is_name(host) && !teams.has_host(host)) {
            Some(host) => Text::from(host).into_ascii_lowercase(),
            None => address()
                .map(|address| Text::from(address.to_string().into_bytes()))
                .unwrap_or_default(),
        }
    };
    let caller = [contact(call, Side::Caller), identity(call, Side::Caller)];
    let dialled = call.initial_invite().and_then(|invite| {
        let StartLine::Request { uri, .. } = invite.message().start else {
            return None;
        };
        Some(Uri::parse(uri).host)
    });
    (end(Side::Caller, &caller), end(Side::Callee, &[dialled]))
}

/// Whether the configuration tells that this side is the carrier, by naming it or by naming the other one as the SBC.
fn is_carrier(call: &Call<'_>, side: Side, teams: &Teams, config: &Config) -> bool {
    let is = |side: Side, tells: fn(&Config, Option<IpAddr>, Option<&[u8]>) -> bool| {
        tells(config, address(call, side, teams), side_host(call, side))
    };
    is(side, Config::is_carrier) || is(side.other(), Config::is_sbc)
}

/// The host by which a side is known: of its Contact, else of From or To.
pub(super) fn side_host<'a>(call: &Call<'a>, side: Side) -> Option<&'a [u8]> {
    contact(call, side).or_else(|| identity(call, side))
}

/// The trunk groups that an INVITE names: `tgrp` (RFC 4904) in Contact and Request-URI, and `tgrp`, `otg` or `dtg`
/// wherever SBCs put them, in a user part, a URI or a header of From, To, Contact and Request-URI. Each once, in that
/// order.
pub fn trunk_groups<'a>(first: &Seen<'a>) -> Vec<&'a [u8]> {
    let mut groups: Vec<&'a [u8]> = Vec::new();
    let mut add = |params: Params<'a>| {
        for name in ["tgrp", "otg", "dtg"] {
            if let Some(group) = params.get(name).map(unquoted)
                && !group.is_empty()
                && !groups.contains(&group)
            {
                groups.push(group);
            }
        }
    };
    let mut add_uri = |uri: Uri<'a>| {
        let user = uri.user.unwrap_or_default();
        let semicolon = user.iter().position(|&byte| byte == b';');
        if let Some(inner) = semicolon.and_then(|at| user.get(at..)) {
            add(Params::new(inner));
        }
        add(uri.params);
    };
    let message = first.message();
    let addresses = [HeaderName::Contact, HeaderName::From, HeaderName::To];
    let addresses: Vec<NameAddr<'a>> = addresses
        .into_iter()
        .filter_map(|name| message.addresses(name).next())
        .collect();
    for address in &addresses {
        add_uri(address.parsed_uri());
    }
    if let StartLine::Request { uri, .. } = message.start {
        add_uri(Uri::parse(uri));
    }
    for address in addresses {
        add(address.params);
    }
    groups
}

fn unquoted(value: &[u8]) -> &[u8] {
    value
        .strip_prefix(b"\"")
        .and_then(|value| value.strip_suffix(b"\""))
        .unwrap_or(value)
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

/// The ports at which a side was met: of its packets, and of its first Contacts, as the port of a connection that it
/// opened says nothing. None where no trunk is known by one.
fn ports(call: &Call<'_>, side: Side, teams: &Teams, config: &Config) -> Vec<u16> {
    let needs_ports = |trunk: &Trunk| {
        !trunk.ports.is_empty() || trunk.addresses.iter().any(|place| place.port.is_some())
    };
    if !config.trunks.iter().any(needs_ports) {
        return Vec::new();
    }
    let of_contacts = sent_by(side, call).take(CONTACTS).filter_map(|seen| {
        let contact = seen.message().addresses(HeaderName::Contact).next()?;
        contact.parsed_uri().port
    });
    let of_packets = endpoint(call, side, teams).map(|end| end.port);
    of_packets.into_iter().chain(of_contacts).collect()
}

/// The address of a side; none where an export or a mirror left it out.
fn address(call: &Call<'_>, side: Side, teams: &Teams) -> Option<IpAddr> {
    let address = endpoint(call, side, teams)?.address;
    (!address.is_unspecified()).then_some(address)
}

/// Where the SBC is: the other end of the first hop that has Teams' address; else this side's end of the first message.
fn endpoint(call: &Call<'_>, side: Side, teams: &Teams) -> Option<Endpoint> {
    let beside_teams = call
        .seen()
        .iter()
        .find(|seen| teams.has_address(seen.from.address) != teams.has_address(seen.to.address));
    if let Some(seen) = beside_teams {
        return Some(if teams_end(seen, teams)? == End::Sender {
            seen.to
        } else {
            seen.from
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
        calling
    } else {
        called
    })
}
