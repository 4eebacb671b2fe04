//! What the segments of a connection show of its capture: why what is missing is missing.

use crate::packet::Endpoint;
use crate::packet::Segment;
use crate::transport::tls::session::Missing;

/// What the segments of a connection show of its capture.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// The direction of the SYN, where that is in the capture.
    pub(super) opened_by: Option<usize>,
    /// Directions with payload.
    has_payload: [bool; 2],
    /// Segments that the snap length cut.
    has_cut: bool,
    /// Bytes were lost.
    pub(super) has_lost: bool,
}

impl Seen {
    pub(super) fn note(&mut self, segment: &Segment<'_>) {
        let direction = usize::from(segment.from > segment.to);
        if segment.flags.syn {
            let is_answer = segment.acknowledgment.is_some();
            self.opened_by = Some(if is_answer { 1 - direction } else { direction });
        }
        self.has_payload[direction] |= !segment.payload.is_empty();
        self.has_cut |= segment.cut > 0;
    }

    /// Why a handshake is not whole.
    pub(super) fn refine(&self, missing: Missing, has_hello: bool) -> Missing {
        let is_handshake = matches!(missing, Missing::Handshake | Missing::Data | Missing::Room);
        match missing {
            Missing::RightKey if self.has_cut => Missing::Bytes,
            _ if !is_handshake => missing,
            _ if self.has_cut => Missing::Bytes,
            _ if self.has_payload != [true; 2] && missing != Missing::Data => Missing::Direction,
            Missing::Handshake if has_hello || self.opened_by.is_some() => Missing::Segments,
            Missing::Data if self.has_lost => Missing::Segments,
            _ => missing,
        }
    }
}

/// The direction of who has the larger port: servers have well-known ones.
pub(super) const fn likely_client((lesser, greater): (Endpoint, Endpoint)) -> usize {
    (lesser.port < greater.port) as usize
}
