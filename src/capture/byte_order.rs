//! Numbers in either byte order.

/// Which end of a number comes first in a file, or in a section of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ByteOrder {
    /// Least significant byte first.
    Little,
    /// Most significant byte first.
    Big,
}

impl ByteOrder {
    /// The 16-bit number at `at`; 0 where the header ends before it.
    #[inline]
    pub(super) fn u16(self, header: &[u8], at: usize) -> u16 {
        let Some(bytes) = chunk(header, at) else {
            return 0;
        };
        match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        }
    }

    /// The 32-bit number at `at`; 0 where the header ends before it.
    #[inline]
    pub(super) fn u32(self, header: &[u8], at: usize) -> u32 {
        let Some(bytes) = chunk(header, at) else {
            return 0;
        };
        match self {
            Self::Little => u32::from_le_bytes(bytes),
            Self::Big => u32::from_be_bytes(bytes),
        }
    }

    /// The signed 64-bit number that `bytes` are.
    pub(super) fn i64(self, bytes: [u8; 8]) -> i64 {
        match self {
            Self::Little => i64::from_le_bytes(bytes),
            Self::Big => i64::from_be_bytes(bytes),
        }
    }
}

#[inline]
fn chunk<const N: usize>(header: &[u8], at: usize) -> Option<[u8; N]> {
    header.get(at..)?.first_chunk().copied()
}
