//! Telling TLS from SIP at the beginning of a connection's bytes.

/// The longest record that is sent: 2¹⁴ bytes and what encryption may add (RFC 5246 §6.2.3).
const MAX_RECORD: u16 = 16_384 + 2_048;

/// Whether these bytes begin with the header of a TLS record (RFC 8446 §5.1): a content type from
/// change_cipher_spec (20) to heartbeat (24), a version from SSL 3.0 to TLS 1.3, and a possible length.
///
/// False for fewer than the five bytes of a header. No SIP message begins so: the first byte is a
/// control character.
pub fn looks_like_tls(bytes: &[u8]) -> bool {
    match *bytes {
        [20..=24, 3, 0..=4, high, low, ..] => u16::from_be_bytes([high, low]) <= MAX_RECORD,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::looks_like_tls;

    #[test]
    fn records_of_every_type_and_version_are_told() {
        for content_type in 20..=24 {
            for minor in 0..=4 {
                assert!(looks_like_tls(&[content_type, 3, minor, 0x48, 0x00]));
            }
        }
    }

    #[test]
    fn other_bytes_are_not() {
        for bytes in [
            &b""[..],
            b"\x16\x03\x01\x00",
            b"\x16\x03\x01\x48\x01",
            b"\x16\x03\x05\0\x05",
            b"\x19\x03\x01\0\x05",
            b"INVITE",
            b"\r\n\r\n\r",
        ] {
            assert!(!looks_like_tls(bytes), "{bytes:?}");
        }
    }
}
