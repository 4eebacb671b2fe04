//! A call whose messages quote, wherever they can, what `--redact` replaces.

use std::net::IpAddr;

use sip488::capture::record::Nanos;
use sip488::packet::Endpoint;

/// Packets → a capture of raw IPv4 with nanoseconds.
pub(crate) fn capture(packets: &[(Nanos, Endpoint, Endpoint, Vec<u8>)]) -> Vec<u8> {
    let mut file = Vec::new();
    for word in [0xA1B2_3C4D_u32, 0x0004_0002, 0, 0, 1 << 18, 101] {
        file.extend(word.to_le_bytes());
    }
    for (time, from, to, payload) in packets {
        let (IpAddr::V4(source), IpAddr::V4(destination)) = (from.address, to.address) else {
            continue;
        };
        let length = u16::try_from(payload.len() + 8).unwrap();
        let (seconds, nanos) = (time.0 / 1_000_000_000, time.0 % 1_000_000_000);
        for word in [
            seconds,
            nanos,
            i64::from(length) + 20,
            i64::from(length) + 20,
        ] {
            file.extend(u32::try_from(word).unwrap().to_le_bytes());
        }
        file.extend([0x45, 0]);
        file.extend((length + 20).to_be_bytes());
        file.extend([0, 0, 0, 0, 64, 17, 0, 0]);
        file.extend(source.octets());
        file.extend(destination.octets());
        for word in [from.port, to.port, length, 0] {
            file.extend(word.to_be_bytes());
        }
        file.extend(payload);
    }
    file
}

/// A refused call whose messages quote whatever they can.
pub(crate) fn rich() -> Vec<u8> {
    let end = |address: &str| Endpoint {
        address: address.parse().unwrap(),
        port: 5060,
    };
    let (sbc, teams) = (end("198.51.100.99"), end("52.114.75.24"));
    let sdp = "v=0\r\no=alice.muster 2890844526 2890844526 IN IP4 10.77.88.99\r\ns=Call of Alice Muster\r\ni=ring +4930901820555\r\n\
        e=alice.muster@secret-site.example\r\nc=IN IP4 198.51.100.66\r\nt=0 0\r\nm=audio 49170 RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\n\
        a=rtpmap:101 telephone-event/8000\r\na=candidate:1 1 UDP 2130706431 10.77.88.99 49170 typ host\r\na=ice-pwd:5ecret5ecret5ecret5ecret5\r\n\
        a=crypto:1 AES_CM_128_HMAC_SHA1_32 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20\r\na=label:alice.muster\r\na=mid:Duchess\r\na=group:BUNDLE Duchess\r\na=Duchess\r\n";
    let common = "Via: SIP/2.0/UDP media7.secret-site.example:5060;branch=z9hG4bKabcdef99;received=10.77.88.99\r\n\
        From: \"Alice Muster\" <sip:+4930901820555@secret-site.example;user=phone>;tag=tag-of-alice\r\n\
        To: <sip:+12025550177@sip.pstnhub.microsoft.com>\r\nCall-ID: muster-4711-secret@10.77.88.99\r\nCSeq: 1 INVITE\r\n";
    let invite = format!(
        "INVITE sip:+12025550177@sip.pstnhub.microsoft.com SIP/2.0\r\n{common}Contact: <sip:+4930901820555@rich-sbc.contoso.example:5061>\r\n\
        P-Asserted-Identity: \"Muster, Alice\" <tel:+49-30-901820-555>\r\nDiversion: <sip:alice.muster@secret-site.example>;reason=unconditional;cpc=Duchess\r\n\
        Remote-Party-ID: \"Cheshire Cat\" <sip:cat@teahouse>;party=calling\r\n\
        Priority: Duchess\r\nSupported: timer, Duchess\r\nX-Location: Secret Street 7\r\nIdentity: eyJhbGciOiJFUzI1NiJ9.secret.sig\r\nSubject: about Alice Muster\r\n\
        User-Agent: AudiocodesGW/v.7.40A.250.001 on media7.secret-site.example (198.51.100.66)\r\nContent-Type: application/sdp\r\n\
        Content-Length: {}\r\n\r\n{sdp}",
        sdp.len()
    );
    let refusal = format!(
        "SIP/2.0 488 Not Acceptable Here for Alice Muster +49 30 901820555\r\n{common}\
        Reason: Q.850;cause=88;text=\"c586066f-0000-4000-8000-000000000000;InternalDiagCode: SrtpEncryptionRequired, InternalErrorPhrase: \
        Remote participant did not offer required SRTP support: 004930901820555 at 198.51.100.66:49170, media7.secret-site.example, muster-4711-secret@10.77.88.99; Muster and Cheshire at teahouse, berlin-pbx7\"\r\n\
        Warning: 399 berlin-pbx7 \"10.77.88.99 is alice.muster@secret-site.example, berlin-pbx7 knows no Alice\"\r\nServer: Microsoft.PSTNHub.SIPProxy v.2026.2.1 i.EUWE.5\r\n\
        Content-Length: 0\r\n\r\n"
    );
    capture(&[
        (
            Nanos(1_772_000_000_000_000_000),
            sbc,
            teams,
            invite.into_bytes(),
        ),
        (
            Nanos(1_772_000_000_100_000_000),
            teams,
            sbc,
            refusal.into_bytes(),
        ),
    ])
}
