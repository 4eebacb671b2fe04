//! One refused request: what diagnosis sees of a call.

use serde::{Deserialize, Serialize};

use crate::sdp::SessionDescription;
use crate::sip::Body;
use crate::sip::Method;

use super::offer_answer::Agreed;
use super::sighting::Seen;

/// Which request of the call was refused.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum RejectedAt {
    /// The INVITE that opens the call.
    #[default]
    Initial,
    /// An INVITE inside the dialog.
    ReInvite,
    /// An UPDATE (RFC 3311).
    Update,
}

impl RejectedAt {
    /// The word in the CSV.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Initial => "initial",
            Self::ReInvite => "re-invite",
            Self::Update => "update",
        }
    }

    /// What a request is, by its method and To tag.
    pub fn of(request: &Seen<'_>) -> Self {
        match request.method {
            Method::Update => Self::Update,
            _ if request.to_tag.is_empty() => Self::Initial,
            _ => Self::ReInvite,
        }
    }
}

/// The offer that a 488 refused, as far as the capture has it.
#[derive(Debug)]
pub enum OfferUnderTest<'a> {
    /// All of it.
    Whole(SessionDescription<'a>),
    /// The request is whole and carries none: a delayed offer (RFC 3261 §13.2.1).
    Nothing,
    /// The request is there, but bytes of it are missing. What is there is shown, and proves nothing.
    Cut(Option<SessionDescription<'a>>),
    /// The request is not in the capture.
    Missing,
}

impl<'a> OfferUnderTest<'a> {
    /// The offer of a request.
    pub fn of(request: Option<&Seen<'a>>) -> Self {
        let Some(request) = request else {
            return Self::Missing;
        };
        match request.message().sdp() {
            Body::Sdp(body) => Self::Whole(SessionDescription::parse(body)),
            Body::None => Self::Nothing,
            Body::Cut(body) => Self::Cut(body.map(SessionDescription::parse)),
        }
    }
}

/// A refused INVITE, re-INVITE or UPDATE.
#[derive(Debug)]
pub struct Rejection<'a, 'call> {
    /// The refused request; none where it is not in the capture.
    pub request: Option<&'call Seen<'a>>,
    /// The 488, where it was first said.
    pub response: &'call Seen<'a>,
    /// Which request it was; none where it is not in the capture.
    pub at: Option<RejectedAt>,
    /// Its offer.
    pub offer: OfferUnderTest<'a>,
    /// What was agreed before.
    pub agreed: Agreed,
}
