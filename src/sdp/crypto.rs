//! `a=crypto` (RFC 4568). The key itself is looked at and forgotten: nothing here can show it.

use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::GeneralPurpose;
use base64::engine::GeneralPurposeConfig;

/// Some senders leave the padding out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Longest key that is decoded: four times the longest that any suite has.
const LONGEST_KEY: usize = 256;

/// The suite that Direct Routing demands (`direct-routing-protocols-media.md`).
const WANTED: &[u8] = b"AES_CM_128_HMAC_SHA1_80";

/// Its key and salt: 16 and 14 bytes (RFC 4568 §6.1, §6.2.1).
const WANTED_BYTES: usize = 30;

/// One offered suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crypto<'a> {
    /// The tag, as written.
    pub tag: &'a [u8],
    /// The suite.
    pub suite: &'a [u8],
    /// Whether the key is one.
    pub key: KeyStatus,
    /// True where a session parameter turns encryption off (RFC 4568 §6.3.2).
    pub is_unencrypted: bool,
}

/// What an inline key is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyStatus {
    /// Base64 of so many bytes.
    Valid {
        /// Master key and salt together.
        bytes: usize,
    },
    /// Not base64.
    NotBase64,
    /// There is no `inline:` (RFC 4568 §6.1).
    NoInline,
}

impl<'a> Crypto<'a> {
    /// Reads the value of an `a=crypto`; none where tag or suite is missing.
    pub fn parse(value: &'a [u8]) -> Option<Self> {
        let mut fields = value
            .split(u8::is_ascii_whitespace)
            .filter(|field| !field.is_empty());
        let (tag, suite) = (fields.next()?, fields.next()?);
        let key = fields.next().map_or(KeyStatus::NoInline, key_status);
        let is_unencrypted = fields.any(|field| field.eq_ignore_ascii_case(b"UNENCRYPTED_SRTP"));
        Some(Self {
            tag,
            suite,
            key,
            is_unencrypted,
        })
    }

    /// True for a key that Direct Routing can use.
    pub fn is_usable(&self) -> bool {
        let is_whole = matches!(self.key, KeyStatus::Valid { bytes } if bytes == WANTED_BYTES);
        self.suite.eq_ignore_ascii_case(WANTED) && is_whole && !self.is_unencrypted
    }
}

/// Of several keys the first counts. Lifetime and MKI stand behind `|`.
fn key_status(params: &[u8]) -> KeyStatus {
    let first = params
        .split(|&byte| byte == b';')
        .next()
        .unwrap_or_default();
    let Some((method, rest)) = first.split_at_checked(7) else {
        return KeyStatus::NoInline;
    };
    if !method.eq_ignore_ascii_case(b"inline:") {
        return KeyStatus::NoInline;
    }
    let encoded = rest.split(|&byte| byte == b'|').next().unwrap_or_default();
    let encoded = encoded.get(..LONGEST_KEY).unwrap_or(encoded);
    BASE64
        .decode(encoded)
        .map_or(KeyStatus::NotBase64, |key| KeyStatus::Valid {
            bytes: key.len(),
        })
}

#[cfg(test)]
mod tests {
    use super::Crypto;
    use super::KeyStatus;

    const KEY: &str = "WnD7c1ksDGs+dIefCEo8omPg4uO8DYIinNGL5yxQ";

    fn crypto(value: &str) -> Crypto<'_> {
        Crypto::parse(value.as_bytes()).unwrap()
    }

    #[test]
    fn lifetime_and_mki_are_no_part_of_the_key() {
        for tail in ["", "|2^31", "|2^31|1:1", "|2^31;inline:AAAA"] {
            assert!(
                crypto(&format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}{tail}")).is_usable(),
                "{tail}"
            );
        }
    }

    #[test]
    fn another_suite_or_length_or_no_inline_is_not_usable() {
        for value in [
            format!("1 AES_CM_128_HMAC_SHA1_32 inline:{KEY}"),
            format!("1 AES_CM_128_HMAC_SHA1_80 {KEY}"),
            "1 AES_CM_128_HMAC_SHA1_80 inline:AAAA".into(),
            "1 AES_CM_128_HMAC_SHA1_80".into(),
        ] {
            assert!(!crypto(&value).is_usable(), "{value}");
        }
        assert_eq!(
            crypto("1 AES_CM_128_HMAC_SHA1_80 inline:*").key,
            KeyStatus::NotBase64
        );
    }

    #[test]
    fn an_unencrypted_session_is_not_usable() {
        assert!(
            !crypto(&format!(
                "1 AES_CM_128_HMAC_SHA1_80 inline:{KEY} UNENCRYPTED_SRTP"
            ))
            .is_usable()
        );
        assert!(crypto(&format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY} KDR=1")).is_usable());
    }

    #[test]
    fn no_key_is_in_any_debug_output() {
        let value = format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}");
        assert!(!format!("{:?}", crypto(&value)).contains("WnD7"));
    }
}
