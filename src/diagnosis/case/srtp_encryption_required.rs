//! The offer has no stream that Teams could encrypt.

use crate::call::OfferUnderTest;
use crate::call::Rejection;
use crate::diagnosis::mark::Mark;
use crate::diagnosis::mark::WrittenOffer;
use crate::diagnosis::show;
use crate::sdp::Crypto;
use crate::sdp::MediaDescription;
use crate::sdp::SessionDescription;

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
    mark,
};

/// RFC 4568 §6.2, RFC 3711, RFC 5764, RFC 4571: the profiles under which `a=crypto` encrypts.
const SECURE: [&str; 5] = [
    "RTP/SAVP",
    "RTP/SAVPF",
    "UDP/TLS/RTP/SAVP",
    "UDP/TLS/RTP/SAVPF",
    "TCP/RTP/SAVP",
];

fn observe(rejection: &Rejection<'_, '_>) -> Observation {
    let description = match &rejection.offer {
        OfferUnderTest::Whole(description) => description,
        OfferUnderTest::Nothing => {
            return Observation::Proves("the request has no SDP, so it offers no key".to_owned());
        }
        OfferUnderTest::Cut(_) | OfferUnderTest::Missing => return Observation::Unseen,
    };
    let live: Vec<_> = description
        .media
        .iter()
        .filter(|media| media.is_live())
        .collect();
    if let Some(secure) = live.iter().find(|media| has_usable_key(media)) {
        return Observation::Refutes(format!(
            "the {} stream on port {} offers {} with AES_CM_128_HMAC_SHA1_80",
            show(secure.media),
            secure.port,
            show(secure.proto)
        ));
    }
    match live
        .iter()
        .find(|media| media.media.eq_ignore_ascii_case(b"audio"))
        .or(live.first())
    {
        Some(stream) => Observation::Proves(format!(
            "no usable SRTP key: {} {} {}",
            show(stream.media),
            show(stream.proto),
            what_lacks(description, stream)
        )),
        None => Observation::Proves("no usable SRTP key: no live stream".to_owned()),
    }
}

fn is_secure(proto: &[u8]) -> bool {
    SECURE
        .iter()
        .any(|secure| proto.eq_ignore_ascii_case(secure.as_bytes()))
}

fn has_usable_key(media: &MediaDescription<'_>) -> bool {
    is_secure(media.proto) && media.crypto.iter().any(Crypto::is_usable)
}

fn is_of_wanted_suite(crypto: &Crypto<'_>) -> bool {
    crypto
        .suite
        .eq_ignore_ascii_case(b"AES_CM_128_HMAC_SHA1_80")
}

/// The usable keys and the profiles that they are under; where there is none, what each live stream lacks.
fn mark(offer: &WrittenOffer<'_>) -> Vec<Mark> {
    let mut refuting = Vec::new();
    for (place, media) in offer.live().filter(|(_, media)| has_usable_key(media)) {
        refuting.push(Mark::refutes(media.line, "a secure profile"));
        let keys = offer
            .lines_of(Some(place))
            .filter(|line| line.crypto().is_some_and(|it| it.is_usable()));
        refuting.extend(keys.map(|line| Mark::refutes(line.number, "a usable key offer")));
    }
    if !refuting.is_empty() {
        return refuting;
    }
    let mut shown = Vec::new();
    for (place, media) in offer.live() {
        let lacks = what_lacks(&offer.description, media);
        shown.push(Mark::shows(
            media.line,
            format!("no usable SRTP key: {} {lacks}", show(media.proto)),
        ));
        let keys = offer
            .lines_of(Some(place))
            .filter(|line| line.is_attribute("crypto"));
        shown.extend(
            keys.map(|line| Mark::shows(line.number, why_unusable(media, line.crypto().as_ref()))),
        );
    }
    if shown.is_empty() {
        shown = offer.nothing_live();
    }
    let of_session = offer
        .lines_of(None)
        .filter(|line| line.is_attribute("crypto"));
    shown.extend(
        of_session
            .map(|line| Mark::shows(line.number, "before the first m= line: a key of no stream")),
    );
    shown
}

