//! Words of protocols: where one may stand, one of these stays, and every other is replaced.

use crate::trunk::teams::address_in;

use super::Redaction;
use super::names::divides;

/// Words that may stand in a place, with blanks between them.
pub(super) type Vocabulary = &'static str;

/// Signs of a number of a protocol, a version, a day or a time at most.
const SIGNS_OF_A_NUMBER: usize = 8;

/// Digits of the number of a label at most.
const DIGITS_OF_A_LABEL: usize = 2;

/// Methods (RFC 3261 and what registered more), and what stands beside them.
pub(super) const METHODS: Vocabulary = "\
    ACK BYE CANCEL INFO INVITE MESSAGE NOTIFY OPTIONS PRACK PUBLISH REFER REGISTER SUBSCRIBE UPDATE SERVICE \
    BENOTIFY *";

/// Option tags (RFC 3261 §27.1 and their registry), and those of Microsoft.
pub(super) const OPTION_TAGS: Vocabulary = "\
    100rel 199 answermode early-session eventlist explicitsub from-change geolocation-http geolocation-sip gin \
    gruu histinfo ice join multiple-refer norefersub nosub outbound path policy precondition pref privacy \
    recipient-list-invite recipient-list-message recipient-list-subscribe record-aware replaces \
    resource-priority sdp-anat sec-agree siprec tdialog timer trickle-ice uui ms-early-media ms-safe-transfer \
    ms-sender ms-dialog-route-set-update gruu-10 ms-forking ms-conf-invite ms-bypass ms-delayed-accept \
    com.nortelnetworks.firewall x-cisco-srtp-fallback x-cisco-original-called sip-cc sipvc sip-cc-01";

/// Event and info packages, and their states.
pub(super) const EVENTS: Vocabulary = "\
    refer presence winfo dialog message-summary reg conference kpml hold talk keep-alive call-info line-seize \
    as-feature-event ua-profile vq-rtcpxr check-sync calling-name include-session-description telephone-event \
    dtmf uui id active pending terminated expires reason retry-after noresource timeout giveup deactivated \
    rejected probation invariant";

/// Media types, their parameters, dispositions and encodings of bodies.
pub(super) const TYPES: Vocabulary = "\
    application audio image message multipart text video * sdp isup qsig gtd dtmf dtmf-relay media_control+xml \
    pidf+xml dialog-info+xml simple-message-summary sipfrag resource-lists+xml rs-metadata+xml reginfo+xml \
    conference-info+xml x-dtmf-relay hookflash broadsoft csta+xml cpl+xml sip plain html mixed alternative \
    related form-data rlmi+xml cpim x-private vnd.etsi.mcid+xml vnd.3gpp.cw+xml vnd.3gpp.ussd \
    vnd.radisys.msml+xml ms-conf-sharing q level charset utf-8 version base nxv3 itu-t92+ ansi88 session render \
    icon alert early-session aib info-package recording-session handling optional required identity gzip deflate \
    compress";

/// Privacy (RFC 3323, RFC 3325), early media (RFC 5009), answer modes (RFC 5373), dispositions of requests (RFC 3841),
/// priorities (RFC 3261 §20.26).
pub(super) const PRIVACY: Vocabulary =
    "none header session user critical id history off full name uri";
pub(super) const EARLY_MEDIA: Vocabulary = "supported sendrecv sendonly recvonly inactive gated";
pub(super) const ANSWER_MODES: Vocabulary = "manual auto require";
pub(super) const DISPOSITIONS: Vocabulary = "proxy redirect cancel no-cancel fork no-fork recurse no-recurse parallel sequential queue no-queue";
pub(super) const PRIORITIES: Vocabulary = "emergency urgent normal non-urgent psap-callback";

/// Days and months (RFC 3261 §20.17).
pub(super) const DATES: Vocabulary =
    "mon tue wed thu fri sat sun jan feb mar apr may jun jul aug sep oct nov dec gmt";

