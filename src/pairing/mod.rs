//! Calls → which of them are legs of one call, and which refusal is only passed on.
//!
//! An SBC is a back-to-back user agent (RFC 7092): the carrier's call and Teams' have other Call-IDs, tags and bodies. In:
//! one [`Leg`] for each call that is over, in order of time, twice: first to measure ([`Measuring`]: how the clocks differ,
//! which addresses are one SBC's), then to pair ([`Pairing`]). Out: one [`Related`] for each leg.
//!
//! - Strong grounds go before weak ones. A strong ground is a value that one call has and another has not; the weak ones
//!   count only together: the same numbers, the SBC between the legs, and begin, decision and end at about one time.
//! - Never between equals: a leg with two candidates of the same standing has none, and [`LeftOut`] says so.
//! - One to one, from one side to the other, from a leg that comes to the SBC to one that leaves it. Only what was tried
//!   several times forms a group: several outgoing legs of one incoming leg.
//! - Two legs of one Call-ID are never paired: they are one call on two taps, or nothing tells them apart.
//! - The names of legs, the order of files and the clocks of other taps change nothing.
//!
//! Legs are held for [`HELD`] of capture time and then told, so that memory follows the rate of calls and not their number.
//! To be read in this order: `leg`, `number`, `mark`, `ground`, `sharers`, `measured`, `standing`, `horizon`, `refusal`,
//! `passes`.
//! This layer reads no file and knows no clock, and never says why a call was refused.

pub mod ground;
mod horizon;
mod leg;
mod mark;
mod measured;
mod number;
mod passes;
mod refusal;
mod related;
mod sharers;
mod standing;

pub use ground::GROUNDS;
pub use ground::Ground;
pub use ground::Grounds;
pub use leg::Leg;
pub use leg::LegId;
pub use leg::LegSide;
pub use leg::Refused;
pub use leg::Way;
pub use mark::Kind;
pub use mark::Mark;
pub use measured::Clocks;
pub use measured::Measured;
pub use measured::Window;
pub use number::Likeness;
pub use number::Number;
pub use passes::Measuring;
pub use passes::Pairing;
pub use passes::pair;
pub use related::Counts;
pub use related::LeftOut;
pub use related::Related;
pub use related::Why;
pub use sharers::FEW;

use crate::capture::record::Nanos;

/// How far apart two legs of one call may begin, by the clocks of their taps: what two clocks of a site differ by, and the
/// time in which an SBC tries one route after the other (Timer B of RFC 3261 §17.1.1.2 is 32 s).
pub const HORIZON: Nanos = Nanos::from_secs(60);

/// How far apart two legs may begin that have only weak grounds in common: the clocks, and two routes that were tried for
/// ten seconds before the third.
pub const WEAK_HORIZON: Nanos = Nanos::from_secs(20);

/// How long a leg is held after a later one was fed: until all that it may be paired with, and all that those may be
/// paired with, is there, and until nothing that is still to be told can take it for another's candidate. Twice
/// [`HORIZON`] and four times [`WEAK_HORIZON`].
pub const HELD: Nanos = Nanos::from_secs(200);

#[cfg(test)]
mod tests;
