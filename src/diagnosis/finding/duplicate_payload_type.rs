//! One payload type number stands for two codecs.

use crate::call::OfferUnderTest;
use crate::call::Rejection;
use crate::diagnosis::mark::Mark;
use crate::diagnosis::mark::WrittenOffer;

use super::Finding;

pub(super) const FINDING: Finding = Finding {
    name: "duplicate-payload-type",
    meaning: "One RTP payload type number is used twice in a stream, often because an SBC adds SILK on a number that the carrier's codecs already \
              have. Give the added codecs other numbers on the SBC.",
    words: &["duplicat", "payload"],
    observe,
    refuser: None,
    excludes_cases: false,
    mark,
};

fn observe(rejection: &Rejection<'_, '_>) -> Option<String> {
    let OfferUnderTest::Whole(description) = &rejection.offer else {
        return None;
    };
    let live = description.media.iter().filter(|media| media.is_live());
    let duplicate = live
        .flat_map(crate::sdp::MediaDescription::duplicate_payload_types)
        .next()?;
    Some(format!("payload type {duplicate} is used twice"))
}

/// The `m=` lines that name a number twice, and the `a=rtpmap` lines of numbers that stand for two things.
fn mark(offer: &WrittenOffer<'_>) -> Vec<Mark> {
    let mut marks = Vec::new();
    for (place, media) in offer.live() {
        let twice = media.duplicate_payload_types();
        if let Some(first) = twice.first() {
            let note = format!("payload type {first} stands for two things");
            marks.push(Mark::shows(media.line, note));
        }
        let maps = offer.lines_of(Some(place)).filter(|line| {
            let map = line.rtpmap();
            map.is_some_and(|map| twice.contains(&map.payload_type))
        });
        marks.extend(maps.map(|line| Mark::shows(line.number, "one of two that share the number")));
    }
    marks
}
