//! SIP (RFC 3261): bytes to [`Message`].
//!
//! [`framing`] says where a message begins and ends in a datagram, [`Framer`] does the same for one
//! direction of a byte stream, and [`Message::parse`] splits it into start line, headers and body.
//! Values stay bytes; a header is read further only when somebody asks, by the file in [`fields`]
//! that bears its name.
//!
//! This layer never fails: it gives what it could read, and a [`Defect`] for each thing that the
//! sender did wrong. It knows no packets, no addresses and no time, and copies nothing but folded or
//! escaped text.
//!
//! Files in reading order: `start_line`, `framing`, `framer`, `header`, `outline`, `message`, `multipart`,
//! `uri`, `fields/`, `grammar`, `defect`.

mod defect;
pub mod fields;
mod framer;
pub mod framing;
mod grammar;
mod head;
mod header;
mod message;
mod multipart;
mod outline;
mod start_line;
mod uri;

pub use defect::Defect;
pub use fields::cseq::CSeq;
pub use fields::name_addr::NameAddr;
pub use fields::params::Params;
pub use fields::reason::Reason;
pub use fields::via::Via;
pub use fields::warning::Warning;
pub use framer::Framer;
pub use framing::MAX_HEAD;
pub use framing::MAX_MESSAGE;
pub use framing::Wholeness;
pub use framing::begins_like_sip;
pub use framing::datagram;
pub use grammar::list;
pub use header::HeaderName;
pub use header::Value;
pub use message::Message;
pub use multipart::Body;
pub use outline::Outline;
pub use outline::branch_of;
pub use outline::tag_of;
pub use start_line::Method;
pub use start_line::StartLine;
pub use uri::Scheme;
pub use uri::Uri;
