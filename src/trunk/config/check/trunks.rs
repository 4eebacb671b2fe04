//! What is ambiguous or contradictory in the trunks of a file.

use std::collections::BTreeMap;
use std::net::IpAddr;

use toml::Spanned;

use super::super::is_host;
use super::super::place::Place;
use super::super::written::WrittenTrunk;
use super::Doubts;

impl Doubts<'_> {
    pub(super) fn trunks(&mut self, trunks: &[WrittenTrunk]) {
        for trunk in trunks {
            self.one_trunk(trunk);
            self.host_bits(&trunk.addresses);
            self.never(trunk);
        }
        self.bypasses(trunks);
        self.doubles(trunks, "host", |trunk| &trunk.hosts);
        self.doubles(trunks, "trunk group", |trunk| &trunk.trunk_groups);
        self.doubles(trunks, "path", |trunk| &trunk.paths);
        self.doubles(trunks, "port", |trunk| &trunk.ports);
        self.shadows(trunks);
    }

    fn one_trunk(&mut self, trunk: &WrittenTrunk) {
        let name = trunk.name.get_ref();
        if name.trim().is_empty() {
            let what = "the name is empty: the CSVs would show no trunk";
            self.doubt(trunk.name.span(), what.to_owned());
        }
        let keys = [
            trunk.hosts.len(),
            trunk.addresses.len(),
            trunk.ports.len(),
            trunk.trunk_groups.len(),
            trunk.paths.len(),
        ];
        if keys == [0; 5] && trunk.bypass.is_none() {
            let what = format!(
                "no call is ever \"{name}\": it needs one of `hosts`, `addresses`, `ports`, `trunk_groups`, `paths`"
            );
            self.doubt(trunk.at.clone(), what);
        }
        if let (Some(address), Some(port)) = (trunk.addresses.first(), trunk.ports.first()) {
            let what = format!(
                "`ports` makes every call on port {port} this trunk's, at whatever address; for both together write \"{}\" in `addresses`",
                Place {
                    port: Some(*port.get_ref()),
                    network: address.get_ref().network.addr().into(),
                },
                port = port.get_ref(),
            );
            self.doubt(port.span(), what);
        }
    }

    /// What no call can have.
    fn never(&mut self, trunk: &WrittenTrunk) {
        for host in &trunk.hosts {
            let written = host.get_ref();
            if self.teams.has_host(written.as_bytes()) {
                let what = format!(
                    "{written} counts as Teams, and a trunk is known by its SBC side: it can never match"
                );
                self.doubt(host.span(), what);
            } else if !is_host(written) && written.parse::<IpAddr>().is_err() {
                let what = format!(
                    "`{written}` can never match: a trunk's host is a whole name such as \"sbc.contoso.example\", without scheme, port and `*`"
                );
                self.doubt(host.span(), what);
            }
        }
        for address in &trunk.addresses {
            if self.is_teams_network(address.get_ref()) {
                let what = format!(
                    "{} counts as Teams, and a trunk is known by its SBC side: it can never match",
                    address.get_ref()
                );
                self.doubt(address.span(), what);
            }
        }
        for group in &trunk.trunk_groups {
            let is_value = |byte: u8| byte.is_ascii_graphic() && !b";=?@<>,\"".contains(&byte);
            if group.get_ref().is_empty() || !group.get_ref().bytes().all(is_value) {
                let what = format!(
                    "`{}` can never match: expected the value alone, as \"carrier-a\" of `;tgrp=carrier-a`",
                    group.get_ref()
                );
                self.doubt(group.span(), what);
            }
        }
        for path in &trunk.paths {
            let written = path.get_ref();
            if written.is_empty() || written.starts_with("~/") {
                let what = format!(
                    "`{written}` can never match: expected the path as it is named on the command line or found below that, such as \"*/carrier-a/*\""
                );
                self.doubt(path.span(), what);
            }
        }
    }

    fn bypasses(&mut self, trunks: &[WrittenTrunk]) {
        let mut known: BTreeMap<String, (bool, usize)> = BTreeMap::new();
        for trunk in trunks {
            let Some(bypass) = &trunk.bypass else {
                continue;
            };
            let line = self.line(&bypass.span());
            let name = trunk.name.get_ref();
            let (first, first_line) = *known
                .entry(name.to_ascii_lowercase())
                .or_insert((*bypass.get_ref(), line));
            if first != *bypass.get_ref() {
                let what = format!(
                    "bypass of \"{name}\" is {first} in line {first_line}, and {} here: the first counts",
                    bypass.get_ref()
                );
                self.doubt(bypass.span(), what);
            }
        }
    }

    /// The same key in two trunks of different names: the first has its calls.
    fn doubles<T: ToString>(
        &mut self,
        trunks: &[WrittenTrunk],
        kind: &str,
        keys: impl Fn(&WrittenTrunk) -> &Vec<Spanned<T>>,
    ) {
        let mut known: BTreeMap<String, &Spanned<String>> = BTreeMap::new();
        for trunk in trunks {
            for key in keys(trunk) {
                let mut written = key.get_ref().to_string();
                if kind != "path" {
                    written.make_ascii_lowercase();
                }
                let first = *known.entry(written).or_insert(&trunk.name);
                if !is_same_name(first, &trunk.name) {
                    let what = format!(
                        "{kind} {} is \"{}\"'s already, in line {}: the first has its calls",
                        key.get_ref().to_string(),
                        first.get_ref(),
                        self.line(&first.span())
                    );
                    self.doubt(key.span(), what);
                }
            }
        }
    }

    /// Addresses of which an earlier trunk has all.
    fn shadows(&mut self, trunks: &[WrittenTrunk]) {
        for (position, trunk) in trunks.iter().enumerate() {
            let earlier = || trunks.iter().take(position);
            for address in &trunk.addresses {
                let place = address.get_ref();
                let above = earlier()
                    .filter(|first| !is_same_name(&first.name, &trunk.name))
                    .find_map(|first| {
                        let covers = |above: &&Spanned<Place>| above.get_ref().covers(place);
                        Some((&first.name, first.addresses.iter().find(covers)?))
                    });
                let Some((name, above)) = above else {
                    continue;
                };
                let line = self.line(&above.span());
                let name = name.get_ref();
                let what = if above.get_ref() == place {
                    format!(
                        "{place} is \"{name}\"'s already, in line {line}: the first has its calls"
                    )
                } else {
                    format!(
                        "{place} lies in {} of \"{name}\", line {line}, which has its calls: put the narrower one first",
                        above.get_ref()
                    )
                };
                self.doubt(address.span(), what);
            }
        }
    }
}

fn is_same_name(one: &Spanned<String>, other: &Spanned<String>) -> bool {
    one.get_ref().eq_ignore_ascii_case(other.get_ref())
}