/// Why a key of a stream can't be used; none where the line can't be read.
fn why_unusable(media: &MediaDescription<'_>, crypto: Option<&Crypto<'_>>) -> &'static str {
    match crypto {
        None => "can't be read",
        Some(_) if !is_secure(media.proto) => {
            "a key, but the profile of its m= line is not a secure one"
        }
        Some(crypto) if !is_of_wanted_suite(crypto) => "not AES_CM_128_HMAC_SHA1_80",
        Some(crypto) if crypto.is_unencrypted => "UNENCRYPTED_SRTP: not encrypted",
        Some(_) => "the key is not 30 bytes of base64",
    }
}

/// Which of the ways to fail it is: each has a fix of its own.
fn what_lacks(description: &SessionDescription<'_>, media: &MediaDescription<'_>) -> String {
    match (is_secure(media.proto), media.crypto.is_empty()) {
        (false, true) => "without a=crypto (SRTP is off)".to_owned(),
        (false, false) => "with a=crypto, but the profile is not a secure one".to_owned(),
        (true, true) if description.fingerprint_of(media).is_some() => {
            "with DTLS alone, no a=crypto".to_owned()
        }
        (true, true) => "without a=crypto".to_owned(),
        (true, false) if media.crypto.iter().any(is_of_wanted_suite) => {
            "whose AES_CM_128_HMAC_SHA1_80 key is not 30 bytes of base64".to_owned()
        }
        (true, false) => {
            let suites: Vec<String> = media
                .crypto
                .iter()
                .take(6)
                .map(|crypto| show(crypto.suite))
                .collect();
            format!("with {}, not AES_CM_128_HMAC_SHA1_80", suites.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::CASE;
    use crate::diagnosis::case::Observation;
    use crate::diagnosis::sample::KEY;
    use crate::diagnosis::sample::observe;
    use crate::diagnosis::sample::session;
    use crate::diagnosis::sample::with_media;

    const FINGERPRINT: &str = "a=fingerprint:sha-256 4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB:4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF\na=setup:actpass";

    fn seen(media: &str) -> Observation {
        observe(&CASE, &with_media(media))
    }

    fn proof(media: &str) -> String {
        let seen = seen(media);
        assert!(matches!(seen, Observation::Proves(_)), "{media}: {seen:?}");
        seen.text().to_owned()
    }

    #[test]
    fn srtp_off() {
        assert!(proof("m=audio 4000 RTP/AVP 8").contains("SRTP is off"));
    }

    #[test]
    fn a_key_under_rtp_avp_is_no_srtp_offer() {
        assert!(proof(&format!("m=audio 4000 RTP/AVP 8\n{KEY}")).contains("not a secure one"));
    }

    #[test]
    fn a_secure_profile_without_a_key_is_no_srtp_offer() {
        assert!(proof("m=audio 4000 RTP/SAVP 8").ends_with("without a=crypto"));
    }

    #[test]
    fn dtls_alone_is_no_srtp_offer() {
        assert!(
            proof(&format!("m=audio 4000 UDP/TLS/RTP/SAVP 8\n{FINGERPRINT}"))
                .contains("DTLS alone")
        );
    }

    #[test]
    fn other_suites_alone_are_no_srtp_offer() {
        let key = KEY.replace("SHA1_80", "SHA1_32");
        assert!(
            proof(&format!("m=audio 4000 RTP/SAVP 8\n{key}"))
                .contains("with AES_CM_128_HMAC_SHA1_32, not")
        );
    }

    #[test]
    fn a_key_of_another_length_or_no_base64_is_no_key() {
        for inline in [
            "inline:c2hvcnQ=",
            "inline:!!!!",
            "WnD7c1ksDGs+dIefCEo8omPg4uO8DYIinNGL5yxQ",
        ] {
            assert!(
                proof(&format!(
                    "m=audio 4000 RTP/SAVP 8\na=crypto:1 AES_CM_128_HMAC_SHA1_80 {inline}"
                ))
                .contains("30 bytes"),
                "{inline}"
            );
        }
    }

    #[test]
    fn unencrypted_srtp_is_no_key() {
        proof(&format!("m=audio 4000 RTP/SAVP 8\n{KEY} UNENCRYPTED_SRTP"));
    }

    #[test]
    fn cryptoscale_is_not_crypto() {
        proof(
            "m=audio 4000 RTP/SAVP 8\na=cryptoscale:1 client AES_CM_128_HMAC_SHA1_80 inline:WnD7c1ksDGs+dIefCEo8omPg4uO8DYIinNGL5yxQ",
        );
    }

    #[test]
    fn a_key_at_session_level_is_none_of_the_stream() {
        let sdp = session(&format!(
            "c=IN IP4 192.0.2.7\nt=0 0\n{KEY}\nm=audio 4000 RTP/SAVP 8"
        ));
        assert!(matches!(observe(&CASE, &sdp), Observation::Proves(_)));
    }

    #[test]
    fn a_key_on_a_refused_stream_encrypts_nothing() {
        proof(&format!(
            "m=audio 4000 RTP/AVP 8\nm=audio 0 RTP/SAVP 8\n{KEY}"
        ));
    }

    #[test]
    fn every_secure_profile_will_do() {
        for profile in [
            "RTP/SAVP",
            "RTP/SAVPF",
            "UDP/TLS/RTP/SAVP",
            "UDP/TLS/RTP/SAVPF",
            "TCP/RTP/SAVP",
        ] {
            assert!(
                matches!(
                    seen(&format!("m=audio 4000 {profile} 8\n{KEY}")),
                    Observation::Refutes(_)
                ),
                "{profile}"
            );
        }
    }

    #[test]
    fn the_wanted_suite_need_not_be_the_first_and_needs_no_lifetime() {
        let key = KEY.trim_end_matches("|2^31").replace(":1 ", ":2 ");
        let other = KEY.replace("SHA1_80", "SHA1_32");
        assert!(matches!(
            seen(&format!("m=audio 4000 RTP/SAVP 8\n{other}\n{key}")),
            Observation::Refutes(_)
        ));
    }

    #[test]
    fn of_a_plain_and_a_secure_stream_the_secure_one_counts() {
        assert!(matches!(
            seen(&format!(
                "m=audio 4000 RTP/AVP 8\nm=audio 4002 RTP/SAVP 8\n{KEY}"
            )),
            Observation::Refutes(_)
        ));
    }

    #[test]
    fn no_key_is_ever_shown() {
        for media in [
            format!("m=audio 4000 RTP/AVP 8\n{KEY}"),
            format!("m=audio 4000 RTP/SAVP 8\n{KEY}"),
        ] {
            assert!(!format!("{:?}", seen(&media)).contains("WnD7"));
        }
    }

    #[test]
    fn what_is_marked_agrees_with_what_is_observed() {
        crate::diagnosis::sample::assert_marks_agree(&CASE);
    }

    #[test]
    fn each_key_is_told_why_it_is_of_no_use_and_what_refutes_is_marked_too() {
        let notes = |media: &str| -> Vec<String> {
            let marked = crate::diagnosis::sample::marked(&CASE, &with_media(media));
            marked.into_iter().map(|(_, note)| note).collect()
        };
        let other = KEY.replace("SHA1_80", "SHA1_32");
        assert_eq!(
            notes(&format!(
                "m=audio 4000 RTP/SAVP 8\n{other}\na=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:c2hvcnQ="
            )),
            [
                "no usable SRTP key: RTP/SAVP whose AES_CM_128_HMAC_SHA1_80 key is not 30 bytes of base64",
                "not AES_CM_128_HMAC_SHA1_80",
                "the key is not 30 bytes of base64"
            ]
        );
        assert_eq!(
            notes(&format!("m=audio 4000 RTP/SAVP 8\n{other}\n{KEY}")),
            ["a secure profile", "a usable key offer"]
        );
    }
}
