//! One row of the calls CSV and of the rejections CSV, before it is text.

use serde::{Deserialize, Serialize};

use crate::capture::record::Nanos;
use crate::diagnosis::Diagnosis;
use crate::packet::Endpoint;
use crate::text::Text;

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

/// The columns from `offer_in` to `connection_address`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OfferFacts {
    /// `INVITE`, `UPDATE`, or `none` for a delayed offer.
    pub offer_in: OfferIn,
    /// Media and profile of each live stream: `audio RTP/SAVP`.
    pub media: Vec<Text>,
    /// Encoding names offered for audio, in order, each once.
    pub codecs: Vec<Text>,
    /// The speech codecs among them that Direct Routing does not support.
    pub codecs_unsupported: Vec<Text>,
    /// `none`, `sdes`, `dtls` or `sdes+dtls`; none where there is no SDP.
    pub srtp: Option<Srtp>,
    /// Crypto suites.
    pub crypto_suites: Vec<Text>,
    /// `none`, `lite` or `full`; none where there is no SDP.
    pub ice: Option<Ice>,
    /// Number of `a=candidate` lines; none where there is no SDP.
    pub ice_candidates: Option<u32>,
    /// Of the first active audio stream.
    pub connection_address: Text,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl $name {
            /// The word in the CSV.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }
    };
}

words! {
    /// Which way the call went.
    Direction {
        /// The first INVITE went to Teams.
        #[default] ToTeams = "to-teams",
        /// The first INVITE came from Teams.
        FromTeams = "from-teams",
    }
}
words! {
    /// How a call ended.
    Outcome {
        /// A 2xx to the initial INVITE.
        Answered = "answered",
        /// A final response other than 2xx, and not after a CANCEL.
        Rejected = "rejected",
        /// CANCEL, or 487.
        Cancelled = "cancelled",
        /// No final response in the capture.
        Unanswered = "unanswered",
        /// The initial INVITE is not in the capture.
        #[default] Incomplete = "incomplete",
    }
}
words! {
    /// Which request of the call was refused.
    RejectedAt {
        /// The INVITE that opens the call.
        #[default] Initial = "initial",
        /// An INVITE inside the dialog.
        ReInvite = "re-invite",
        /// An UPDATE.
        Update = "update",
    }
}
words! {
    /// Who refused.
    Refuser {
        /// Teams.
        #[default] Teams = "teams",
        /// The session border controller.
        Sbc = "sbc",
        /// The carrier.
        Carrier = "carrier",
    }
}
words! {
    /// What carried the packet.
    Transport {
        /// UDP.
        #[default] Udp = "udp",
        /// TCP.
        Tcp = "tcp",
        /// TLS over TCP.
        Tls = "tls",
    }
}
words! {
    /// The request that carried the offer.
    OfferIn {
        /// An INVITE or re-INVITE.
        #[default] Invite = "INVITE",
        /// An UPDATE.
        Update = "UPDATE",
        /// None: a delayed offer.
        None = "none",
    }
}
words! {
    /// How the offer would encrypt media.
    Srtp {
        /// Not at all.
        #[default] None = "none",
        /// `a=crypto` (RFC 4568).
        Sdes = "sdes",
        /// `a=fingerprint` (RFC 5763).
        Dtls = "dtls",
        /// Both.
        SdesAndDtls = "sdes+dtls",
    }
}
words! {
    /// What the offer says of ICE (RFC 8839).
    Ice {
        /// No candidate.
        #[default] None = "none",
        /// `a=ice-lite`.
        Lite = "lite",
        /// Candidates without `a=ice-lite`.
        Full = "full",
    }
}
