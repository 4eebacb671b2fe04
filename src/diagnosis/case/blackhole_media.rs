//! A stream of the offer has the connection address 0.0.0.0.

use crate::call::OfferUnderTest;
use crate::call::Rejection;
use crate::diagnosis::mark::Mark;
use crate::diagnosis::mark::WrittenOffer;
use crate::diagnosis::show;
use crate::sdp::ConnectionData;
use crate::sdp::MediaDescription;
use crate::sdp::SessionDescription;

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
                   as raddr of a candidate, on a stream with port 0, on a stream with port 9 and candidates, or in a session c= that every stream overrides is not it. Without the phrase it is inferred \
                   where a stream is new in this offer, else possible: a plain hold by 0.0.0.0.",
    remedy: "On the SBC, replace 0.0.0.0 in c= by a real address towards Teams, and hold by a=inactive instead of 0.0.0.0.",
    page: PAGE,
    observe,
    settle: None,
    mark,
};

fn observe(rejection: &Rejection<'_, '_>) -> Observation {
    let description = match &rejection.offer {
        OfferUnderTest::Whole(description) => description,
        OfferUnderTest::Nothing => {
            return Observation::Refutes(
                "the request has no SDP, so it has no connection address".to_owned(),
            );
        }
        OfferUnderTest::Cut(_) | OfferUnderTest::Missing => return Observation::Unseen,
    };
    let live = || {
        description
            .media
            .iter()
            .enumerate()
            .filter(|(_, media)| media.is_live())
    };
    let blackhole = live().find(|(_, media)| goes_nowhere(description, media));
    let Some((place, stream)) = blackhole else {
        return Observation::Refutes(
            "no live stream has the connection address 0.0.0.0".to_owned(),
        );
    };
    let address = description
        .connection_of(stream)
        .map(|connection| show(connection.address))
        .unwrap_or_default();
    let seen = format!(
        "connection address {address} of {} in m= line {}",
        show(stream.media),
        place + 1
    );
    let mut new = live().map(|(place, media)| rejection.agreed.is_new(place, media.media));
    if let Some((place, _)) =
        live().find(|(place, media)| rejection.agreed.is_new(*place, media.media) == Some(true))
    {
        return Observation::Proves(format!(
            "{seen}; m= line {} is new in this offer",
            place + 1
        ));
    }
    Observation::Suggests(if new.any(|new| new.is_none()) {
        format!("{seen}; what was agreed before is not in the capture")
    } else {
        format!("{seen}; no stream is new, so it may be a plain hold")
    })
}

/// True where the media of a stream would be sent to 0.0.0.0.
fn goes_nowhere(description: &SessionDescription<'_>, media: &MediaDescription<'_>) -> bool {
    let connection = description.connection_of(media);
    connection.is_some_and(ConnectionData::is_unspecified) && !waits_for_ice(media)
}

/// The `c=` lines that count for live streams, and the streams that have none of their own.
fn mark(offer: &WrittenOffer<'_>) -> Vec<Mark> {
    let description = &offer.description;
    let (mut shown, mut refuting) = (Vec::new(), Vec::new());
    let own = |section| {
        let mut lines = offer.lines_of(section);
        lines.find_map(|line| line.connection().map(|_| line.number))
    };
    for (place, media) in offer.live() {
        let line = own(media.connection.is_some().then_some(place));
        if !goes_nowhere(description, media) {
            refuting.extend(line.map(|line| Mark::refutes(line, "a real address")));
            continue;
        }
        shown.extend(
            line.map(|line| {
                Mark::shows(line, "nowhere to send media to: Teams does not support it")
            }),
        );
        if media.connection.is_none() {
            let note = "has no c= of its own, so the session's counts: 0.0.0.0";
            shown.push(Mark::shows(media.line, note));
        }
    }
    if shown.is_empty() { refuting } else { shown }
}

/// 0.0.0.0 with port 9 stands for "no default candidate" where candidates follow (RFC 8840 §4.1.1): no hold, and no
/// address that media would go to.
fn waits_for_ice(media: &MediaDescription<'_>) -> bool {
    media.port == 9 && media.candidate_lines > 0
}

#[cfg(test)]
mod tests {
    use super::CASE;
    use crate::diagnosis::case::Observation;
    use crate::diagnosis::sample::observe;
    use crate::diagnosis::sample::observe_again;
    use crate::diagnosis::sample::session;

    const HOLD: &str = "c=IN IP4 0.0.0.0\nt=0 0\nm=audio 4000 RTP/SAVP 8";

    fn fires(lines: &str) -> bool {
        observe(&CASE, &session(lines)).is_observed()
    }

