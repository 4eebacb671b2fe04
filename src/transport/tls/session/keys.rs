//! Which keys a side of a session uses, and when it takes others.

use super::Key;
use super::Missing;
use super::Phase;
use super::Session;
use crate::transport::tls::KeyLog;
use crate::transport::tls::cipher::KeyLengths;
use crate::transport::tls::cipher::Keys;
use crate::transport::tls::cipher::Opener;
use crate::transport::tls::derivation::Hash;
use crate::transport::tls::derivation::expand_label;
use crate::transport::tls::derivation::prf;
use crate::transport::tls::handshake::ClientHello;
use crate::transport::tls::handshake::ServerHello;
use crate::transport::tls::keylog::Claims;
use crate::transport::tls::keylog::Secret;
use crate::transport::tls::resumption::Kin;
use crate::transport::tls::resumption::name_of;
use crate::transport::tls::suite::Suite;
use crate::transport::tls::suite::TLS13;

impl Session {
    /// In TLS 1.3 everything behind both hellos is protected.
    pub(super) fn agree(&mut self, keys: &KeyLog) {
        if self.is_agreed() && self.is_tls13() {
            (0..2).for_each(|side| self.use_traffic_secrets(side, keys));
        }
    }

    fn suite(&self) -> Option<(Suite, u16)> {
        let answer = self.answer.as_ref()?;
        Some((Suite::of(answer.suite, answer.version)?, answer.version))
    }

    /// TLS 1.2 and before: the records behind this one are protected with what was agreed.
    pub(super) fn change_keys(&mut self, direction: usize, keys: &KeyLog) {
        match self.keys_of(direction, keys) {
            Ok(all) => {
                let side = &mut self.sides[direction];
                side.phase = Phase::Protected(all);
                side.handshake.reset();
            }
            Err(missing) => self.lock(direction, missing),
        }
        if self.client == Some(1 - direction) {
            self.note_kin();
        }
    }

    /// The keys that may be a side's: one of each secret that a key log gives.
    fn keys_of(&self, direction: usize, keys: &KeyLog) -> Result<Vec<Key>, Missing> {
        let (Some(hello), Some(answer)) = (&self.hello, &self.answer) else {
            return Err(Missing::Handshake);
        };
        let (suite, version) = self.suite().ok_or(Missing::Suite)?;
        let masters = self.masters(suite.hash, hello, answer, keys);
        if masters.is_empty() {
            return Err(Missing::Key);
        }
        let lengths = KeyLengths::of(suite.protection, version);
        let KeyLengths { key, iv, mac } = lengths;
        // The keys of the client stand before those of the server (RFC 5246 §6.3).
        let side = usize::from(self.client != Some(direction));
        let opener = |master: &[u8]| {
            let block = prf(
                suite.hash,
                master,
                b"key expansion",
                &[&answer.random, &hello.random],
                2 * (mac + key + iv),
            );
            let part = |before: usize, len: usize| {
                let start = 2 * before + side * len;
                block.get(start..start + len).unwrap_or_default().to_vec()
            };
            let keys = Keys {
                mac: part(0, mac),
                key: part(mac, key),
                iv: part(mac + key, iv),
            };
            Opener::new(suite.protection, version, answer.has_encrypt_then_mac, keys)
        };
        let all = masters.iter().filter_map(|master| {
            Some(Key {
                opener: opener(master)?,
                traffic: None,
            })
        });
        let all: Vec<Key> = all.collect();
        if all.is_empty() {
            Err(Missing::Suite)
        } else {
            Ok(all)
        }
    }

    fn masters(
        &self,
        hash: Hash,
        hello: &ClientHello,
        answer: &ServerHello,
        keys: &KeyLog,
    ) -> Vec<Vec<u8>> {
        let secrets = keys.of(&hello.random);
        let by_session = Some(&answer.session_id)
            .filter(|id| !id.is_empty())
            .and_then(|id| keys.of_session(id));
        let known = secrets.map(|secrets| &secrets.master).into_iter();
        let mut masters: Vec<Vec<u8>> = known
            .chain(by_session)
            .flat_map(Claims::iter)
            .map(|master| master.bytes().to_vec())
            .collect();
        // With an extended master secret, the premaster secret alone makes no key (RFC 7627 §4).
        if answer.has_extended_master_secret {
            return masters;
        }
        let exchanged = self
            .exchanged
            .as_deref()
            .and_then(|secret| keys.premaster(secret));
        let known = secrets.map(|secrets| &secrets.premaster).into_iter();
        for premaster in known.chain(exchanged).flat_map(Claims::iter) {
            masters.push(prf(
                hash,
                premaster.bytes(),
                b"master secret",
                &[&hello.random, &answer.random],
                48,
            ));
        }
        masters
    }

