//! A configuration file, drafted from what a run found: ready to be edited, and with nothing in it that would change a
//! row, the names of carriers' trunks aside. What the packets don't prove stands in it as a comment.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::net::IpAddr;

use crate::text::Text;
use crate::trunk::Config;
use crate::trunk::Direction;
use crate::trunk::Teams;
use crate::trunk::config::is_host;

use super::escape::terminal;
use super::row::Outcome;
use super::row::Row;
use super::row::Transport;

/// Trunks, addresses and pairs of them remembered at most: a site has a few, and a file to be edited holds no more.
const REMEMBERED: usize = 10_000;

/// Ports, trunk groups and beginnings of numbers that are told of at most.
const TOLD: usize = 8;

/// How often something was seen.
type Counts<K> = BTreeMap<K, u64>;

/// What the rows of a run tell of trunks and ends.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    calls: u64,
    trunks: BTreeMap<Text<'static>, Found>,
    /// Calls by their address on Teams' side, by addresses that are Teams' and by others that headers told.
    teams: Counts<IpAddr>,
    /// Calls by the address that talked to an address of Teams.
    sbc: Counts<IpAddr>,
    /// The same, where headers alone told who is Teams.
    sbc_by_headers: Counts<IpAddr>,
    /// Calls between two ends of which neither is Teams.
    strangers: Counts<(IpAddr, IpAddr)>,
    /// How numbers begin.
    numbers: Counts<String>,
}

/// What is known of one trunk.
#[derive(Clone, Debug, Default)]
struct Found {
    /// Calls with Teams.
    with_teams: u64,
    /// Calls of which neither end is Teams.
    without_teams: u64,
    /// SBC-side addresses of the calls with Teams.
    addresses: Counts<IpAddr>,
    /// Who called, of the calls of which neither end is Teams.
    callers: Counts<IpAddr>,
    /// SBC-side ports, but for those of connections that the SBC opened.
    ports: Counts<u16>,
    groups: Counts<Text<'static>>,
    /// Offers to Teams that were answered, with candidates.
    candidates: u64,
    /// And without.
    no_candidates: u64,
}

fn count<K: Ord>(counts: &mut Counts<K>, key: K, more: u64) {
    if counts.contains_key(&key) || counts.len() < REMEMBERED {
        let counted = counts.entry(key).or_default();
        *counted = counted.saturating_add(more);
    }
}

fn join<K: Ord>(counts: &mut Counts<K>, others: Counts<K>) {
    for (key, more) in others {
        count(counts, key, more);
    }
}

impl Draft {
    /// Takes a call.
    pub fn add(&mut self, row: &Row<'_>, teams: &Teams) {
        self.calls += 1;
        for number in [&row.caller, &row.callee] {
            if let Some(beginning) = beginning(number.as_bytes()) {
                count(&mut self.numbers, beginning, 1);
            }
        }
        let ends = row
            .source
            .zip(row.destination)
            .filter(|(from, to)| !from.address.is_unspecified() && !to.address.is_unspecified());
        let is_new = !self.trunks.contains_key(&row.trunk);
        if row.trunk.is_empty() || is_new && self.trunks.len() >= REMEMBERED {
            return;
        }
        let found = self
            .trunks
            .entry(row.trunk.clone().into_owned())
            .or_default();
        let groups = row.trunk_groups.as_bytes().split(|&byte| byte == b';');
        for group in groups.filter(|group| !group.is_empty()) {
            count(&mut found.groups, Text::from(group).into_owned(), 1);
        }
        let Some(direction) = row.direction else {
            found.without_teams += 1;
            if let Some((from, to)) = ends {
                count(&mut self.strangers, (from.address, to.address), 1);
                count(&mut found.callers, from.address, 1);
            }
            return;
        };
        found.with_teams += 1;
        found.note_offer(row, direction);
        let Some((from, to)) = ends else {
            return;
        };
        let (sbc, other) = match direction {
            Direction::ToTeams => (from, to),
            Direction::FromTeams => (to, from),
        };
        let opens_connections = !matches!(row.transport, Some(Transport::Udp));
        if !(direction == Direction::ToTeams && opens_connections) {
            count(&mut found.ports, sbc.port, 1);
        }
        count(&mut found.addresses, sbc.address, 1);
        count(&mut self.teams, other.address, 1);
        let by_address = teams.has_address(other.address) && !teams.has_address(sbc.address);
        let known = if by_address {
            &mut self.sbc
        } else {
            &mut self.sbc_by_headers
        };
        count(known, sbc.address, 1);
    }

