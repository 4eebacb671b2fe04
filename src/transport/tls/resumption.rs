//! Sessions that go on in another connection (RFC 5246 §7.3, RFC 5077): one master secret under several client
//! randoms, of which the key log may know one alone.

use std::collections::BTreeMap;
use std::hash::Hasher;

use rustc_hash::FxHasher;

use super::ClientRandom;
use super::KeyLog;

/// Handshakes that are remembered.
const MAX_KIN: usize = 200_000;

/// What a handshake tells of the session that it began or went on with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kin {
    random: ClientRandom,
    /// Hashes of session IDs and tickets: a chance meeting costs a key that opens nothing.
    names: Vec<u64>,
}

impl Kin {
    /// `names` are those of session IDs and tickets.
    pub(super) const fn new(random: ClientRandom, names: Vec<u64>) -> Self {
        Self { random, names }
    }
}

/// What a session ID or a ticket is remembered by.
pub(super) fn name_of(bytes: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(bytes);
    hasher.finish()
}

/// All that handshakes told of their sessions.
#[derive(Debug, Default)]
pub struct Families {
    all: Vec<Kin>,
    left_out: u64,
}

impl Families {
    /// Remembers a handshake.
    pub fn note(&mut self, kin: Kin) {
        if kin.names.is_empty() {
            return;
        }
        if self.all.len() < MAX_KIN {
            self.all.push(kin);
        } else {
            self.left_out += 1;
        }
    }

    /// Handshakes that were not remembered.
    pub const fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Adds what another part noted.
    pub fn join(&mut self, other: Self) {
        self.left_out += other.left_out;
        other.all.into_iter().for_each(|kin| self.note(kin));
    }

    /// Gives each handshake that has no key the key of another of the same session. True where that gave any.
    pub fn share(&self, keys: &mut KeyLog) -> bool {
        let mut by_name: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
        for (index, kin) in self.all.iter().enumerate() {
            for name in &kin.names {
                by_name.entry(*name).or_default().push(index);
            }
        }
        let mut known: Vec<usize> = (0..self.all.len())
            .filter(|&index| keys.knows(&self.all[index].random))
            .collect();
        let mut gave = false;
        while let Some(index) = known.pop() {
            let kin = &self.all[index];
            for name in &kin.names {
                // Whoever has met the others of this name needs it no more.
                for other in by_name.remove(name).unwrap_or_default() {
                    let random = &self.all[other].random;
                    if !keys.knows(random) && keys.share(&kin.random, random) {
                        gave = true;
                        known.push(other);
                    }
                }
            }
        }
        gave
    }
}

#[cfg(test)]
mod tests {
    use super::Families;
    use super::Kin;
    use super::name_of;
    use crate::transport::tls::KeyLog;

    fn families(all: &[(u8, &[&[u8]])]) -> Families {
        let mut families = Families::default();
        for (random, names) in all {
            let names = names.iter().filter(|name| !name.is_empty());
            families.note(Kin::new(
                [*random; 32],
                names.map(|name| name_of(name)).collect(),
            ));
        }
        families
    }

    fn log() -> KeyLog {
        let mut log = KeyLog::default();
        log.read(format!("CLIENT_RANDOM {} {}", "01".repeat(32), "22".repeat(48)).as_bytes());
        log
    }

    #[test]
    fn a_key_reaches_all_that_went_on_with_its_session() {
        let families = families(&[
            (3, &[b"second ticket", b""]),
            (2, &[b"ticket", b"second ticket"]),
            (1, &[b"id", b"ticket"]),
            (4, &[b"stranger", b""]),
        ]);
        let mut log = log();
        assert!(families.share(&mut log));
        assert!(log.knows(&[2; 32]) && log.knows(&[3; 32]) && !log.knows(&[4; 32]));
        assert!(!families.share(&mut log));
    }
}