/// What stands behind the numbers of Session-Expires, RAck and Retry-After: methods, and parameters.
pub(super) const BEHIND_NUMBERS: Vocabulary = "refresher uac uas duration ACK BYE INVITE PRACK UPDATE NOTIFY SUBSCRIBE INFO OPTIONS MESSAGE REFER REGISTER";

/// Protocols of Reason (RFC 3326 and its registry).
pub(super) const REASONS: Vocabulary =
    "SIP Q.850 Preemption STIR TEL EMM S1AP-RNL RELEASE_CAUSE FAILURE_CAUSE FreeTDM X.int";

/// Names of what ids have beside them (RFC 7315, RFC 7433, RFC 7989).
pub(super) const ID_NAMES: Vocabulary = "\
    icid-value icid-generated-at orig-ioi term-ioi transit-ioi related-icid encoding purpose content remote \
    logme";

/// Schemes of URIs, besides SIP's and `tel`.
pub(super) const SCHEMES: Vocabulary = "http https im pres mailto urn h323 xmpp cid data";

/// Types of networks, addresses and bandwidths (RFC 8866 §8.2), algorithms of fingerprints (RFC 8122 §5).
pub(super) const NETWORKS: Vocabulary = "IN IP4 IP6 TN ATM PSTN E164";
pub(super) const BANDWIDTHS: Vocabulary = "CT AS TIAS RS RR";
pub(super) const HASHES: Vocabulary = "sha-1 sha-224 sha-256 sha-384 sha-512 md5";

/// Transports of hops.
pub(super) const TRANSPORTS: Vocabulary = "udp tcp tls sctp tls-sctp tls-tcp ws wss";

/// What candidates say besides addresses and numbers (RFC 8839 §5.1).
pub(super) const CANDIDATE_WORDS: Vocabulary = "\
    udp tcp tcp-act tcp-pass tcp-so ssltcp tls typ host srflx prflx relay raddr rport tcptype active passive so \
    generation ufrag network-id network-cost";

/// Of parameters that are numbers or switches.
pub(super) const NUMBERS: Vocabulary = "on true yes no";

/// Parameters of URIs, addresses and hops with the words that may be their values.
const PARAMS: [(&str, Vocabulary); 24] = [
    ("transport", TRANSPORTS),
    ("user", "phone ip dialstring"),
    ("method", METHODS),
    (
        "reason",
        "unknown user-busy no-answer unavailable unconditional time-of-day do-not-disturb deflection follow-me \
     out-of-service away",
    ),
    ("privacy", PRIVACY),
    ("screen", NUMBERS),
    ("party", "calling called connected redirecting original"),
    ("id-type", "subscriber user term"),
    ("refresher", "uac uas"),
    (
        "cpc",
        "ordinary test operator payphone unknown prison police hospital cellular cellular-roaming ieps priority data \
     hotel",
    ),
    ("lr", NUMBERS),
    ("ttl", NUMBERS),
    ("ob", NUMBERS),
    ("alias", NUMBERS),
    ("rport", NUMBERS),
    ("q", NUMBERS),
    ("expires", NUMBERS),
    ("reg-id", NUMBERS),
    ("index", NUMBERS),
    ("counter", NUMBERS),
    ("cause", NUMBERS),
    ("limit", NUMBERS),
    ("keep", NUMBERS),
    ("npdi", NUMBERS),
];

/// Parameters whose values are replaced, and whose names stay.
const OTHER_PARAMS: Vocabulary = "\
    branch tag received maddr phone-context trunk-context source rn tgrp dtg otg x-i x-c x-s sag isub ext postd \
    cic rn-context gr opaque gruu epid ms-opaque ms-received-port ms-received-cid comp sigcomp-id rc mp np noa \
    oli isup-oli +sip.instance +sip.rendering methods audio video text automata isfocus early-only from-tag \
    to-tag call-id did hop l nat ftag i dest line rinstance verstat bnc access-type aai ca iotl text-context";

