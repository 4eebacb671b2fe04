//! Key logs, as browsers, TLS libraries and SBCs write them (RFC 9850; NSS's format before it).
//!
//! A line is a label, the client random in hexadecimal, and a secret in hexadecimal. Comments, blank lines, labels
//! for other purposes and lines that are damaged are passed over and counted.

use std::collections::BTreeMap;
use std::fmt;

use super::ClientRandom;

/// The longest line that is read: a label, a random and a secret of 64 bytes take 230.
const MAX_LINE: usize = 4096;

/// The longest secret: an RSA premaster secret or a hash takes 48 or 64 bytes, one from a finite field up to 1,024.
const MAX_SECRET: usize = 1024;

/// Different secrets that are kept where key logs contradict each other.
const MAX_CLAIMS: usize = 4;

/// Connections whose keys are kept: a capture may bring a key log of any length.
const MAX_CONNECTIONS: usize = 500_000;

/// A key. It shows itself to nobody: neither in a message nor in a debugger's listing.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Box<[u8]>);

impl Secret {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Self(bytes.into_boxed_slice())
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// Secrets of one label for one connection. Where key logs contradict each other, which is right shows when one opens
/// a record. They are kept in an order of their own, so that it does not matter in which order they were read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Claims(Vec<Secret>);

impl Claims {
    /// False where it is one too many.
    fn add(&mut self, secret: Secret) -> bool {
        if let Err(place) = self.0.binary_search_by(|known| known.0.cmp(&secret.0)) {
            self.0.insert(place, secret);
        }
        let is_full = self.0.len() > MAX_CLAIMS;
        self.0.truncate(MAX_CLAIMS);
        !is_full
    }

    fn join(&mut self, other: &Self) -> u64 {
        let left_out = other.iter().filter(|secret| !self.add((*secret).clone()));
        left_out.count() as u64
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, Secret> {
        self.0.iter()
    }

    fn has_all(&self, other: &Self) -> bool {
        other.iter().all(|secret| self.0.contains(secret))
    }
}

/// What a key log knows of one connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Secrets {
    /// TLS 1.2 and before.
    pub(super) master: Claims,
    /// TLS 1.2 and before: what the master secret is made of.
    pub(super) premaster: Claims,
    /// TLS 1.3, by direction: the client's, the server's.
    pub(super) handshake: [Claims; 2],
    /// TLS 1.3, by direction.
    pub(super) traffic: [Claims; 2],
}

/// What a text held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineCount {
    /// Lines with a secret that can serve here.
    pub useful: u64,
    /// Lines that are no key log lines.
    pub foreign: u64,
}

/// All keys of a run.
#[derive(Clone, Default)]
pub struct KeyLog {
    by_random: BTreeMap<ClientRandom, Secrets>,
    /// By the first eight bytes of the encrypted premaster secret.
    premasters: BTreeMap<[u8; 8], Claims>,
    /// Master secrets by session ID.
    by_session: BTreeMap<Vec<u8>, Claims>,
    /// Lines beyond [`MAX_CONNECTIONS`] or [`MAX_CLAIMS`].
    left_out: u64,
}

impl fmt::Debug for KeyLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyLog({} connections)", self.by_random.len())
    }
}

impl KeyLog {
    /// Adds the lines of a key log.
    pub fn read(&mut self, text: &[u8]) -> LineCount {
        let mut count = LineCount::default();
        for line in text.split(|&byte| byte == b'\n' || byte == b'\r') {
            let line = line.trim_ascii();
            if line.is_empty() || line.starts_with(b"#") {
                continue;
            }
            match self.read_line(line) {
                Some(true) => count.useful += 1,
                Some(false) => {}
                None => count.foreign += 1,
            }
        }
        count
    }

    /// Adds the keys of another.
    pub fn join(&mut self, other: &Self) {
        self.left_out += other.left_out;
        for (random, secrets) in &other.by_random {
            if self.by_random.len() < MAX_CONNECTIONS || self.knows(random) {
                self.left_out += self.by_random.entry(*random).or_default().join(secrets);
            } else {
                self.left_out += 1;
            }
        }
        for (prefix, secret) in &other.premasters {
            self.left_out += self.premasters.entry(*prefix).or_default().join(secret);
        }
        for (session, secret) in &other.by_session {
            self.left_out += self
                .by_session
                .entry(session.clone())
                .or_default()
                .join(secret);
        }
    }

    /// Lines that were not kept, because there were too many.
    pub const fn left_out(&self) -> u64 {
        self.left_out
    }

    /// True where there is no key at all.
    pub fn is_empty(&self) -> bool {
        self.by_random.is_empty() && self.premasters.is_empty() && self.by_session.is_empty()
    }

    /// Whether there is any key for a connection.
    pub fn knows(&self, random: &ClientRandom) -> bool {
        self.by_random.contains_key(random)
    }

