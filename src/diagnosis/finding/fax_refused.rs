//! The only live streams are fax.

use crate::call::OfferUnderTest;
use crate::call::Rejection;
use crate::diagnosis::mark::Mark;
use crate::diagnosis::mark::WrittenOffer;

use super::Finding;

pub(super) const FINDING: Finding = Finding {
    name: "fax-refused",
    meaning: "The offer asks for T.38 fax (m=image) alone. Teams has no T.38; a carrier or gateway that refuses it usually goes on in the clear. \
              Let the SBC end T.38, or send the fax as G.711.",
    words: &[],
    observe,
    refuser: None,
    excludes_cases: true,
    mark,
};

fn observe(rejection: &Rejection<'_, '_>) -> Option<String> {
    let OfferUnderTest::Whole(description) = &rejection.offer else {
        return None;
    };
    let mut live = description
        .media
        .iter()
        .filter(|media| media.is_live())
        .peekable();
    live.peek()?;
    live.all(|media| media.media.eq_ignore_ascii_case(b"image"))
        .then(|| "the only live stream is m=image (T.38 fax)".to_owned())
}

/// The `m=` lines of fax.
fn mark(offer: &WrittenOffer<'_>) -> Vec<Mark> {
    let live = offer.live();
    live.map(|(_, media)| Mark::shows(media.line, "T.38 fax, which Teams does not have"))
        .collect()
}
