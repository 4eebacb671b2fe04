//! Keys → what is inside a record. Every record is authenticated; one that is not is not opened.

use aes::Aes128;
use aes::Aes256;
use aes_gcm::Aes128Gcm;
use aes_gcm::Aes256Gcm;
use aes_gcm::aead::AeadInOut;
use aes_gcm::aead::KeyInit;
use aes_gcm::aead::Nonce;
use cbc::Decryptor;
use cbc::cipher::BlockModeDecrypt;
use cbc::cipher::KeyIvInit;
use cbc::cipher::block_padding::NoPadding;
use chacha20poly1305::ChaCha20Poly1305;

use super::derivation::Hash;
use super::derivation::hmac;
use super::record::Record;
use super::suite::Protection;
use super::suite::TLS10;
use super::suite::TLS13;

/// The block of AES.
const BLOCK: usize = 16;

/// The authentication tag of every AEAD of TLS.
const TAG: usize = 16;

/// The keys of one direction.
pub(super) struct Keys {
    pub(super) key: Vec<u8>,
    /// The initialisation vector, or the part of it that is not sent.
    pub(super) iv: Vec<u8>,
    /// The key of the message authentication code; empty with an AEAD.
    pub(super) mac: Vec<u8>,
}

/// Lengths of a direction's keys, in bytes (RFC 5246 §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct KeyLengths {
    pub(super) key: usize,
    pub(super) iv: usize,
    pub(super) mac: usize,
}

impl KeyLengths {
    pub(super) const fn of(protection: Protection, version: u16) -> Self {
        let (key, iv, mac) = match protection {
            Protection::AesGcm { key } if version == TLS13 => (key, 12, 0),
            // Four bytes are made of the secret, eight go with the record (RFC 5288 §3).
            Protection::AesGcm { key } => (key, 4, 0),
            Protection::ChaCha20Poly1305 => (32, 12, 0),
            // From TLS 1.1 on, the initialisation vector goes with the record.
            Protection::AesCbc { key, mac } => {
                (key, if version <= TLS10 { BLOCK } else { 0 }, mac.len())
            }
        };
        Self { key, iv, mac }
    }
}

/// What was inside a record.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Opened {
    pub(super) content_type: u8,
    pub(super) bytes: Vec<u8>,
}

/// Opens the records of one direction, in their order.
pub(super) struct Opener {
    cipher: Cipher,
    iv: Vec<u8>,
    sequence: u64,
    version: u16,
}

enum Cipher {
    Aes128Gcm(Box<Aes128Gcm>),
    Aes256Gcm(Box<Aes256Gcm>),
    ChaCha20Poly1305(Box<ChaCha20Poly1305>),
    Cbc(Cbc),
}

struct Cbc {
    key: Vec<u8>,
    mac: Hash,
    mac_key: Vec<u8>,
    is_encrypt_then_mac: bool,
}

impl std::fmt::Debug for Opener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Opener(record {})", self.sequence)
    }
}

impl Opener {
    /// None where the keys have not the lengths that the suite asks for.
    pub(super) fn new(
        protection: Protection,
        version: u16,
        is_encrypt_then_mac: bool,
        keys: Keys,
    ) -> Option<Self> {
        let cipher = match protection {
            Protection::AesGcm { key: 16 } => {
                Cipher::Aes128Gcm(Box::new(Aes128Gcm::new_from_slice(&keys.key).ok()?))
            }
            Protection::AesGcm { .. } => {
                Cipher::Aes256Gcm(Box::new(Aes256Gcm::new_from_slice(&keys.key).ok()?))
            }
            Protection::ChaCha20Poly1305 => Cipher::ChaCha20Poly1305(Box::new(
                ChaCha20Poly1305::new_from_slice(&keys.key).ok()?,
            )),
            Protection::AesCbc { mac, .. } => Cipher::Cbc(Cbc {
                key: keys.key,
                mac,
                mac_key: keys.mac,
                is_encrypt_then_mac,
            }),
        };
        Some(Self {
            cipher,
            iv: keys.iv,
            sequence: 0,
            version,
        })
    }

    /// Opens the next record, or one of the `skipped` behind it where records were lost. Adds how many places were
    /// tried to `tries`. None where it can't be authenticated at any of them.
    pub(super) fn open(
        &mut self,
        record: &Record,
        skipped: u64,
        tries: &mut u64,
    ) -> Option<Opened> {
        let opened = (self.sequence..=self.sequence.saturating_add(skipped)).find_map(|sequence| {
            *tries += 1;
            Some((sequence, self.open_as(record, sequence)?))
        });
        // TLS 1.0 chains the records of a direction (RFC 2246 §6.2.3.2), whether they could be opened or not.
        if self.version <= TLS10
            && let Some(last) = self.encrypted(record).last_chunk::<BLOCK>()
        {
            self.iv = last.to_vec();
        }
        let (sequence, opened) = opened?;
        self.sequence = sequence.saturating_add(1);
        Some(opened)
    }

