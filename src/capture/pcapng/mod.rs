//! The block format: sections, each with its own byte order and interfaces, and packets of several kinds.
//!
//! `draft-ietf-opsawg-pcapng`. Section headers, interface descriptions and the three packet blocks are read; all other
//! blocks are passed over by their length, whatever they hold.

mod chain;
mod interface;

use std::sync::Arc;

use super::byte_order::ByteOrder;
use super::key_log::KeyLogText;
use super::record::LinkType;
use super::record::Nanos;
use super::record::Record;
use super::walk::Framing;
use super::walk::Step;
use super::walk::longest_packet;

use self::interface::Interface;

pub(super) use self::chain::BlockChain;

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const OBSOLETE_PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const ENHANCED_PACKET: u32 = 6;
const DECRYPTION_SECRETS: u32 = 10;

/// Decryption secrets that are a TLS key log: "TLSK" (section 4.7 of the draft).
const TLS_KEY_LOG: u32 = 0x544c_534b;

/// Type and length before a block's body.
const BEFORE_BODY: usize = 8;
/// The length again after it.
const AFTER_BODY: usize = 4;
/// The shortest block: one with no body.
const SHORTEST_BLOCK: usize = 12;
/// The longest block to believe in: Wireshark's bound. A block is held whole, so this bounds memory.
const LONGEST_BLOCK: usize = 16 << 20;
/// Interfaces of one section; packets of those beyond are counted, and of unknown link type.
const MOST_INTERFACES: usize = 1 << 16;

/// The link type of a packet whose interface is not described: no such link type is assigned.
const UNKNOWN_LINK: LinkType = LinkType(0xffff);

/// True where `bytes` begin like a pcapng file.
pub(super) fn is_magic(bytes: &[u8]) -> bool {
    bytes.first_chunk().is_some_and(|head| {
        ByteOrder::Little.u32(head, 0) == SECTION_HEADER && section_order(head).is_some()
    })
}

/// The byte order of the section whose header begins with `head`; `None` where its byte-order magic is none.
fn section_order(head: &[u8; SHORTEST_BLOCK]) -> Option<ByteOrder> {
    match head {
        [.., 0x4d, 0x3c, 0x2b, 0x1a] => Some(ByteOrder::Little),
        [.., 0x1a, 0x2b, 0x3c, 0x4d] => Some(ByteOrder::Big),
        _ => None,
    }
}

/// What the blocks before a place say about the packets after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Section {
    order: ByteOrder,
    interfaces: Vec<Interface>,
}

impl Section {
    /// What is known before the first block.
    pub(super) fn before_any() -> Self {
        Self {
            order: ByteOrder::Little,
            interfaces: Vec::new(),
        }
    }
}

/// The blocks of a file, one after the other.
///
/// The section is shared with the positions from which it came; it is copied once in a walk that meets an interface
/// description, not once for each.
#[derive(Debug)]
pub(super) struct Blocks {
    pub(super) section: Arc<Section>,
    /// The TLS key logs among the blocks.
    pub(super) key_logs: Vec<KeyLogText>,
}

impl Blocks {
    pub(super) const fn new(section: Arc<Section>) -> Self {
        Self {
            section,
            key_logs: Vec::new(),
        }
    }
}

impl Framing for Blocks {
    const HEAD: usize = SHORTEST_BLOCK;

    #[inline]
    fn step<'a>(&mut self, bytes: &'a [u8]) -> Step<'a> {
        let Some(head) = bytes.first_chunk::<SHORTEST_BLOCK>() else {
            return Step::Need(SHORTEST_BLOCK);
        };
        let mut order = self.section.order;
        let kind = order.u32(head, 0);
        if kind == SECTION_HEADER {
            match section_order(head) {
                Some(its) => order = its,
                None => return Step::Damaged("section header: no byte-order magic".to_owned()),
            }
        }
        let len = order.u32(head, 4) as usize;
        let whole = match extent(order, bytes, len) {
            Extent::Whole(whole) => whole,
            Extent::Need(more) => return Step::Need(more),
            Extent::Wrong(what) => return Step::Damaged(what),
        };
        let block = bytes.get(..whole).unwrap_or_default();
        let body = block
            .get(BEFORE_BODY..whole.saturating_sub(AFTER_BODY))
            .unwrap_or_default();
        match kind {
            ENHANCED_PACKET => self.enhanced_packet(body, whole),
            SIMPLE_PACKET => self.simple_packet(body, whole),
            OBSOLETE_PACKET => self.obsolete_packet(body, whole),
            INTERFACE_DESCRIPTION => self.interface_description(block),
            SECTION_HEADER => self.section_header(order, body, whole),
            DECRYPTION_SECRETS => self.decryption_secrets(body, whole),
            _ => Step::Other(whole),
        }
    }

    fn cut(&self, there: usize, need: usize) -> String {
        format!("cut in the middle of a block: {there} of {need} bytes")
    }
}

/// How long a block is.
enum Extent {
    Whole(usize),
    Need(usize),
    Wrong(String),
}

/// The whole length of the block that `bytes` begin with and whose length field is `len`.
#[inline]
fn extent(order: ByteOrder, bytes: &[u8], len: usize) -> Extent {
    if !(SHORTEST_BLOCK..=LONGEST_BLOCK).contains(&len) || !len.is_multiple_of(4) {
        return odd_extent(order, bytes, len);
    }
    if bytes.len() < len {
        return Extent::Need(len);
    }
    let after = length_after(order, bytes, len);
    if after == len {
        Extent::Whole(len)
    } else {
        Extent::Wrong(format!(
            "block length {len} before its body and {after} after it"
        ))
    }
}

