//! Which packets brought what comes in pieces: IP fragments, and chunks of SCTP.

use std::collections::VecDeque;
use std::net::IpAddr;

use memchr::memmem;
use rustc_hash::FxHashMap;

use crate::capture::record::Frame;
use crate::packet::Fragment;
use crate::packet::Sctp;
use crate::transport::sctp::user_data;

/// Frames that are remembered of datagrams that are not whole; of twice as many, the older are forgotten.
const MOST_FRAMES: usize = 1 << 18;

/// Packets that are remembered, with their bytes, because a message may go on in the next.
const MOST_PACKETS: usize = 1 << 12;

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

/// Packets with user data that made no message by itself, the latest.
#[derive(Debug, Default)]
pub(super) struct Pieces(VecDeque<Piece>);

#[derive(Debug)]
struct Piece {
    ports: (u16, u16),
    frames: Vec<Frame>,
    data: Vec<Vec<u8>>,
}

impl Pieces {
    /// Remembers a packet.
    pub(super) fn add(&mut self, sctp: &Sctp<'_>, frames: &[Frame]) {
        if self.0.len() >= MOST_PACKETS {
            self.0.pop_front();
        }
        self.0.push_back(Piece {
            ports: (sctp.from.port, sctp.to.port),
            frames: frames.to_vec(),
            data: user_data(sctp).map(<[u8]>::to_vec).collect(),
        });
    }

    /// The packets whose data stands in a message of the same direction.
    pub(super) fn frames_of(&self, sctp: &Sctp<'_>, message: &[u8]) -> Vec<Frame> {
        let ports = (sctp.from.port, sctp.to.port);
        let is_part = |data: &Vec<u8>| memmem::find(message, data).is_some();
        let found = self
            .0
            .iter()
            .filter(|piece| piece.ports == ports && piece.data.iter().any(is_part));
        found
            .flat_map(|piece| piece.frames.iter().copied())
            .collect()
    }
}
