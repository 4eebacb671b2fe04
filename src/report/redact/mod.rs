//! Numbers, names, hosts and addresses → stand-ins, so that results can be shown to others.
//!
//! Rows, summary and paths are redacted once, before any format sees them: what is rendered later is redacted without
//! knowing it. A stand-in depends on the original and the key alone, so that the same original has the same one in each
//! output, in whatever order and on whatever thread it is met, and across runs with one key.
//!
//! What stays: trunks' names, Teams' hosts and addresses, correlation ids, ports, times, and the words of protocols.
//! What is in doubt is replaced.
//!
//! In reading order: this page, `secret`, a file for each kind (`numbers`, `addresses`, `names`, `vocabulary`, `uris`), `text` (phrases and
//! sentences), `named` (what they may quote), `message` with `headers` and `sdp`, `rows`.

mod addresses;
mod headers;
mod message;
mod named;
mod names;
mod numbers;
mod rows;
mod sdp;
mod secret;
mod text;
mod uris;
mod vocabulary;

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::text::Text;
use crate::trunk::Teams;
use crate::trunk::teams::address_in;

use self::secret::Secret;

pub use self::named::Named;
pub use self::secret::Key;
pub use self::secret::LEAST_KEY_FILE;

/// Names of trunks kept at most; those of more are replaced. As many as the trunk report tells apart.
const MAX_KEPT: usize = 100_000;

/// The longest name that is kept: a host has no longer one (RFC 1035 §2.3.4).
const LONGEST_KEPT: usize = 255;

/// Names of trunks, which stay.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    names: BTreeSet<Vec<u8>>,
    addresses: BTreeSet<IpAddr>,
}

impl Kept {
    /// Keeps one more, while there is room.
    pub fn add(&mut self, trunk: &Text<'_>) {
        let name = trunk.as_bytes();
        if name.is_empty() || name.len() > LONGEST_KEPT || self.names.len() >= MAX_KEPT {
            return;
        }
        if let Some(address) = address_in(name) {
            self.addresses.insert(address.to_canonical());
        }
        let name = name.to_ascii_lowercase();
        if !self.names.contains(&name) {
            self.names.insert(name);
        }
    }

    /// Keeps what another keeps.
    pub fn join(&mut self, other: Self) {
        for name in other.names {
            self.add(&Text::from(name));
        }
    }
}

/// Replaces what tells who called whom, and over which machines.
#[derive(Clone, Debug)]
pub struct Redaction {
    secret: Secret,
    teams: Teams,
    kept: Kept,
}

impl Redaction {
    /// With a key, what counts as Teams, and the trunks' names.
    pub fn new(key: &Key, teams: Teams, kept: Kept) -> Self {
        Self {
            secret: Secret::new(key),
            teams,
            kept,
        }
    }

    /// One that tests use: a trunk is called sbc.contoso.example, another 203.0.113.21.
    #[cfg(test)]
    fn sample() -> Self {
        let mut kept = Kept::default();
        kept.add(&Text::from("sbc.contoso.example"));
        kept.add(&Text::from("203.0.113.21"));
        let teams = Teams::new(&crate::trunk::Config::default());
        Self::new(&Key::of_bytes([7; 32]), teams, kept)
    }
}