    #[test]
    fn the_first_offer_of_a_call_is_all_new() {
        assert!(matches!(
            observe(&CASE, &session(HOLD)),
            Observation::Proves(_)
        ));
    }

    #[test]
    fn a_hold_by_0000_only_suggests_it() {
        assert!(matches!(
            observe_again(&CASE, &["audio"], &session(HOLD)),
            Observation::Suggests(_)
        ));
    }

    #[test]
    fn a_stream_more_than_was_agreed_proves_it() {
        let sdp = session(&format!("{HOLD}\nm=video 4002 RTP/SAVP 34"));
        assert!(matches!(
            observe_again(&CASE, &["audio"], &sdp),
            Observation::Proves(_)
        ));
    }

    #[test]
    fn the_unspecified_ipv6_address_is_one_too() {
        assert!(fires("c=IN IP6 ::\nt=0 0\nm=audio 4000 RTP/SAVP 8"));
        assert!(fires(
            "c=IN IP6 0:0:0:0:0:0:0:0\nt=0 0\nm=audio 4000 RTP/SAVP 8"
        ));
    }

    #[test]
    fn the_address_wins_over_inactive() {
        assert!(fires(&format!("{HOLD}\na=inactive")));
    }

    #[test]
    fn a_media_level_address_wins_over_the_sessions() {
        assert!(!fires(
            "c=IN IP4 0.0.0.0\nt=0 0\nm=audio 4000 RTP/SAVP 8\nc=IN IP4 192.0.2.7"
        ));
        assert!(fires(
            "c=IN IP4 192.0.2.7\nt=0 0\nm=audio 4000 RTP/SAVP 8\nc=IN IP4 0.0.0.0"
        ));
    }

    #[test]
    fn the_address_in_o_is_not_the_connection_address() {
        let sdp = session("c=IN IP4 192.0.2.7\nt=0 0\nm=audio 4000 RTP/SAVP 8")
            .replace("o=- 1 1 IN IP4 192.0.2.7", "o=- 0 0 IN IP4 0.0.0.0");
        assert!(!observe(&CASE, &sdp).is_observed());
    }

    #[test]
    fn the_address_in_a_rtcp_is_not_the_connection_address() {
        assert!(!fires(
            "c=IN IP4 192.0.2.7\nt=0 0\nm=audio 4000 RTP/SAVP 8\na=rtcp:9 IN IP4 0.0.0.0"
        ));
    }

    #[test]
    fn raddr_of_a_candidate_is_not_the_connection_address() {
        assert!(!fires(
            "c=IN IP4 192.0.2.7\nt=0 0\nm=audio 4000 RTP/SAVP 8\na=candidate:2 1 UDP 1694498815 192.0.2.9 4000 typ srflx raddr 0.0.0.0 rport 9"
        ));
    }

    #[test]
    fn a_stream_with_port_0_is_no_stream() {
        assert!(!fires(
            "c=IN IP4 192.0.2.7\nt=0 0\nm=audio 4000 RTP/SAVP 8\nm=video 0 RTP/SAVP 34\nc=IN IP4 0.0.0.0"
        ));
    }

    #[test]
    fn port_9_with_ice_is_not_it() {
        let candidate = "a=candidate:1 1 UDP 2130706431 192.0.2.7 4000 typ host";
        for address in ["192.0.2.7", "0.0.0.0"] {
            assert!(!fires(&format!(
                "c=IN IP4 {address}\nt=0 0\nm=audio 9 RTP/SAVP 8\n{candidate}"
            )));
        }
        assert!(fires("c=IN IP4 0.0.0.0\nt=0 0\nm=audio 9 RTP/SAVP 8"));
    }

    #[test]
    fn hold_by_inactive_or_sendonly_with_a_real_address_is_not_it() {
        for direction in ["inactive", "sendonly", "recvonly"] {
            assert!(
                !fires(&format!(
                    "c=IN IP4 192.0.2.7\nt=0 0\nm=audio 4000 RTP/SAVP 8\na={direction}"
                )),
                "{direction}"
            );
        }
    }

    #[test]
    fn what_is_marked_agrees_with_what_is_observed() {
        crate::diagnosis::sample::assert_marks_agree(&CASE);
    }

    #[test]
    fn the_line_with_the_address_is_marked_and_the_stream_that_inherits_it() {
        let sdp = session(HOLD);
        let lines: Vec<String> = crate::diagnosis::sample::marked(&CASE, &sdp)
            .into_iter()
            .map(|(line, _)| line)
            .collect();
        assert_eq!(lines, ["c=IN IP4 0.0.0.0", "m=audio 4000 RTP/SAVP 8"]);
    }
}
