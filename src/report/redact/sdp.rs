//! Session descriptions made anew, line by line: what could be read before can be read after, and what could not, can't.

use crate::report::keyless::LEFT_OUT;
use crate::report::keyless::keys;

use super::Redaction;
use super::vocabulary::ATTRIBUTE_WORDS;
use super::vocabulary::BANDWIDTHS;
use super::vocabulary::CANDIDATE_WORDS;
use super::vocabulary::HASHES;
use super::vocabulary::NETWORKS;
use super::vocabulary::OTHER_ATTRIBUTES;
use super::vocabulary::Vocabulary;
use super::vocabulary::is_listed;

/// The longest line that is read (`sdp::session`); one that is longer stays too long.
const LONGEST_LINE: usize = 4096;

/// Digits of a port, a priority or a time at most.
const DIGITS: usize = 10;

/// Attributes whose values are names of encodings and what they are told.
const ENCODINGS: Vocabulary = "rtpmap fmtp";

/// Attributes whose values are words of the protocol, or that have none.
const WORDS: Vocabulary = "ptime maxptime sendrecv sendonly recvonly inactive rtcp-mux rtcp-rsize rtcp-fb ice-lite ice-options setup \
     connection silenceSupp end-of-candidates T38FaxVersion T38MaxBitRate T38FaxRateManagement T38FaxUdpEC";

/// Attributes that are each made anew in their own way.
const READ: Vocabulary = "mid group crypto candidate fingerprint ice-ufrag ice-pwd rtcp";

/// A line of this file's making that no reader takes for what it was.
const UNREADABLE: &[u8] = b"?";

fn words(value: &[u8]) -> Vec<&[u8]> {
    let words = value.split(u8::is_ascii_whitespace);
    words.filter(|word| !word.is_empty()).collect()
}

fn is_number(word: &[u8]) -> bool {
    !word.is_empty() && word.iter().all(u8::is_ascii_digit)
}

/// A number of the protocol stays. One that is longer than any of them is another that can be read as well.
fn number(word: &[u8]) -> Vec<u8> {
    let value = std::str::from_utf8(word).ok().filter(|_| is_number(word));
    match value.and_then(|value| value.parse::<u64>().ok()) {
        Some(0) => word.to_vec(),
        Some(_) if word.len() <= DIGITS => word.to_vec(),
        Some(_) => vec![b'9'; DIGITS],
        None => UNREADABLE.to_vec(),
    }
}

impl Redaction {
    /// A description without names, hosts and addresses. Its keys are others, as long and as usable.
    pub(super) fn sdp(&self, body: &[u8]) -> Vec<u8> {
        let end = body
            .iter()
            .rposition(|byte| *byte != 0)
            .map_or(0, |end| end + 1);
        let body = body.get(..end).unwrap_or_default();
        // Blank lines at the end are no lines.
        let (text, blanks) = body.split_at(body.trim_ascii_end().len());
        let line_end = if text.contains(&b'\n') || !text.contains(&b'\r') {
            b'\n'
        } else {
            b'\r'
        };
        let mut shown = Vec::with_capacity(body.len());
        for line in text.split_inclusive(|byte| *byte == line_end) {
            let without = line.strip_suffix(&[line_end]).unwrap_or(line);
            let text = if line_end == b'\n' {
                without.strip_suffix(b"\r").unwrap_or(without)
            } else {
                without
            };
            shown.extend(self.line(text));
            shown.extend_from_slice(line.get(text.len()..).unwrap_or_default());
        }
        shown.extend_from_slice(blanks);
        shown
    }

    fn line(&self, line: &[u8]) -> Vec<u8> {
        if line.trim_ascii().is_empty() {
            return line.to_vec();
        }
        if line.len() > LONGEST_LINE {
            return vec![b'x'; LONGEST_LINE + 1];
        }
        let [kind, b'=', value @ ..] = line else {
            return UNREADABLE.to_vec();
        };
        if !kind.is_ascii_alphabetic() {
            return UNREADABLE.to_vec();
        }
        let value = match kind {
            b'v' | b't' => words(value)
                .into_iter()
                .map(number)
                .collect::<Vec<_>>()
                .join(&b' '),
            b'o' => self.origin(value),
            b'c' => self.connection(value),
            b'm' => self.media(value),
            b'b' => bandwidth(value),
            b'a' => self.attribute(value),
            b's' if std::str::from_utf8(value).is_err() => vec![0xFF],
            _ => b"-".to_vec(),
        };
        [&[*kind, b'='], &value[..]].concat()
    }

