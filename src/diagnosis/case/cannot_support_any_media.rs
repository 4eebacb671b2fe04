//! The offer has no audio codec that Direct Routing supports.

use crate::call::OfferUnderTest;
use crate::call::Rejection;
use crate::diagnosis::codec;
use crate::diagnosis::mark::Mark;
use crate::diagnosis::mark::WrittenOffer;
use crate::diagnosis::show;
use crate::sdp::Codec;
use crate::sdp::MediaDescription;

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
    mark,
};

fn observe(rejection: &Rejection<'_, '_>) -> Observation {
    let description = match &rejection.offer {
        OfferUnderTest::Whole(description) => description,
        OfferUnderTest::Nothing => {
            return Observation::Proves("the request has no SDP, so it offers no codec".to_owned());
        }
        OfferUnderTest::Cut(_) | OfferUnderTest::Missing => return Observation::Unseen,
    };
    let audio: Vec<_> = description
        .media
        .iter()
        .filter(|media| media.is_live() && codec::is_audio(media))
        .collect();
    if let Some(supported) = audio
        .iter()
        .flat_map(|media| media.codecs())
        .find(codec::is_supported)
    {
        return Observation::Refutes(format!("the offer has {}", codec::name_shown(&supported)));
    }
    if audio.is_empty() {
        let others: Vec<String> = description
            .media
            .iter()
            .filter(|media| media.is_live())
            .map(|media| show(media.media))
            .collect();
        let others = if others.is_empty() {
            "no live stream".to_owned()
        } else {
            format!("only {}", others.join(", "))
        };
        return Observation::Proves(format!("no live audio stream ({others})"));
    }
    let offered: Vec<String> = audio
        .iter()
        .flat_map(|media| media.codecs())
        .take(12)
        .map(|codec| codec::name_shown(&codec))
        .collect();
    let offered = if offered.is_empty() {
        "nothing".to_owned()
    } else {
        offered.join(", ")
    };
    Observation::Proves(format!("no supported audio codec (offered: {offered})"))
}

/// The `m=` lines of audio and the codecs under them; where there is no audio, the streams that there are.
fn mark(offer: &WrittenOffer<'_>) -> Vec<Mark> {
    let audio: Vec<_> = offer
        .live()
        .filter(|(_, media)| codec::is_audio(media))
        .collect();
    let is_supported =
        |media: &MediaDescription<'_>| media.codecs().any(|it| codec::is_supported(&it));
    let refuting: Vec<Mark> = audio
        .iter()
        .filter(|(_, media)| is_supported(media))
        .flat_map(|(place, media)| marks_of(offer, *place, media, true))
        .collect();
    if !refuting.is_empty() {
        return refuting;
    }
    if audio.is_empty() {
        let others: Vec<Mark> = offer
            .live()
            .map(|(_, media)| Mark::shows(media.line, "no audio"))
            .collect();
        return if others.is_empty() {
            offer.nothing_live()
        } else {
            others
        };
    }
    audio
        .iter()
        .flat_map(|(place, media)| marks_of(offer, *place, media, false))
        .collect()
}

