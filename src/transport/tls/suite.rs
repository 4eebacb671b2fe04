//! What a cipher suite means: how records are protected, and which hash makes the keys.
//!
//! The table of suites is tls-parser's, made from IANA's registry.

use tls_parser::TlsCipherEnc;
use tls_parser::TlsCipherEncMode;
use tls_parser::TlsCipherKx;
use tls_parser::TlsCipherMac;
use tls_parser::TlsCipherSuite;
use tls_parser::TlsPRF;

use super::derivation::Hash;

/// TLS 1.0 (RFC 2246) as a version number.
pub(super) const TLS10: u16 = 0x0301;
/// TLS 1.2 (RFC 5246) as a version number.
pub(super) const TLS12: u16 = 0x0303;
/// TLS 1.3 (RFC 8446).
pub(super) const TLS13: u16 = 0x0304;

/// How records are protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protection {
    /// AES in Galois/counter mode (RFC 5288), 16 or 32 bytes of key.
    AesGcm { key: usize },
    /// ChaCha20 with Poly1305 (RFC 7905).
    ChaCha20Poly1305,
    /// AES in cipher block chaining mode, with a message authentication code (RFC 5246 §6.2.3.2).
    AesCbc { key: usize, mac: Hash },
}

/// What a suite means under one version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Suite {
    pub(super) protection: Protection,
    /// The hash of the pseudorandom function, or of HKDF.
    pub(super) hash: Hash,
}

impl Suite {
    /// None where the suite is not known, or not opened here: RC4, DES, CCM, Camellia, ARIA, no encryption, and all of
    /// SSL 3.0, which makes keys in another way.
    pub(super) fn of(id: u16, version: u16) -> Option<Self> {
        if !(TLS10..=TLS13).contains(&version) {
            return None;
        }
        let suite = TlsCipherSuite::from_id(id)?;
        let key = usize::from(suite.enc_size) / 8;
        let protection = match (&suite.enc, &suite.enc_mode) {
            (TlsCipherEnc::Aes, TlsCipherEncMode::Gcm) if version >= TLS12 => {
                Protection::AesGcm { key }
            }
            (TlsCipherEnc::Chacha20_Poly1305, _) if version >= TLS12 => {
                Protection::ChaCha20Poly1305
            }
            (TlsCipherEnc::Aes, TlsCipherEncMode::Cbc) if version <= TLS12 => Protection::AesCbc {
                key,
                mac: match suite.mac {
                    TlsCipherMac::HmacSha1 => Hash::Sha1,
                    TlsCipherMac::HmacSha256 => Hash::Sha256,
                    TlsCipherMac::HmacSha384 => Hash::Sha384,
                    _ => return None,
                },
            },
            _ => return None,
        };
        let hash = match suite.prf {
            _ if version < TLS12 => Hash::Md5AndSha1,
            TlsPRF::Sha384 => Hash::Sha384,
            // What a suite from before TLS 1.2 leaves open is SHA-256 there (RFC 5246 §5).
            _ => Hash::Sha256,
        };
        Some(Self { protection, hash })
    }
}

/// What IANA calls a suite.
pub(super) fn name(id: u16) -> Option<&'static str> {
    TlsCipherSuite::from_id(id).map(|suite| suite.name)
}

/// Whether the premaster secret went over the wire under the server's RSA key.
pub(super) fn has_rsa_key_exchange(id: u16) -> bool {
    TlsCipherSuite::from_id(id).is_some_and(|suite| suite.kx == TlsCipherKx::Rsa)
}

#[cfg(test)]
mod tests {
    use super::Hash;
    use super::Protection;
    use super::Suite;
    use super::TLS12;
    use super::TLS13;

    #[test]
    fn the_suites_of_direct_routing_are_known() {
        let gcm = |key| Protection::AesGcm { key };
        let cbc = |key, mac| Protection::AesCbc { key, mac };
        for (id, version, protection, hash) in [
            (0xC030, TLS12, gcm(32), Hash::Sha384),
            (0xC02F, TLS12, gcm(16), Hash::Sha256),
            (0xC028, TLS12, cbc(32, Hash::Sha384), Hash::Sha384),
            (0xC027, TLS12, cbc(16, Hash::Sha256), Hash::Sha256),
            (0xC013, TLS12, cbc(16, Hash::Sha1), Hash::Sha256),
            (0x0035, 0x0301, cbc(32, Hash::Sha1), Hash::Md5AndSha1),
            (0xCCA8, TLS12, Protection::ChaCha20Poly1305, Hash::Sha256),
            (0x1301, TLS13, gcm(16), Hash::Sha256),
            (0x1302, TLS13, gcm(32), Hash::Sha384),
            (0x1303, TLS13, Protection::ChaCha20Poly1305, Hash::Sha256),
        ] {
            assert_eq!(
                Suite::of(id, version),
                Some(Suite { protection, hash }),
                "{id:04x}"
            );
        }
    }

    #[test]
    fn what_is_not_opened_is_known_to_be_so() {
        // RC4, 3DES, CCM, none, and a number that IANA has not given.
        for id in [0x0005, 0x000A, 0xC0AC, 0x0001, 0xFEFE] {
            assert_eq!(Suite::of(id, TLS12), None, "{id:04x}");
        }
        assert_eq!(Suite::of(0xC02F, 0x0302), None);
        assert_eq!(Suite::of(0x002F, 0x0300), None);
    }
}
