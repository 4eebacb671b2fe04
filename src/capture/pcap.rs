//! The classic format: one file header, then a header and bytes for each packet.
//!
//! `draft-ietf-opsawg-pcap`; and the "modified" format of old Linux kernels' patched libpcap, whose record headers
//! are 8 bytes longer.

use pcap_parser::parse_pcap_header;

use super::byte_order::ByteOrder;
use super::record::LinkType;
use super::record::Nanos;
use super::record::Record;
use super::resync::Chain;
use super::source::window::Window;
use super::walk::Framing;
use super::walk::Step;
use super::walk::longest_packet;

/// The length of the file header, in bytes.
pub(super) const FILE_HEADER: usize = 24;
/// The same as an offset: where the first record begins.
pub(super) const FIRST_RECORD: u64 = 24;
/// The length of a record header, in bytes.
const RECORD_HEADER: usize = 16;
/// The length of a record header of the modified format, in bytes.
const MODIFIED_RECORD_HEADER: usize = 24;

const MODIFIED_BIG: [u8; 4] = [0xa1, 0xb2, 0xcd, 0x34];
const MODIFIED_LITTLE: [u8; 4] = [0x34, 0xcd, 0xb2, 0xa1];
const PLAIN_BIG: [u8; 4] = [0xa1, 0xb2, 0xc3, 0xd4];
const PLAIN_LITTLE: [u8; 4] = [0xd4, 0xc3, 0xb2, 0xa1];
const NANOS_BIG: [u8; 4] = [0xa1, 0xb2, 0x3c, 0x4d];
const NANOS_LITTLE: [u8; 4] = [0x4d, 0x3c, 0xb2, 0xa1];

/// True where `bytes` begin like a pcap file.
pub(super) fn is_magic(bytes: &[u8]) -> bool {
    let Some(magic) = bytes.first_chunk() else {
        return false;
    };
    [
        MODIFIED_BIG,
        MODIFIED_LITTLE,
        PLAIN_BIG,
        PLAIN_LITTLE,
        NANOS_BIG,
        NANOS_LITTLE,
    ]
    .contains(magic)
}

/// What the file header says about all records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileHeader {
    order: ByteOrder,
    /// Nanoseconds in one unit of a time stamp's fraction.
    unit: u32,
    record_header: usize,
    longest: u32,
    link: LinkType,
}

impl FileHeader {
    /// Reads a file header; `None` where it isn't one of pcap.
    pub(super) fn parse(bytes: &[u8; FILE_HEADER]) -> Option<Self> {
        let mut bytes = *bytes;
        let magic = bytes.first_chunk_mut()?;
        let record_header = match *magic {
            MODIFIED_BIG | MODIFIED_LITTLE => MODIFIED_RECORD_HEADER,
            _ => RECORD_HEADER,
        };
        // pcap-parser knows the modified format in one byte order only; the fields are those of the plain one.
        match *magic {
            MODIFIED_BIG => *magic = PLAIN_BIG,
            MODIFIED_LITTLE => *magic = PLAIN_LITTLE,
            _ => {}
        }
        let (_, header) = parse_pcap_header(&bytes).ok()?;
        let order = if header.is_bigendian() {
            ByteOrder::Big
        } else {
            ByteOrder::Little
        };
        let nanos = header.is_nanosecond_precision();
        // The upper half tells of frame check sequences, not of the link.
        let [.., high, low] = header.network.0.to_be_bytes();
        Some(Self {
            order,
            unit: if nanos { 1 } else { 1000 },
            record_header,
            longest: longest_packet(header.snaplen),
            link: LinkType(u16::from_be_bytes([high, low])),
        })
    }

    fn time(&self, head: &RecordHeader) -> Nanos {
        let fraction = i64::from(head.fraction).saturating_mul(i64::from(self.unit));
        Nanos::from_secs(i64::from(head.secs)).plus(Nanos(fraction))
    }

    #[inline]
    fn record_header(&self, bytes: &[u8; RECORD_HEADER]) -> RecordHeader {
        RecordHeader {
            secs: self.order.u32(bytes, 0),
            fraction: self.order.u32(bytes, 4),
            captured: self.order.u32(bytes, 8),
            original: self.order.u32(bytes, 12),
        }
    }
}