    /// Whether another has a key for a connection that is not known here.
    pub fn lacks(&self, other: &Self, random: &ClientRandom) -> bool {
        let Some(theirs) = other.of(random) else {
            return false;
        };
        self.of(random).is_none_or(|mine| !mine.has_all(theirs))
    }

    /// Gives a connection the master secret of another. False where that has none.
    pub fn share(&mut self, from: &ClientRandom, to: &ClientRandom) -> bool {
        let master = self
            .by_random
            .get(from)
            .map(|secrets| secrets.master.clone())
            .unwrap_or_default();
        let has_any = master.iter().len() > 0;
        if has_any {
            let secrets = self.by_random.entry(*to).or_default();
            self.left_out += secrets.master.join(&master);
        }
        has_any
    }

    pub(super) fn of(&self, random: &ClientRandom) -> Option<&Secrets> {
        self.by_random.get(random)
    }

    pub(super) fn premaster(&self, encrypted: &[u8]) -> Option<&Claims> {
        self.premasters.get(encrypted.first_chunk::<8>()?)
    }

    pub(super) fn of_session(&self, id: &[u8]) -> Option<&Claims> {
        self.by_session.get(id)
    }

    /// The lines of a connection, without their ends: they are secrets.
    pub(super) fn lines_of(&self, random: &ClientRandom) -> Vec<Vec<u8>> {
        let Some(secrets) = self.of(random) else {
            return Vec::new();
        };
        let all = LABELS.into_iter().zip(secrets.all());
        all.flat_map(|(label, claims)| written(label, &hex(random), "", claims))
            .collect()
    }

    /// The lines of an encrypted premaster secret.
    pub(super) fn lines_of_rsa(&self, encrypted: &[u8]) -> Vec<Vec<u8>> {
        let prefix = encrypted.get(..8).unwrap_or_default();
        let claims = self.premaster(encrypted);
        claims.map_or_else(Vec::new, |claims| written("RSA", &hex(prefix), "", claims))
    }

    /// The lines of a session ID.
    pub(super) fn lines_of_session(&self, id: &[u8]) -> Vec<Vec<u8>> {
        let name = format!("Session-ID:{}", hex(id));
        let claims = self.of_session(id);
        claims.map_or_else(Vec::new, |claims| {
            written("RSA", &name, "Master-Key:", claims)
        })
    }

    /// `Some(true)` where the line gave a key, `Some(false)` where it is one for something else.
    fn read_line(&mut self, line: &[u8]) -> Option<bool> {
        if line.len() > MAX_LINE {
            return None;
        }
        let mut words = line
            .split(u8::is_ascii_whitespace)
            .filter(|word| !word.is_empty());
        let (label, name, secret) = (words.next()?, words.next()?, words.next()?);
        if label == b"RSA" {
            return self.read_rsa(name, secret);
        }
        let is_label = label
            .iter()
            .all(|&byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
        if !is_label {
            return None;
        }
        let random: ClientRandom = unhex(name)?.try_into().ok()?;
        let secret = Secret::new(unhex(secret)?);
        let is_full = self.by_random.len() >= MAX_CONNECTIONS && !self.knows(&random);
        let Some(place) = place_of(label) else {
            return Some(false);
        };
        if is_full {
            self.left_out += 1;
            return Some(false);
        }
        let is_kept = place(self.by_random.entry(random).or_default()).add(secret);
        self.left_out += u64::from(!is_kept);
        Some(true)
    }

    /// `RSA <eight bytes of the encrypted premaster secret> <premaster secret>`, and what OpenSSL's s_client prints:
    /// `RSA Session-ID:<session ID> Master-Key:<master secret>`.
    fn read_rsa(&mut self, name: &[u8], secret: &[u8]) -> Option<bool> {
        if self.premasters.len() + self.by_session.len() >= MAX_CONNECTIONS {
            self.left_out += 1;
            return Some(false);
        }
        if let Some(id) = name.strip_prefix(b"Session-ID:") {
            let secret = Secret::new(unhex(secret.strip_prefix(b"Master-Key:")?)?);
            let is_kept = self.by_session.entry(unhex(id)?).or_default().add(secret);
            self.left_out += u64::from(!is_kept);
            return Some(true);
        }
        let prefix: [u8; 8] = unhex(name)?.try_into().ok()?;
        let secret = Secret::new(unhex(secret)?);
        let is_kept = self.premasters.entry(prefix).or_default().add(secret);
        self.left_out += u64::from(!is_kept);
        Some(true)
    }
}

/// The labels of a connection's secrets, in the order of [`Secrets::all`].
const LABELS: [&str; 6] = [
    "CLIENT_RANDOM",
    "PMS_CLIENT_RANDOM",
    "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
    "SERVER_HANDSHAKE_TRAFFIC_SECRET",
    "CLIENT_TRAFFIC_SECRET_0",
    "SERVER_TRAFFIC_SECRET_0",
];

/// A line for each secret.
fn written(label: &str, name: &str, before: &str, claims: &Claims) -> Vec<Vec<u8>> {
    let line = |secret: &Secret| format!("{label} {name} {before}{}", hex(secret.bytes()));
    claims
        .iter()
        .map(|secret| line(secret).into_bytes())
        .collect()
}

/// Where the secret of a line with this label is kept; none where it is of no use here.
fn place_of(label: &[u8]) -> Option<fn(&mut Secrets) -> &mut Claims> {
    Some(match label {
        b"CLIENT_RANDOM" => |secrets| &mut secrets.master,
        b"PMS_CLIENT_RANDOM" => |secrets| &mut secrets.premaster,
        b"CLIENT_HANDSHAKE_TRAFFIC_SECRET" => |secrets| &mut secrets.handshake[0],
        b"SERVER_HANDSHAKE_TRAFFIC_SECRET" => |secrets| &mut secrets.handshake[1],
        b"CLIENT_TRAFFIC_SECRET_0" => |secrets| &mut secrets.traffic[0],
        b"SERVER_TRAFFIC_SECRET_0" => |secrets| &mut secrets.traffic[1],
        _ => return None,
    })
}

impl Secrets {
    /// Returns how many were too many.
    fn join(&mut self, other: &Self) -> u64 {
        let all = self.all_mut().into_iter().zip(other.all());
        all.map(|(mine, theirs)| mine.join(theirs)).sum()
    }

