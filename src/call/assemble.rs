//! All messages of one call → what happened in it.

use serde::{Deserialize, Serialize};

use crate::capture::record::Nanos;
use crate::sip::Method;

use super::dialog;
use super::dialog::Grouped;
use super::gathered::Gathered;
use super::offer_answer::Agreed;
use super::offer_answer::agreed_before;
use super::rejection::OfferUnderTest;
use super::rejection::RejectedAt;
use super::rejection::Rejection;
use super::sighting::Seen;
use super::transaction::Transaction;
use super::transaction::transactions;

/// How a call ended.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Outcome {
    /// A 2xx to the initial INVITE.
    Answered,
    /// Another final response, and not because it was cancelled.
    Rejected,
    /// 487 Request Terminated (RFC 3261 §9).
    Cancelled,
    /// No final response in the capture.
    Unanswered,
    /// The initial INVITE is not in the capture.
    #[default]
    Incomplete,
}

impl Outcome {
    /// The word in the CSV.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
            Self::Unanswered => "unanswered",
            Self::Incomplete => "incomplete",
        }
    }
}

/// A call that is over. Its messages are in order of time.
#[derive(Debug)]
pub struct Call<'a> {
    seen: Vec<Seen<'a>>,
    transactions: Vec<Transaction>,
    caller_tag: Option<&'a [u8]>,
    /// Place of the deciding transaction.
    deciding: Option<usize>,
}

impl Gathered {
    /// The calls of this Call-ID.
    pub fn calls(&self) -> Vec<Call<'_>> {
        let mut seen = Vec::with_capacity(self.messages());
        seen.extend(self.seen());
        dialog::calls_of(seen).into_iter().map(Call::new).collect()
    }
}

impl<'a> Call<'a> {
    fn new(grouped: Grouped<'a>) -> Self {
        let Grouped {
            caller_tag,
            mut seen,
        } = grouped;
        seen.sort_by_key(|a| a.at);
        let transactions = transactions(&seen);
        let mut call = Self {
            seen,
            transactions,
            caller_tag,
            deciding: None,
        };
        call.deciding = call.find_deciding();
        call
    }

    /// Every message, the earliest first.
    pub fn seen(&self) -> &[Seen<'a>] {
        &self.seen
    }

