//! The packets of some calls as a capture of their own: written for other programs and other people, so without SRTP keys.
//!
//! `anew` makes packets of redacted messages; `pcapng` writes them; `overwrite` takes keys out of packets; `told` says what was done.

pub mod anew;
pub mod overwrite;
pub mod pcapng;
pub mod told;

use serde::Deserialize;
use serde::Serialize;

use crate::capture::record::Frame;
use crate::capture::record::Nanos;

/// A packet to be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Packet<'a> {
    /// The time stamp.
    pub time: Nanos,
    /// Where it was found.
    pub frame: Frame,
    /// The link-layer header type, by its number.
    pub link: u16,
    /// The length that it had on the wire.
    pub original_len: u32,
    /// The captured bytes, without SRTP keys.
    #[serde(borrow, with = "serde_bytes")]
    pub data: std::borrow::Cow<'a, [u8]>,
}

impl Packet<'_> {
    /// Appends its place: bytes that sort by time, then by capture and frame.
    pub fn order(&self, out: &mut Vec<u8>) {
        // Times before 1970 come first.
        out.extend((self.time.0 ^ i64::MIN).to_be_bytes());
        out.extend(self.frame.file.to_be_bytes());
        out.extend(self.frame.number.to_be_bytes());
    }
}
