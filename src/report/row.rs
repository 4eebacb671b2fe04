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

/// What the CSVs tell of one call, or of one rejection. An unknown value is `None` or an empty text.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The first INVITE, else the call's first message.
    pub start_time: Nanos,
    /// When the rejected request was sent (rejections), else `start_time`.
    pub request_time: Nanos,
    /// The trunk's name.
    pub trunk: Text,
    /// Towards Teams or from it.
    pub direction: Option<Direction>,
    /// User part of From.
    pub caller: Text,
    /// User part of the Request-URI.
    pub callee: Text,
    /// Call-ID.
    pub call_id: Text,
    /// Tag of the caller, which tells calls of one Call-ID apart; empty where the initial INVITE is not in the capture.
    pub caller_tag: Text,
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
    pub diag_code: Text,
    /// What the response says in words.
    pub diag_phrase: Text,
    /// The GUID before the phrase.
    pub correlation_id: Text,
    /// The offer, where one is known.
    pub offer: Option<OfferFacts>,
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
    pub user_agent: Text,
    /// Server of the 488, or of the final response.
    pub server: Text,
    /// Inventory number of the capture that holds the request.
    pub file: Option<u32>,
    /// Its frame there.
    pub invite_frame: Option<u64>,
    /// Inventory number of the capture that holds the response.
    pub response_file: Option<u32>,
    /// Its frame there.
    pub response_frame: Option<u64>,
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
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OfferFacts {
    /// `INVITE`, `UPDATE`, or `none` for a delayed offer.
    pub offer_in: OfferIn,
    /// Media and profile of each live stream, joined by `;`: `audio RTP/SAVP`.
    pub media: Text,
    /// Encoding names offered for audio, in order, each once, joined by `;`.
    pub codecs: Text,
    /// The speech codecs among them that Direct Routing does not support, joined by `;`.
    pub codecs_unsupported: Text,
    /// `none`, `sdes`, `dtls` or `sdes+dtls`; none where there is no SDP.
    pub srtp: Option<Srtp>,
    /// Crypto suites, joined by `;`.
    pub crypto_suites: Text,
    /// `none`, `lite` or `full`; none where there is no SDP.
    pub ice: Option<Ice>,
    /// Number of `a=candidate` lines; none where there is no SDP.
    pub ice_candidates: Option<u32>,
    /// Of the first active audio stream.
    pub connection_address: Text,
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

/// The order of a CSV: time, then Call-ID, then frame.
pub type Order = (Nanos, Text, Option<u32>, Option<u64>);

impl Row {
    /// Its place in the calls CSV.
    pub fn order(&self) -> Order {
        (
            self.start_time,
            self.call_id.clone(),
            self.file,
            self.invite_frame,
        )
    }

    /// Its place in the rejections CSV.
    pub fn rejection_order(&self) -> Order {
        (
            self.request_time,
            self.call_id.clone(),
            self.file,
            self.invite_frame,
        )
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
