//! The drafted file's text.

use std::fmt::Write;
use std::net::IpAddr;

use crate::text::Text;
use crate::trunk::Config;
use crate::trunk::Teams;
use crate::trunk::config::is_host;

use super::super::escape::terminal;
use super::Counts;
use super::Draft;
use super::Found;
use super::ends::Ends;

/// Addresses, ports, trunk groups and beginnings of numbers that are told of at most.
const TOLD: usize = 8;

impl Draft {
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
        self.teams_end(given, &ends, &mut out);
        self.sbc_and_carrier(&ends, &mut out);
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

    fn teams_end(&self, given: &Config, ends: &Ends<'_>, out: &mut Lines) {
        let known = Teams::default();
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
            out.seen(*address, *calls, &format!(", {why}"));
        }
        let given_addresses = given.teams_addresses.iter();
        let given_addresses: Vec<String> = given_addresses.map(ToString::to_string).collect();
        out.line("[teams]");
        out.list("addresses", &given_addresses);
        out.list("hosts", &given.teams_hosts);
    }

    fn sbc_and_carrier(&self, ends: &Ends<'_>, out: &mut Lines) {
        out.line("");
        out.line("# The SBC: what talked to an address of Teams.");
        for (address, calls) in &self.sbc {
            out.seen(*address, *calls, " with Teams");
        }
        for (address, calls) in &self.sbc_by_headers {
            let told = " with what headers alone tell to be Teams";
            out.seen(*address, *calls, told);
        }
        out.line("[sbc]");
        out.list("addresses", &addresses(&self.sbc));
        out.list("hosts", &[]);
        out.line("");
        out.line("# Carriers: what talked to the SBC and is not Teams.");
        for (address, calls) in &ends.carriers {
            out.seen(*address, *calls, " with the SBC");
        }
        for (address, calls) in &ends.doubtful {
            let told = " with the SBC, and calls with others: a carrier, or an SBC behind the SBC";
            out.seen(*address, *calls, told);
        }
        out.line("[carrier]");
        out.list("addresses", &addresses(&ends.carriers));
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
        if let Some(why) = self.why_not(name, found, address, ends) {
            out.line(&format!("# left out: {shown} {why}"));
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

    /// Why a trunk can't stand in the file: its name would change rows.
    fn why_not(
        &self,
        name: &Text<'_>,
        found: &Found,
        address: Option<IpAddr>,
        ends: &Ends<'_>,
    ) -> Option<&'static str> {
        if !is_plain(name) || ends.teams.has_host(name.as_bytes()) {
            return Some("is no host or address of an SBC");
        }
        let address = address?;
        let is_of = |(other, found): (&Text<'_>, &Found)| {
            other != name && found.addresses.contains_key(&address)
        };
        if self.trunks.iter().any(is_of) {
            return Some("is an address of other trunks, too, which have names");
        }
        // A trunk's address counts as the SBC's where nothing else tells: that would say who refused.
        if found.with_teams == 0 && !ends.carriers.contains_key(&address) {
            return Some(
                "may be the SBC or a carrier: put it in [sbc] or [carrier], and in a [[trunk]] of its own",
            );
        }
        None
    }
}

impl Found {
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

/// A name that can stand between quotes as it is: a host or an address.
fn is_plain(name: &Text<'_>) -> bool {
    std::str::from_utf8(name.as_bytes())
        .is_ok_and(|name| is_host(name) || name.parse::<IpAddr>().is_ok())
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

    fn seen(&mut self, address: IpAddr, calls: u64, how: &str) {
        self.line(&format!(
            "# seen: {address}, {}{how}",
            plural(calls, "call")
        ));
    }

    /// A list of plain words: nothing in them needs escaping.
    fn list(&mut self, key: &str, values: &[String]) {
        let quoted: Vec<String> = values.iter().map(|value| format!("\"{value}\"")).collect();
        self.line(&format!("{key} = [{}]", quoted.join(", ")));
    }
}
