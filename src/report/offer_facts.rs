//! The columns that describe an offer.

use crate::call::OfferUnderTest;
use crate::diagnosis::codec;
use crate::sdp::Codec;
use crate::sdp::MediaDescription;
use crate::sdp::SessionDescription;
use crate::text::Text;

use super::row::Ice;
use super::row::OfferFacts;
use super::row::OfferIn;
use super::row::Srtp;

/// Values kept of a list column at most.
const LISTED: usize = 64;

/// Room for what is told of the streams: `audio RTP/SAVP`.
const USUAL_MEDIA: usize = 32;

/// What the CSV tells of an offer. None where it is not in the capture; of a cut offer, what is there.
pub fn offer_facts<'a>(offer: &OfferUnderTest<'a>, carried_in: OfferIn) -> Option<OfferFacts<'a>> {
    match offer {
        OfferUnderTest::Nothing => Some(OfferFacts {
            offer_in: OfferIn::None,
            ..OfferFacts::default()
        }),
        OfferUnderTest::Whole(description) => Some(facts(description, carried_in, true)),
        OfferUnderTest::Cut(Some(description)) => Some(facts(description, carried_in, false)),
        OfferUnderTest::Cut(None) | OfferUnderTest::Missing => None,
    }
}

/// Of a cut offer the columns that say "none" or count stay empty: absence is not proven.
fn facts<'a>(
    description: &SessionDescription<'a>,
    offer_in: OfferIn,
    is_whole: bool,
) -> OfferFacts<'a> {
    let live: Vec<_> = description
        .media
        .iter()
        .filter(|media| media.is_live())
        .take(LISTED)
        .collect();
    let audio = || live.iter().filter(|media| codec::is_audio(media));
    let codecs: Vec<Codec<'a>> = audio().flat_map(|media| media.codecs()).collect();
    let candidates = description.candidates();
    let connection = audio()
        .next()
        .and_then(|media| description.connection_of(media));
    let mut media = Vec::with_capacity(USUAL_MEDIA);
    for stream in &live {
        let separator: &[u8] = if media.is_empty() { b"" } else { b";" };
        for part in [separator, stream.media, b" ", stream.proto] {
            media.extend_from_slice(part);
        }
    }
    OfferFacts {
        offer_in,
        media: Text::from(media),
        codecs: names(&codecs, |_| true),
        codecs_unsupported: unsupported(&codecs),
        srtp: Some(srtp(description, &live)).filter(|srtp| is_whole || *srtp != Srtp::None),
        crypto_suites: suites(&live),
        ice: Some(ice(description)).filter(|ice| is_whole || *ice != Ice::None),
        ice_candidates: u32::try_from(candidates).ok().filter(|_| is_whole),
        connection_address: connection
            .map(|connection| Text::from(connection.address))
            .unwrap_or_default(),
    }
}

/// A list in one text, as the CSV writes it.
fn joined<'a>(list: &[&'a [u8]]) -> Text<'a> {
    match list {
        [] => Text::default(),
        [only] => Text::from(*only),
        several => Text::from(several.join(&b';')),
    }
}

/// Encoding names in order, each once. A payload type without rtpmap has none.
fn names<'a>(codecs: &[Codec<'a>], is_wanted: impl Fn(&Codec<'_>) -> bool) -> Text<'a> {
    let mut names: Vec<&'a [u8]> = Vec::new();
    let wanted = codecs.iter().filter(|codec| is_wanted(codec));
    for name in wanted.filter_map(|codec| codec.name) {
        let is_listed = names.iter().any(|listed| listed.eq_ignore_ascii_case(name));
        if !is_listed && names.len() < LISTED {
            names.push(name);
        }
    }
    joined(&names)
}

/// The speech codecs of which no clock rate is supported.
fn unsupported<'a>(codecs: &[Codec<'a>]) -> Text<'a> {
    let is_wanted = |codec: &Codec<'_>| codec::is_speech(codec) && !codec::is_supported(codec);
    let is_name_supported = |name: &[u8]| {
        codecs.iter().any(|codec| {
            codec
                .name
                .is_some_and(|other| other.eq_ignore_ascii_case(name))
                && codec::is_supported(codec)
        })
    };
    names(codecs, |codec| {
        is_wanted(codec) && !codec.name.is_some_and(is_name_supported)
    })
}

fn srtp(description: &SessionDescription<'_>, live: &[&MediaDescription<'_>]) -> Srtp {
    let sdes = live.iter().any(|media| !media.crypto.is_empty());
    let dtls = live
        .iter()
        .any(|media| description.fingerprint_of(media).is_some());
    match (sdes, dtls) {
        (false, false) => Srtp::None,
        (true, false) => Srtp::Sdes,
        (false, true) => Srtp::Dtls,
        (true, true) => Srtp::SdesAndDtls,
    }
}

fn suites<'a>(live: &[&MediaDescription<'a>]) -> Text<'a> {
    let mut suites: Vec<&'a [u8]> = Vec::new();
    for crypto in live.iter().flat_map(|media| &media.crypto) {
        if !suites.contains(&crypto.suite) && suites.len() < LISTED {
            suites.push(crypto.suite);
        }
    }
    joined(&suites)
}

fn ice(description: &SessionDescription<'_>) -> Ice {
    match (description.candidates(), description.ice_lite()) {
        (0, _) => Ice::None,
        (_, true) => Ice::Lite,
        (_, false) => Ice::Full,
    }
}
