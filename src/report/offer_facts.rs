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

/// What the CSV tells of an offer. None where it is not in the capture; of a cut offer, what is there.
pub fn offer_facts(offer: &OfferUnderTest<'_>, carried_in: OfferIn) -> Option<OfferFacts> {
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
fn facts(description: &SessionDescription<'_>, offer_in: OfferIn, is_whole: bool) -> OfferFacts {
    let live: Vec<_> = description
        .media
        .iter()
        .filter(|media| media.is_live())
        .take(LISTED)
        .collect();
    let audio: Vec<_> = live
        .iter()
        .copied()
        .filter(|media| codec::is_audio(media))
        .collect();
    let codecs: Vec<Codec<'_>> = audio.iter().flat_map(|media| media.codecs()).collect();
    let candidates = description.candidates();
    OfferFacts {
        offer_in,
        media: live
            .iter()
            .map(|media| Text::from([media.media, b" ", media.proto].concat()))
            .collect(),
        codecs: names(&codecs, |_| true),
        codecs_unsupported: unsupported(&codecs),
        srtp: Some(srtp(description, &live)).filter(|srtp| is_whole || *srtp != Srtp::None),
        crypto_suites: suites(&live),
        ice: Some(ice(description)).filter(|ice| is_whole || *ice != Ice::None),
        ice_candidates: u32::try_from(candidates).ok().filter(|_| is_whole),
        connection_address: connection_address(description, &audio),
    }
}

/// Encoding names in order, each once. A payload type without rtpmap has none.
fn names(codecs: &[Codec<'_>], is_wanted: impl Fn(&Codec<'_>) -> bool) -> Vec<Text> {
    let mut names: Vec<Text> = Vec::new();
    for name in codecs
        .iter()
        .filter(|codec| is_wanted(codec))
        .filter_map(|codec| codec.name)
    {
        let is_listed = names
            .iter()
            .any(|listed| listed.as_bytes().eq_ignore_ascii_case(name));
        if !is_listed && names.len() < LISTED {
            names.push(Text::from(name));
        }
    }
    names
}

/// The speech codecs of which no clock rate is supported.
fn unsupported(codecs: &[Codec<'_>]) -> Vec<Text> {
    let has_name = |codec: &Codec<'_>, name: &[u8]| {
        codec
            .name
            .is_some_and(|other| other.eq_ignore_ascii_case(name))
    };
    let is_supported = |name: &[u8]| {
        codecs
            .iter()
            .any(|codec| has_name(codec, name) && codec::is_supported(codec))
    };
    let mut names = names(codecs, codec::is_speech);
    names.retain(|name| !is_supported(name.as_bytes()));
    names
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

fn suites(live: &[&MediaDescription<'_>]) -> Vec<Text> {
    let mut suites: Vec<Text> = Vec::new();
    for crypto in live.iter().flat_map(|media| &media.crypto) {
        let suite = Text::from(crypto.suite);
        if !suites.contains(&suite) && suites.len() < LISTED {
            suites.push(suite);
        }
    }
    suites
}

fn ice(description: &SessionDescription<'_>) -> Ice {
    match (description.candidates(), description.ice_lite()) {
        (0, _) => Ice::None,
        (_, true) => Ice::Lite,
        (_, false) => Ice::Full,
    }
}

/// Of the first active audio stream.
fn connection_address(
    description: &SessionDescription<'_>,
    audio: &[&MediaDescription<'_>],
) -> Text {
    let connection = audio
        .first()
        .and_then(|media| description.connection_of(media));
    connection
        .map(|connection| Text::from(connection.address))
        .unwrap_or_default()
}
