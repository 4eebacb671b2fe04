//! One row of the calls CSV and of the rejections CSV, before it is text.

use serde::{Deserialize, Serialize};

pub use crate::call::Outcome;
pub use crate::call::RejectedAt;
pub use crate::call::Transport;
use crate::capture::record::Nanos;
use crate::diagnosis::Diagnosis;
use crate::diagnosis::Observed;
use crate::packet::Endpoint;
use crate::text::Text;
pub use crate::trunk::Direction;
use crate::trunk::Refusal;
pub use crate::trunk::Refuser;

use super::ladder::Ladder;
use super::redact::Named;
use super::relation::Ends;
use super::relation::Relation;

/// What the CSVs tell of one call, or of one rejection. An unknown value is `None` or an empty text.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Row<'a> {
    /// The first INVITE, else the call's first message.
    pub start_time: Nanos,
    /// When the rejected request was sent (rejections), else `start_time`.
    pub request_time: Nanos,
    /// The trunk's name.
    #[serde(borrow)]
    pub trunk: Text<'a>,
    /// Towards Teams or from it.
    pub direction: Option<Direction>,
    /// User part of From.
    #[serde(borrow)]
    pub caller: Text<'a>,
    /// User part of the Request-URI.
    #[serde(borrow)]
    pub callee: Text<'a>,
    /// Call-ID.
    #[serde(borrow)]
    pub call_id: Text<'a>,
    /// Tag of the caller, which tells calls of one Call-ID apart; empty where the initial INVITE is not in the capture.
    #[serde(borrow)]
    pub caller_tag: Text<'a>,
    /// How the call ended.
    pub outcome: Outcome,
    /// Status code of the final response that decided the initial INVITE.
    pub final_status: Option<u16>,
    /// Rejections in the call.
    pub rejections: u32,
    /// Which request of the call was refused.
    pub rejected_at: Option<RejectedAt>,
    /// Who refused.
    pub rejected_by: Option<Refuser>,
    /// Case, verdict, code, finding and evidence; none in a call without a rejection.
    pub diagnosis: Option<Diagnosis>,
    /// What the whole run must still decide of the rejection: who refused, and the verdict.
    pub unsettled: Option<Unsettled>,
    /// True where the Call-ID was closed before, and this is what came later.
    pub is_resumed: bool,
    /// InternalDiagCode.
    #[serde(borrow)]
    pub diag_code: Text<'a>,
    /// What the response says in words.
    #[serde(borrow)]
    pub diag_phrase: Text<'a>,
    /// The GUID before the phrase.
    #[serde(borrow)]
    pub correlation_id: Text<'a>,
    /// The offer, where one is known.
    #[serde(borrow)]
    pub offer: Option<OfferFacts<'a>>,
    /// The offer that was accepted, in a call that was answered after a rejection.
    #[serde(borrow)]
    pub accepted: Option<OfferFacts<'a>>,
    /// The deciding INVITE to its final response.
    pub setup: Option<Nanos>,
    /// 200 to BYE.
    pub duration: Option<Nanos>,
    /// What carried the packet.
    pub transport: Option<Transport>,
    /// Sender of the first INVITE.
    pub source: Option<Endpoint>,
    /// Receiver of the first INVITE.
    pub destination: Option<Endpoint>,
    /// User-Agent of the INVITE.
    #[serde(borrow)]
    pub user_agent: Text<'a>,
    /// Server of the 488, or of the final response.
    #[serde(borrow)]
    pub server: Text<'a>,
    /// Who its ends are, where none is Teams.
    #[serde(borrow)]
    pub ends: Option<Ends<'a>>,
    /// True where one of its ends is Teams.
    pub has_teams: bool,
    /// The other legs of the call; none where none is known.
    #[serde(borrow)]
    pub relation: Option<Relation<'a>>,
    /// The carrier's end of the carrier's leg, as a trunk; empty where it is not known.
    #[serde(borrow)]
    pub carrier_trunk: Text<'a>,
    /// How the call ended by Microsoft's own report: the six digits, else the SIP status.
    pub reported_code: Option<u32>,
    /// The same in words.
    #[serde(borrow)]
    pub reported_phrase: Text<'a>,
    /// Trunk groups that the first INVITE names, joined by `;`.
    #[serde(borrow)]
    pub trunk_groups: Text<'a>,
    /// Inventory number of the capture that holds the request.
    pub file: Option<u32>,
    /// Its frame there.
    pub invite_frame: Option<u64>,
    /// Inventory number of the capture that holds the response.
    pub response_file: Option<u32>,
    /// Its frame there.
    pub response_frame: Option<u64>,
    /// The messages of the call, where they are asked for: [`Ladders`](super::ladder::Ladders).
    #[serde(borrow)]
    pub ladder: Option<Box<Ladder<'a>>>,
    /// Who and what the call's messages name, in a run that is to be redacted, until it is.
    #[serde(borrow)]
    pub named: Option<Box<Named<'a>>>,
}

/// A rejection as its own call tells of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unsettled {
    /// Who refused, or between whom the 488 went.
    pub refusal: Refusal,
    /// What the response reports and the offer shows.
    pub observed: Observed,
}

