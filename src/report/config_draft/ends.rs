//! Who is who at the ends of the calls that a draft was made from.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::text::Text;
use crate::trunk::Config;
use crate::trunk::Teams;
use crate::trunk::config::is_host;

use super::Counts;
use super::Draft;
use super::Found;
use super::count;

/// Who is who at the other ends.
pub(super) struct Ends<'d> {
    pub(super) teams: Teams,
    /// Carriers, with calls.
    pub(super) carriers: Counts<IpAddr>,
    /// Who talked to the SBC, and to others too.
    pub(super) doubtful: Counts<IpAddr>,
    /// Carriers that need a trunk by address, so that calls to them are theirs, too: the trunk that calls from them have by
    /// its host; none where there are none.
    pub(super) owners: BTreeMap<IpAddr, Option<&'d Text<'static>>>,
}

impl<'d> Ends<'d> {
    pub(super) fn of(draft: &'d Draft, given: &Config) -> Self {
        let teams = Teams::new(given);
        let (carriers, doubtful) = carriers(draft, &teams);
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

/// The carriers: who talked to an SBC and is not one itdraft. The second list talked to others too, and may be anything.
fn carriers(draft: &Draft, teams: &Teams) -> (Counts<IpAddr>, Counts<IpAddr>) {
    let mut carriers = Counts::new();
    let mut doubtful = BTreeSet::new();
    for (&(from, to), &calls) in &draft.strangers {
        if teams.has_address(from) || teams.has_address(to) {
            continue;
        }
        match (draft.is_sbc(from), draft.is_sbc(to)) {
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

fn has_host(name: &Text<'_>) -> bool {
    std::str::from_utf8(name.as_bytes()).is_ok_and(is_host)
}