    fn has_all(&self, other: &Self) -> bool {
        let mut all = self.all().into_iter().zip(other.all());
        all.all(|(mine, theirs)| mine.has_all(theirs))
    }

    const fn all(&self) -> [&Claims; 6] {
        let Self {
            master,
            premaster,
            handshake: [one, two],
            traffic: [three, four],
        } = self;
        [master, premaster, one, two, three, four]
    }

    const fn all_mut(&mut self) -> [&mut Claims; 6] {
        let Self {
            master,
            premaster,
            handshake: [one, two],
            traffic: [three, four],
        } = self;
        [master, premaster, one, two, three, four]
    }
}

fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(half.into(), 16).unwrap_or('0');
    let digits = |byte: &u8| [digit(byte >> 4), digit(byte & 0xF)];
    bytes.iter().flat_map(digits).collect()
}

fn unhex(digits: &[u8]) -> Option<Vec<u8>> {
    if digits.is_empty() || !digits.len().is_multiple_of(2) || digits.len() > 2 * MAX_SECRET {
        return None;
    }
    let value = |digit: u8| {
        char::from(digit)
            .to_digit(16)
            .and_then(|value| u8::try_from(value).ok())
    };
    digits
        .chunks_exact(2)
        .map(|pair| Some(value(pair[0])? << 4 | value(pair[1])?))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::Claims;
    use super::KeyLog;
    use super::LineCount;
    use super::MAX_CLAIMS;
    use super::Secret;

    fn line(label: &str, random: u8, secret: u8) -> String {
        format!(
            "{label} {} {}\n",
            format!("{random:02x}").repeat(32),
            format!("{secret:02X}").repeat(48)
        )
    }

    #[test]
    fn every_label_finds_its_place() {
        let mut log = KeyLog::default();
        let text = [
            line("CLIENT_RANDOM", 1, 10),
            line("PMS_CLIENT_RANDOM", 1, 11),
            line("CLIENT_HANDSHAKE_TRAFFIC_SECRET", 1, 12),
            line("SERVER_HANDSHAKE_TRAFFIC_SECRET", 1, 13),
            line("CLIENT_TRAFFIC_SECRET_0", 1, 14),
            line("SERVER_TRAFFIC_SECRET_0", 1, 15),
        ];
        assert_eq!(
            log.read(text.concat().as_bytes()),
            LineCount {
                useful: 6,
                foreign: 0
            }
        );
        let secrets = log.of(&[1; 32]).unwrap();
        assert_eq!(bytes_of(&secrets.master), [[10; 48]]);
        assert_eq!(bytes_of(&secrets.premaster), [[11; 48]]);
        assert_eq!(bytes_of(&secrets.handshake[1]), [[13; 48]]);
        assert_eq!(bytes_of(&secrets.traffic[0]), [[14; 48]]);
        assert!(!log.knows(&[2; 32]));
    }

    #[test]
    fn what_is_written_for_a_connection_is_read_as_it_was() {
        let mut log = KeyLog::default();
        let labels: Vec<String> = super::LABELS
            .iter()
            .zip(10..)
            .map(|(label, secret)| line(label, 1, secret))
            .collect();
        log.read(labels.concat().as_bytes());
        log.read(line("CLIENT_RANDOM", 2, 9).as_bytes());
        log.read(b"RSA 0102030405060708 0303aa\nRSA Session-ID:beef Master-Key:cafe\n");
        let mut again = KeyLog::default();
        let of_rsa = log.lines_of_rsa(&[1, 2, 3, 4, 5, 6, 7, 8]);
        let of_session = log.lines_of_session(&[0xBE, 0xEF]);
        for lines in [log.lines_of(&[1; 32]), of_rsa, of_session] {
            again.read(&lines.join(&b'\n'));
        }
        assert!(again.of(&[1; 32]).is_some() && !again.knows(&[2; 32]));
        assert_eq!(again.of(&[1; 32]), log.of(&[1; 32]));
        assert_eq!(
            again.premaster(&[1, 2, 3, 4, 5, 6, 7, 8]),
            log.premaster(&[1, 2, 3, 4, 5, 6, 7, 8])
        );
        assert_eq!(
            again.of_session(&[0xBE, 0xEF]),
            log.of_session(&[0xBE, 0xEF])
        );
    }

    #[test]
    fn comments_line_ends_and_other_labels_do_no_harm() {
        let mut log = KeyLog::default();
        let text = format!(
            "# SSL/TLS secrets\r\n\r\n{}garbage\n{}",
            line("CLIENT_RANDOM", 1, 2).replace('\n', "\r\n"),
            line("EXPORTER_SECRET", 3, 4)
        );
        assert_eq!(
            log.read(text.as_bytes()),
            LineCount {
                useful: 1,
                foreign: 1
            }
        );
        assert!(log.knows(&[1; 32]) && !log.knows(&[3; 32]));
    }

    #[test]
    fn lines_of_openssl_and_of_rsa_premaster_secrets_are_known() {
        let mut log = KeyLog::default();
        let count = log
            .read(b"RSA 0102030405060708 0303aa\nRSA Session-ID:beef Master-Key:cafe\nRSA zz 00\n");
        assert_eq!(
            count,
            LineCount {
                useful: 2,
                foreign: 1
            }
        );
        assert_eq!(
            bytes_of(log.premaster(&[1, 2, 3, 4, 5, 6, 7, 8, 9]).unwrap()),
            [[3, 3, 0xAA]]
        );
        assert_eq!(
            bytes_of(log.of_session(&[0xBE, 0xEF]).unwrap()),
            [[0xCA, 0xFE]]
        );
    }

    fn bytes_of(claims: &Claims) -> Vec<&[u8]> {
        claims.iter().map(Secret::bytes).collect()
    }

    #[test]
    fn contradicting_secrets_are_kept_whatever_their_order() {
        let lines: Vec<String> = (2..4).map(|k| line("CLIENT_RANDOM", 1, k)).collect();
        let (mut one, mut other) = (KeyLog::default(), KeyLog::default());
        one.read(lines.concat().as_bytes());
        one.read(lines[0].as_bytes());
        other.read(lines[1].as_bytes());
        let mut first = KeyLog::default();
        first.read(lines[0].as_bytes());
        assert!(first.lacks(&other, &[1; 32]) && other.lacks(&first, &[1; 32]));
        other.join(&first);
        assert!(!other.lacks(&first, &[1; 32]));
        assert_eq!(bytes_of(&one.of(&[1; 32]).unwrap().master).len(), 2);
        assert_eq!(one.of(&[1; 32]), other.of(&[1; 32]));
    }

    #[test]
    fn contradictions_are_bounded_and_counted() {
        let mut log = KeyLog::default();
        for secret in 0..10 {
            log.read(line("CLIENT_RANDOM", 1, secret).as_bytes());
        }
        assert_eq!(
            bytes_of(&log.of(&[1; 32]).unwrap().master).len(),
            MAX_CLAIMS
        );
        assert_eq!(log.left_out(), 6);
    }

    #[test]
    fn a_secret_shows_itself_to_nobody() {
        let mut log = KeyLog::default();
        log.read(line("CLIENT_RANDOM", 1, 0xAB).as_bytes());
        assert_eq!(
            format!("{log:?} {:?}", log.of(&[1; 32]).unwrap().master),
            "KeyLog(1 connections) Claims([Secret])"
        );
    }

    #[test]
    fn senseless_lines_are_foreign() {
        let mut log = KeyLog::default();
        for text in [
            &b"CLIENT_RANDOM"[..],
            b"CLIENT_RANDOM 00",
            b"CLIENT_RANDOM 00 11",
            b"CLIENT_RANDOM \xFF\xFE 11",
            &[b'A'; 9000],
        ] {
            assert_eq!(
                log.read(text),
                LineCount {
                    useful: 0,
                    foreign: 1
                }
            );
        }
        assert!(log.is_empty());
    }
}