    /// The tag of the caller; none where the initial INVITE is not in the capture.
    pub fn caller_tag(&self) -> Option<&'a [u8]> {
        self.caller_tag
    }

    /// The initial INVITE, where it was first seen.
    pub fn initial_invite(&self) -> Option<&Seen<'a>> {
        self.seen
            .iter()
            .find(|seen| seen.is_initial_invite() && self.caller_tag.is_some())
    }

    /// The first message of all.
    pub fn first(&self) -> Option<&Seen<'a>> {
        self.seen.first()
    }

    /// The attempt that decided the call: the last initial INVITE, which a challenge, a redirection or a fallback may have
    /// brought about.
    fn deciding(&self) -> Option<&Transaction> {
        self.transactions.get(self.deciding?)
    }

    /// The first that was answered, else the last.
    fn find_deciding(&self) -> Option<usize> {
        let is_initial = |transaction: &Transaction| {
            transaction
                .requests
                .iter()
                .any(|&place| self.seen[place].is_initial_invite())
        };
        let is_answered = |transaction: &Transaction| {
            self.decided_status(transaction)
                .is_some_and(|status| status < 300)
        };
        let mut last = None;
        for (place, transaction) in self.transactions.iter().enumerate() {
            if is_initial(transaction) {
                last = Some(place);
                if is_answered(transaction) {
                    break;
                }
            }
        }
        last
    }

    /// The final response that decided the initial INVITE.
    pub fn final_response(&self) -> Option<&Seen<'a>> {
        self.deciding()?
            .decided_by(&self.seen)
            .map(|place| &self.seen[place])
    }

    /// How the call ended.
    pub fn outcome(&self) -> Outcome {
        if self.initial_invite().is_none() {
            return Outcome::Incomplete;
        }
        match self.final_response().and_then(Seen::status) {
            None => Outcome::Unanswered,
            Some(..300) => Outcome::Answered,
            Some(487) => Outcome::Cancelled,
            Some(_) => Outcome::Rejected,
        }
    }

    /// The deciding INVITE to its final response, on the hop where the INVITE was first seen where that hop has both.
    pub fn setup(&self) -> Option<Nanos> {
        let deciding = self.deciding()?;
        let invite = &self.seen[deciding.first_request()?];
        let decided = &self.seen[deciding.decided_by(&self.seen)?];
        let same = || {
            let responses = deciding.responses.iter().map(|&place| &self.seen[place]);
            responses.filter(|seen| seen.status() == decided.status())
        };
        // Of one there is nothing to choose.
        let response = if same().nth(1).is_some() {
            same().find(|seen| seen.branch() == invite.branch())
        } else {
            None
        };
        let setup = response.unwrap_or(decided).at.time.since(invite.at.time);
        (setup.0 >= 0).then_some(setup)
    }

    /// The 2xx to the initial INVITE to the first BYE.
    pub fn duration(&self) -> Option<Nanos> {
        let answer = self
            .final_response()
            .filter(|seen| seen.status().is_some_and(|status| status < 300))?;
        // Of several forks that answered, the one that decided the call; its BYE has its tag on either side.
        let ends = |seen: &Seen<'_>| {
            answer.to_tag.is_empty() || [seen.from_tag, seen.to_tag].contains(&answer.to_tag)
        };
        let bye = self
            .seen
            .iter()
            .find(|seen| seen.is_request() && seen.method == Method::Bye && ends(seen))?;
        let duration = bye.at.time.since(answer.at.time);
        (duration.0 >= 0).then_some(duration)
    }

    /// The refused requests, in order of time.
    pub fn rejections(&self) -> Vec<Rejection<'a, '_>> {
        let is_refused = |transaction: &&Transaction| self.decided_status(transaction) == Some(488);
        if !self
            .transactions
            .iter()
            .any(|transaction| is_refused(&transaction))
        {
            return Vec::new();
        }
        let agreed = agreed_before(&self.transactions, &self.seen);
        let refused = self
            .transactions
            .iter()
            .zip(agreed)
            .filter(|(transaction, _)| is_refused(transaction));
        let mut found: Vec<_> = refused
            .filter_map(|(transaction, agreed)| self.rejection(transaction, agreed))
            .collect();
        found.sort_by_key(|rejection| rejection.request.unwrap_or(rejection.response).at);
        found
    }

    fn decided_status(&self, transaction: &Transaction) -> Option<u16> {
        self.seen[transaction.decided_by(&self.seen)?].status()
    }

    fn rejection(&self, transaction: &Transaction, agreed: Agreed) -> Option<Rejection<'a, '_>> {
        let response = transaction.origin_of(488, &self.seen)?;
        let request = transaction
            .request_of(response, &self.seen)
            .map(|place| &self.seen[place]);
        let at = request.map(RejectedAt::of);
        let agreed = if at == Some(RejectedAt::Initial) {
            Agreed::Nothing
        } else {
            agreed
        };
        Some(Rejection {
            request,
            response: &self.seen[response],
            at,
            offer: OfferUnderTest::of(request),
            agreed,
        })
    }

    /// Each request with SDP that was answered with 2xx: the offers that were accepted.
    pub fn accepted(&self) -> impl Iterator<Item = &Seen<'a>> {
        self.transactions.iter().filter_map(|transaction| {
            let decided = transaction.decided_by(&self.seen)?;
            let is_accepted = self.seen[decided]
                .status()
                .is_some_and(|status| status < 300);
            let request = transaction.request_of(decided, &self.seen)?;
            is_accepted.then(|| &self.seen[request])
        })
    }
}
