//! What is wrong with a configuration file: faults, with which no run begins, and what can be read and yet can't be meant.
//!
//! This page tells of the file and of its ends; `trunks` of its trunks.

mod trunks;

use std::ops::Range;

use toml::Spanned;

use crate::trunk::Teams;

use super::Config;
use super::domain;
use super::is_among;
use super::is_below;
use super::is_host;
use super::place::Place;
use super::setting::Setting;
use super::written;
use super::written::End;
use super::written::Written;

/// A file, looked through.
#[derive(Debug)]
pub struct Checked {
    /// What was understood; none where there is an error.
    pub config: Option<Config>,
    /// The options of a run, also where something else is wrong.
    pub settings: Vec<Setting>,
    /// What is wrong, in the order of the file.
    pub concerns: Vec<Concern>,
}

/// How wrong something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It works, and hardly as it was meant.
    Warning,
    /// No run begins with it.
    Error,
}

impl Severity {
    /// The word before the explanation.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Concern {
    /// 1-based.
    pub line: usize,
    /// 1-based, in characters.
    pub column: usize,
    /// How wrong.
    pub severity: Severity,
    /// What is wrong, and what was expected.
    pub what: String,
}

/// Looks a file's text through: all of its faults, or else all that is ambiguous or contradictory in it.
pub fn check(text: &str) -> Checked {
    let written = written::read(text);
    let told = |severity, at: &Range<usize>, what: &str| {
        let (line, column) = place_in(text, at.start);
        Concern {
            line,
            column,
            severity,
            what: what.to_owned(),
        }
    };
    if !written.faults.is_empty() {
        return Checked {
            config: None,
            settings: written.settings,
            concerns: written
                .faults
                .iter()
                .map(|fault| told(Severity::Error, &fault.at, &fault.what))
                .collect(),
        };
    }
    let mut doubts = Doubts::new(text, &written);
    doubts.ends(&written);
    doubts.trunks(&written.trunks);
    doubts.found.sort_by_key(|(at, _)| at.start);
    let concerns = doubts.found.iter();
    let concerns = concerns.map(|(at, what)| told(Severity::Warning, at, what));
    Checked {
        concerns: concerns.collect(),
        settings: written.settings.clone(),
        config: Some(written.into()),
    }
}

/// Line and column of a byte, both 1-based; the column in characters.
pub fn place_in(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at.min(text.len())).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    (
        before.matches('\n').count().saturating_add(1),
        line.chars().count().saturating_add(1),
    )
}

/// Two of these in the file mean something different, though they look alike.
struct Doubts<'t> {
    text: &'t str,
    teams: Teams,
    found: Vec<(Range<usize>, String)>,
}

impl<'t> Doubts<'t> {
    fn new(text: &'t str, written: &Written) -> Self {
        let networks = written.teams.addresses.iter();
        let config = Config {
            teams_addresses: networks.map(|place| place.get_ref().network).collect(),
            teams_hosts: written
                .teams
                .hosts
                .iter()
                .map(|host| domain(host.get_ref()))
                .collect(),
            ..Config::default()
        };
        Self {
            text,
            teams: Teams::new(&config),
            found: Vec::new(),
        }
    }

    fn doubt(&mut self, at: Range<usize>, what: String) {
        self.found.push((at, what));
    }

    fn line(&self, at: &Range<usize>) -> usize {
        place_in(self.text, at.start).0
    }

    /// One address or host can't be two ends.
    fn ends(&mut self, written: &Written) {
        for (name, end) in [
            ("teams", &written.teams),
            ("sbc", &written.sbc),
            ("carrier", &written.carrier),
        ] {
            self.host_bits(&end.addresses);
            for host in &end.hosts {
                let bare = domain(host.get_ref());
                if !is_host(&bare) {
                    let what = format!(
                        "`{}` in [{name}] can never match: a host is a name such as \"sbc.contoso.example\", without scheme and port; addresses go to `addresses`",
                        host.get_ref()
                    );
                    self.doubt(host.span(), what);
                }
            }
        }
        self.not_teams(&written.sbc, "sbc");
        self.not_teams(&written.carrier, "carrier");
        for address in &written.carrier.addresses {
            let same = written
                .sbc
                .addresses
                .iter()
                .find(|sbc| overlap(sbc.get_ref(), address.get_ref()));
            if let Some(sbc) = same {
                let what = format!(
                    "{} is a carrier's here and the SBC's in line {}: which of the two, the run can't tell",
                    address.get_ref(),
                    self.line(&sbc.span())
                );
                self.doubt(address.span(), what);
            }
        }
        let sbc_hosts = &written.sbc.hosts;
        for host in &written.carrier.hosts {
            let bare = domain(host.get_ref());
            let same = sbc_hosts.iter().find(|sbc| {
                let sbc = domain(sbc.get_ref());
                is_below(Some(bare.as_bytes()), std::slice::from_ref(&sbc))
                    || is_below(Some(sbc.as_bytes()), std::slice::from_ref(&bare))
            });
            if let Some(sbc) = same {
                let line = self.line(&sbc.span());
                let what = format!("{bare} is a carrier's here and the SBC's in line {line}");
                self.doubt(host.span(), what);
            }
        }
    }

    fn not_teams(&mut self, end: &End, name: &str) {
        for address in &end.addresses {
            if self.is_teams_network(address.get_ref()) {
                let what = format!(
                    "{} is in [{name}] and counts as Teams: the packets between can't be told apart",
                    address.get_ref()
                );
                self.doubt(address.span(), what);
            }
        }
        for host in &end.hosts {
            if self.teams.has_host(host.get_ref().as_bytes()) {
                let what = format!("{} is in [{name}] and counts as Teams", host.get_ref());
                self.doubt(host.span(), what);
            }
        }
    }