    /// The session id stays one number, and its version another: a change of the session shows in them.
    fn origin(&self, value: &[u8]) -> Vec<u8> {
        let words = words(value);
        let Some((user, [id, version, network, kind, address])) = words.split_last_chunk::<5>()
        else {
            return UNREADABLE.to_vec();
        };
        let user = user.join(&b' ');
        if user.is_empty() {
            return UNREADABLE.to_vec();
        }
        let user = if user == b"-" {
            user
        } else {
            [b"u-", &self.user(&user)[..]].concat()
        };
        let address = self.connection_address(address);
        let parts = [
            user,
            self.id(id),
            self.id(version),
            self.listed(network, NETWORKS),
            self.listed(kind, NETWORKS),
            address,
        ];
        parts.join(&b' ')
    }

    fn id(&self, id: &[u8]) -> Vec<u8> {
        if !is_number(id) {
            return self.token(id);
        }
        let hash = self.secret.hash("session", id);
        let id = id.get(..id.len().min(32)).unwrap_or(id);
        let digit = |(place, original): (usize, &u8)| match hash.get(place) {
            // No zero is lost or gained in front.
            Some(byte) if place > 0 => b'0' + byte % 10,
            Some(byte) if *original != b'0' => b'1' + byte % 9,
            _ => *original,
        };
        let is_long = id.len() > 4;
        if is_long {
            id.iter().enumerate().map(digit).collect()
        } else {
            id.to_vec()
        }
    }

    fn connection(&self, value: &[u8]) -> Vec<u8> {
        let words = words(value);
        let Some(([network, kind, written], _)) = words.split_first_chunk::<3>() else {
            return UNREADABLE.to_vec();
        };
        let mut parts = written.split(|&byte| byte == b'/');
        let address = parts.next().unwrap_or_default();
        if address.is_empty() {
            return UNREADABLE.to_vec();
        }
        let mut shown = [
            self.listed(network, NETWORKS),
            self.listed(kind, NETWORKS),
            self.connection_address(address),
        ]
        .join(&b' ');
        for part in parts {
            shown.push(b'/');
            shown.extend(number(part));
        }
        shown
    }

    fn media(&self, value: &[u8]) -> Vec<u8> {
        let words = words(value);
        let Some(([media, port, proto], formats)) = words.split_first_chunk::<3>() else {
            return UNREADABLE.to_vec();
        };
        let port: Vec<Vec<u8>> = port.splitn(2, |&byte| byte == b'/').map(number).collect();
        let mut shown = vec![self.words(media), port.join(&b'/'), self.words(proto)];
        shown.extend(formats.iter().map(|format| self.words(format)));
        shown.join(&b' ')
    }

    fn attribute(&self, value: &[u8]) -> Vec<u8> {
        let colon = value.iter().position(|&byte| byte == b':');
        let (name, value) = value.split_at(colon.unwrap_or(value.len()));
        let name = name.trim_ascii();
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        if name.is_empty() {
            return if colon.is_some() {
                b":".to_vec()
            } else {
                name.to_vec()
            };
        }
        let shown = if is_listed(name, ENCODINGS) {
            self.words(value)
        } else if is_listed(name, WORDS) {
            self.listed(value, ATTRIBUTE_WORDS)
        } else if is("mid") {
            self.label(value)
        } else if is("group") {
            self.group(&words(value))
        } else if is("crypto") {
            self.crypto(value)
        } else if is("candidate") {
            self.candidate(value)
        } else if is("fingerprint") {
            self.fingerprint(value)
        } else if is("ice-ufrag") {
            self.key(value)
        } else if is("ice-pwd") {
            if value.starts_with(LEFT_OUT.as_bytes()) {
                LEFT_OUT.into()
            } else {
                self.key(value)
            }
        } else if is("rtcp") {
            self.rtcp(value)
        } else {
            Vec::new()
        };
        let lists = [ENCODINGS, WORDS, READ, OTHER_ATTRIBUTES];
        let mut all = if lists.iter().any(|list| is_listed(name, list)) {
            name.to_vec()
        } else {
            self.no_word(name)
        };
        if colon.is_some() && !shown.is_empty() {
            all.push(b':');
            all.extend(shown);
        }
        all
    }