/// The columns from `offer_in` to `connection_address`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferFacts<'a> {
    /// `INVITE`, `UPDATE`, or `none` for a delayed offer.
    pub offer_in: OfferIn,
    /// Media and profile of each live stream, joined by `;`: `audio RTP/SAVP`.
    #[serde(borrow)]
    pub media: Text<'a>,
    /// Encoding names offered for audio, in order, each once, joined by `;`.
    #[serde(borrow)]
    pub codecs: Text<'a>,
    /// The speech codecs among them that Direct Routing does not support, joined by `;`.
    #[serde(borrow)]
    pub codecs_unsupported: Text<'a>,
    /// `none`, `sdes`, `dtls` or `sdes+dtls`; none where there is no SDP.
    pub srtp: Option<Srtp>,
    /// Crypto suites, joined by `;`.
    #[serde(borrow)]
    pub crypto_suites: Text<'a>,
    /// `none`, `lite` or `full`; none where there is no SDP.
    pub ice: Option<Ice>,
    /// Number of `a=candidate` lines; none where there is no SDP.
    pub ice_candidates: Option<u32>,
    /// Of the first active audio stream.
    #[serde(borrow)]
    pub connection_address: Text<'a>,
}

/// The request that carried the offer.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum OfferIn {
    /// An INVITE or re-INVITE.
    #[default]
    Invite,
    /// An UPDATE.
    Update,
    /// None: a delayed offer.
    None,
}

impl OfferIn {
    /// The word in the CSV.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invite => "INVITE",
            Self::Update => "UPDATE",
            Self::None => "none",
        }
    }
}

/// How the offer would encrypt media.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Srtp {
    /// Not at all.
    #[default]
    None,
    /// `a=crypto` (RFC 4568).
    Sdes,
    /// `a=fingerprint` (RFC 5763).
    Dtls,
    /// Both.
    SdesAndDtls,
}

impl Srtp {
    /// The word in the CSV.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Sdes => "sdes",
            Self::Dtls => "dtls",
            Self::SdesAndDtls => "sdes+dtls",
        }
    }
}

/// What the offer says of ICE (RFC 8839).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Ice {
    /// No candidate.
    #[default]
    None,
    /// `a=ice-lite`.
    Lite,
    /// Candidates without `a=ice-lite`.
    Full,
}

impl Ice {
    /// The word in the CSV.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Lite => "lite",
            Self::Full => "full",
        }
    }
}

impl Row<'_> {
    /// Appends its place in the calls CSV: bytes that sort by time, then Call-ID, then frame.
    pub fn order(&self, out: &mut Vec<u8>) {
        self.place(self.start_time, out);
    }

    /// Appends its place in the rejections CSV.
    pub fn rejection_order(&self, out: &mut Vec<u8>) {
        self.place(self.request_time, out);
    }

    fn place(&self, time: Nanos, out: &mut Vec<u8>) {
        // Times before 1970 come first.
        out.extend((time.0 ^ i64::MIN).to_be_bytes());
        // A zero ends the Call-ID, so that none is the beginning of another; one inside is told by what follows.
        for part in self.call_id.as_bytes().split_inclusive(|&byte| byte == 0) {
            out.extend_from_slice(part);
            if part.ends_with(&[0]) {
                out.push(u8::MAX);
            }
        }
        out.extend([0, 0]);
        out.push(self.file.is_some().into());
        out.extend(self.file.unwrap_or(0).to_be_bytes());
        out.push(self.invite_frame.is_some().into());
        out.extend(self.invite_frame.unwrap_or(0).to_be_bytes());
    }

    /// Takes over what another row of the same call tells of its first rejection.
    pub fn take_rejection(&mut self, of: Self) {
        self.rejected_at = of.rejected_at;
        self.unsettled = of.unsettled;
        (self.diag_code, self.diag_phrase, self.correlation_id) =
            (of.diag_code, of.diag_phrase, of.correlation_id);
        self.offer = of.offer;
        (self.file, self.invite_frame) = (of.file, of.invite_frame);
        (self.response_file, self.response_frame) = (of.response_file, of.response_frame);
        self.server = of.server;
    }
}

#[cfg(test)]
mod tests {
    use super::Row;
    use crate::capture::record::Nanos;
    use crate::text::Text;

    #[test]
    fn places_sort_by_time_then_call_id_then_frame() {
        let row = |time, call_id: &'static str, file, frame| {
            let mut place = Vec::new();
            let row = Row {
                start_time: Nanos(time),
                call_id: Text::from(call_id),
                file,
                invite_frame: frame,
                ..Row::default()
            };
            row.order(&mut place);
            place
        };
        let places = [
            row(-1, "b", Some(9), Some(9)),
            row(0, "", Some(9), Some(9)),
            row(0, "\0", None, None),
            row(0, "\0\0", None, None),
            row(0, "\0a", None, None),
            row(0, "a", None, None),
            row(0, "a", None, Some(0)),
            row(0, "a", Some(0), None),
            row(0, "a", Some(0), Some(256)),
            row(0, "a", Some(0), Some(257)),
            row(0, "a\0", None, None),
            row(0, "ab", None, None),
            row(1, "", None, None),
        ];
        assert!(places.is_sorted_by(|a, b| a < b), "{places:?}");
    }
}
