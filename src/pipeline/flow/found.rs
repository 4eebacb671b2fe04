//! What reading connections gives.

use crate::call::Glance;
use crate::call::Sighting;
use crate::call::Transport;
use crate::capture::record::Nanos;
use crate::capture::record::Stamp;
use crate::packet::Endpoint;
use crate::pipeline::ledger::Ledger;
use crate::pipeline::ledger::SipCounts;
use crate::sip::Outline;
use crate::sip::Wholeness;
use crate::transport::tls::resumption::Families;
use crate::transport::tls::session::Locked;
use crate::trunk::SbcAddresses;

/// The messages that a shard found, in the order in which they were complete.
#[derive(Debug, Default)]
pub struct Found {
    bytes: Vec<u8>,
    messages: Vec<Place>,
    /// Fates that are decided.
    pub ledger: Ledger,
    /// What was found.
    pub sip: SipCounts,
    /// Addresses that talked to Teams.
    pub sbc: SbcAddresses,
    /// Bytes of SIP connections that never came.
    pub lost: u64,
    /// Segments counted as [`Fate::Stream`](crate::packet::Fate::Stream) whose message was complete only when the hole before them was given up.
    pub late: u64,
    /// Bytes that the wrappings of connections held when these ended, since it was last asked.
    pub(super) released: usize,
    /// The time of the segment at hand.
    pub(super) now: Nanos,
    /// Its turn.
    pub(super) turn: u64,
    /// The packet that was counted last in `late`.
    pub(super) last_late: Option<Stamp>,
    /// True once the segment at hand completed a message.
    pub(super) completed: bool,
    /// How often what TLS or another wrapping held was given up for lack of room.
    pub given_up: u64,
    /// Connections that were over and could not be read.
    pub locked: Vec<LockedConnection>,
    /// What TLS handshakes told of sessions that go on elsewhere.
    pub families: Families,
    /// Which connection each message came by, where that is asked for.
    origins: Option<Vec<Origin>>,
    /// The connection at hand, where that is asked for.
    pub(super) origin: Option<Origin>,
}

/// Which way a message came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The ends of the connection, the lesser first.
    pub ends: (Endpoint, Endpoint),
    /// 0 from the lesser end, 1 from the greater.
    pub direction: usize,
    /// How the bytes of the connection hold the message.
    pub carriage: Carriage,
}

/// How the bytes of a connection hold a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carriage {
    /// As it is.
    Plain,
    /// Encrypted by TLS.
    Tls,
    /// Masked or compressed.
    Garbled,
}

/// A connection that could not be read.
#[derive(Clone, Debug)]
pub struct LockedConnection {
    /// Who connected, as far as that is known; else who has the smaller address.
    pub client: Endpoint,
    /// Whom to.
    pub server: Endpoint,
    /// Segments with payload.
    pub packets: u64,
    /// What is missing.
    pub why: Locked,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    turn: u64,
    start: usize,
    len: usize,
    wholeness: Wholeness,
    at: Stamp,
    arrived: Nanos,
    from: Endpoint,
    to: Endpoint,
    transport: Transport,
    glance: Glance,
}

/// Where a message was found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Whereabouts {
    pub(super) at: Stamp,
    pub(super) from: Endpoint,
    pub(super) to: Endpoint,
    pub(super) transport: Transport,
}

/// The bytes of a usual message.
const USUAL_MESSAGE: usize = 800;

impl Found {
    /// Nothing found yet, and room for what that many bytes hold where most of them are SIP.
    pub fn with_room(bytes: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(bytes),
            messages: Vec::with_capacity(bytes / USUAL_MESSAGE),
            ..Self::default()
        }
    }

    /// Nothing found yet; it will be known which connection each message came by.
    pub fn with_origins() -> Self {
        Self {
            origins: Some(Vec::new()),
            ..Self::default()
        }
    }

    /// Whether it is asked for which connection a message came by.
    pub(super) const fn has_origins(&self) -> bool {
        self.origins.is_some()
    }

    /// Which connection each message came by, in the order of [`Found::sightings`].
    pub fn origins(&self) -> impl Iterator<Item = Origin> {
        self.origins.iter().flatten().copied()
    }

    /// The messages that show a call, each with the turn of the segment that completed it.
    pub fn sightings(&self) -> impl Iterator<Item = (u64, Sighting<'_>, Glance)> {
        self.messages.iter().map(|place| {
            let bytes = &self.bytes[place.start..place.start + place.len];
            let &Place {
                wholeness,
                at,
                arrived,
                from,
                to,
                transport,
                glance,
                ..
            } = place;
            (
                place.turn,
                Sighting {
                    bytes,
                    wholeness,
                    at,
                    arrived,
                    from,
                    to,
                    transport,
                },
                glance,
            )
        })
    }

    pub(super) fn keep(&mut self, bytes: &[u8], wholeness: Wholeness, whereabouts: Whereabouts) {
        if let Some(message) = Outline::of(bytes, wholeness) {
            self.keep_message(&message, whereabouts);
        }
    }

    pub(super) fn keep_message(&mut self, message: &Outline<'_>, whereabouts: Whereabouts) {
        let glance = Glance::of(message);
        if message.wholeness == Wholeness::Whole {
            self.sip.count(message);
        }
        if glance.shows_call {
            if let (Some(origins), Some(origin)) = (&mut self.origins, self.origin) {
                origins.push(origin);
            }
            let start = self.bytes.len();
            self.bytes.extend_from_slice(message.bytes);
            self.messages.push(Place {
                turn: self.turn,
                start,
                len: message.bytes.len(),
                wholeness: message.wholeness,
                at: whereabouts.at,
                arrived: self.now,
                from: whereabouts.from,
                to: whereabouts.to,
                transport: whereabouts.transport,
                glance,
            });
        }
    }
}
