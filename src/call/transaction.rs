//! Transactions of one call (RFC 3261 §17): a request and what answered it, over all hops and taps.

use std::collections::BTreeMap;

use crate::sip::Method;
use crate::sip::Wholeness;

use super::sighting::Seen;

/// One CSeq of one sender: places in the call's list of messages.
#[derive(Debug, Default)]
pub struct Transaction {
    /// The request's sightings, the earliest first.
    pub requests: Vec<usize>,
    /// Its responses' sightings, the earliest first.
    pub responses: Vec<usize>,
}

/// Whose request, which CSeq, and which method.
type Key<'a> = (&'a [u8], u32, &'static str);

/// The INVITE and UPDATE transactions of a call, in the order of the contract: each sender's by CSeq, the
/// two senders' interleaved by time. `seen` is in order of time.
pub fn transactions(seen: &[Seen<'_>]) -> Vec<Transaction> {
    let mut by_key: BTreeMap<Key<'_>, Transaction> = BTreeMap::new();
    for (place, message) in seen.iter().enumerate() {
        let method = match message.method {
            Method::Invite => "INVITE",
            Method::Update => "UPDATE",
            _ => continue,
        };
        // A response bears the From of its request (RFC 3261 §8.2.6.2), so one key serves both.
        let transaction = by_key
            .entry((message.from_tag, message.cseq, method))
            .or_default();
        if message.is_request() {
            transaction.requests.push(place);
        } else {
            transaction.responses.push(place);
        }
    }
    in_order(by_key, seen)
}

fn in_order(by_key: BTreeMap<Key<'_>, Transaction>, seen: &[Seen<'_>]) -> Vec<Transaction> {
    let mut found: Vec<(_, &[u8], Transaction)> = by_key
        .into_iter()
        .filter_map(|((sender, _, _), transaction)| {
            let first = *transaction
                .requests
                .iter()
                .chain(&transaction.responses)
                .min()?;
            Some((seen.get(first)?.at, sender, transaction))
        })
        .collect();
    // CSeq orders one sender's requests whatever the clocks say: none is earlier than the one before it.
    let mut latest: BTreeMap<&[u8], _> = BTreeMap::new();
    for (at, sender, _) in &mut found {
        let floor = latest.entry(sender).or_insert(*at);
        *at = (*at).max(*floor);
        *floor = *at;
    }
    found.sort_by_key(|(at, ..)| *at);
    found
        .into_iter()
        .map(|(.., transaction)| transaction)
        .collect()
}

impl Transaction {
    /// The response that decided it: a 2xx on any branch; else, of the final responses nearest to the sender of
    /// the request (the fewest Via values: a proxy forwards one of its branches' responses, RFC 3261 §16.7), a 488
    /// before others, then the earliest.
    pub fn decided_by(&self, seen: &[Seen<'_>]) -> Option<usize> {
        let status = |place: usize| seen.get(place).and_then(Seen::status).unwrap_or(0);
        let finals = self
            .responses
            .iter()
            .copied()
            .filter(|&place| status(place) >= 200);
        finals.min_by_key(|&place| {
            let hops = seen.get(place).map_or(0, |seen| seen.hops);
            let is_success = status(place) < 300;
            (
                !is_success,
                if is_success { 0 } else { hops },
                status(place) != 488,
                place,
            )
        })
    }

    /// Where the refusal was first said: the sighting of this status nearest to its sender (the most Via values),
    /// then the earliest.
    pub fn origin_of(&self, status: u16, seen: &[Seen<'_>]) -> Option<usize> {
        let same = self.responses.iter().copied().filter(|&place| {
            seen.get(place)
                .is_some_and(|seen| seen.status() == Some(status))
        });
        same.min_by_key(|&place| {
            (
                std::cmp::Reverse(seen.get(place).map_or(0, |seen| seen.hops)),
                place,
            )
        })
    }

    /// The request that a response answers: the one with the response's top Via branch, whole before cut; any
    /// request of the transaction where no branch fits.
    pub fn request_of(&self, response: usize, seen: &[Seen<'_>]) -> Option<usize> {
        if let [only] = self.requests[..] {
            return Some(only);
        }
        let branch = seen.get(response).map(Seen::branch);
        let rank = |place: &usize| {
            let request = seen.get(*place);
            let fits = request.is_some_and(|request| {
                !request.branch().is_empty() && Some(request.branch()) == branch
            });
            let is_whole = request.is_some_and(|request| request.wholeness == Wholeness::Whole);
            (!fits, !is_whole, *place)
        };
        self.requests.iter().copied().min_by_key(rank)
    }

    /// The earliest sighting of the request.
    pub fn first_request(&self) -> Option<usize> {
        self.requests.first().copied()
    }
}