struct RecordHeader {
    secs: u32,
    fraction: u32,
    captured: u32,
    original: u32,
}

impl RecordHeader {
    /// No packet was ever captured at the beginning of 1970 with no bytes: this is a stretch of zeros.
    fn is_blank(&self) -> bool {
        (self.secs | self.fraction | self.captured | self.original) == 0
    }
}

impl Framing for FileHeader {
    const HEAD: usize = RECORD_HEADER;

    #[inline]
    fn step<'a>(&mut self, bytes: &'a [u8]) -> Step<'a> {
        let Some(head) = bytes.first_chunk() else {
            return Step::Need(RECORD_HEADER);
        };
        let head = self.record_header(head);
        if head.captured > self.longest || head.is_blank() {
            return Step::Damaged(self.defect(&head));
        }
        let len = self.record_header.saturating_add(head.captured as usize);
        let Some(data) = bytes.get(self.record_header..len) else {
            return Step::Need(len);
        };
        let record = Record {
            time: self.time(&head),
            link: self.link,
            original_len: head.original,
            data,
        };
        Step::Packet(record, len)
    }

    fn cut(&self, there: usize, need: usize) -> String {
        match there.checked_sub(self.record_header) {
            Some(data) if need > RECORD_HEADER => format!(
                "cut in the middle of a packet: {data} of {} bytes",
                need.saturating_sub(self.record_header)
            ),
            _ => format!(
                "cut in the middle of a record header: {there} of {} bytes",
                self.record_header
            ),
        }
    }
}

impl FileHeader {
    #[cold]
    fn defect(&self, head: &RecordHeader) -> String {
        if head.captured > self.longest {
            format!(
                "record header: captured length {} is over {}",
                head.captured, self.longest
            )
        } else {
            "record header: nothing but zeros".to_owned()
        }
    }
}

/// Packets further than this from the capture's first one are not believed after damage.
const LONGEST_CAPTURE_SECS: u32 = 366 * 86_400;
/// Neighbours further apart than this are not believed after damage.
const LONGEST_PAUSE_SECS: u32 = 86_400;

/// Recognises records where the place of none is known.
#[derive(Debug)]
pub(super) struct RecordChain {
    header: FileHeader,
    /// The time of the capture's first packet, in seconds, where it has one.
    first: Option<u32>,
    previous: Option<u32>,
}

impl RecordChain {
    /// For a file with this header, whose first packet is of the time `first`.
    pub(super) fn new(header: FileHeader, first: Option<Nanos>) -> Self {
        let secs = first.and_then(|first| u32::try_from(first.0 / 1_000_000_000).ok());
        Self {
            header,
            // A first packet without a time tells nothing about the others.
            first: secs.filter(|secs| *secs != 0),
            previous: None,
        }
    }

    #[inline]
    fn is_plausible(&self, head: &RecordHeader) -> bool {
        let is_near = |other: Option<u32>, secs| other.is_none_or(|other| head.secs.abs_diff(other) <= secs);
        is_near(self.first, LONGEST_CAPTURE_SECS)
            && head.captured != 0
            && head.captured <= self.header.longest
            && head.captured <= head.original
            && u64::from(head.fraction).saturating_mul(u64::from(self.header.unit)) < 1_000_000_000
            && is_near(self.previous, LONGEST_PAUSE_SECS)
    }
}

impl Chain for RecordChain {
    const LENGTH: u32 = 16;
    const HEAD: usize = RECORD_HEADER;

    fn restart(&mut self) {
        self.previous = None;
    }

    #[inline]
    fn may_begin(&self, head: &[u8]) -> bool {
        head.first_chunk()
            .is_some_and(|head| self.is_plausible(&self.header.record_header(head)))
    }

    fn link(&mut self, _: &Window<'_>, _: u64, head: &[u8]) -> Option<u64> {
        let head = self.header.record_header(head.first_chunk()?);
        if !self.is_plausible(&head) {
            return None;
        }
        self.previous = Some(head.secs);
        Some(u64::from(head.captured).saturating_add(self.header.record_header as u64))
    }
}
