//! Addresses and names → who is Teams, who the SBC, who the carrier, and which trunk a call is on.
//!
//! In: calls. Out: [`Refuser`], [`Direction`], trunk names, and what each trunk was seen to get accepted.
//! This layer never says why a call was refused.

pub mod config;
pub mod history;
pub mod naming;
pub mod party;
pub mod sbc;
pub mod teams;

pub use config::{Config, Numbering};
pub use history::{Bypass, TrunkHistory};
pub use naming::{ends_of, trunk_groups, trunk_of};
pub use party::{Direction, Parties, Refusal, Refuser};
pub use sbc::SbcAddresses;
pub use teams::Teams;
