//! A stream of the offer has the connection address 0.0.0.0.

use crate::call::OfferUnderTest;
use crate::call::Rejection;
use crate::diagnosis::show;

use super::Case;
use super::Observation;
use super::PAGE;

pub(super) const CASE: Case = Case {
    name: "blackhole-media",
    microsoft_code: 531_052,
    reported_as: "Cannot negotiate a new modality with blackhole media",
    phrases: &["blackhole media", "negotiate a new modality"],
    meaning: "A stream of the offer has the connection address 0.0.0.0, which Teams does not support: there is nowhere to send its media.",
    confirmed_by: "The effective connection address (the stream's own c= line, else the session's) of a live stream is 0.0.0.0 or ::. 0.0.0.0 in o=, in a=rtcp, \
                   as raddr of a candidate, on a stream with port 0, or in a session c= that every stream overrides is not it. Without the phrase it is inferred \
                   where a stream is new in this offer, else possible: a plain hold by 0.0.0.0.",
    remedy: "On the SBC, replace 0.0.0.0 in c= by a real address towards Teams, and hold by a=inactive instead of 0.0.0.0.",
    page: PAGE,
    observe,
    settle: None,
};

fn observe(rejection: &Rejection<'_, '_>) -> Observation {
    let description = match &rejection.offer {
        OfferUnderTest::Whole(description) => description,
        OfferUnderTest::Nothing => return Observation::Refutes("the request has no SDP, so it has no connection address".to_owned()),
        OfferUnderTest::Cut(_) | OfferUnderTest::Missing => return Observation::Unseen,
    };
    let live = || description.media.iter().enumerate().filter(|(_, media)| media.is_live());
    let blackhole = live().find(|(_, media)| description.connection_of(media).is_some_and(crate::sdp::ConnectionData::is_unspecified));
    let Some((place, stream)) = blackhole else {
        return Observation::Refutes("no live stream has the connection address 0.0.0.0".to_owned());
    };
    let address = description.connection_of(stream).map(|connection| show(connection.address)).unwrap_or_default();
    let seen = format!("connection address {address} of {} in m= line {}", show(stream.media), place + 1);
    let mut new = live().map(|(place, media)| rejection.agreed.is_new(place, media.media));
    if let Some((place, _)) = live().find(|(place, media)| rejection.agreed.is_new(*place, media.media) == Some(true)) {
        return Observation::Proves(format!("{seen}; m= line {} is new in this offer", place + 1));
    }
    Observation::Suggests(if new.any(|new| new.is_none()) {
        format!("{seen}; what was agreed before is not in the capture")
    } else {
        format!("{seen}; no stream is new, so it may be a plain hold")
    })
}
