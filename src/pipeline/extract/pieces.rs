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
        for place in places {
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