    /// Names by which the session may be known elsewhere, once the server's part of the handshake is over.
    fn note_kin(&mut self) {
        let (Some(hello), Some(answer)) = (&self.hello, &self.answer) else {
            return;
        };
        let mut names = std::mem::take(&mut self.tickets);
        if !answer.session_id.is_empty() {
            names.push(name_of(&answer.session_id));
        }
        if self.exchanged.is_none() {
            names.extend(hello.ticket);
        }
        self.kin = Some(Kin::new(hello.random, names));
    }

    /// TLS 1.3: what a side sends from now on is protected.
    fn use_traffic_secrets(&mut self, direction: usize, keys: &KeyLog) {
        let side = usize::from(self.client != Some(direction));
        let Some(hello) = &self.hello else {
            return self.lock(direction, Missing::Handshake);
        };
        let Some((suite, _)) = self.suite() else {
            return self.lock(direction, Missing::Suite);
        };
        let Some(secrets) = keys.of(&hello.random) else {
            return self.lock(direction, Missing::Key);
        };
        // Without the handshake's own keys its records are passed over as early data is.
        let of_handshake = secrets.handshake[side].iter().filter_map(|secret| {
            Some(Key {
                opener: opener_of(suite, secret)?,
                traffic: None,
            })
        });
        let of_traffic = secrets.traffic[side]
            .iter()
            .filter_map(|secret| Key::of_traffic(suite, secret.clone()));
        let all: Vec<Key> = of_handshake.chain(of_traffic).collect();
        if all.is_empty() {
            return self.lock(direction, Missing::Key);
        }
        let side = &mut self.sides[direction];
        if matches!(side.phase, Phase::Clear | Phase::Waiting) {
            side.phase = Phase::Protected(all);
            side.handshake.reset();
        }
    }

    /// TLS 1.3: behind Finished come the keys for data (RFC 8446 §4.4.4).
    pub(super) fn finish_handshake(&mut self, direction: usize) {
        if !self.is_tls13() {
            return;
        }
        let Phase::Protected(all) = &mut self.sides[direction].phase else {
            return;
        };
        all.retain(|key| key.traffic.is_some());
        if all.is_empty() {
            self.lock(direction, Missing::Key);
        }
    }

    /// TLS 1.3: the next secret is made of this one (RFC 8446 §7.2).
    pub(super) fn update_key(&mut self, direction: usize) {
        if let Some(next) = self.next_key(direction) {
            self.sides[direction].phase = Phase::Protected(vec![next]);
        }
    }

    /// TLS 1.3: what was lost may have been an update of the keys.
    pub(super) fn expect_update(&mut self, direction: usize) {
        if let Phase::Protected(all) = &self.sides[direction].phase
            && all.len() == 1
            && let Some(next) = self.next_key(direction)
            && let Phase::Protected(all) = &mut self.sides[direction].phase
        {
            all.push(next);
        }
    }

    fn next_key(&self, direction: usize) -> Option<Key> {
        let Phase::Protected(all) = &self.sides[direction].phase else {
            return None;
        };
        let secret = all.first()?.traffic.as_ref()?;
        let (suite, _) = self.suite()?;
        let length = suite.hash.len();
        let next = expand_label(suite.hash, secret.bytes(), b"traffic upd", length)?;
        Key::of_traffic(suite, Secret::new(next))
    }
}

impl Key {
    fn of_traffic(suite: Suite, secret: Secret) -> Option<Self> {
        Some(Self {
            opener: opener_of(suite, &secret)?,
            traffic: Some(secret),
        })
    }
}

/// The opener of TLS 1.3 that a traffic secret makes (RFC 8446 §7.3).
fn opener_of(suite: Suite, secret: &Secret) -> Option<Opener> {
    let lengths = KeyLengths::of(suite.protection, TLS13);
    let keys = Keys {
        key: expand_label(suite.hash, secret.bytes(), b"key", lengths.key)?,
        iv: expand_label(suite.hash, secret.bytes(), b"iv", lengths.iv)?,
        mac: Vec::new(),
    };
    Opener::new(suite.protection, TLS13, false, keys)
}
