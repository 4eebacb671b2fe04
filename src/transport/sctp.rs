//! SCTP packets → user messages (RFC 9260): SIP sends one message in one user message (RFC 4168 §5).
//!
//! Unlike TCP, SCTP keeps the borders of messages, so there is nothing to frame: a message is one DATA chunk, or the
//! fragments of one under successive transmission sequence numbers.

use crate::packet::Sctp;

/// A user message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserMessage<'a> {
    /// The message, or what was captured of it.
    pub bytes: &'a [u8],
    /// True where the snap length cut it.
    pub is_cut: bool,
}

/// The associations that are open at once.
#[derive(Debug, Default)]
pub struct Associations {}

/// The type of a DATA chunk, and its flags (RFC 9260 §3.3.1).
const DATA: u8 = 0;
const BEGINNING: u8 = 0x02;
const ENDING: u8 = 0x01;

impl Associations {
    /// Takes one packet; `deliver` is called for each message that it completes, in the order of the chunks.
    pub fn feed(&mut self, packet: &Sctp<'_>, deliver: &mut impl FnMut(UserMessage<'_>)) {
        let mut chunks = packet.chunks;
        while let [kind, flags, high, low, ..] = *chunks {
            let length = usize::from(u16::from_be_bytes([high, low]));
            if length < 4 {
                break;
            }
            let is_cut = packet.is_cut && chunks.len() < length;
            let body = chunks.get(16..length.min(chunks.len())).unwrap_or_default();
            if kind == DATA && flags & BEGINNING != 0 && flags & ENDING != 0 {
                deliver(UserMessage {
                    bytes: body,
                    is_cut,
                });
            }
            // Chunks are padded to four bytes.
            chunks = chunks.get(length.next_multiple_of(4)..).unwrap_or_default();
        }
    }
}
