//! The pieces of a connection → messages.

use super::found::Carriage;
use super::found::Found;
use super::found::Origin;
use super::found::Whereabouts;
use super::in_direction;
use crate::call::Transport;
use crate::capture::record::Stamp;
use crate::packet::Enclosed;
use crate::packet::Encoding;
use crate::packet::Endpoint;
use crate::pipeline::chunk::transport_of;
use crate::sip::Framer;
use crate::sip::Outline;
use crate::transport::wrapping::Piece;
use crate::transport::wrapping::Unwrapped;

/// Where the pieces of a connection go.
pub(super) struct Inside<'c> {
    pub(super) framers: &'c mut [Framer; 2],
    pub(super) is_sip: &'c mut bool,
    pub(super) transport: Transport,
    /// True where the bytes came in an earlier packet than the one at hand.
    pub(super) is_held: bool,
    pub(super) ends: (Endpoint, Endpoint),
    pub(super) found: &'c mut Found,
}

impl Inside<'_> {
    pub(super) fn take(&mut self, unwrapped: Unwrapped<'_>) {
        let Unwrapped {
            direction,
            piece,
            at,
            is_late,
        } = unwrapped;
        let (from, to) = in_direction(direction, self.ends);
        let transport = self.transport;
        let whereabouts = Whereabouts {
            at,
            from,
            to,
            transport,
        };
        if self.found.has_origins() {
            self.found.origin = Some(self.origin(direction, piece));
        }
        let found = &mut *self.found;
        let framer = &mut self.framers[direction];
        let before = found.sip.messages;
        match piece {
            Piece::Bytes(bytes) => framer.feed(bytes, &mut |bytes, wholeness| {
                found.keep(bytes, wholeness, whereabouts);
            }),
            Piece::Lost(lost) => framer.lose(lost, &mut |bytes, wholeness| {
                found.keep(bytes, wholeness, whereabouts);
            }),
            Piece::Message(bytes) => {
                if let Some(message) = Outline::of_datagram(bytes, false) {
                    found.keep_message(&message, whereabouts);
                }
            }
            Piece::Mirrored(enclosed) => self.take_mirrored(&enclosed, at),
        }
        let found = &mut *self.found;
        if found.sip.messages == before {
            return;
        }
        *self.is_sip = true;
        if !is_late && !self.is_held {
            found.completed = true;
        } else if found.last_late.replace(at) != Some(at) {
            found.late += 1;
        }
    }

    /// Which way a piece came.
    fn origin(&self, direction: usize, piece: Piece<'_>) -> Origin {
        let is_deflated = |enclosed: Enclosed<'_>| enclosed.encoding != Encoding::Plain;
        let carriage = match piece {
            _ if self.transport == Transport::Tls => Carriage::Tls,
            Piece::Message(_) => Carriage::Garbled,
            Piece::Mirrored(enclosed) if is_deflated(enclosed) => Carriage::Garbled,
            _ => Carriage::Plain,
        };
        Origin {
            ends: self.ends,
            direction,
            carriage,
        }
    }

    /// A message that somebody mirrored has the addresses and the time that it had.
    fn take_mirrored(&mut self, enclosed: &Enclosed<'_>, at: Stamp) {
        let bytes = enclosed.message();
        let Some(message) = Outline::of_datagram(&bytes, enclosed.is_cut) else {
            return;
        };
        let whereabouts = Whereabouts {
            at: Stamp {
                time: enclosed.time.unwrap_or(at.time),
                ..at
            },
            from: enclosed.from,
            to: enclosed.to,
            transport: transport_of(enclosed.carrier, &message),
        };
        self.found.keep_message(&message, whereabouts);
    }
}
