//! Secrets → keys: the pseudorandom function of TLS 1.0 to 1.2 (RFC 2246 §5, RFC 5246 §5) and HKDF of TLS 1.3
//! (RFC 8446 §7.1).

use hkdf::Hkdf;
use hmac::Hmac;
use hmac::KeyInit;
use hmac::Mac;
use md5::Md5;
use sha1::Sha1;
use sha2::Sha256;
use sha2::Sha384;

/// A hash, or the two that TLS before 1.2 uses together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    Md5AndSha1,
    Md5,
    Sha1,
    Sha256,
    Sha384,
}

impl Hash {
    /// The length of its output, in bytes.
    pub(super) const fn len(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Md5AndSha1 => 36,
            Self::Sha384 => 48,
        }
    }
}

/// HMAC (RFC 2104) of `parts`, one behind the other.
pub(super) fn hmac(hash: Hash, key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    match hash {
        Hash::Md5 | Hash::Md5AndSha1 => mac::<Hmac<Md5>>(key, parts),
        Hash::Sha1 => mac::<Hmac<Sha1>>(key, parts),
        Hash::Sha256 => mac::<Hmac<Sha256>>(key, parts),
        Hash::Sha384 => mac::<Hmac<Sha384>>(key, parts),
    }
}

fn mac<M: Mac + KeyInit>(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = <M as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

/// The pseudorandom function of TLS 1.0 to 1.2: `len` bytes.
pub(super) fn prf(hash: Hash, secret: &[u8], label: &[u8], seed: &[&[u8]], len: usize) -> Vec<u8> {
    if hash != Hash::Md5AndSha1 {
        return p_hash(hash, secret, label, seed, len);
    }
    // Each half of the secret keys one hash; of an odd length, the byte in the middle belongs to both.
    let half = secret.len().div_ceil(2);
    let (first, second) = (&secret[..half], &secret[secret.len() - half..]);
    let mut out = p_hash(Hash::Md5, first, label, seed, len);
    let other = p_hash(Hash::Sha1, second, label, seed, len);
    out.iter_mut()
        .zip(other)
        .for_each(|(byte, other)| *byte ^= other);
    out
}

fn p_hash(hash: Hash, secret: &[u8], label: &[u8], seed: &[&[u8]], len: usize) -> Vec<u8> {
    let behind = |a: &[u8]| {
        let mut parts = vec![a, label];
        parts.extend(seed);
        hmac(hash, secret, &parts)
    };
    let mut out = Vec::with_capacity(len + hash.len());
    let mut a = behind(&[]);
    while out.len() < len {
        out.extend(behind(&a));
        a = hmac(hash, secret, &[&a]);
    }
    out.truncate(len);
    out
}

/// HKDF-Expand-Label with an empty context (RFC 8446 §7.1). None where the secret is shorter than the hash.
pub(super) fn expand_label(hash: Hash, secret: &[u8], label: &[u8], len: usize) -> Option<Vec<u8>> {
    let mut info = u16::try_from(len).ok()?.to_be_bytes().to_vec();
    info.push(u8::try_from(6 + label.len()).ok()?);
    info.extend_from_slice(b"tls13 ");
    info.extend_from_slice(label);
    info.push(0);
    let mut out = vec![0; len];
    match hash {
        Hash::Sha384 => Hkdf::<Sha384>::from_prk(secret)
            .ok()?
            .expand(&info, &mut out)
            .ok()?,
        _ => Hkdf::<Sha256>::from_prk(secret)
            .ok()?
            .expand(&info, &mut out)
            .ok()?,
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::Hash;
    use super::expand_label;
    use super::hmac;
    use super::prf;

    fn hex(bytes: &[u8]) -> String {
        let digits = bytes.iter().map(|byte| format!("{byte:02x}"));
        digits.collect::<Vec<String>>().concat()
    }

    fn unhex(digits: &str) -> Vec<u8> {
        (0..digits.len() / 2)
            .map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap())
            .collect()
    }

    #[test]
    fn hmac_is_that_of_rfc_2202_and_4231() {
        assert_eq!(
            hex(&hmac(
                Hash::Md5,
                b"Jefe",
                &[b"what do ya want ", b"for nothing?"]
            )),
            "750c783e6ab0b503eaa86e310a5db738"
        );
        assert_eq!(
            hex(&hmac(
                Hash::Sha1,
                b"Jefe",
                &[b"what do ya want for nothing?"]
            )),
            "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"
        );
        assert_eq!(
            hex(&hmac(
                Hash::Sha256,
                b"Jefe",
                &[b"what do ya want for nothing?"]
            )),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn the_function_of_tls_1_2_gives_its_known_answer() {
        // A vector that was circulated in the TLS working group for P_SHA256.
        let secret = unhex("9bbe436ba940f017b17652849a71db35");
        let seed = unhex("a0ba9f936cda311827a6f796ffd5198c");
        let out = prf(Hash::Sha256, &secret, b"test label", &[&seed], 100);
        assert_eq!(
            hex(&out[..32]),
            "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a"
        );
        assert_eq!(out.len(), 100);
    }

    #[test]
    fn the_label_is_expanded_as_in_rfc_8448() {
        // RFC 8448 §3: the server's handshake traffic secret, its key and initialisation vector.
        let secret = unhex("b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38");
        let key = expand_label(Hash::Sha256, &secret, b"key", 16).unwrap();
        let iv = expand_label(Hash::Sha256, &secret, b"iv", 12).unwrap();
        assert_eq!(
            (hex(&key), hex(&iv)),
            (
                "3fce516009c21727d0f2e4e86ee403bc".to_owned(),
                "5d313eb2671276ee13000b30".to_owned()
            )
        );
        assert_eq!(expand_label(Hash::Sha256, b"short", b"key", 16), None);
    }
}
