//! Which keys a side of a session uses, and when it takes others.

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
            Ok(opener) => {
                let side = &mut self.sides[direction];
                side.phase = Phase::Open(opener, None);
                side.handshake.reset();
            }
            Err(missing) => self.lock(direction, missing),
        }
        if self.client == Some(1 - direction) {
            self.note_kin();
        }
    }

    fn keys_of(&self, direction: usize, keys: &KeyLog) -> Result<Opener, Missing> {
        let (Some(hello), Some(answer)) = (&self.hello, &self.answer) else {
            return Err(Missing::Handshake);
        };
        let (suite, version) = self.suite().ok_or(Missing::Suite)?;
        let master = self
            .master(suite.hash, hello, answer, keys)
            .ok_or(Missing::Key)?;
        let lengths = KeyLengths::of(suite.protection, version);
        let KeyLengths { key, iv, mac } = lengths;
        let block = prf(
            suite.hash,
            &master,
            b"key expansion",
            &[&answer.random, &hello.random],
            2 * (mac + key + iv),
        );
        // The keys of the client stand before those of the server (RFC 5246 §6.3).
        let side = usize::from(self.client != Some(direction));
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
            .ok_or(Missing::Suite)
    }

    fn master(
        &self,
        hash: Hash,
        hello: &ClientHello,
        answer: &ServerHello,
        keys: &KeyLog,
    ) -> Option<Vec<u8>> {
        let secrets = keys.of(&hello.random);
        let by_session = || {
            Some(&answer.session_id)
                .filter(|id| !id.is_empty())
                .and_then(|id| keys.of_session(id))
        };
        if let Some(master) = secrets
            .and_then(|secrets| secrets.master.as_ref())
            .or_else(by_session)
        {
            return Some(master.bytes().to_vec());
        }
        // With an extended master secret, the premaster secret alone makes no key (RFC 7627 §4).
        if answer.has_extended_master_secret {
            return None;
        }
        let exchanged = || {
            self.exchanged
                .as_deref()
                .and_then(|secret| keys.premaster(secret))
        };
        let premaster = secrets
            .and_then(|secrets| secrets.premaster.as_ref())
            .or_else(exchanged)?;
        Some(prf(
            hash,
            premaster.bytes(),
            b"master secret",
            &[&hello.random, &answer.random],
            48,
        ))
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
        let traffic = secrets.traffic[side].clone();
        let phase = match (&secrets.handshake[side], &traffic) {
            (Some(secret), _) => {
                opener_of(suite, secret).map(|opener| Phase::Handshake(opener, traffic))
            }
            // Without the handshake's own keys its records are passed over as early data is.
            (None, Some(secret)) => {
                opener_of(suite, secret).map(|opener| Phase::Open(opener, traffic))
            }
            (None, None) => None,
        };
        match phase {
            Some(phase) if matches!(self.sides[direction].phase, Phase::Clear | Phase::Waiting) => {
                self.sides[direction].phase = phase;
                self.sides[direction].handshake.reset();
            }
            Some(_) => {}
            None => self.lock(direction, Missing::Key),
        }
    }

    /// TLS 1.3: behind Finished come the keys for data (RFC 8446 §4.4.4).
    pub(super) fn finish_handshake(&mut self, direction: usize) {
        let Phase::Handshake(_, secret) = &mut self.sides[direction].phase else {
            return;
        };
        let secret = secret.take();
        self.use_secret(direction, secret);
    }

    /// TLS 1.3: the next secret is made of this one (RFC 8446 §7.2).
    pub(super) fn update_key(&mut self, direction: usize) {
        let Phase::Open(_, Some(secret)) = &self.sides[direction].phase else {
            return;
        };
        let next = self.suite().and_then(|(suite, _)| {
            expand_label(suite.hash, secret.bytes(), b"traffic upd", suite.hash.len())
        });
        self.use_secret(direction, next.map(Secret::new));
    }

    fn use_secret(&mut self, direction: usize, secret: Option<Secret>) {
        let made = self
            .suite()
            .and_then(|(suite, _)| opener_of(suite, secret.as_ref()?));
        match made {
            Some(opener) => self.sides[direction].phase = Phase::Open(opener, secret),
            None => self.lock(direction, Missing::Key),
        }
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
