//! The cheapest tests on a UDP payload: most packets of a night end here.
//!
//! Passing proves nothing; failing proves that the payload is not SIP. Nothing has been built from
//! the headers when these tests run.

/// Whether a payload begins as RTP and RTCP do: version 2, and at most seven contributing sources or reports (RFC 3550
/// §5.1, §6.4). With eight it would begin as a VXLAN group policy does, which [`might_be_sip`] turns away as well.
///
/// Neither SIP nor a tunnel over UDP begins so. Wireshark and others test the version first for the same reason: it is
/// nearly always true.
#[inline]
pub(super) fn is_media(payload: &[u8]) -> bool {
    payload.first().is_some_and(|first| first & 0xC8 == 0x80)
}

/// Whether an IPv4 packet is media for certain: no options, no fragment, a UDP header, and behind it what [`is_media`]
/// tells. Most packets of a night are, and are passed over here, before a header has been read properly; of what is not
/// told here nothing is said.
///
/// `no_media_port` is the port on which what begins like media may be something else.
#[inline]
pub(super) fn is_media_in_v4(packet: &[u8], no_media_port: u16) -> bool {
    let Some(head) = packet.first_chunk::<29>() else {
        return false;
    };
    let u16_at = |at: usize| u16::from_be_bytes([head[at], head[at + 1]]);
    // Behind the two first bits of its word, more fragments and offset (RFC 791 §3.1).
    let is_whole = u16_at(6) << 2 == 0;
    let is_plain = head[0] == 0x45 && head[9] == 17 && is_whole;
    let is_long_enough = u16_at(2) >= 29 && u16_at(24) >= 9;
    let is_on_port = u16_at(20) == no_media_port || u16_at(22) == no_media_port;
    is_plain && head[28] & 0xC8 == 0x80 && is_long_enough && !is_on_port
}

/// Whether a SIP message might begin so. False for an empty payload, RTP and RTCP, STUN, DTLS.
///
/// A message begins with a method or `SIP/2.0`, which are tokens (RFC 3261 §25.1). Some senders
/// put line ends, blanks or NUL before it. Looking at two bytes rather than one also turns away
/// STUN and most of DNS, which begin with a byte that could be padding or a letter by chance.
#[inline]
pub(super) fn might_be_sip(payload: &[u8]) -> bool {
    match *payload {
        [first, second, ..] => MAY_BEGIN[usize::from(first)] && MAY_BEGIN[usize::from(second)],
        [only] => MAY_BEGIN[usize::from(only)],
        [] => false,
    }
}

/// Which bytes may stand at the very beginning: token characters, line ends, blanks and NUL.
static MAY_BEGIN: [bool; 256] = {
    let mut may = [false; 256];
    let allowed = b"-.!%*_+`'~\r\n \t\0";
    let mut index = 0;
    while index < allowed.len() {
        may[allowed[index] as usize] = true;
        index += 1;
    }
    let mut byte = 0;
    while byte < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "the loop ends at 256")]
        if (byte as u8).is_ascii_alphanumeric() {
            may[byte] = true;
        }
        byte += 1;
    }
    may
};

#[cfg(test)]
mod tests {
    use super::is_media;
    use super::might_be_sip;

    #[test]
    fn media_is_told_by_its_first_byte() {
        for payload in [&b"\x80\x08"[..], b"\x90\x68", b"\x81\xC8", b"\xA0\x00"] {
            assert!(is_media(payload), "{payload:?}");
        }
        for payload in [
            &b""[..],
            b"\x88\x08",
            b"SIP/2.0",
            b"\x00\x01",
            b"\x08\0",
            b"\xC8\x02",
        ] {
            assert!(!is_media(payload), "{payload:?}");
        }
    }

    #[test]
    fn media_and_stun_and_dtls_and_nothing_are_turned_away() {
        for payload in [
            &b""[..],
            b"\x80\x08",
            b"\x81\xC8",
            b"\xBF",
            b"\x00\x01\x00\x44",
            b"\x01\x01",
            b"\x16\xFE\xFD",
        ] {
            assert!(!might_be_sip(payload), "{payload:?}");
        }
    }

    #[test]
    fn requests_responses_and_padding_pass() {
        for payload in [
            &b"INVITE sip:"[..],
            b"SIP/2.0 488",
            b"\r\n\r\n",
            b"\0\0\0\0",
            b"A sip:b",
            b"!interesting-Method0123",
            b" \tACK",
            b"I",
        ] {
            assert!(might_be_sip(payload), "{payload:?}");
        }
    }
}
