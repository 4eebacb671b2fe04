//! SDP (RFC 8866): a body to a [`SessionDescription`].
//!
//! Line by line: a line that can't be read is a [`Defect`] with its number, and costs that line
//! alone. Whether a strict peer would have refused the whole is a question of its own
//! ([`SessionDescription::is_malformed`]).
//!
//! This layer never fails, knows no call and no offer, and keeps no key: of an `a=crypto` only what
//! its key is worth remains.
//!
//! Files in reading order: `session`, `media`, `attribute`, `connection`, `format`, `crypto`, `ice`,
//! `direction`, `defect`, `identity`, `lines`.

mod attribute;
mod connection;
mod crypto;
mod defect;
mod direction;
mod format;
mod ice;
mod identity;
mod lines;
mod media;
mod session;

pub use attribute::Attribute;
pub use attribute::Attributes;
pub use attribute::Bandwidth;
pub use connection::ConnectionData;
pub use crypto::Crypto;
pub use crypto::KeyStatus;
pub use defect::Defect;
pub use direction::Direction;
pub use format::Codec;
pub use format::Fmtp;
pub use format::RtpMap;
pub use ice::Candidate;
pub use ice::has_candidate;
pub use identity::Identity;
pub use lines::Line;
pub use lines::lines;
pub use lines::written_lines;
pub use media::MediaDescription;
pub use session::Origin;
pub use session::SessionDescription;