    /// What of a record is ciphertext: the code behind it is not, where it was made last.
    fn encrypted<'r>(&self, record: &'r Record) -> &'r [u8] {
        let code = match &self.cipher {
            Cipher::Cbc(cbc) if cbc.is_encrypt_then_mac => cbc.mac.len(),
            _ => 0,
        };
        let end = record.fragment.len().saturating_sub(code);
        record.fragment.get(..end).unwrap_or_default()
    }

    fn open_as(&self, record: &Record, sequence: u64) -> Option<Opened> {
        let mut bytes = match &self.cipher {
            Cipher::Cbc(cbc) => cbc.open(record, &self.iv, sequence, self.version)?,
            Cipher::Aes128Gcm(cipher) => self.open_gcm(cipher.as_ref(), record, sequence)?,
            Cipher::Aes256Gcm(cipher) => self.open_gcm(cipher.as_ref(), record, sequence)?,
            Cipher::ChaCha20Poly1305(cipher) => self.open_aead(
                cipher.as_ref(),
                &self.nonce(sequence)?,
                record,
                &record.fragment,
                sequence,
            )?,
        };
        let mut content_type = record.content_type();
        if self.version == TLS13 {
            // The type is the last byte that is not padding (RFC 8446 §5.4).
            let end = bytes.iter().rposition(|&byte| byte != 0)?;
            content_type = bytes[end];
            bytes.truncate(end);
        }
        Some(Opened {
            content_type,
            bytes,
        })
    }

    fn open_gcm<A: AeadInOut>(
        &self,
        cipher: &A,
        record: &Record,
        sequence: u64,
    ) -> Option<Vec<u8>> {
        if self.version == TLS13 {
            return self.open_aead(
                cipher,
                &self.nonce(sequence)?,
                record,
                &record.fragment,
                sequence,
            );
        }
        let (explicit, sealed) = record.fragment.split_first_chunk::<8>()?;
        let nonce = [self.iv.as_slice(), explicit].concat();
        self.open_aead(cipher, &nonce, record, sealed, sequence)
    }

    /// The sequence number, on the right of the initialisation vector (RFC 8446 §5.3, RFC 7905 §2).
    fn nonce(&self, sequence: u64) -> Option<[u8; 12]> {
        let mut nonce: [u8; 12] = self.iv.as_slice().try_into().ok()?;
        nonce[4..]
            .iter_mut()
            .zip(sequence.to_be_bytes())
            .for_each(|(byte, other)| *byte ^= other);
        Some(nonce)
    }

    fn open_aead<A: AeadInOut>(
        &self,
        cipher: &A,
        nonce: &[u8],
        record: &Record,
        sealed: &[u8],
        sequence: u64,
    ) -> Option<Vec<u8>> {
        let nonce = Nonce::<A>::try_from(nonce).ok()?;
        let length = u16::try_from(sealed.len().checked_sub(TAG)?).ok()?;
        let [kind, major, minor, ..] = record.header;
        let additional = [
            &sequence.to_be_bytes()[..],
            &[kind, major, minor],
            &length.to_be_bytes(),
        ]
        .concat();
        // What is authenticated besides is the record's header alone in TLS 1.3 (RFC 8446 §5.2).
        let additional = if self.version == TLS13 {
            &record.header[..]
        } else {
            &additional
        };
        let mut bytes = sealed.to_vec();
        cipher
            .decrypt_in_place(&nonce, additional, &mut bytes)
            .ok()?;
        Some(bytes)
    }
}

impl Cbc {
    fn open(
        &self,
        record: &Record,
        chained: &[u8],
        sequence: u64,
        version: u16,
    ) -> Option<Vec<u8>> {
        if self.is_encrypt_then_mac {
            // RFC 7366 §3: what is authenticated is what is sent.
            let sealed = record.fragment.len().checked_sub(self.mac.len())?;
            let (sealed, mac) = record.fragment.split_at(sealed);
            self.authenticate(record, sequence, sealed, mac)?;
            return self.decrypt(sealed, chained, version);
        }
        let mut bytes = self.decrypt(&record.fragment, chained, version)?;
        let end = bytes.len().checked_sub(self.mac.len())?;
        let mac = bytes.split_off(end);
        self.authenticate(record, sequence, &bytes, &mac)?;
        Some(bytes)
    }

    fn authenticate(&self, record: &Record, sequence: u64, bytes: &[u8], mac: &[u8]) -> Option<()> {
        let length = u16::try_from(bytes.len()).ok()?.to_be_bytes();
        let expected = hmac(
            self.mac,
            &self.mac_key,
            &[&sequence.to_be_bytes(), &record.header[..3], &length, bytes],
        );
        (expected == mac).then_some(())
    }

    /// Takes the padding off as well (RFC 5246 §6.2.3.2).
    fn decrypt(&self, sealed: &[u8], chained: &[u8], version: u16) -> Option<Vec<u8>> {
        let (iv, sealed) = if version <= TLS10 {
            (chained, sealed)
        } else {
            sealed.split_at_checked(BLOCK)?
        };
        let mut bytes = sealed.to_vec();
        if self.key.len() == 16 {
            let cipher = Decryptor::<Aes128>::new_from_slices(&self.key, iv).ok()?;
            cipher.decrypt_padded::<NoPadding>(&mut bytes).ok()?;
        } else {
            let cipher = Decryptor::<Aes256>::new_from_slices(&self.key, iv).ok()?;
            cipher.decrypt_padded::<NoPadding>(&mut bytes).ok()?;
        }
        let padding = usize::from(*bytes.last()?) + 1;
        let end = bytes.len().checked_sub(padding)?;
        let is_padding = bytes
            .get(end..)?
            .iter()
            .all(|&byte| usize::from(byte) + 1 == padding);
        bytes.truncate(end);
        is_padding.then_some(bytes)
    }
}
