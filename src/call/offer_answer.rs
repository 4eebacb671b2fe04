//! Which SDP was the offer, which the answer, and what is agreed (RFC 3264 §4, RFC 3261 §13.2.1).

use std::collections::BTreeMap;

use crate::sdp::SessionDescription;
use crate::sip::Body;
use crate::sip::Method;

use super::sighting::Seen;
use super::transaction::Transaction;

/// What two sides had agreed before a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Agreed {
    /// Nothing: the request opens the call.
    Nothing,
    /// These streams, in the order of their m= lines.
    Streams(Vec<AgreedStream>),
    /// The last offer and answer are not in the capture, or not whole.
    Unknown,
}

/// One m= line of an answered offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgreedStream {
    /// `audio`, `video`, `image` …
    pub media: Vec<u8>,
    /// True where neither side set its port to 0 (RFC 3264 §6, §8.2).
    pub is_live: bool,
}

/// What was agreed when each of the transactions began, in their order.
pub fn agreed_before(transactions: &[Transaction], seen: &[Seen<'_>]) -> Vec<Agreed> {
    let acknowledgements = acknowledgements(seen);
    let mut agreed = Agreed::Unknown;
    let mut before = Vec::with_capacity(transactions.len());
    for transaction in transactions {
        before.push(agreed.clone());
        if let Some(exchange) = exchange(transaction, seen, &acknowledgements) {
            agreed = exchange;
        }
    }
    before
}

/// The ACKs that carry SDP, by the From tag and CSeq number that they share with their INVITE.
type Acknowledgements<'a> = BTreeMap<(&'a [u8], u32), usize>;

fn acknowledgements<'a>(seen: &[Seen<'a>]) -> Acknowledgements<'a> {
    let acks = seen.iter().enumerate().filter(|(_, seen)| {
        seen.method == Method::Ack && seen.is_request() && !seen.message().body.is_empty()
    });
    let mut found = BTreeMap::new();
    for (place, ack) in acks {
        found.entry((ack.from_tag, ack.cseq)).or_insert(place);
    }
    found
}

/// What a transaction agreed; none where it was refused or is not answered: a refused re-INVITE changes nothing
/// (RFC 3261 §14.1).
fn exchange(
    transaction: &Transaction,
    seen: &[Seen<'_>],
    acks: &Acknowledgements<'_>,
) -> Option<Agreed> {
    let decided = transaction
        .decided_by(seen)
        .and_then(|place| seen.get(place));
    if decided
        .and_then(Seen::status)
        .is_some_and(|status| status >= 300)
    {
        return None;
    }
    let answering = || {
        let provisional = transaction
            .responses
            .iter()
            .filter_map(|&place| seen.get(place))
            .filter(|seen| {
                seen.status()
                    .is_some_and(|status| status > 100 && status < 200)
            });
        decided.into_iter().chain(provisional)
    };
    let request = transaction
        .requests
        .iter()
        .filter_map(|&place| seen.get(place))
        .find_map(sdp);
    let (offer, answer) = match request {
        Some(offer) => (offer, answering().find_map(sdp)),
        None => (
            answering().find_map(sdp)?,
            acknowledgement(transaction, seen, acks),
        ),
    };
    Some(answer.map_or(Agreed::Unknown, |answer| both(&offer, &answer)))
}

/// The answer to an offer in the 2xx stands in the ACK (RFC 3261 §13.2.2.4).
fn acknowledgement<'a>(
    transaction: &Transaction,
    seen: &[Seen<'a>],
    acks: &Acknowledgements<'_>,
) -> Option<SessionDescription<'a>> {
    let request = seen.get(transaction.first_request()?)?;
    let ack = acks.get(&(request.from_tag, request.cseq))?;
    seen.get(*ack).and_then(sdp)
}

/// The whole SDP of a message.
fn sdp<'a>(seen: &Seen<'a>) -> Option<SessionDescription<'a>> {
    match seen.message().sdp() {
        Body::Sdp(body) => Some(SessionDescription::parse(body)),
        Body::None | Body::Cut(_) => None,
    }
}

fn both(offer: &SessionDescription<'_>, answer: &SessionDescription<'_>) -> Agreed {
    let streams = offer
        .media
        .iter()
        .enumerate()
        .map(|(place, offered)| AgreedStream {
            media: offered.media.to_vec(),
            is_live: offered.is_live()
                && answer
                    .media
                    .get(place)
                    .is_some_and(crate::sdp::MediaDescription::is_live),
        });
    Agreed::Streams(streams.collect())
}

impl Agreed {
    /// Whether the m= line at `place` is a stream that the last agreed SDP did not have; none where that is unknown.
    pub fn is_new(&self, place: usize, media: &[u8]) -> Option<bool> {
        match self {
            Self::Nothing => Some(true),
            Self::Streams(streams) => {
                Some(!streams.get(place).is_some_and(|agreed| {
                    agreed.is_live && agreed.media.eq_ignore_ascii_case(media)
                }))
            }
            Self::Unknown => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Agreed;
    use super::AgreedStream;
    use super::both;
    use crate::sdp::SessionDescription;

    #[test]
    fn a_stream_is_agreed_where_both_sides_have_it() {
        let offer = SessionDescription::parse(
            b"v=0\r\nm=audio 1 RTP/AVP 0\r\nm=video 1 RTP/AVP 31\r\nm=image 0 udptl t38\r\nm=text 1 RTP/AVP 98\r\n",
        );
        let answer = SessionDescription::parse(
            b"v=0\r\nm=audio 1 RTP/AVP 0\r\nm=video 0 RTP/AVP 31\r\nm=image 1 udptl t38\r\n",
        );
        let agreed = both(&offer, &answer);
        let Agreed::Streams(streams) = &agreed else {
            panic!("streams were agreed on")
        };
        let live: Vec<bool> = streams.iter().map(|stream| stream.is_live).collect();
        assert_eq!(live, [true, false, false, false]);
        let is_new = |place, media: &[u8]| agreed.is_new(place, media);
        assert_eq!(is_new(0, b"AUDIO"), Some(false));
        assert_eq!(is_new(0, b"video"), Some(true));
        assert_eq!(is_new(1, b"video"), Some(true));
        assert_eq!(is_new(4, b"audio"), Some(true));
        assert_eq!(Agreed::Unknown.is_new(0, b"audio"), None);
        let stream = AgreedStream {
            media: b"audio".to_vec(),
            is_live: true,
        };
        assert_eq!(
            Agreed::Streams(vec![stream]).is_new(0, b"audio"),
            Some(false)
        );
    }
}
