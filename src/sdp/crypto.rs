//! `a=crypto`: keys for SRTP in the description (RFC 4568).
//!
//! A key is looked at and forgotten: no type here has room for one.

use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::GeneralPurpose;
use base64::engine::GeneralPurposeConfig;

use super::attribute::number;
use super::attribute::words;

/// Padding is left out by some and required by others (RFC 4568 §6.1).
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Bytes that a key and its salt may have. The greatest known is 46 (AES-256 with a salt of 14).
const MAX_KEY: usize = 192;

/// The one suite that Direct Routing takes.
const SUPPORTED_SUITE: &[u8] = b"AES_CM_128_HMAC_SHA1_80";

/// Bytes of its key and salt: 16 and 14 (RFC 4568 §6.2.1).
const SUPPORTED_KEY: usize = 30;

/// What an inline key is worth. The key itself is not here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyStatus {
    /// It is Base64.
    Valid {
        /// Bytes of key and salt.
        bytes: usize,
    },
    /// It is no Base64, or longer than any key.
    NotBase64,
    /// There is no `inline:`.
    NoInline,
}

/// One `a=crypto` line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Crypto<'a> {
    /// The tag.
    pub tag: u32,
    /// The suite, as written.
    pub suite: &'a [u8],
    /// What the first key is worth.
    pub key: KeyStatus,
    /// True where UNENCRYPTED_SRTP is asked for (RFC 4568 §6.3.1).
    pub is_unencrypted: bool,
}

impl<'a> Crypto<'a> {
    /// Reads the value of the attribute; `None` where tag or suite is missing.
    pub(super) fn parse(value: &'a [u8]) -> Option<Self> {
        let mut words = words(value);
        let tag = number(words.next()?).and_then(|tag| u32::try_from(tag).ok())?;
        let suite = words.next().filter(|suite| is_suite(suite))?;
        let key = words.next().map_or(KeyStatus::NoInline, key_status);
        let is_unencrypted = words.any(|word| word.eq_ignore_ascii_case(b"UNENCRYPTED_SRTP"));
        Some(Self {
            tag,
            suite,
            key,
            is_unencrypted,
        })
    }

    /// True where a peer that requires AES_CM_128_HMAC_SHA1_80 can use the key.
    pub fn is_usable(&self) -> bool {
        self.suite.eq_ignore_ascii_case(SUPPORTED_SUITE)
            && self.key
                == KeyStatus::Valid {
                    bytes: SUPPORTED_KEY,
                }
            && !self.is_unencrypted
    }
}

/// True for what can be the name of a suite. A key that stands in its place, or is glued to it, is none, and so is
/// never shown: every registered name has an underscore, which Base64 has not.
fn is_suite(word: &[u8]) -> bool {
    let is_of_a_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    word.len() <= 64 && word.contains(&b'_') && word.iter().all(is_of_a_name)
}

/// Looks at the first of `inline:key|lifetime|MKI:length;inline:…`.
fn key_status(params: &[u8]) -> KeyStatus {
    const INLINE: &[u8] = b"inline:";

    let Some((method, rest)) = params.split_at_checked(INLINE.len()) else {
        return KeyStatus::NoInline;
    };
    if !method.eq_ignore_ascii_case(INLINE) {
        return KeyStatus::NoInline;
    }
    let end = memchr::memchr2(b'|', b';', rest).unwrap_or(rest.len());
    let mut key = [0_u8; MAX_KEY];
    match BASE64.decode_slice(rest.get(..end).unwrap_or_default(), &mut key) {
        Ok(bytes) if bytes > 0 => KeyStatus::Valid { bytes },
        Ok(_) | Err(_) => KeyStatus::NotBase64,
    }
}

#[cfg(test)]
mod tests {
    use super::Crypto;
    use super::KeyStatus;

    /// 40 characters of Base64 are 30 bytes.
    const KEY: &str = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";

    fn parse(value: &str) -> Crypto<'_> {
        Crypto::parse(value.as_bytes()).expect("readable")
    }

    #[test]
    fn a_key_of_30_bytes_for_the_supported_suite_is_usable() {
        for tail in [
            "",
            "|2^31",
            "|2^31|1:1",
            "|2^20|1:4;inline:short FEC_ORDER=FEC_SRTP",
        ] {
            assert!(parse(&format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}{tail}")).is_usable());
        }
        assert!(parse(&format!("1 aes_cm_128_hmac_sha1_80 INLINE:{KEY}")).is_usable());
    }

    #[test]
    fn a_key_in_the_place_of_the_suite_is_not_kept() {
        for value in [
            format!("1 inline:{KEY}"),
            format!("1 AES_CM_128_HMAC_SHA1_80inline:{KEY}"),
            format!("1 {KEY}"),
        ] {
            assert_eq!(Crypto::parse(value.as_bytes()), None, "no suite");
        }
    }

    #[test]
    fn another_suite_or_a_bad_key_is_not_usable() {
        let suite = "AES_CM_128_HMAC_SHA1_80";
        for (value, key) in [
            (
                format!("1 AES_CM_128_HMAC_SHA1_32 inline:{KEY}"),
                KeyStatus::Valid { bytes: 30 },
            ),
            (
                format!("1 {suite} inline:AAAA"),
                KeyStatus::Valid { bytes: 3 },
            ),
            (
                format!("1 {suite} inline:AAAA{KEY}"),
                KeyStatus::Valid { bytes: 33 },
            ),
            (format!("1 {suite} inline:***"), KeyStatus::NotBase64),
            (format!("1 {suite} inline:"), KeyStatus::NotBase64),
            (
                format!("1 {suite} inline:{}", KEY.repeat(20)),
                KeyStatus::NotBase64,
            ),
            (format!("1 {suite} {KEY}"), KeyStatus::NoInline),
            (format!("1 {suite}"), KeyStatus::NoInline),
            (
                format!("1 {suite} inline:{KEY} UNENCRYPTED_SRTP"),
                KeyStatus::Valid { bytes: 30 },
            ),
        ] {
            let crypto = parse(&value);
            assert!(!crypto.is_usable(), "{value}");
            assert_eq!(crypto.key, key, "{value}");
        }
    }

    #[test]
    fn padding_is_no_matter() {
        assert_eq!(
            parse("1 F8_X inline:AAA=").key,
            KeyStatus::Valid { bytes: 2 }
        );
        assert_eq!(
            parse("1 F8_X inline:AAA").key,
            KeyStatus::Valid { bytes: 2 }
        );
    }

    #[test]
    fn without_tag_or_suite_there_is_no_crypto() {
        assert_eq!(Crypto::parse(b"AES_CM_128_HMAC_SHA1_80 inline:x"), None);
        assert_eq!(Crypto::parse(b"1"), None);
    }
}
