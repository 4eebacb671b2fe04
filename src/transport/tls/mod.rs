//! TLS of others, read with the keys of a key log (RFC 5246, RFC 8446, RFC 9850).
//!
//! A [`Session`] is fed what both directions of a connection send, in order, and gives what was inside the records.
//! Nothing is guessed: every record is authenticated, or it is not read. Without a key for the connection,
//! [`Session::locked`] says what is missing.
//!
//! Keys are [`Secret`](keylog::Secret)s, which no output can show.
//!
//! In reading order: [`keylog`] reads key logs, [`record`] cuts a direction into records, `handshake` finds what the
//! two sides agreed, `suite` says what that means, `derivation` makes keys of secrets, `cipher` opens records,
//! [`session`] puts it together, [`resumption`] finds the secret of a session that went on in another connection.

mod cipher;
mod derivation;
mod handshake;
pub mod keylog;
pub mod record;
pub mod resumption;
pub mod session;
mod suite;

pub use keylog::KeyLog;
pub use record::looks_like_tls;
pub use session::Plaintext;
pub use session::Session;

/// The number by which a key log knows a connection: `ClientHello.random`.
pub type ClientRandom = [u8; 32];
