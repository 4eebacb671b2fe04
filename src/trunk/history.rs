//! What a trunk was seen to get accepted: the only thing in a capture that tells media bypass.

use std::collections::BTreeMap;

use crate::call::Call;
use crate::sdp::has_candidate;
use crate::sip::Body;
use crate::text::Text;

use super::config::Config;
use super::party::End;
use super::party::Parties;
use super::party::teams_end;
use super::teams::Teams;

/// Trunks remembered at most.
const TRUNKS: usize = 100_000;

/// Whether a trunk uses media bypass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bypass {
    /// The configuration says so.
    Configured,
    /// All its accepted offers had candidates, and there was one at least.
    Seen,
    /// An offer without candidates was accepted.
    Not,
    /// The configuration says that bypass is off.
    Off,
    /// Nothing tells.
    #[default]
    Unknown,
}

/// How many of a trunk's offers to Teams were accepted, with candidates and without.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Accepted {
    with_candidates: u64,
    without: u64,
}

/// Each trunk's accepted offers.
#[derive(Clone, Debug, Default)]
pub struct TrunkHistory {
    trunks: BTreeMap<Vec<u8>, Accepted>,
    /// Accepted offers of trunks beyond those that are remembered.
    pub left_out: u64,
}

impl TrunkHistory {
    /// Notes the offers that a call's SBC side got accepted by Teams.
    pub fn note(&mut self, trunk: &Text<'_>, call: &Call<'_>, parties: Parties, teams: &Teams) {
        if parties.teams.is_none() {
            return;
        }
        for request in call.accepted() {
            if teams_end(request, teams) == Some(End::Sender) {
                continue;
            }
            if let Body::Sdp(offer) = request.message().sdp() {
                self.count(trunk, has_candidate(offer));
            }
        }
    }

    fn count(&mut self, trunk: &Text<'_>, has_candidates: bool) {
        let name = trunk.clone().into_ascii_lowercase();
        if !self.trunks.contains_key(name.as_bytes()) {
            if self.trunks.len() >= TRUNKS {
                self.left_out += 1;
                return;
            }
            let new = name.as_bytes().to_vec();
            self.trunks.insert(new, Accepted::default());
        }
        let Some(accepted) = self.trunks.get_mut(name.as_bytes()) else {
            return;
        };
        if has_candidates {
            accepted.with_candidates += 1;
        } else {
            accepted.without += 1;
        }
    }

    /// Adds what another part of the run noted.
    pub fn join(&mut self, other: Self) {
        self.left_out += other.left_out;
        for (trunk, more) in other.trunks {
            let accepted = self.trunks.entry(trunk).or_default();
            accepted.with_candidates += more.with_candidates;
            accepted.without += more.without;
        }
    }

    /// What is known of a trunk. That an offer without candidates was accepted outweighs the configuration: it happened.
    pub fn bypass(&self, trunk: &Text<'_>, config: &Config) -> Bypass {
        let accepted = self
            .trunks
            .get(&trunk.as_bytes().to_ascii_lowercase())
            .copied()
            .unwrap_or_default();
        let configured = config.bypass_of(trunk);
        match (accepted, configured) {
            (Accepted { without: 1.., .. }, _) => Bypass::Not,
            (_, Some(false)) => Bypass::Off,
            (_, Some(true)) => Bypass::Configured,
            (
                Accepted {
                    with_candidates: 1..,
                    ..
                },
                None,
            ) => Bypass::Seen,
            (_, None) => Bypass::Unknown,
        }
    }
}