/// What attributes of a session description have for values, but for encodings and labels.
pub(super) const ATTRIBUTE_WORDS: Vocabulary = "\
    trickle renomination rtp+ecn ice2 google-ice active passive actpass holdconn new existing on off - g711 \
    custom transferredTCF localTCF t38UDPRedundancy t38UDPFEC t38UDPNoEC nack pli sli rpsi ack app ccm fir tmmbr \
    tstr vbcm trr-int transport-cc goog-remb goog-lntf x-message send recv *";

/// Attributes whose values are left out, and whose names stay.
pub(super) const OTHER_ATTRIBUTES: Vocabulary = "\
    ssrc ssrc-group msid msid-semantic extmap extmap-allow-mixed label content lang sdplang tool type cat keywds \
    charset framerate quality orient cname rtcp-xr rtcp-mux-only remote-candidates ice-mismatch ice-pacing curr \
    des conf key-mgmt zrtp-hash pcfg acfg tcap acap csup creq sqn cdsc cpar cparmin cparmax sctp-port \
    max-message-size sctpmap tls-id dtls-id identity bundle-only rid simulcast imageattr maxprate \
    T38FaxFillBitRemoval T38FaxTranscodingMMR T38FaxTranscodingJBIG T38FaxMaxBuffer T38FaxMaxDatagram \
    T38FaxMaxIFP T38VendorInfo x-candidate-info x-ssrc-range x-caps x-media-bw x-source-streamid x-devicecaps \
    x-bypass x-data-protocol x-mediasettings x-signaling-fb x-candidate-ipv6 encryption cryptoscale record \
    recordpref floorctrl confid userid nortpproxy direction oldmediaip sendrec X-cap X-sqn X-cpar";

/// How media may be grouped (RFC 5888 and its registry).
const GROUPS: Vocabulary = "BUNDLE LS FID ANAT CS SRF DDP DUP FEC-FR";

/// Labels that media are given by what they are.
const LABELS: Vocabulary = "audio video data image text application main-audio";

/// True for a word that is listed, in whatever case.
pub(super) fn is_listed(word: &[u8], words: Vocabulary) -> bool {
    let mut words = words.split_ascii_whitespace();
    words.any(|known| word.eq_ignore_ascii_case(known.as_bytes()))
}

/// A number, a version, a time: digits with signs between them.
fn is_number(word: &[u8]) -> bool {
    let is_of_one = |byte: &u8| byte.is_ascii_digit() || b".:".contains(byte);
    word.len() <= SIGNS_OF_A_NUMBER
        && word.iter().all(is_of_one)
        && super::names::longest(word, u8::is_ascii_digit) < super::names::DIGITS_OF_A_NUMBER
        && address_in(word).is_none()
}

/// A language, perhaps with a region: `en`, `de-CH` (RFC 5646).
fn is_language(word: &[u8]) -> bool {
    let mut parts = word.split(|&byte| byte == b'-');
    let is_tag =
        |part: &[u8]| matches!(part.len(), 2 | 3) && part.iter().all(u8::is_ascii_alphabetic);
    let is_first = parts.next().is_some_and(is_tag);
    is_first && parts.next().is_none_or(is_tag) && parts.next().is_none()
}

impl Redaction {
    /// Words between signs that divide them: what is listed stays, and numbers.
    pub(super) fn listed(&self, written: &[u8], words: Vocabulary) -> Vec<u8> {
        self.each_word(written, |word| is_listed(word, words) || is_number(word))
    }

    /// Languages, each perhaps with its weight.
    pub(super) fn languages(&self, written: &[u8]) -> Vec<u8> {
        let is_one =
            |word: &[u8]| is_language(word) || is_number(word) || word == b"q" || word == b"*";
        self.each_word(written, is_one)
    }