    /// Adds what other rows told.
    pub fn join(&mut self, other: Self) {
        self.calls += other.calls;
        for (name, found) in other.trunks {
            if self.trunks.contains_key(&name) || self.trunks.len() < REMEMBERED {
                self.trunks.entry(name).or_default().join(found);
            }
        }
        join(&mut self.teams, other.teams);
        join(&mut self.sbc, other.sbc);
        join(&mut self.sbc_by_headers, other.sbc_by_headers);
        join(&mut self.strangers, other.strangers);
        join(&mut self.numbers, other.numbers);
    }

    fn is_sbc(&self, address: IpAddr) -> bool {
        self.sbc.contains_key(&address) || self.sbc_by_headers.contains_key(&address)
    }

    /// The carriers: who talked to an SBC and is not one itself. The second list talked to others too, and may be anything.
    fn carriers(&self, teams: &Teams) -> (Counts<IpAddr>, Counts<IpAddr>) {
        let mut carriers = Counts::new();
        let mut doubtful = BTreeSet::new();
        for (&(from, to), &calls) in &self.strangers {
            if teams.has_address(from) || teams.has_address(to) {
                continue;
            }
            match (self.is_sbc(from), self.is_sbc(to)) {
                (true, false) => count(&mut carriers, to, calls),
                (false, true) => count(&mut carriers, from, calls),
                (false, false) => doubtful.extend([from, to]),
                (true, true) => {}
            }
        }
        carriers
            .into_iter()
            .partition(|(address, _)| !doubtful.contains(address))
    }

    /// The file's text. `given` is the configuration that the run had.
    pub fn text(&self, given: &Config, captures: usize) -> String {
        let mut out = Lines::default();
        out.line(&format!(
            "# Drafted by `sip488 config init` from {}, {}. Edit it, look it through with `sip488 config check`, and",
            plural(captures as u64, "capture"),
            plural(self.calls, "call")
        ));
        out.line("# give it to `sip488 analyze --config`. What stands behind # is a hint, and does nothing.");
        let ends = Ends::of(self, given);
        self.ends(given, &ends, &mut out);
        self.number_hints(&mut out);
        out.line("");
        out.line("# Trunks. A call is the first trunk's that has one of its keys: hosts, addresses (\"192.0.2.10:5080\" for one");
        out.line("# port), ports, trunk_groups (tgrp, otg, dtg), paths of captures. Change `name` to what the reports are to say.");
        for (name, found) in &self.trunks {
            self.trunk(name, found, &ends, &mut out);
        }
        for (address, owner) in &ends.owners {
            if owner.is_none() {
                out.line("");
                out.line("# calls from the SBC alone");
                out.line("[[trunk]]");
                out.line(&format!("name = \"{address}\""));
                out.list("addresses", &[address.to_string()]);
            }
        }
        out.0
    }

    fn ends(&self, given: &Config, ends: &Ends<'_>, out: &mut Lines) {
        let known = Teams::default();
        let given_addresses: Vec<String> = given
            .teams_addresses
            .iter()
            .map(ToString::to_string)
            .collect();
        out.line("");
        out.line("# Who counts as Teams besides Microsoft's own addresses, hosts and product names, which are known.");
        for (address, calls) in &self.teams {
            let why = if known.has_address(*address) {
                "in Microsoft's published networks"
            } else if ends.teams.has_address(*address) {
                "given by --teams"
            } else {
                "by host or product name in the messages alone; name it here if it is Teams"
            };
            out.line(&format!(
                "# seen: {address}, {}, {why}",
                plural(*calls, "call")
            ));
        }
        out.line("[teams]");
        out.list("addresses", &given_addresses);
        out.list("hosts", &given.teams_hosts);
        out.line("");
        out.line("# The SBC: what talked to an address of Teams.");
        for (address, calls) in &self.sbc {
            out.line(&format!(
                "# seen: {address}, {} with Teams",
                plural(*calls, "call")
            ));
        }
        for (address, calls) in &self.sbc_by_headers {
            let told = plural(*calls, "call");
            out.line(&format!(
                "# seen: {address}, {told} with what headers alone tell to be Teams"
            ));
        }
        out.line("[sbc]");
        out.list("addresses", &addresses(&self.sbc));
        out.list("hosts", &[]);
        let (carriers, doubtful) = (&ends.carriers, &ends.doubtful);
        out.line("");
        out.line("# Carriers: what talked to the SBC and is not Teams.");
        for (address, calls) in carriers {
            out.line(&format!(
                "# seen: {address}, {} with the SBC",
                plural(*calls, "call")
            ));
        }
        for (address, calls) in doubtful {
            let told = plural(*calls, "call");
            out.line(&format!("# seen: {address}, {told} with the SBC, and calls with others: a carrier, or an SBC behind the SBC"));
        }
        out.line("[carrier]");
        out.list("addresses", &addresses(carriers));
        out.list("hosts", &[]);
    }

