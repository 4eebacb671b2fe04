//! What an interface description says about the packets of its interface.

use pcap_parser::OptionCode;
use pcap_parser::PcapNGOption;
use pcap_parser::parse_interfacedescriptionblock_be;
use pcap_parser::parse_interfacedescriptionblock_le;

use super::ByteOrder;
use super::LinkType;
use super::Nanos;
use super::UNKNOWN_LINK;
use super::longest_packet;
use crate::capture::walk::LONGEST_PACKET;

/// The shortest interface description: link type and snap length, no option.
const SHORTEST: usize = 20;

/// An interface, as a packet's reader needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Interface {
    pub(super) link: LinkType,
    /// 0 where there is no limit.
    pub(super) snaplen: u32,
    /// The longest packet to believe in.
    pub(super) longest: u32,
    resolution: Resolution,
    /// Seconds to add to every time stamp (`if_tsoffset`).
    offset: i64,
}

impl Interface {
    /// An interface that the section does not describe.
    pub(super) const UNKNOWN: Self = Self {
        link: UNKNOWN_LINK,
        snaplen: 0,
        longest: LONGEST_PACKET,
        resolution: Resolution::MICROSECONDS,
        offset: 0,
    };

    /// Reads a whole interface description block; `None` where it is too short to be one. Options that can't be read
    /// are passed over.
    pub(super) fn parse(order: ByteOrder, block: &[u8]) -> Option<Self> {
        if block.len() < SHORTEST {
            return None;
        }
        let snaplen = order.u32(block, 12);
        let mut interface = Self {
            link: LinkType(order.u16(block, 8)),
            snaplen,
            longest: longest_packet(snaplen),
            ..Self::UNKNOWN
        };
        let parsed = match order {
            ByteOrder::Little => parse_interfacedescriptionblock_le(block),
            ByteOrder::Big => parse_interfacedescriptionblock_be(block),
        };
        // pcap-parser gives the options rightly; its own reading of them holds for little-endian ones alone.
        let options = parsed.map(|(_, parsed)| parsed.options).unwrap_or_default();
        for option in &options {
            match option.code {
                OptionCode::EndOfOpt => break,
                OptionCode::IfTsresol => interface.set_resolution(option),
                OptionCode::IfTsoffset => interface.set_offset(order, option),
                _ => {}
            }
        }
        Some(interface)
    }

    fn set_resolution(&mut self, option: &PcapNGOption<'_>) {
        if let Ok([resolution]) = option.as_bytes() {
            self.resolution = Resolution::new(*resolution);
        }
    }

    fn set_offset(&mut self, order: ByteOrder, option: &PcapNGOption<'_>) {
        if let Some(offset) = option
            .as_bytes()
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
        {
            self.offset = order.i64(offset);
        }
    }

    /// The time that a time stamp of this interface means; the first or last that can be told where it is beyond.
    #[inline]
    pub(super) fn time(&self, ticks: u64) -> Nanos {
        let offset = i128::from(self.offset).saturating_mul(1_000_000_000);
        let nanos = self.resolution.nanos(ticks).saturating_add(offset);
        Nanos(i64::try_from(nanos).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX }))
    }
}

/// How long a tick is (`if_tsresol`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Resolution {
    /// So many nanoseconds.
    Multiple(u32),
    /// So many ticks to a nanosecond.
    Part(u128),
    /// A second is 2 to this power.
    Binary(u32),
}

impl Resolution {
    const MICROSECONDS: Self = Self::Multiple(1000);

    /// The draft, section 4.2: the highest bit tells base 2 from base 10, the others are the negative exponent.
    fn new(raw: u8) -> Self {
        let exponent = u32::from(raw & 0x7f);
        if raw & 0x80 != 0 {
            return Self::Binary(exponent);
        }
        match 9_u32.checked_sub(exponent) {
            Some(power) => Self::Multiple(10_u32.saturating_pow(power)),
            None => Self::Part(10_u128.saturating_pow(exponent.saturating_sub(9))),
        }
    }

    #[inline]
    fn nanos(self, ticks: u64) -> i128 {
        let ticks = u128::from(ticks);
        let nanos = match self {
            Self::Multiple(nanos) => ticks.saturating_mul(u128::from(nanos)),
            Self::Part(parts) => ticks.checked_div(parts).unwrap_or(0),
            Self::Binary(power) => ticks
                .saturating_mul(1_000_000_000)
                .checked_shr(power)
                .unwrap_or(0),
        };
        i128::try_from(nanos).unwrap_or(i128::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(raw: u8, offset: i64, ticks: u64) -> i64 {
        let interface = Interface {
            resolution: Resolution::new(raw),
            offset,
            ..Interface::UNKNOWN
        };
        interface.time(ticks).0
    }

    #[test]
    fn resolutions_of_base_ten_go_from_seconds_to_beyond_nanoseconds() {
        assert_eq!(time(0, 0, 1_700_000_000), 1_700_000_000_000_000_000);
        assert_eq!(time(6, 0, 1_700_000_000_123_456), 1_700_000_000_123_456_000);
        assert_eq!(
            time(9, 0, 1_700_000_000_123_456_789),
            1_700_000_000_123_456_789
        );
        assert_eq!(time(12, 0, 1_234_567), 1234);
        assert_eq!(time(127, 0, u64::MAX), 0);
    }

    #[test]
    fn resolutions_of_base_two_are_read() {
        assert_eq!(time(0x80 | 0x0a, 0, 1536), 1_500_000_000);
        assert_eq!(time(0x80 | 0x20, 0, (5 << 32) | (1 << 31)), 5_500_000_000);
        assert_eq!(time(0xff, 0, u64::MAX), 0);
    }

    #[test]
    fn the_offset_is_signed_and_in_seconds() {
        assert_eq!(time(6, -3600, 3_600_000_001), 1000);
        assert_eq!(time(6, 10, 0), 10_000_000_000);
        assert_eq!(time(6, -1, 0), -1_000_000_000);
    }

    #[test]
    fn times_beyond_the_representable_ones_stop_at_the_last() {
        assert_eq!(time(0, 0, u64::MAX), i64::MAX);
        assert_eq!(time(0, i64::MIN, 0), i64::MIN);
    }
}