/// The marks of one audio stream: what Direct Routing takes of it, or that it takes nothing.
fn marks_of(
    offer: &WrittenOffer<'_>,
    place: usize,
    media: &MediaDescription<'_>,
    is_supported: bool,
) -> Vec<Mark> {
    let wanted: Vec<Codec<'_>> = media
        .codecs()
        .filter(|it| codec::is_supported(it) == is_supported && codec::is_speech(it))
        .collect();
    let names: Vec<String> = wanted.iter().take(12).map(codec::name_shown).collect();
    let names = names.join(", ");
    let note = match (is_supported, names.is_empty()) {
        (true, _) => format!("offers {names}, which Direct Routing takes"),
        (false, true) => "no speech codec at all".to_owned(),
        (false, false) => format!("no codec that Direct Routing takes: {names}"),
    };
    let of_line = |note| Mark {
        line: media.line,
        shows: !is_supported,
        note,
    };
    let mut marks = vec![of_line(note)];
    for line in offer.lines_of(Some(place)) {
        let Some(map) = line.rtpmap() else { continue };
        if wanted
            .iter()
            .any(|it| it.payload_type == Some(map.payload_type))
        {
            let note = if is_supported {
                "supported"
            } else {
                "not supported by Direct Routing"
            };
            marks.push(Mark {
                line: line.number,
                ..of_line(note.to_owned())
            });
        }
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::CASE;
    use crate::diagnosis::case::Observation;
    use crate::diagnosis::sample::observe;
    use crate::diagnosis::sample::with_media;

    fn proves(media: &str) -> bool {
        matches!(observe(&CASE, &with_media(media)), Observation::Proves(_))
    }

    #[test]
    fn each_supported_codec_alone_is_enough() {
        for format in [
            "0",
            "8",
            "9",
            "18",
            "96\na=rtpmap:96 SILK/8000",
            "96\na=rtpmap:96 silk/16000",
            "96\na=rtpmap:96 G729/8000",
            "96\na=rtpmap:96 G729a/8000",
        ] {
            assert!(
                !proves(&format!("m=audio 4000 RTP/SAVP {format}")),
                "{format}"
            );
        }
    }

    #[test]
    fn codecs_that_direct_routing_does_not_list_are_not_supported() {
        for format in [
            "3",
            "4",
            "15",
            "96\na=rtpmap:96 AMR/8000",
            "96\na=rtpmap:96 opus/48000/2",
            "96\na=rtpmap:96 G726-32/8000",
            "96",
        ] {
            assert!(
                proves(&format!("m=audio 4000 RTP/SAVP {format}")),
                "{format}"
            );
        }
    }

    #[test]
    fn silk_at_another_clock_rate_is_not_supported() {
        assert!(proves(
            "m=audio 4000 RTP/SAVP 96 97\na=rtpmap:96 SILK/12000\na=rtpmap:97 SILK/24000"
        ));
    }

    #[test]
    fn telephone_events_and_comfort_noise_are_no_speech() {
        assert!(proves(
            "m=audio 4000 RTP/SAVP 13 101\na=rtpmap:101 telephone-event/8000"
        ));
    }

    #[test]
    fn an_unsupported_codec_beside_a_supported_one_is_fine() {
        assert!(!proves(
            "m=audio 4000 RTP/SAVP 102 8\na=rtpmap:102 opus/48000/2"
        ));
    }

    #[test]
    fn a_stream_with_port_0_offers_nothing() {
        assert!(proves("m=audio 0 RTP/SAVP 8"));
        assert!(proves("m=audio 0 RTP/SAVP 8\nm=audio 4000 RTP/SAVP 3"));
        assert!(!proves("m=audio 0 RTP/SAVP 3\nm=audio 4000 RTP/SAVP 8"));
    }

    #[test]
    fn video_alone_is_no_audio() {
        assert!(proves("m=video 4000 RTP/SAVP 34"));
    }

    #[test]
    fn what_is_marked_agrees_with_what_is_observed() {
        crate::diagnosis::sample::assert_marks_agree(&CASE);
    }

    #[test]
    fn the_codecs_that_decided_are_marked_and_telephone_events_are_not() {
        let marked = |media| -> Vec<String> {
            let marked = crate::diagnosis::sample::marked(&CASE, &with_media(media));
            marked
                .into_iter()
                .map(|(line, note)| format!("{line}: {note}"))
                .collect()
        };
        assert_eq!(
            marked(
                "m=audio 1 RTP/SAVP 96 101\na=rtpmap:96 AMR/8000\na=rtpmap:101 telephone-event/8000"
            ),
            [
                "m=audio 1 RTP/SAVP 96 101: no codec that Direct Routing takes: AMR",
                "a=rtpmap:96 AMR/8000: not supported by Direct Routing"
            ]
        );
        assert_eq!(
            marked("m=audio 1 RTP/SAVP 96 8\na=rtpmap:96 AMR/8000\na=rtpmap:8 PCMA/8000"),
            [
                "m=audio 1 RTP/SAVP 96 8: offers PCMA, which Direct Routing takes",
                "a=rtpmap:8 PCMA/8000: supported"
            ]
        );
    }
}