    /// Tag, suite and session parameters stay; each key becomes another that is as good.
    fn crypto(&self, value: &[u8]) -> Vec<u8> {
        let mut shown = Vec::new();
        let mut from = 0;
        for key in keys(value) {
            if key.start < from {
                continue;
            }
            shown.extend(self.between(value.get(from..key.start).unwrap_or_default()));
            let rest = value.get(key.start..).unwrap_or_default();
            if rest.starts_with(LEFT_OUT.as_bytes()) {
                shown.extend_from_slice(LEFT_OUT.as_bytes());
                from = key.start + LEFT_OUT.len();
            } else {
                shown.extend(self.key(value.get(key.clone()).unwrap_or_default()));
                from = key.end;
            }
        }
        shown.extend(self.between(value.get(from..).unwrap_or_default()));
        shown
    }

    /// What stands around keys: the method, lifetimes, and words. A word that is none may be a key without its method.
    fn between(&self, text: &[u8]) -> Vec<u8> {
        let divides = |byte: u8| b" \t:|;^=".contains(&byte);
        let is_safe = |word: &[u8]| word.len() <= 8 || word.contains(&b'_') && word.len() <= 64;
        let mut shown = Vec::with_capacity(text.len());
        for part in text.chunk_by(|a, b| divides(*a) == divides(*b)) {
            if part.first().is_some_and(|byte| divides(*byte)) {
                shown.extend_from_slice(part);
            } else if is_number(part) && part.len() > 6 && part.len() < 10 {
                // A tag that is as good: nobody has a million of them.
                shown.push(b'1');
            } else if is_safe(part) {
                shown.extend(self.word(part));
            } else {
                shown.extend_from_slice(UNREADABLE);
            }
        }
        shown
    }

    /// Signs of Base64 become other ones, and what is none stays none: as many bytes, as readable.
    fn key(&self, key: &[u8]) -> Vec<u8> {
        const SIGNS: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut shown = Vec::with_capacity(key.len());
        for (block, signs) in key.chunks(32).enumerate() {
            let seed = [&block.to_be_bytes()[..], key].concat();
            let hash = self.secret.hash("key", &seed);
            shown.extend(signs.iter().zip(hash).map(|(sign, byte)| match sign {
                b'=' => b'=',
                sign if SIGNS.contains(sign) => SIGNS[usize::from(byte % 64)],
                _ => b'!',
            }));
        }
        shown
    }

    fn candidate(&self, value: &[u8]) -> Vec<u8> {
        let words = words(value);
        let Some(([foundation, component, transport, priority, address, port], rest)) =
            words.split_first_chunk::<6>()
        else {
            return UNREADABLE.to_vec();
        };
        let foundation = if foundation.len() <= 3 && is_number(foundation) {
            foundation.to_vec()
        } else {
            self.token(foundation)
        };
        let mut shown = vec![
            foundation,
            number(component),
            self.listed(transport, CANDIDATE_WORDS),
            number(priority),
            self.host(address),
            number(port),
        ];
        for pair in rest.chunks(2) {
            let (name, value) = (
                pair.first().copied().unwrap_or_default(),
                pair.get(1).copied(),
            );
            shown.push(self.listed(name, CANDIDATE_WORDS));
            let is = |known| is_listed(name, known);
            shown.extend(value.map(|value| {
                if is("raddr") {
                    self.host(value)
                } else if is("typ tcptype rport generation network-id network-cost") {
                    self.listed(value, CANDIDATE_WORDS)
                } else {
                    self.token(value)
                }
            }));
        }
        shown.join(&b' ')
    }

    fn fingerprint(&self, value: &[u8]) -> Vec<u8> {
        let words = words(value);
        let Some(([algorithm, hash], _)) = words.split_first_chunk::<2>() else {
            return UNREADABLE.to_vec();
        };
        let bytes = hash.split(|&byte| byte == b':').count();
        let stand_in = self.secret.hash("fingerprint", hash);
        let stand_in: Vec<String> = stand_in
            .iter()
            .take(bytes)
            .map(|byte| format!("{byte:02X}"))
            .collect();
        [
            &self.listed(algorithm, HASHES)[..],
            b" ",
            stand_in.join(":").as_bytes(),
        ]
        .concat()
    }

