//! Which packets brought what comes in pieces: IP fragments, and chunks of SCTP.

use std::net::IpAddr;

use rustc_hash::FxHashMap;

use crate::capture::record::Frame;
use crate::packet::Fragment;
use crate::packet::Sctp;
use crate::transport::sctp::Place;
use crate::transport::sctp::Places;
use crate::transport::sctp::places;

/// Frames that are remembered of datagrams that are not whole; of twice as many, the older are forgotten.
const MOST_FRAMES: usize = 1 << 18;

/// Chunks of SCTP that are remembered while their message is not whole; of twice as many, the older are forgotten.
const MOST_CHUNKS: usize = 1 << 18;

/// What tells the fragments of one datagram from others (RFC 791 §3.2).
type Name = (IpAddr, IpAddr, u32, u8);

/// The frames of datagrams that are not whole yet, in two generations: what is not asked for while a generation fills is
/// forgotten with it.
#[derive(Debug, Default)]
pub(super) struct Fragments {
    young: FxHashMap<Name, Vec<Frame>>,
    old: FxHashMap<Name, Vec<Frame>>,
    count: usize,
}

impl Fragments {
    /// Remembers what brought a fragment.
    pub(super) fn add(&mut self, fragment: &Fragment<'_>, frames: &[Frame]) {
        if self.count > MOST_FRAMES {
            self.old = std::mem::take(&mut self.young);
            self.count = 0;
        }
        let name = name_of(fragment);
        let earlier = self.old.remove(&name).unwrap_or_default();
        let all = self.young.entry(name).or_insert(earlier);
        all.extend_from_slice(frames);
        self.count += frames.len();
    }

    /// What brought a datagram that is whole now.
    pub(super) fn take(&mut self, last: &Fragment<'_>) -> Vec<Frame> {
        self.young.remove(&name_of(last)).unwrap_or_default()
    }
}

const fn name_of(fragment: &Fragment<'_>) -> Name {
    (
        fragment.source,
        fragment.destination,
        fragment.identification,
        fragment.protocol,
    )
}

/// One direction of an SCTP association, and where in it a chunk belongs.
type ChunkName = (u16, u16, u32, Place);

/// A packet that brought a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) frame: Frame,
    /// Which of the packet's chunks with user data it is.
    pub(super) payload: u32,
}

/// Chunks that made no message yet, in two generations as fragments are.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    young: FxHashMap<ChunkName, Vec<Piece>>,
    old: FxHashMap<ChunkName, Vec<Piece>>,
    count: usize,
}

impl Pieces {
    /// Remembers the chunks of a packet.
    pub(super) fn add(&mut self, sctp: &Sctp<'_>, frames: &[Frame]) {
        if self.count > MOST_CHUNKS {
            self.old = std::mem::take(&mut self.young);
            self.count = 0;
        }
        for (payload, place) in (0..).zip(places(sctp)) {
            let known = self.young.entry(name_of_chunk(sctp, place)).or_default();
            known.extend(frames.iter().map(|&frame| Piece { frame, payload }));
            self.count += frames.len();
        }
    }

    /// What brought the chunks of a message that is whole now.
    pub(super) fn take(&mut self, sctp: &Sctp<'_>, places: Places) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for place in places.all() {
            let name = name_of_chunk(sctp, place);
            for generation in [&mut self.old, &mut self.young] {
                pieces.extend(generation.remove(&name).unwrap_or_default());
            }
        }
        pieces
    }
}

const fn name_of_chunk(sctp: &Sctp<'_>, place: Place) -> ChunkName {
    (sctp.from.port, sctp.to.port, sctp.verification_tag, place)
}

#[cfg(test)]
mod tests {
    use super::Piece;
    use super::Pieces;
    use crate::capture::record::Frame;
    use crate::packet::Endpoint;
    use crate::packet::Sctp;
    use crate::transport::sctp::Associations;

    /// A packet with one DATA chunk (RFC 9260 §3.3.1), whose number is `number`.
    fn chunk(flags: u8, number: u8) -> [u8; 20] {
        let mut chunk = [0; 20];
        (chunk[1], chunk[3], chunk[7]) = (flags, 20, number);
        chunk[16..].copy_from_slice(b"data");
        chunk
    }

    #[test]
    fn the_pieces_of_a_message_are_taken_once_and_those_of_others_stay() {
        let end = Endpoint {
            address: [192, 0, 2, 1].into(),
            port: 5060,
        };
        let (mut pieces, mut associations) = (Pieces::default(), Associations::default());
        let mut taken = Vec::new();
        for (number, (flags, place)) in (1..).zip([(2, 1), (2, 7), (1, 2), (3, 9), (1, 8)]) {
            let chunks = chunk(flags, place);
            let packet = Sctp {
                from: end,
                to: end,
                verification_tag: 7,
                chunks: &chunks,
                is_cut: false,
            };
            pieces.add(&packet, &[Frame { file: 0, number }]);
            associations.feed(&packet, &mut |message| {
                let found = pieces.take(&packet, message.places);
                let numbers = found.iter().map(|Piece { frame, .. }| frame.number);
                taken.push(numbers.collect::<Vec<_>>());
                assert!(pieces.take(&packet, message.places).is_empty());
            });
        }
        assert_eq!(taken, [vec![1, 3], vec![4], vec![2, 5]]);
    }
}
