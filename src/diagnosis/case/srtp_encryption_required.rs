//! The offer has no stream that Teams could encrypt.

use crate::call::OfferUnderTest;
use crate::call::Rejection;
use crate::diagnosis::show;
use crate::sdp::MediaDescription;

use super::Case;
use super::Observation;
use super::PAGE;

pub(super) const CASE: Case = Case {
    name: "srtp-encryption-required",
    microsoft_code: 531_000,
    reported_as: "InternalDiagCode: SrtpEncryptionRequired, InternalErrorPhrase: Remote participant did not offer required SRTP support",
    phrases: &["srtpencryptionrequired", "did not offer required srtp"],
    meaning: "Teams takes encrypted media only, and no stream of the offer carries a key that it can use.",
    confirmed_by: "No live stream (port other than 0) has both a secure profile (RTP/SAVP, RTP/SAVPF, UDP/TLS/RTP/SAVP, UDP/TLS/RTP/SAVPF, \
                   TCP/RTP/SAVP) and an a=crypto line of its own with AES_CM_128_HMAC_SHA1_80 and an inline key of 30 bytes. A key under RTP/AVP, \
                   a key at session level, DTLS alone, and other suites alone do not count. Lifetime and MKI don't matter, nor does the order of suites.",
    remedy: "On the SBC, turn on SRTP in the media profile towards Teams: RTP/SAVP with SDES and the suite AES_CM_128_HMAC_SHA1_80, in re-INVITEs too.",
    page: PAGE,
    observe,
    settle: None,
};

/// RFC 4568 §6.2, RFC 3711, RFC 5764, RFC 4571: the profiles under which `a=crypto` encrypts.
const SECURE: [&str; 5] = ["RTP/SAVP", "RTP/SAVPF", "UDP/TLS/RTP/SAVP", "UDP/TLS/RTP/SAVPF", "TCP/RTP/SAVP"];

fn observe(rejection: &Rejection<'_, '_>) -> Observation {
    let description = match &rejection.offer {
        OfferUnderTest::Whole(description) => description,
        OfferUnderTest::Nothing => return Observation::Proves("the request has no SDP, so it offers no key".to_owned()),
        OfferUnderTest::Cut(_) | OfferUnderTest::Missing => return Observation::Unseen,
    };
    let live: Vec<_> = description.media.iter().filter(|media| media.is_live()).collect();
    if let Some(secure) = live.iter().find(|media| has_usable_key(media)) {
        return Observation::Refutes(format!("the {} stream on port {} offers {} with AES_CM_128_HMAC_SHA1_80", show(secure.media), secure.port, show(secure.proto)));
    }
    match live.iter().find(|media| media.media.eq_ignore_ascii_case(b"audio")).or(live.first()) {
        Some(stream) => Observation::Proves(format!("no usable SRTP key: {} {} {}", show(stream.media), show(stream.proto), what_lacks(stream))),
        None => Observation::Proves("no usable SRTP key: no live stream".to_owned()),
    }
}

fn is_secure(proto: &[u8]) -> bool {
    SECURE.iter().any(|secure| proto.eq_ignore_ascii_case(secure.as_bytes()))
}

fn has_usable_key(media: &MediaDescription<'_>) -> bool {
    is_secure(media.proto) && media.crypto.iter().any(crate::sdp::Crypto::is_usable)
}

/// Which of the ways to fail it is: each has a fix of its own.
fn what_lacks(media: &MediaDescription<'_>) -> String {
    let wanted = |crypto: &&crate::sdp::Crypto<'_>| crypto.suite.eq_ignore_ascii_case(b"AES_CM_128_HMAC_SHA1_80");
    match (is_secure(media.proto), media.crypto.is_empty()) {
        (false, true) => "without a=crypto (SRTP is off)".to_owned(),
        (false, false) => "with a=crypto, but the profile is not a secure one".to_owned(),
        (true, true) if media.fingerprint.is_some() => "with DTLS alone, no a=crypto".to_owned(),
        (true, true) => "without a=crypto".to_owned(),
        (true, false) if media.crypto.iter().any(|crypto| wanted(&crypto)) => "whose AES_CM_128_HMAC_SHA1_80 key is not 30 bytes of base64".to_owned(),
        (true, false) => {
            let suites: Vec<String> = media.crypto.iter().take(6).map(|crypto| show(crypto.suite)).collect();
            format!("with {}, not AES_CM_128_HMAC_SHA1_80", suites.join(", "))
        }
    }
}
