//! SDP (RFC 8866): bytes to [`SessionDescription`], line by line.
//!
//! In: a body. Out: what it says, syntax only, and a [`Defect`] for each line that can't be read, which costs that line
//! alone. This layer knows no call: what an offer means beside another is not its business. Inline keys never leave it.
//!
//! To be read in this order: `session`, `media`, `connection`, `format`, `crypto`, `ice`, `direction`, `defect`.

pub mod connection;
pub mod crypto;
pub mod defect;
pub mod direction;
pub mod format;
pub mod ice;
pub mod media;
pub mod session;

pub use connection::ConnectionData;
pub use crypto::{Crypto, KeyStatus};
pub use defect::{Defect, Fault};
pub use direction::Direction;
pub use format::Codec;
pub use ice::Candidate;
pub use media::MediaDescription;
pub use session::{Origin, SessionDescription};
