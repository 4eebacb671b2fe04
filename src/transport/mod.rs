//! Segments → bytes in order.
//!
//! [`Connections`] finds the connection that a segment belongs to and gives each direction's
//! bytes, once and in order, to whoever asked. What can never come is said in so many words
//! ([`Event::Lost`]), so that the reader can resynchronise, and counted.
//!
//! This layer never looks at what the bytes mean: where a message ends is SIP's to know.
//!
//! In reading order: [`tcp`] says what comes out, [`connections`] tells connections apart and
//! bounds them, `assembler` puts one direction in order, `recency` knows which connection was
//! used least recently; [`tls`] tells encrypted connections.

mod assembler;
pub mod connections;
mod recency;
pub mod sctp;
pub mod tcp;
pub mod tls;
pub mod wrapping;

use self::wrapping::Kind;

/// The transports whose payload is looked into.
pub const TRANSPORTS: &[Kind] = &[
    Kind {
        name: "UDP",
        known_by: "IP protocol 17",
        source: "RFC 768",
    },
    Kind {
        name: "TCP: put in order, holes passed over",
        known_by: "IP protocol 6",
        source: "RFC 9293",
    },
    Kind {
        name: "SCTP: messages in fragments, in DATA and I-DATA",
        known_by: "IP protocol 132",
        source: "RFC 9260, RFC 8260, RFC 4168",
    },
];

pub use connections::Connections;
pub use tcp::ConnectionId;
pub use tcp::Delivery;
pub use tcp::Event;
pub use tcp::Placement;
