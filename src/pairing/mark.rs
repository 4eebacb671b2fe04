//! Marks: what two legs of one call may have in common, each as a hash.
//!
//! A leg keeps no text. A mark is 60 bits of a hash and four bits that say what it is; two marks that could be one value
//! are hashed alike, so that one look-up finds every leg that bears a value.

use std::hash::DefaultHasher;
use std::hash::Hasher;

use serde::Deserialize;
use serde::Serialize;

/// Marks of one leg at most: what a call with all of Teams', an SBC's and a mobile network's headers has. Those of the
/// grounds that come first in the register are kept.
pub(super) const MARKS: usize = 16;

/// What a mark is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    /// The caller's half of a Session-ID.
    SessionOfCaller = 0,
    /// The callee's half.
    SessionOfCallee = 1,
    /// A Call-ID that `x-c` of Contact names.
    ContactNames = 2,
    /// Cisco-Guid.
    CiscoGuid = 3,
    /// icid-value of P-Charging-Vector.
    ChargingId = 4,
    /// A Call-ID that X-CID names.
    XCidNames = 5,
    /// A leg's own Call-ID, as others name it.
    OwnCallId = 6,
    /// A leg's own Call-ID without its host.
    CallIdWhole = 7,
    /// The beginning or the end of a leg's own Call-ID.
    CallIdPart = 8,
    /// Session id and version of an SDP.
    Origin = 9,
    /// Address and port of a stream.
    Media = 10,
    /// User-to-User.
    UserToUser = 11,
    /// X-MS-SBC.
    XMsSbc = 12,
}

impl Kind {
    const ALL: [Self; 13] = [
        Self::SessionOfCaller,
        Self::SessionOfCallee,
        Self::ContactNames,
        Self::CiscoGuid,
        Self::ChargingId,
        Self::XCidNames,
        Self::OwnCallId,
        Self::CallIdWhole,
        Self::CallIdPart,
        Self::Origin,
        Self::Media,
        Self::UserToUser,
        Self::XMsSbc,
    ];

    /// The kind of a number.
    pub(super) fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// The kinds of one family are compared with one another.
    const fn family(self) -> u8 {
        match self {
            Self::ContactNames | Self::XCidNames | Self::OwnCallId => Self::OwnCallId as u8,
            Self::CallIdWhole | Self::CallIdPart => Self::CallIdWhole as u8,
            other => other as u8,
        }
    }

    /// Whether two legs that bear one value as these kinds have it in common: somebody's name for a Call-ID needs the
    /// Call-ID, and of two that begin alike neither comes from the other.
    pub const fn meets(self, other: Self) -> bool {
        match (self, other) {
            (Self::OwnCallId, Self::OwnCallId) | (Self::CallIdPart, Self::CallIdPart) => false,
            _ => self.family() == other.family(),
        }
    }
}

/// One thing that a leg bears.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Mark(u64);

impl Mark {
    /// The mark of a value in parts. The same parts make the same mark, whatever the run.
    pub fn new(kind: Kind, value: &[&[u8]]) -> Self {
        let mut parts: Vec<&[u8]> = Vec::with_capacity(value.len() + 1);
        let family = [kind.family()];
        parts.push(&family);
        parts.extend_from_slice(value);
        Self(hash_of(&parts) << 4 | kind as u64)
    }

    /// What it is; none of what was read from elsewhere and is nothing.
    pub fn kind(self) -> Option<Kind> {
        Kind::from_number(u8::try_from(self.0 & 0xF).ok()?)
    }

    /// What all marks of one value share.
    pub const fn value(self) -> u64 {
        self.0 >> 4
    }
}

/// A hash of parts, told apart by their lengths.
pub(super) fn hash_of(parts: &[&[u8]]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for part in parts {
        hasher.write_usize(part.len());
        hasher.write(part);
    }
    hasher.finish()
}

/// The marks of a leg, as they are found: each once, and not more than [`MARKS`].
#[derive(Debug, Default)]
pub struct Found {
    marks: Vec<Mark>,
    /// Values that were there and count for nothing: nil, too short, of the kind that many calls share.
    pub trivial: u32,
}

impl Found {
    /// Adds a value; one that is the same for many calls is counted and left aside.
    pub fn add(&mut self, kind: Kind, value: &[&[u8]], is_trivial: bool) {
        if is_trivial {
            self.trivial = self.trivial.saturating_add(1);
            return;
        }
        let mark = Mark::new(kind, value);
        if self.marks.len() < MARKS && !self.marks.contains(&mark) {
            self.marks.push(mark);
        }
    }

    /// The marks, in the order in which they were found.
    pub fn into_marks(self) -> Box<[Mark]> {
        self.marks.into_boxed_slice()
    }
}

/// Bytes from which on a value is long enough to be one call's.
const DISTINCTIVE: usize = 8;

/// Different bytes that such a value has at least.
const DIFFERENT: u32 = 5;

/// True for a value that is too short or too uniform to be one call's: `0`, `1`, `00000000-0000`, `none`.
pub(super) fn is_trivial(value: &[u8], length: usize) -> bool {
    let value = value.trim_ascii();
    let signs = value.iter().filter(|byte| byte.is_ascii_alphanumeric());
    let seen = signs.fold(0_u128, |seen, byte| seen | 1 << byte);
    value.len() < length.max(DISTINCTIVE) || seen.count_ones() < DIFFERENT
}

#[cfg(test)]
mod tests {
    use super::Found;
    use super::Kind;
    use super::MARKS;
    use super::Mark;
    use super::is_trivial;

    #[test]
    fn a_name_for_a_call_id_meets_the_call_id_and_two_call_ids_never_meet() {
        assert!(Kind::XCidNames.meets(Kind::OwnCallId));
        assert!(Kind::ContactNames.meets(Kind::XCidNames));
        assert!(!Kind::OwnCallId.meets(Kind::OwnCallId));
        assert!(Kind::CallIdWhole.meets(Kind::CallIdPart));
        assert!(!Kind::CallIdPart.meets(Kind::CallIdPart));
        assert!(!Kind::CiscoGuid.meets(Kind::ChargingId));
    }

    #[test]
    fn every_kind_comes_back_from_its_mark() {
        for kind in Kind::ALL {
            assert_eq!(Mark::new(kind, &[b"value"]).kind(), Some(kind));
        }
    }

    #[test]
    fn a_leg_has_a_bounded_number_of_marks() {
        let mut found = Found::default();
        for at in 0..100_u8 {
            found.add(Kind::Media, &[&[at]], false);
            found.add(Kind::Media, &[&[0]], false);
        }
        assert_eq!(found.into_marks().len(), MARKS);
    }

    #[test]
    fn short_and_uniform_values_are_trivial() {
        for value in [
            "",
            "0",
            "1",
            "none",
            "00000000000000000000",
            "1111-2222-1212",
        ] {
            assert!(is_trivial(value.as_bytes(), 0), "{value}");
        }
        assert!(!is_trivial(b"8f0e77d1", 0));
        assert!(is_trivial(b"8f0e77d1", 9));
    }
}
