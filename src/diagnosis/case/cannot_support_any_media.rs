//! The offer has no audio codec that Direct Routing supports.

use crate::call::OfferUnderTest;
use crate::call::Rejection;
use crate::diagnosis::codec;
use crate::diagnosis::show;

use super::Case;
use super::Observation;
use super::PAGE;

pub(super) const CASE: Case = Case {
    name: "cannot-support-any-media",
    microsoft_code: 531_000,
    reported_as: "InternalDiagCode: CannotSupportAnyMedia, InternalErrorPhrase: Invalid SDP offer: no media acceptable",
    phrases: &["cannotsupportanymedia", "no media acceptable"],
    meaning: "No audio stream of the offer has a codec that Teams Direct Routing takes.",
    confirmed_by: "No live audio stream (port other than 0) offers PCMU, PCMA, G722, G729, SILK/8000 or SILK/16000. \
                   telephone-event and comfort noise are no speech codecs. An offer of G729 alone is supported, and so is an unsupported \
                   codec beside a supported one. Video, image and application streams don't count.",
    remedy: "On the SBC, add a codec that Teams supports (PCMA, PCMU, G722, G729 or SILK) to the offer towards Teams: allow it in the \
             coder group or transcode, instead of passing the carrier's codecs through.",
    page: PAGE,
    observe,
    settle: None,
};

fn observe(rejection: &Rejection<'_, '_>) -> Observation {
    let description = match &rejection.offer {
        OfferUnderTest::Whole(description) => description,
        OfferUnderTest::Nothing => return Observation::Proves("the request has no SDP, so it offers no codec".to_owned()),
        OfferUnderTest::Cut(_) | OfferUnderTest::Missing => return Observation::Unseen,
    };
    let audio: Vec<_> = description.media.iter().filter(|media| media.is_live() && codec::is_audio(media)).collect();
    if let Some(supported) = audio.iter().flat_map(|media| media.codecs()).find(codec::is_supported) {
        return Observation::Refutes(format!("the offer has {}", codec::name_shown(&supported)));
    }
    if audio.is_empty() {
        let others: Vec<String> = description.media.iter().filter(|media| media.is_live()).map(|media| show(media.media)).collect();
        let others = if others.is_empty() { "no live stream".to_owned() } else { format!("only {}", others.join(", ")) };
        return Observation::Proves(format!("no live audio stream ({others})"));
    }
    let offered: Vec<String> = audio.iter().flat_map(|media| media.codecs()).take(12).map(|codec| codec::name_shown(&codec)).collect();
    let offered = if offered.is_empty() { "nothing".to_owned() } else { offered.join(", ") };
    Observation::Proves(format!("no supported audio codec (offered: {offered})"))
}