    /// A network that holds no other than Teams' addresses, as far as its ends tell.
    fn is_teams_network(&self, place: &Place) -> bool {
        self.teams.has_address(place.network.network())
            && self.teams.has_address(place.network.broadcast())
    }

    fn host_bits(&mut self, addresses: &[Spanned<Place>]) {
        for address in addresses {
            let place = address.get_ref();
            if place.has_host_bits() {
                let what = format!(
                    "{place} has bits behind its prefix: {} is the network, {} the address alone",
                    place.network.trunc(),
                    place.network.addr()
                );
                self.doubt(address.span(), what);
            }
        }
    }
}

fn overlap(one: &Place, other: &Place) -> bool {
    is_among(Some(one.network.addr()), &[other.network])
        || is_among(Some(other.network.addr()), &[one.network])
}

#[cfg(test)]
mod tests {
    use super::Severity;
    use super::check;

    /// Line, column and a word of each concern.
    #[track_caller]
    fn assert_doubts(text: &str, expected: &[(usize, usize, &str)]) {
        let checked = check(text);
        let found = &checked.concerns;
        assert!(checked.config.is_some(), "{found:#?}");
        assert_eq!(found.len(), expected.len(), "{found:#?}");
        for (concern, (line, column, word)) in found.iter().zip(expected) {
            assert_eq!(
                (concern.line, concern.column),
                (*line, *column),
                "{concern:?}"
            );
            assert_eq!(concern.severity, Severity::Warning);
            assert!(concern.what.contains(word), "{concern:?}");
        }
    }

    #[test]
    fn the_first_of_two_bypasses_counts() {
        assert_doubts(
            "[[trunk]]\nname = \"A\"\nbypass = true\n[[trunk]]\nname = \"a\"\nbypass = false\n",
            &[(6, 10, "the first counts")],
        );
    }

    #[test]
    fn one_key_in_two_trunks_is_the_firsts() {
        assert_doubts(
            "[[trunk]]\nname = \"A\"\nhosts = [\"h.example\"]\naddresses = [\"192.0.2.1\"]\n[[trunk]]\nname = \"B\"\nhosts = [\"H.example\"]\naddresses = [\"192.0.2.1\"]\n",
            &[(7, 10, "\"A\"'s already"), (8, 14, "\"A\"'s already")],
        );
    }

    #[test]
    fn a_network_in_an_earlier_one_is_shadowed_and_the_other_order_is_meant() {
        let wide = "[[trunk]]\nname = \"A\"\naddresses = [\"192.0.2.0/24\"]\n";
        let narrow = "[[trunk]]\nname = \"B\"\naddresses = [\"192.0.2.1:5060\"]\n";
        assert_doubts(
            &format!("{wide}{narrow}"),
            &[(6, 14, "put the narrower one first")],
        );
        assert_doubts(&format!("{narrow}{wide}"), &[]);
    }

    #[test]
    fn an_address_is_one_end_alone() {
        assert_doubts(
            "[teams]\naddresses = [\"203.0.113.0/24\"]\n[sbc]\naddresses = [\"192.0.2.1\"]\n[carrier]\naddresses = [\"203.0.113.7\", \"192.0.2.0/24\", \"52.114.1.1\"]\n",
            &[
                (6, 14, "counts as Teams"),
                (6, 29, "the SBC's in line 4"),
                (6, 45, "counts as Teams"),
            ],
        );
    }

    #[test]
    fn a_trunk_without_a_key_has_no_calls() {
        assert_doubts("\n[[trunk]]\nname = \"A\"\n", &[(2, 1, "needs one of")]);
    }

    #[test]
    fn host_bits_are_named() {
        assert_doubts(
            "[sbc]\naddresses = [\"192.0.2.10/24\"]\n",
            &[(2, 14, "192.0.2.0/24 is the network")],
        );
    }

    #[test]
    fn what_can_never_match_is_named() {
        assert_doubts(
            "[[trunk]]\nname = \"A\"\nhosts = [\"sip:a.example\", \"*.b.example\", \"sip.pstnhub.microsoft.com\", \"c.example\"]\ntrunk_groups = [\"tgrp=a\"]\npaths = [\"~/x/*\"]\n",
            &[
                (3, 10, "never"),
                (3, 27, "never"),
                (3, 42, "Teams"),
                (4, 17, "never"),
                (5, 10, "never"),
            ],
        );
    }

    #[test]
    fn ports_beside_addresses_are_asked_about() {
        assert_doubts(
            "[[trunk]]\nname = \"A\"\naddresses = [\"192.0.2.1\"]\nports = [5080]\n",
            &[(4, 10, "192.0.2.1:5080")],
        );
    }

    #[test]
    fn errors_are_told_before_doubts() {
        let checked = check("[[trunk]]\nnane = \"A\"\n");
        assert!(checked.config.is_none());
        assert!(
            checked
                .concerns
                .iter()
                .all(|concern| concern.severity == Severity::Error)
        );
    }

    #[test]
    fn columns_count_characters() {
        let checked = check("[[trunk]]\nname = \"Zürich\" x\n");
        assert_eq!(
            (checked.concerns[0].line, checked.concerns[0].column),
            (2, 17)
        );
    }

    proptest::proptest! {
        #[test]
        fn no_file_does_harm(addresses in "(\"[0-9./:\\[\\]]{0,12}\",){0,5}", hosts in "(\"[a-z.*:]{0,9}\",){0,5}", name in "[a-c]?") {
            let end = format!("addresses = [{addresses}]\nhosts = [{hosts}]\n");
            let trunk = format!("[[trunk]]\nname = \"{name}\"\n{end}");
            let _ = check(&format!("[sbc]\n{end}[carrier]\n{end}{trunk}{trunk}"));
        }
    }
}
