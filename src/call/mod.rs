//! Messages → [`Call`]s: transactions, offers and answers, rejections.
//!
//! In: SIP messages with the place where each was seen. Out: calls that are over, each with what was
//! offered, what was agreed and what was refused. This layer never asks who is Teams, who the SBC, and
//! never says why a request was refused.
//!
//! A call is judged when it is over, from all its messages at once, so the order in which the packets
//! came does not matter. To be read in this order: `sighting`, `gathered`, `calls`, `dialog`, `transaction`,
//! `offer_answer`, `rejection`, `assemble`.

pub mod assemble;
pub mod calls;
pub mod dialog;
pub mod gathered;
pub mod offer_answer;
pub mod rejection;
pub mod sighting;
pub mod transaction;

pub use assemble::{Call, Outcome};
pub use calls::Calls;
pub use gathered::Gathered;
pub use rejection::{OfferUnderTest, RejectedAt, Rejection};
pub use sighting::{Glance, Seen, Sighting, Transport};

#[cfg(test)]
mod tests;