    fn number_hints(&self, out: &mut Lines) {
        out.line("");
        out.line("# How numbers are written here, by which the legs of a call are compared.");
        let total: u64 = self.numbers.values().sum();
        for (beginning, calls) in most(&self.numbers) {
            out.line(&format!(
                "# seen: {beginning} in {calls} of {total} numbers"
            ));
        }
        out.line("[numbers]");
        out.line("# country_code = \"49\"           # yours, without +: then 0171… and +49171… are one number");
        out.line("national_prefix = \"0\"");
        out.line("international_prefix = \"00\"");
    }

    fn trunk(&self, name: &Text<'_>, found: &Found, ends: &Ends<'_>, out: &mut Lines) {
        let shown = terminal(&String::from_utf8_lossy(name.as_bytes()));
        let address = shown.parse::<IpAddr>().ok();
        out.line("");
        if found.with_teams == 0 && address.is_some_and(|address| self.is_sbc(address)) {
            let calls = plural(found.without_teams, "call");
            out.line(&format!("# {shown} is the SBC: its {calls} with others than Teams are the carriers' trunks'."));
            return;
        }
        found.hints(out);
        if !is_plain(name) || ends.teams.has_host(name.as_bytes()) {
            out.line(&format!(
                "# left out: {shown} is no host or address of an SBC"
            ));
            return;
        }
        // The name of another trunk is known for some of its calls: they would get this one's.
        let is_shared = address.is_some_and(|address| {
            self.trunks
                .iter()
                .any(|(other, found)| other != name && found.addresses.contains_key(&address))
        });
        if is_shared {
            out.line(&format!(
                "# left out: {shown} is an address of other trunks, too, which have names"
            ));
            return;
        }
        // A trunk's address counts as the SBC's where nothing else tells: that would say who refused.
        let is_known = |address: IpAddr| ends.carriers.contains_key(&address);
        if found.with_teams == 0 && address.is_some_and(|address| !is_known(address)) {
            out.line("# left out, as nothing tells whether it is the SBC or a carrier: put it in [sbc] or [carrier], and then here");
            out.line("# [[trunk]]");
            out.line(&format!("# name = \"{shown}\""));
            out.line(&format!("# addresses = [\"{shown}\"]"));
            return;
        }
        out.line("[[trunk]]");
        out.line(&format!("name = \"{shown}\""));
        if address.is_some() {
            out.list("addresses", &[shown]);
        } else {
            out.list("hosts", &[shown]);
            let owned = ends.owners.iter();
            let owned: Vec<String> = owned
                .filter(|(_, owner)| **owner == Some(name))
                .map(|(address, _)| address.to_string())
                .collect();
            if !owned.is_empty() {
                out.list("addresses", &owned);
            }
        }
        if found.with_teams > 0 {
            out.line("# bypass = true                 # or false, as it is in the Teams admin centre; left out, the packets tell what they can");
        }
    }
}

/// A name that can stand between quotes as it is: a host or an address.
fn is_plain(name: &Text<'_>) -> bool {
    std::str::from_utf8(name.as_bytes())
        .is_ok_and(|name| is_host(name) || name.parse::<IpAddr>().is_ok())
}

/// Who is who at the other ends.
struct Ends<'d> {
    teams: Teams,
    /// Carriers, with calls.
    carriers: Counts<IpAddr>,
    /// Who talked to the SBC, and to others too.
    doubtful: Counts<IpAddr>,
    /// Carriers that need a trunk by address, so that calls to them are theirs, too: the trunk that calls from them have by
    /// its host; none where there are none.
    owners: BTreeMap<IpAddr, Option<&'d Text<'static>>>,
}

impl<'d> Ends<'d> {
    fn of(draft: &'d Draft, given: &Config) -> Self {
        let teams = Teams::new(given);
        let (carriers, doubtful) = draft.carriers(&teams);
        let mut owners = BTreeMap::new();
        for &address in carriers.keys() {
            let called = |(_, found): &(_, &Found)| found.callers.contains_key(&address);
            let trunks: Vec<_> = draft.trunks.iter().filter(called).collect();
            match trunks[..] {
                [] => drop(owners.insert(address, None)),
                [(name, found)] if found.with_teams == 0 && has_host(name) => {
                    owners.insert(address, Some(name));
                }
                _ => {}
            }
        }
        Self {
            teams,
            carriers,
            doubtful,
            owners,
        }
    }
}

