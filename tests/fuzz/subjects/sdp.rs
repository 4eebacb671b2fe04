//! Any bytes → session description, and what of it makes a verdict.

use sip488::sdp::Identity;
use sip488::sdp::SessionDescription;
use sip488::sdp::has_candidate;

use super::Subject;

pub(crate) const SUBJECT: Subject = Subject {
    name: "sdp",
    dictionary: WORDS,
    longest: 16 << 10,
    run,
};

/// What session descriptions are made of.
pub(crate) const WORDS: &[&[u8]] = &[
    b"v=0\r\n",
    b"o=- 1 1 IN IP4 ",
    b"s=-\r\n",
    b"c=IN IP4 0.0.0.0\r\n",
    b"c=IN IP6 ::\r\n",
    b"t=0 0\r\n",
    b"b=AS:",
    b"m=audio 9 RTP/SAVP 0 8\r\n",
    b"m=audio 0 RTP/AVP 0\r\n",
    b"m=video ",
    b"UDP/TLS/RTP/SAVPF ",
    b"a=rtpmap:0 PCMU/8000\r\n",
    b"a=fmtp:",
    b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:",
    b"d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^31|1:1",
    b"a=candidate:1 1 UDP 2130706431 192.0.2.1 4000 typ host\r\n",
    b"a=ice-ufrag:",
    b"a=ice-pwd:",
    b"a=ice-lite\r\n",
    b"a=fingerprint:sha-256 ",
    b"a=setup:actpass\r\n",
    b"a=sendonly\r\n",
    b"a=inactive\r\n",
    b"a=rtcp:9 IN IP4 ",
    b"a=rtcp-mux\r\n",
    b"a=group:BUNDLE ",
    b"a=mid:",
    b"a=ptime:",
    b"a=x:",
    b"\r\n",
    b"\n",
    b"65536",
    b"-1",
];

fn run(body: &[u8]) {
    let description = SessionDescription::parse(body);
    assert!(
        description.candidates() == 0 || has_candidate(body),
        "a candidate is found by both"
    );
    description.is_malformed();
    description.is_unreadable();
    description.groups().count();
    for media in &description.media {
        media.is_live();
        media.ptime();
        media.rtcp();
        media.has_rtcp_mux();
        media.codecs().count();
        media.duplicate_payload_types();
        assert!(media.candidates().count() <= body.len());
        description.connection_of(media);
        description.direction_of(media);
        description.ufrag_of(media);
        description.fingerprint_of(media);
        for format in &media.formats {
            media.fmtp(format);
        }
    }
    let identity = Identity::of(body);
    assert!(identity.streams.len() <= description.media.len().max(8));
}