    fn each_word(&self, written: &[u8], stays: impl Fn(&[u8]) -> bool) -> Vec<u8> {
        let mut shown = Vec::with_capacity(written.len());
        for part in written.chunk_by(|a, b| divides(*a) == divides(*b)) {
            if part.first().is_some_and(|byte| divides(*byte)) || stays(part) {
                shown.extend_from_slice(part);
            } else {
                shown.extend(self.no_word(part));
            }
        }
        shown
    }

    /// What stands in the place of a word that is not listed.
    pub(super) fn no_word(&self, word: &[u8]) -> Vec<u8> {
        format!("x{}", self.secret.hex("word", word, 8)).into_bytes()
    }

    /// The name of a parameter.
    pub(super) fn param_name(&self, name: &[u8]) -> Vec<u8> {
        if is_listed(name, OTHER_PARAMS) || words_of(name).is_some() {
            name.to_vec()
        } else {
            self.no_word(name)
        }
    }

    /// The value of a parameter that has a word or a number for one.
    pub(super) fn param_word(&self, name: &[u8], value: &[u8]) -> Option<Vec<u8>> {
        Some(self.listed(value, words_of(name)?))
    }

    /// How a medium is called among those of its description: the same wherever it is.
    pub(super) fn label(&self, label: &[u8]) -> Vec<u8> {
        let is_place = label.len() <= DIGITS_OF_A_LABEL && label.iter().all(u8::is_ascii_digit);
        if is_place || is_listed(label, LABELS) {
            label.to_vec()
        } else {
            self.token(label)
        }
    }

    /// Which media belong together, and how.
    pub(super) fn group(&self, words: &[&[u8]]) -> Vec<u8> {
        let mut shown = Vec::new();
        for (place, word) in words.iter().enumerate() {
            shown.push(if place == 0 {
                self.listed(word, GROUPS)
            } else {
                self.label(word)
            });
        }
        shown.join(&b' ')
    }
}

fn words_of(name: &[u8]) -> Option<Vocabulary> {
    let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
    let (_, words) = PARAMS.iter().find(|(known, _)| is(known))?;
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::ATTRIBUTE_WORDS;
    use super::DATES;
    use super::OPTION_TAGS;
    use super::TYPES;
    use crate::report::redact::Redaction;

    fn text(bytes: Vec<u8>) -> String {
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn what_is_listed_stays_with_numbers_and_times_and_nothing_else_does() {
        let redaction = Redaction::sample();
        for (words, list) in [
            ("100rel, Timer, replaces", OPTION_TAGS),
            ("Mon, 02 Mar 2026 09:00:00 GMT", DATES),
            ("application/sdp;q=0.7, */*", TYPES),
            ("97 nack pli", ATTRIBUTE_WORDS),
        ] {
            assert_eq!(text(redaction.listed(words.as_bytes(), list)), words);
        }
        for words in ["Liddell", "10.1.2.3", "1234567", "10::1", "timer2 Rabbit"] {
            let shown = text(redaction.listed(words.as_bytes(), OPTION_TAGS));
            for word in words.split(' ') {
                assert!(!shown.contains(word), "{word} in {shown}");
            }
        }
    }

    #[test]
    fn a_language_is_two_or_three_letters_with_its_region() {
        let redaction = Redaction::sample();
        let shown = |words: &str| text(redaction.languages(words.as_bytes()));
        assert_eq!(shown("de-CH, en;q=0.8, *"), "de-CH, en;q=0.8, *");
        for word in ["Cheshire", "en-Cheshire", "de-CH-Bob"] {
            assert!(!shown(word).contains(word), "{word}");
        }
    }

    #[test]
    fn a_group_names_its_media_as_they_are_named() {
        let redaction = Redaction::sample();
        let shown = text(redaction.group(&[b"BUNDLE", b"0", b"audio", b"Rabbit"]));
        let rabbit = text(redaction.label(b"Rabbit"));
        assert_eq!(shown, format!("BUNDLE 0 audio {rabbit}"));
        assert!(!rabbit.contains("Rabbit"));
    }
}
