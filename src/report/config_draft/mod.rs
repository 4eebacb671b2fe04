//! A configuration file, drafted from what a run found: ready to be edited, and with nothing in it that would change a
//! row, the names of carriers' trunks aside. What the packets don't prove stands in it as a comment.
//!
//! This page gathers; `ends` tells who is who; `file` writes.

mod ends;
mod file;

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::text::Text;
use crate::trunk::Direction;
use crate::trunk::Teams;

use super::row::Outcome;
use super::row::Row;
use super::row::Transport;

/// Trunks, addresses and pairs of them remembered at most: a site has a few, and a file to be edited holds no more.
const REMEMBERED: usize = 10_000;

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
        let is_new = !self.trunks.contains_key(&row.trunk);
        if row.trunk.is_empty() || is_new && self.trunks.len() >= REMEMBERED {
            return;
        }
        let name = row.trunk.clone().into_owned();
        let found = self.trunks.entry(name).or_default();
        found.add(row);
        // An export or a mirror may leave the addresses out.
        let ends = row
            .source
            .zip(row.destination)
            .filter(|(from, to)| !from.address.is_unspecified() && !to.address.is_unspecified());
        let Some((from, to)) = ends else {
            return;
        };
        let (sbc, other) = match row.direction {
            Some(Direction::ToTeams) => (from, to),
            Some(Direction::FromTeams) => (to, from),
            None => {
                count(&mut self.strangers, (from.address, to.address), 1);
                count(&mut found.callers, from.address, 1);
                return;
            }
        };
        let opens_connections = !matches!(row.transport, Some(Transport::Udp));
        if !(row.direction == Some(Direction::ToTeams) && opens_connections) {
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
}

impl Found {
    /// What the call tells besides its addresses.
    fn add(&mut self, row: &Row<'_>) {
        let groups = row.trunk_groups.as_bytes().split(|&byte| byte == b';');
        for group in groups.filter(|group| !group.is_empty()) {
            count(&mut self.groups, Text::from(group).into_owned(), 1);
        }
        match row.direction {
            None => self.without_teams += 1,
            Some(direction) => {
                self.with_teams += 1;
                self.note_offer(row, direction);
            }
        }
    }

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
