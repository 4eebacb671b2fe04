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
        let is_near =
            |other: Option<u32>, secs| other.is_none_or(|other| head.secs.abs_diff(other) <= secs);
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

#[cfg(test)]
mod tests {
    use crate::capture::Stopped;
    use crate::capture::made::BIG;
    use crate::capture::made::LITTLE;
    use crate::capture::made::Made;
    use crate::capture::made::SECS;
    use crate::capture::made::stream;

    type Kept = (i64, u16, u32, Vec<u8>);

    fn walk(bytes: &[u8]) -> (Vec<Kept>, Stopped) {
        let capture = stream(bytes);
        let mut records = Vec::new();
        let walked = capture.walk(&capture.start(), u64::MAX, |record| {
            records.push((
                record.time.0,
                record.link.0,
                record.original_len,
                record.data.to_vec(),
            ));
        });
        (records, walked.stopped)
    }

    fn what(stopped: Stopped) -> String {
        match stopped {
            Stopped::Damaged(damage) => damage.what,
            other => format!("{other:?}"),
        }
    }

    fn two(made: Made, magic: u32, between: &[u8]) -> Vec<u8> {
        let mut bytes = made.pcap(magic, 65535, 1);
        for data in [&b"first"[..], &b"second"[..]] {
            let record = made.record(SECS, 250_000, 99, data);
            let (head, data) = record.split_at(16);
            bytes.extend([head, between, data].concat());
        }
        bytes
    }

    #[test]
    fn micro_and_nanoseconds_are_read_in_both_byte_orders() {
        let at = i64::from(SECS) * 1_000_000_000;
        for made in [LITTLE, BIG] {
            for (magic, fraction) in [(0xa1b2_c3d4, 250_000_000), (0xa1b2_3c4d, 250_000)] {
                let (records, stopped) = walk(&two(made, magic, &[]));
                let time = at + fraction;
                let expected = [
                    (time, 1, 99, b"first".to_vec()),
                    (time, 1, 99, b"second".to_vec()),
                ];
                assert_eq!(
                    (&records[..], stopped),
                    (&expected[..], Stopped::AtEnd),
                    "{made:?}"
                );
            }
        }
    }

    #[test]
    fn the_modified_format_has_longer_record_headers_in_both_byte_orders() {
        for made in [LITTLE, BIG] {
            let (records, stopped) = walk(&two(made, 0xa1b2_cd34, &[7; 8]));
            assert_eq!((records.len(), stopped), (2, Stopped::AtEnd), "{made:?}");
            assert_eq!(records[1].3, b"second");
        }
    }

    #[test]
    fn times_after_2038_are_not_negative() {
        let mut bytes = LITTLE.pcap(0xa1b2_c3d4, 0, 1);
        bytes.extend(LITTLE.record(u32::MAX, u32::MAX, 1, b"x"));
        let (records, _) = walk(&bytes);
        assert_eq!(records[0].0, 4_294_967_295_000_000_000 + 4_294_967_295_000);
    }

    #[test]
    fn frame_check_sequence_bits_are_no_part_of_the_link_type() {
        let mut bytes = BIG.pcap(0xa1b2_c3d4, 0, 0x2400_0001);
        bytes.extend(BIG.record(SECS, 0, 1, b"x"));
        assert_eq!(walk(&bytes).0[0].1, 1);
    }

    #[test]
    fn a_captured_length_beyond_all_bounds_is_damage() {
        let mut bytes = LITTLE.pcap(0xa1b2_c3d4, 96, 1);
        bytes.extend(LITTLE.u32s(&[SECS, 0, 0xdead_beef, 60]));
        let (_, stopped) = walk(&bytes);
        assert_eq!(
            what(stopped),
            "record header: captured length 3735928559 is over 262144"
        );
    }

    #[test]
    fn packets_longer_than_the_snap_length_but_usual_are_read() {
        let mut bytes = LITTLE.pcap(0xa1b2_c3d4, 96, 1);
        bytes.extend(LITTLE.record(SECS, 0, 70_000, &vec![1; 70_000]));
        assert_eq!(walk(&bytes).0[0].3.len(), 70_000);
    }

    #[test]
    fn a_greater_snap_length_is_believed_up_to_a_bound() {
        let mut bytes = LITTLE.pcap(0xa1b2_c3d4, u32::MAX, 1);
        bytes.extend(LITTLE.record(SECS, 0, 300_000, &vec![1; 300_000]));
        bytes.extend(LITTLE.u32s(&[SECS, 0, 0x0fff_ffff, 60]));
        let (records, stopped) = walk(&bytes);
        assert_eq!(records.len(), 1);
        assert_eq!(
            what(stopped),
            "record header: captured length 268435455 is over 16777216"
        );
    }

    #[test]
    fn zeros_are_no_records_but_an_empty_packet_is_one() {
        let mut bytes = LITTLE.pcap(0xa1b2_c3d4, 0, 1);
        bytes.extend(LITTLE.record(SECS, 0, 0, b""));
        bytes.extend([0; 64]);
        let (records, stopped) = walk(&bytes);
        assert_eq!(records.len(), 1);
        assert_eq!(what(stopped), "record header: nothing but zeros");
    }

    #[test]
    fn a_cut_says_how_much_is_there() {
        let mut bytes = LITTLE.pcap(0xa1b2_c3d4, 0, 1);
        bytes.extend(LITTLE.record(SECS, 0, 214, &[1; 214]));
        let cut = |len: usize| what(walk(&bytes[..24 + len]).1);
        assert_eq!(
            cut(7),
            "cut in the middle of a record header: 7 of 16 bytes"
        );
        assert_eq!(cut(16), "cut in the middle of a packet: 0 of 214 bytes");
        assert_eq!(cut(66), "cut in the middle of a packet: 50 of 214 bytes");
        assert_eq!(cut(230), "AtEnd");
    }

    #[test]
    fn a_modified_record_cut_in_its_longer_header_says_so() {
        let bytes = two(LITTLE, 0xa1b2_cd34, &[7; 8]);
        let what = what(walk(&bytes[..24 + 20]).1);
        assert_eq!(what, "cut in the middle of a record header: 20 of 24 bytes");
    }
}
