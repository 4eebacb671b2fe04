//! What stand-ins are made of: a keyed hash of the original, and permutations by it.

use std::fmt;

use hmac::Hmac;
use hmac::KeyInit;
use hmac::Mac;
use sha2::Digest;
use sha2::Sha256;

/// Bytes that a key file has at least: 128 bits, where they are random.
pub const LEAST_KEY_FILE: usize = 16;

/// Rounds of a permutation.
const ROUNDS: u8 = 6;

/// What stand-ins are made with: whoever has it can try out which original is behind one.
#[derive(Clone)]
pub struct Key([u8; 32]);

impl Key {
    /// A key of random bytes.
    pub const fn of_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The key that a file is; none where it has under [`LEAST_KEY_FILE`] bytes.
    pub fn of_file(bytes: &[u8]) -> Option<Self> {
        (bytes.len() >= LEAST_KEY_FILE).then(|| Self(Sha256::digest(bytes).into()))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

/// HMAC-SHA-256 (RFC 2104) with a key.
#[derive(Clone)]
pub(super) struct Secret(Hmac<Sha256>);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl Secret {
    pub(super) fn new(key: &Key) -> Self {
        Self(Hmac::new_from_slice(&key.0).expect("HMAC takes keys of any length"))
    }

    /// A hash of an original, another one for each kind of it.
    pub(super) fn hash(&self, kind: &str, original: &[u8]) -> [u8; 32] {
        let mut mac = self.0.clone();
        mac.update(kind.as_bytes());
        mac.update(&[0]);
        mac.update(original);
        mac.finalize().into_bytes().into()
    }

    /// The same as a number.
    pub(super) fn number(&self, kind: &str, original: &[u8]) -> u64 {
        let hash = self.hash(kind, original);
        hash.iter()
            .take(8)
            .fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    /// The same in hexadecimal digits, 64 at most.
    pub(super) fn hex(&self, kind: &str, original: &[u8], digits: usize) -> String {
        let hash = self.hash(kind, original);
        let digit = |half: u8| char::from_digit(half.into(), 16).unwrap_or('0');
        let halves = hash.iter().flat_map(|byte| [byte >> 4, byte & 0xF]);
        let mut hex: String = halves.map(digit).collect();
        hex.truncate(digits);
        hex
    }

    /// Another number below `size` for each number below it: a Feistel network over the next power of four, walked until
    /// it comes back below.
    pub(super) fn permuted(&self, kind: &str, value: u64, size: u64) -> u64 {
        let half = size.next_power_of_two().trailing_zeros().div_ceil(2).max(1);
        let mask = (1_u64 << half) - 1;
        let mut value = value;
        loop {
            let (mut left, mut right) = (value >> half, value & mask);
            for round in 0..ROUNDS {
                let mut input = [0; 17];
                input[0] = round;
                input[1..9].copy_from_slice(&size.to_be_bytes());
                input[9..].copy_from_slice(&right.to_be_bytes());
                (left, right) = (right, left ^ (self.number(kind, &input) & mask));
            }
            value = left << half | right;
            if value < size {
                return value;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Key;
    use super::Secret;

    #[test]
    fn a_permutation_gives_each_number_one_of_its_own() {
        let secret = Secret::new(&Key::of_bytes([7; 32]));
        for size in [1, 2, 3, 10, 900, 1 << 10] {
            let all: BTreeSet<u64> = (0..size).map(|n| secret.permuted("n", n, size)).collect();
            assert_eq!(all, (0..size).collect());
        }
    }

    #[test]
    fn kinds_and_keys_have_stand_ins_of_their_own() {
        let one = Secret::new(&Key::of_bytes([7; 32]));
        let other = Secret::new(&Key::of_bytes([8; 32]));
        assert_ne!(one.hash("a", b"x"), one.hash("b", b"x"));
        assert_ne!(one.hash("a", b"x"), other.hash("a", b"x"));
        assert_eq!(one.hash("a", b"x"), one.hash("a", b"x"));
    }

    #[test]
    fn a_key_file_of_under_16_bytes_is_none() {
        assert!(Key::of_file(&[0; 15]).is_none());
        assert!(Key::of_file(&[0; 16]).is_some());
        assert_eq!(format!("{:?}", Key::of_bytes([7; 32])), "Key");
    }
}
