//! Recognises blocks where the place of none is known.

use super::AFTER_BODY;
use super::ByteOrder;
use super::ENHANCED_PACKET;
use super::LONGEST_BLOCK;
use super::OBSOLETE_PACKET;
use super::SECTION_HEADER;
use super::SHORTEST_BLOCK;
use super::Section;
use super::section_order;
use crate::capture::resync::Chain;
use crate::capture::source::window::Window;

/// Custom blocks, that may be copied and that may not.
const CUSTOM: [u32; 2] = [0x0bad, 0x4000_0bad];
/// The highest of the block types that are numbered from 1: the decryption secrets block.
const LAST_NUMBERED: u32 = 10;

/// Blocks in a row, by type and by their two lengths.
#[derive(Debug)]
pub(in crate::capture) struct BlockChain {
    known: ByteOrder,
    /// The order of the section that the chain has come to.
    order: ByteOrder,
}

impl BlockChain {
    /// For a place in, or somewhere after, this section.
    pub(in crate::capture) fn new(section: &Section) -> Self {
        Self {
            known: section.order,
            order: section.order,
        }
    }
}

/// The type and length of a block that begins with `head`, and its byte order, where these can be.
#[inline]
fn kind_and_len(order: ByteOrder, head: &[u8]) -> Option<(u32, u32, ByteOrder)> {
    let head = head.first_chunk::<SHORTEST_BLOCK>()?;
    let kind = order.u32(head, 0);
    let order = match kind {
        SECTION_HEADER => section_order(head)?,
        _ => order,
    };
    let len = order.u32(head, 4);
    let is_plausible =
        len.is_multiple_of(4) && (SHORTEST_BLOCK..=LONGEST_BLOCK).contains(&(len as usize));
    is_plausible.then_some((kind, len, order))
}

impl Chain for BlockChain {
    const LENGTH: u32 = 8;
    const HEAD: usize = SHORTEST_BLOCK;

    fn restart(&mut self) {
        self.order = self.known;
    }

    #[inline]
    fn may_begin(&self, head: &[u8]) -> bool {
        kind_and_len(self.known, head).is_some_and(|(kind, _, _)| {
            kind == SECTION_HEADER || (1..=LAST_NUMBERED).contains(&kind) || CUSTOM.contains(&kind)
        })
    }

    fn link(&mut self, window: &Window<'_>, offset: u64, head: &[u8]) -> Option<u64> {
        let (kind, len, order) = kind_and_len(self.order, head)?;
        self.order = order;
        if matches!(kind, ENHANCED_PACKET | OBSOLETE_PACKET) {
            let captured = order.u32(head, 20);
            if captured.saturating_add(32) > len {
                return None;
            }
        }
        let mut after = [0; AFTER_BODY];
        let place = offset
            .saturating_add(u64::from(len))
            .saturating_sub(AFTER_BODY as u64);
        let count = window.peek(place, &mut after).ok()?;
        // A block that the end of the capture cuts has no length after its body.
        let agrees = count < AFTER_BODY || order.u32(&after, 0) == len;
        agrees.then_some(u64::from(len))
    }
}