/// Some writers forgot the padding, or to count it: both are read where the length after the body agrees.
#[cold]
fn odd_extent(order: ByteOrder, bytes: &[u8], len: usize) -> Extent {
    if len < SHORTEST_BLOCK {
        return Extent::Wrong(format!("block length {len}"));
    }
    if len > LONGEST_BLOCK {
        return Extent::Wrong(format!("block length {len} is over {LONGEST_BLOCK}"));
    }
    for whole in [len, len.next_multiple_of(4)] {
        if bytes.len() < whole {
            return Extent::Need(whole);
        }
        if length_after(order, bytes, whole) == len {
            return Extent::Whole(whole);
        }
    }
    Extent::Wrong(format!("block length {len} is no multiple of 4"))
}

#[inline]
fn length_after(order: ByteOrder, bytes: &[u8], whole: usize) -> usize {
    order.u32(bytes, whole.saturating_sub(AFTER_BODY)) as usize
}

impl Blocks {
    /// Section 4.7 of the draft: what kind of secrets, how long they are, and they.
    fn decryption_secrets<'a>(&mut self, body: &[u8], whole: usize) -> Step<'a> {
        if let Some((head, secrets)) = body.split_first_chunk::<8>()
            && self.section.order.u32(head, 0) == TLS_KEY_LOG
        {
            let length = self.section.order.u32(head, 4) as usize;
            let secrets = secrets.get(..length).unwrap_or(secrets);
            self.key_logs.push(KeyLogText::new(secrets.to_vec()));
        }
        Step::Other(whole)
    }

    /// Section 4.3 of the draft.
    #[inline]
    fn enhanced_packet<'a>(&self, body: &'a [u8], whole: usize) -> Step<'a> {
        let Some(head) = body.first_chunk::<20>() else {
            return too_short("enhanced packet block", whole);
        };
        let interface = self.section.order.u32(head, 0);
        self.packet(interface, head, body, whole)
    }

    /// Section 4.2 of older drafts ("Packet Block"): the same layout, but for a 16-bit interface and a drop count.
    fn obsolete_packet<'a>(&self, body: &'a [u8], whole: usize) -> Step<'a> {
        let Some(head) = body.first_chunk::<20>() else {
            return too_short("packet block", whole);
        };
        let interface = self.section.order.u16(head, 0);
        self.packet(u32::from(interface), head, body, whole)
    }

    #[inline]
    fn packet<'a>(
        &self,
        interface: u32,
        head: &[u8; 20],
        body: &'a [u8],
        whole: usize,
    ) -> Step<'a> {
        let order = self.section.order;
        let high = u64::from(order.u32(head, 4));
        let ticks = high << 32 | u64::from(order.u32(head, 8));
        let captured = order.u32(head, 12);
        let original_len = order.u32(head, 16);
        let after = body.get(head.len()..).unwrap_or_default();
        let Some(data) = after.get(..captured as usize) else {
            return Step::Damaged(format!(
                "packet block: captured length {captured} where the block has room for {}",
                after.len()
            ));
        };
        let interface = self.section.interfaces.get(interface as usize);
        let interface = interface.unwrap_or(&Interface::UNKNOWN);
        if captured > interface.longest {
            return Step::Damaged(format!(
                "packet block: captured length {captured} is over {}",
                interface.longest
            ));
        }
        let record = Record {
            time: interface.time(ticks),
            link: interface.link,
            original_len,
            data,
        };
        Step::Packet(record, whole)
    }

    /// Section 4.4 of the draft: of the first interface, and without a time.
    fn simple_packet<'a>(&self, body: &'a [u8], whole: usize) -> Step<'a> {
        let Some(head) = body.first_chunk::<4>() else {
            return too_short("simple packet block", whole);
        };
        let original_len = self.section.order.u32(head, 0);
        let interface = self.section.interfaces.first();
        let interface = interface.unwrap_or(&Interface::UNKNOWN);
        let padded = body.get(head.len()..).unwrap_or_default();
        let captured = match interface.snaplen {
            0 => original_len,
            snaplen => original_len.min(snaplen),
        };
        let record = Record {
            time: Nanos(0),
            link: interface.link,
            original_len,
            data: padded.get(..captured as usize).unwrap_or(padded),
        };
        Step::Packet(record, whole)
    }

    /// Section 4.2 of the draft.
    fn interface_description(&mut self, block: &[u8]) -> Step<'static> {
        let Some(interface) = Interface::parse(self.section.order, block) else {
            return too_short("interface description block", block.len());
        };
        if self.section.interfaces.len() < MOST_INTERFACES {
            Arc::make_mut(&mut self.section).interfaces.push(interface);
        }
        Step::Other(block.len())
    }

    /// Section 4.1 of the draft: interfaces are numbered anew.
    fn section_header(&mut self, order: ByteOrder, body: &[u8], whole: usize) -> Step<'static> {
        // The byte-order magic, two versions, the section length.
        if body.len() < 16 {
            return too_short("section header block", whole);
        }
        let major = order.u16(body, 4);
        if major != 1 {
            return Step::Damaged(format!("section header: version {major} where 1 is known"));
        }
        self.section = Arc::new(Section {
            order,
            interfaces: Vec::new(),
        });
        Step::Other(whole)
    }
}

#[cold]
fn too_short(block: &str, whole: usize) -> Step<'static> {
    Step::Damaged(format!("{block}: {whole} bytes are too few"))
}

#[cfg(test)]
mod tests;