fn has_host(name: &Text<'_>) -> bool {
    std::str::from_utf8(name.as_bytes()).is_ok_and(is_host)
}

impl Found {
    /// Row and call are told alike only where no re-INVITE was refused: the row then has that one's offer.
    fn note_offer(&mut self, row: &Row<'_>, direction: Direction) {
        let is_accepted = direction == Direction::ToTeams
            && row.outcome == Outcome::Answered
            && row.rejections == 0;
        let candidates = row.offer.as_ref().and_then(|offer| offer.ice_candidates);
        match candidates.filter(|_| is_accepted) {
            Some(0) => self.no_candidates += 1,
            Some(_) => self.candidates += 1,
            None => {}
        }
    }

    fn join(&mut self, other: Self) {
        self.with_teams += other.with_teams;
        self.without_teams += other.without_teams;
        self.candidates += other.candidates;
        self.no_candidates += other.no_candidates;
        join(&mut self.addresses, other.addresses);
        join(&mut self.callers, other.callers);
        join(&mut self.ports, other.ports);
        join(&mut self.groups, other.groups);
    }

    fn hints(&self, out: &mut Lines) {
        let mut calls = Vec::new();
        if self.with_teams > 0 {
            calls.push(format!("{} with Teams", plural(self.with_teams, "call")));
        }
        if self.without_teams > 0 {
            let told = plural(self.without_teams, "call");
            calls.push(format!("{told} between SBC and carrier"));
        }
        out.line(&format!("# {}", calls.join(", ")));
        let seen = |counts: Vec<String>, what: &str, out: &mut Lines| {
            if !counts.is_empty() {
                out.line(&format!("# {what} seen: {}", counts.join(", ")));
            }
        };
        let told = |(value, calls): (String, u64)| format!("{value} ({calls})");
        let strings = |list: Vec<(String, u64)>| list.into_iter().map(told).collect();
        seen(strings(shown(&self.addresses)), "addresses", out);
        seen(strings(shown(&self.ports)), "ports", out);
        let groups: Vec<(String, u64)> = most(&self.groups)
            .into_iter()
            .map(|(group, calls)| (terminal(&String::from_utf8_lossy(group.as_bytes())), calls))
            .collect();
        seen(strings(groups), "trunk groups", out);
        let told = match (self.candidates, self.no_candidates) {
            (0, 0) => return,
            (with, 0) => format!(
                "Teams accepted {} with ICE candidates and none without: media bypass is likely",
                plural(with, "offer")
            ),
            (0, without) => format!(
                "Teams accepted {} without ICE candidates: no media bypass",
                plural(without, "offer")
            ),
            (with, without) => format!(
                "Teams accepted {} with ICE candidates and {without} without: no media bypass",
                plural(with, "offer")
            ),
        };
        out.line(&format!("# {told}"));
    }
}

/// How a number begins, so that no number stands in the file: `+49…`, `00…`, `0…`, or that it has no prefix.
fn beginning(number: &[u8]) -> Option<String> {
    let digits = number.iter().filter(|byte| byte.is_ascii_digit()).count();
    let is_number = number
        .iter()
        .take_while(|&&byte| byte != b';')
        .all(|byte| byte.is_ascii_digit() || b"+-.() ".contains(byte));
    if digits == 0 || !is_number {
        return None;
    }
    Some(match number {
        [b'+', first, second, ..] if first.is_ascii_digit() && second.is_ascii_digit() => {
            format!("+{}{}…", char::from(*first), char::from(*second))
        }
        [b'+', ..] => "+…".to_owned(),
        [b'0', b'0', ..] => "00…".to_owned(),
        [b'0', ..] => "0…".to_owned(),
        _ => "no prefix".to_owned(),
    })
}

/// The most frequent first; of equals, the smaller.
fn most<K: Ord + Clone>(counts: &Counts<K>) -> Vec<(K, u64)> {
    let mut all: Vec<(K, u64)> = counts
        .iter()
        .map(|(key, calls)| (key.clone(), *calls))
        .collect();
    all.sort_by(|(one, more), (other, less)| less.cmp(more).then_with(|| one.cmp(other)));
    all.truncate(TOLD);
    all
}

fn shown<K: Ord + Clone + ToString>(counts: &Counts<K>) -> Vec<(String, u64)> {
    let most = most(counts).into_iter();
    most.map(|(key, calls)| (key.to_string(), calls)).collect()
}

fn addresses(counts: &Counts<IpAddr>) -> Vec<String> {
    counts.keys().map(ToString::to_string).collect()
}