    fn rtcp(&self, value: &[u8]) -> Vec<u8> {
        let words = words(value);
        let Some((port, rest)) = words.split_first() else {
            return UNREADABLE.to_vec();
        };
        let mut shown = number(port);
        let address = rest.join(&b' ');
        if rest.len() > 2 {
            shown.push(b' ');
            shown.extend(self.connection(&address));
        }
        shown
    }
}

fn bandwidth(value: &[u8]) -> Vec<u8> {
    let mut parts = value.splitn(2, |&byte| byte == b':');
    let (kind, bits) = (parts.next().unwrap_or_default(), parts.next());
    let is_kind = is_listed(kind, BANDWIDTHS);
    match bits.map(<[u8]>::trim_ascii) {
        Some(bits) if is_kind => [kind, b":", &number(bits)].concat(),
        Some(bits) => [b"X:", &number(bits)[..]].concat(),
        None => UNREADABLE.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prop_assert_eq;
    use proptest::proptest;

    use super::LEFT_OUT;
    use super::Redaction;
    use crate::call::OfferUnderTest;
    use crate::report::offer_facts::offer_facts;
    use crate::report::row::OfferFacts;
    use crate::report::row::OfferIn;
    use crate::sdp::SessionDescription;

    const KEY: &str = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";

    /// What a description tells, but for its addresses.
    fn told(body: &[u8]) -> (Option<OfferFacts<'static>>, Vec<bool>) {
        let description = SessionDescription::parse(body);
        let mut tells = vec![description.is_malformed(), description.is_unreadable()];
        for media in &description.media {
            tells.push(media.is_live());
            tells.extend(media.crypto.iter().map(crate::sdp::Crypto::is_usable));
            let connection = description.connection_of(media);
            tells.extend(connection.map(crate::sdp::ConnectionData::is_unspecified));
            tells.push(media.duplicate_payload_types().is_empty());
        }
        let facts = offer_facts(&OfferUnderTest::Whole(description), OfferIn::Invite);
        let facts = facts.map(|facts| OfferFacts {
            offer_in: facts.offer_in,
            media: facts.media.into_owned(),
            codecs: facts.codecs.into_owned(),
            codecs_unsupported: facts.codecs_unsupported.into_owned(),
            srtp: facts.srtp,
            crypto_suites: facts.crypto_suites.into_owned(),
            ice: facts.ice,
            ice_candidates: facts.ice_candidates,
            connection_address: crate::text::Text::default(),
        });
        (facts, tells)
    }

    fn made(body: &str) -> String {
        String::from_utf8(Redaction::sample().sdp(body.as_bytes())).unwrap()
    }

    #[test]
    fn a_key_becomes_another_that_is_as_good_and_one_that_is_left_out_stays_so() {
        let shown = made(&format!(
            "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^20|1:4 FEC_ORDER=FEC_SRTP\r\n"
        ));
        assert!(
            !shown.contains(KEY) && shown.ends_with("|2^20|1:4 FEC_ORDER=FEC_SRTP\r\n"),
            "{shown}"
        );
        let left_out = format!(
            "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{LEFT_OUT}|2^20\r\na=ice-pwd:{LEFT_OUT}\r\n"
        );
        assert_eq!(made(&left_out), left_out);
    }

    #[test]
    fn nothing_is_left_of_who_and_where() {
        let shown = made(
            "v=0\r\no=alice 2890844526 2890844527 IN IP4 pbx.contoso.example\r\ns=Call of Alice\r\ne=alice@contoso.example\r\n\
             c=IN IP4 198.51.100.7\r\nt=0 0\r\nm=audio 49170 RTP/SAVP 8\r\na=candidate:2089 1 UDP 2130706431 a1b2.local 5 typ srflx raddr 10.1.2.3 rport 9\r\n\
             a=rtcp:49171 IN IP4 198.51.100.7\r\na=ssrc:1 cname:alice@pbx\r\na=fingerprint:sha-256 AA:BB:CC\r\na=X-site:Berlin\r\nk=clear:secret\r\n",
        );
        for gone in [
            "alice",
            "Alice",
            "contoso",
            "198.51",
            "10.1.2.3",
            "2089 ",
            "a1b2",
            "AA:BB",
            "Berlin",
            "X-site",
            "secret",
            "2890844526",
        ] {
            assert!(!shown.contains(gone), "{gone} in {shown}");
        }
        for stays in [
            "m=audio 49170 RTP/SAVP 8\r\n",
            " 1 UDP 2130706431 ",
            " 5 typ srflx raddr 10.",
            "a=ssrc\r\n",
            "a=rtcp:49171 IN IP4 ",
        ] {
            assert!(shown.contains(stays), "{stays} not in {shown}");
        }
    }

    #[test]
    fn no_word_stays_that_no_protocol_has() {
        let shown = made(
            "v=0\r\nb=Alice:64\r\nm=audio 9 RTP/SAVP 8\r\na=Wonderland\r\na=mid:Rabbit\r\na=group:LS Queen Rabbit\r\na=ice-options:Caterpillar trickle\r\n\
             a=candidate:Cat 1 Hare 1 192.0.2.1 5 typ Duchess\r\na=setup:Hatter\r\na=ptime:20\r\n",
        );
        for gone in [
            "Alice",
            "Wonderland",
            "Rabbit",
            "Queen",
            "Caterpillar",
            "Cat ",
            "Hare",
            "Duchess",
            "Hatter",
        ] {
            assert!(!shown.contains(gone), "{gone} in {shown}");
        }
        let mid = String::from_utf8(Redaction::sample().label(b"Rabbit")).unwrap();
        assert_eq!(
            shown.matches(&mid).count(),
            2,
            "a group still names its medium: {shown}"
        );
        assert!(
            shown.contains(" trickle\r\n") && shown.contains("a=ptime:20\r\n"),
            "{shown}"
        );
    }

    proptest! {
        #[test]
        fn a_description_made_anew_tells_the_same(
            lines in proptest::collection::vec(proptest::sample::select(vec![
                "v=0", "v=1", "o=- 7 8 IN IP4 192.0.2.1", "o=a b 12345678 8 IN IP4 host", "o=x", "s=-", "s=\u{fc}",
                "c=IN IP4 192.0.2.1", "c=IN IP4", "c=IN IP6 2001:db8::1", "c=IN IP4 0.0.0.0", "c=IN IP4 000.000.000.000",
                "c=IN IP4 300.1.1.1", "c=IN IP4 pbx.example", "c=IN IP6 ::1%eth0", "t=0 0", "t=x", "m=audio 4000 RTP/SAVP 8 101",
                "m=audio 0 RTP/AVP 8", "m=audio 4000/2 RTP/AVP 96 96", "m=audio", "m=audio x RTP/AVP 8", "m=audio 70000 RTP/AVP 8",
                "m=image 9 udptl t38", "m=audio 00000000000 RTP/AVP 0", "a=rtpmap:96 opus/48000/2", "a=rtpmap:8 PCMA/8000",
                "a=rtpmap:101 telephone-event/8000", "a=rtpmap:96", "a=rtpmap:97 sbc.example.org/8000",
                "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^31",
                "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAA", "a=crypto:1 AES_CM_128_HMAC_SHA1_32 inline:***",
                "a=crypto:1 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz", "a=crypto:12345678 X_Y inline:", "a=crypto:",
                "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz UNENCRYPTED_SRTP",
                "a=crypto:1 AES_12345678_X inline:AAAA", "a=candidate:1 1 UDP 1 192.0.2.1 5 typ host", "a=candidate:", "a=candidate",
                "a=ice-lite", "a=fingerprint:sha-1 AA", "a=fingerprint:", "a=fingerprint", "a=sendonly", "a=:x", "a=", "b=AS:64",
                "b=x", "k=clear:x", "x", "", "1=2",
            ]), 0..16),
            end in proptest::sample::select(vec!["\r\n", "\n", "\r"]),
        ) {
            let body = lines.join(end) + end;
            let redaction = Redaction::sample();
            let (mut facts, tells) = told(body.as_bytes());
            if let Some(facts) = &mut facts {
                redaction.offer(facts);
            }
            prop_assert_eq!(told(&redaction.sdp(body.as_bytes())), (facts, tells));
        }

        #[test]
        fn any_bytes_do_no_harm(body: Vec<u8>) {
            Redaction::sample().sdp(&body);
        }
    }
}
