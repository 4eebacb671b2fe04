//! One packet as a capture file holds it.

use serde::{Deserialize, Serialize};

/// Nanoseconds since 1970-01-01 00:00:00 UTC.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Nanos(pub i64);

impl Nanos {
    /// Whole seconds as nanoseconds.
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1_000_000_000))
    }

    /// The time from `earlier` to `self`; negative where `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Self {
        Self(self.0.saturating_sub(earlier.0))
    }

    /// This time and `span` more.
    #[must_use]
    pub const fn plus(self, span: Self) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

/// A link-layer header type: the number that tcpdump.org's list of link-layer header types gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkType(pub u16);

/// A packet's place: which capture, and its number there.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Frame {
    /// The capture's place in the inventory, counted from 0.
    pub file: u32,
    /// The 1-based packet number inside the file, as Wireshark shows it.
    pub number: u64,
}

/// When and where something was seen: the order of everything that the packets leave open.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Stamp {
    /// The time that the capture gives.
    pub time: Nanos,
    /// The frame.
    pub frame: Frame,
}

/// A packet record, borrowed from the buffer that it was read into.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// The time stamp; 0 where the format gives none (a pcapng simple packet block).
    pub time: Nanos,
    /// What the first byte of `data` belongs to.
    pub link: LinkType,
    /// The packet's length on the wire, in bytes. More than `data.len()` where the snap length cut it.
    pub original_len: u32,
    /// The captured bytes.
    pub data: &'a [u8],
}