fn plural(count: u64, what: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {what}{s}")
}

/// The file as it grows.
#[derive(Default)]
struct Lines(String);

impl Lines {
    fn line(&mut self, line: &str) {
        let _ = writeln!(self.0, "{line}");
    }

    /// A list of plain words: nothing in them needs escaping.
    fn list(&mut self, key: &str, values: &[String]) {
        let quoted: Vec<String> = values.iter().map(|value| format!("\"{value}\"")).collect();
        self.line(&format!("{key} = [{}]", quoted.join(", ")));
    }
}

#[cfg(test)]
mod tests {
    use super::Draft;
    use super::beginning;
    use crate::packet::Endpoint;
    use crate::report::row::Row;
    use crate::text::Text;
    use crate::trunk::Config;
    use crate::trunk::Direction;
    use crate::trunk::Teams;
    use crate::trunk::config::check::check;

    fn end(address: &str) -> Endpoint {
        Endpoint {
            address: address.parse().unwrap(),
            port: 5060,
        }
    }

    fn row<'a>(trunk: &'a [u8], direction: Option<Direction>, from: &str, to: &str) -> Row<'a> {
        Row {
            trunk: Text::from(trunk),
            direction,
            source: Some(end(from)),
            destination: Some(end(to)),
            ..Row::default()
        }
    }

    fn drafted(rows: &[Row<'_>]) -> String {
        let mut draft = Draft::default();
        for row in rows {
            let mut one = Draft::default();
            one.add(row, &Teams::default());
            draft.join(one);
        }
        let text = draft.text(&Config::default(), 1);
        let checked = check(&text);
        assert!(
            checked.concerns.is_empty(),
            "{:#?}\n{text}",
            checked.concerns
        );
        text
    }

    #[test]
    fn an_address_of_trunks_with_names_is_no_trunk_of_its_own() {
        let to_teams = Some(Direction::ToTeams);
        let text = drafted(&[
            row(b"192.0.2.1", to_teams, "192.0.2.1", "52.114.1.1"),
            row(b"sbc.example", to_teams, "192.0.2.1", "52.114.1.1"),
        ]);
        assert!(text.contains("hosts = [\"sbc.example\"]"), "{text}");
        assert!(!text.contains("name = \"192.0.2.1\""), "{text}");
    }

    #[test]
    fn who_talks_to_strangers_besides_the_sbc_is_not_called_a_carrier() {
        let text = drafted(&[
            row(b"a", Some(Direction::ToTeams), "192.0.2.1", "52.114.1.1"),
            row(b"b", None, "203.0.113.1", "192.0.2.1"),
            row(b"c", None, "203.0.113.2", "192.0.2.1"),
            row(b"c", None, "203.0.113.2", "198.51.100.1"),
        ]);
        assert!(
            text.contains("[carrier]\naddresses = [\"203.0.113.1\"]"),
            "{text}"
        );
    }

    #[test]
    fn a_carriers_address_is_its_trunks_whoever_calls() {
        let text = drafted(&[
            row(
                b"sbc.example",
                Some(Direction::ToTeams),
                "192.0.2.1",
                "52.114.1.1",
            ),
            row(b"a.example", None, "203.0.113.1", "192.0.2.1"),
            row(b"sbc.example", None, "192.0.2.1", "203.0.113.1"),
            row(b"sbc.example", None, "192.0.2.1", "203.0.113.2"),
        ]);
        let owned = "hosts = [\"a.example\"]\naddresses = [\"203.0.113.1\"]";
        assert!(text.contains(owned), "{text}");
        assert!(
            text.contains("name = \"203.0.113.2\"\naddresses = [\"203.0.113.2\"]"),
            "{text}"
        );
    }

    #[test]
    fn no_number_stands_in_the_file() {
        assert_eq!(beginning(b"+491715550100").as_deref(), Some("+49…"));
        assert_eq!(beginning(b"00491715550100;tgrp=a").as_deref(), Some("00…"));
        assert_eq!(beginning(b"anonymous"), None);
    }

    proptest::proptest! {
        #[test]
        fn whatever_a_trunk_is_called_the_file_is_sound(names in proptest::collection::vec(proptest::collection::vec(proptest::prelude::any::<u8>(), 0..12), 0..4)) {
            let rows: Vec<Row<'_>> = names
                .iter()
                .map(|name| {
                    let mut row = row(name, Some(Direction::FromTeams), "52.114.1.1", "192.0.2.1");
                    row.trunk_groups = Text::from(name.as_slice());
                    row
                })
                .collect();
            drafted(&rows);
        }
    }
}
