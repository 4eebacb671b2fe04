//! Wireless LAN, bare or behind what a card tells of the reception (radiotap, Prism, AVS, PPI).
//!
//! Only data frames carry IP. A frame that is protected can be read with the keys of the network alone; a frame in
//! several parts, or with several packets in it, is not taken apart: all three are [`Fate::Unsupported`].
//!
//! A frame check sequence at the end stays where it is, since the IP packet says itself where it ends, and in a record
//! that the snap length cut the last four bytes are no check sequence.

use super::Link;
use super::strip_ethernet;
use super::strip_llc;
use crate::capture::record::LinkType;
use crate::packet::Fate;
use crate::packet::Layer;

const IEEE_802_11: LinkType = LinkType(105);

pub(super) const LINK: Link = Link {
    name: "IEEE 802.11",
    types: &[IEEE_802_11],
    source: "IEEE 802.11 §9.3.2",
    strip,
};

pub(super) const RADIOTAP: Link = Link {
    name: "IEEE 802.11 with radiotap",
    types: &[LinkType(127)],
    source: "radiotap.org",
    strip: strip_radiotap,
};

pub(super) const PRISM: Link = Link {
    name: "IEEE 802.11 with Prism header",
    types: &[LinkType(119)],
    source: "tcpdump.org: LINKTYPE_IEEE802_11_PRISM",
    strip: strip_prism,
};

pub(super) const AVS: Link = Link {
    name: "IEEE 802.11 with AVS header",
    types: &[LinkType(163)],
    source: "tcpdump.org: LINKTYPE_IEEE802_11_AVS",
    strip: strip_avs,
};

pub(super) const PPI: Link = Link {
    name: "IEEE 802.11 with PPI",
    types: &[LinkType(192)],
    source: "tcpdump.org: LINKTYPE_PPI",
    strip: strip_ppi,
};

/// Words of the bitmap in which radiotap says which fields are there. The standard fields need one; the bound is
/// against headers that are made of bitmaps alone.
const MAX_BITMAPS: usize = 32;

/// The second byte of frame control (IEEE 802.11 §9.2.4.1).
mod control {
    pub(super) const TO_DS_AND_FROM_DS: u8 = 0x03;
    pub(super) const MORE_FRAGMENTS: u8 = 0x04;
    pub(super) const PROTECTED: u8 = 0x40;
    pub(super) const HT_CONTROL: u8 = 0x80;
}

/// Bits of a radiotap header.
mod radiotap {
    /// Bitmap: the field `TSFT`, which is eight bytes long, is there.
    pub(super) const HAS_TSFT: u8 = 0x01;
    /// Bitmap: the field `Flags` is there.
    pub(super) const HAS_FLAGS: u8 = 0x02;
    /// Last byte of a bitmap: another one follows.
    pub(super) const HAS_MORE: u8 = 0x80;
    /// Flags: the frame's header is padded to a multiple of four bytes.
    pub(super) const PADDED: u8 = 0x20;
    /// Flags: the check sequence did not match.
    pub(super) const DAMAGED: u8 = 0x40;
}

fn strip(bytes: &[u8]) -> Layer<'_> {
    strip_frame(bytes, false)
}

/// `is_padded` says that the header is followed by padding to a multiple of four bytes.
fn strip_frame(bytes: &[u8], is_padded: bool) -> Layer<'_> {
    let [first, second, ..] = *bytes else {
        return Layer::Short;
    };
    // Version 0, and the types management (0), control (1) and data (2).
    match first & 0x0F {
        0x08 => {}
        0x00 | 0x04 => return Layer::Done(Fate::Other),
        _ => return Layer::Done(Fate::Malformed),
    }
    let (has_no_data, has_qos) = (first & 0x40 != 0, first & 0x80 != 0);
    if has_no_data {
        return Layer::Done(Fate::Other);
    }
    let Some(sequence) = bytes.get(22) else {
        return Layer::Short;
    };
    let is_part = second & control::MORE_FRAGMENTS != 0 || sequence & 0x0F != 0;
    if is_part || second & control::PROTECTED != 0 {
        return Layer::Done(Fate::Unsupported);
    }
    let mut header_len = 24;
    if second & control::TO_DS_AND_FROM_DS == control::TO_DS_AND_FROM_DS {
        header_len += 6;
    }
    let mut is_aggregate = false;
    if has_qos {
        let Some(qos) = bytes.get(header_len) else {
            return Layer::Short;
        };
        is_aggregate = qos & 0x80 != 0;
        header_len += 2;
        if second & control::HT_CONTROL != 0 {
            header_len += 4;
        }
    }
    if is_padded {
        header_len = header_len.next_multiple_of(4);
    }
    match bytes.get(header_len..) {
        Some(body) if is_aggregate => strip_aggregate(body),
        Some(body) => strip_llc(body),
        None => Layer::Short,
    }
}

/// An A-MSDU (IEEE 802.11 §9.3.2.2): addresses and length as Ethernet has them, LLC, padding, and then the next.
fn strip_aggregate(body: &[u8]) -> Layer<'_> {
    let Some([.., high, low]) = body.first_chunk::<14>() else {
        return Layer::Short;
    };
    let length = 14 + usize::from(u16::from_be_bytes([*high, *low]));
    // Behind the last comes at most its padding and a check sequence; another has a header of fourteen bytes.
    let behind = body.len().saturating_sub(length.next_multiple_of(4));
    if behind >= 14 {
        return Layer::Done(Fate::Unsupported);
    }
    strip_ethernet(body.get(..length).unwrap_or(body))
}

fn strip_radiotap(bytes: &[u8]) -> Layer<'_> {
    let [version, _, low, high, ..] = *bytes else {
        return Layer::Short;
    };
    if version != 0 {
        return Layer::Done(Fate::Malformed);
    }
    let length = usize::from(u16::from_le_bytes([low, high]));
    let (Some(header), Some(frame)) = (bytes.get(..length), bytes.get(length..)) else {
        return Layer::Short;
    };
    let flags = radiotap_flags(header);
    if flags & radiotap::DAMAGED != 0 {
        return Layer::Done(Fate::Malformed);
    }
    strip_frame(frame, flags & radiotap::PADDED != 0)
}

/// The field `Flags`; 0 where it isn't there.
fn radiotap_flags(header: &[u8]) -> u8 {
    let bitmap = |index: usize| header.get(4 + 4 * index..8 + 4 * index);
    let Some([present, ..]) = bitmap(0) else {
        return 0;
    };
    if present & radiotap::HAS_FLAGS == 0 {
        return 0;
    }
    let is_last = |index: &usize| match bitmap(*index) {
        Some([.., last]) => last & radiotap::HAS_MORE == 0,
        _ => true,
    };
    let Some(last) = (0..MAX_BITMAPS).find(is_last) else {
        return 0;
    };
    let mut place: usize = 8 + 4 * last;
    if present & radiotap::HAS_TSFT != 0 {
        place = place.next_multiple_of(8) + 8;
    }
    header.get(place).copied().unwrap_or(0)
}

/// A Prism header is always 144 bytes long; drivers also put AVS headers under its link type.
fn strip_prism(bytes: &[u8]) -> Layer<'_> {
    if let [0x80, 0x21, 0x10, _, ..] = bytes {
        return strip_avs(bytes);
    }
    bytes.get(144..).map_or(Layer::Short, strip)
}

/// An AVS header begins with a number for its version, and its length.
fn strip_avs(bytes: &[u8]) -> Layer<'_> {
    let [0x80, 0x21, 0x10, _, a, b, c, d, ..] = *bytes else {
        return if bytes.len() < 8 {
            Layer::Short
        } else {
            Layer::Done(Fate::Malformed)
        };
    };
    let length = u32::from_be_bytes([a, b, c, d]) as usize;
    bytes.get(length.max(8)..).map_or(Layer::Short, strip)
}

/// PPI: version, flags, length, and the link type of what follows.
fn strip_ppi(bytes: &[u8]) -> Layer<'_> {
    let ([[version, _, low, high], link, ..], _) = bytes.as_chunks::<4>() else {
        return Layer::Short;
    };
    if *version != 0 {
        return Layer::Done(Fate::Malformed);
    }
    if u32::from_le_bytes(*link) != u32::from(IEEE_802_11.0) {
        return Layer::Done(Fate::Unsupported);
    }
    let length = usize::from(u16::from_le_bytes([*low, *high]));
    bytes.get(length.max(8)..).map_or(Layer::Short, strip)
}

#[cfg(test)]
mod tests {
    use super::strip;
    use super::strip_avs;
    use super::strip_ppi;
    use super::strip_prism;
    use super::strip_radiotap;
    use crate::packet::Fate;
    use crate::packet::Layer;

    const IP: &[u8] = b"\xAA\xAA\x03\0\0\0\x08\x00\x45";

    /// A data frame: frame control, and what follows the sequence control.
    fn frame(first: u8, second: u8, rest: &[&[u8]]) -> Vec<u8> {
        let mut bytes = vec![first, second];
        bytes.resize(24, 0);
        bytes.extend(rest.concat());
        bytes
    }

    #[test]
    fn ip_is_behind_llc_whichever_way_the_frame_goes() {
        for (first, second, between) in [
            (0x08, 0x00, 0),
            (0x08, 0x01, 0),
            (0x18, 0x0A, 0), // with CF-Ack
            (0x08, 0x03, 6), // four addresses
            (0x88, 0x02, 2), // QoS
            (0x88, 0x82, 6), // QoS and HT control
            (0x88, 0x83, 12),
        ] {
            let bytes = frame(first, second, &[&vec![0; between], IP]);
            assert_eq!(strip(&bytes), Layer::Ip(b"\x45"), "{first:x} {second:x}");
        }
    }

    #[test]
    fn frames_without_data_and_other_types_carry_nothing() {
        for first in [0x48, 0xC8, 0x80, 0x40, 0xB4, 0xD4] {
            assert_eq!(
                strip(&frame(first, 0, &[IP])),
                Layer::Done(Fate::Other),
                "{first:x}"
            );
        }
        assert_eq!(strip(&frame(0x0C, 0, &[IP])), Layer::Done(Fate::Malformed));
        assert_eq!(strip(&frame(0x09, 0, &[IP])), Layer::Done(Fate::Malformed));
    }

    #[test]
    fn protected_frames_and_parts_of_frames_are_not_decoded() {
        let unsupported = Layer::Done(Fate::Unsupported);
        assert_eq!(strip(&frame(0x88, 0x41, &[b"\0\0", IP])), unsupported);
        assert_eq!(strip(&frame(0x08, 0x05, &[IP])), unsupported);
        let mut second_part = frame(0x08, 0x01, &[IP]);
        second_part[22] = 0x01;
        assert_eq!(strip(&second_part), unsupported);
    }

    #[test]
    fn an_aggregate_is_read_where_it_holds_one_packet() {
        let subframe = [&[0x02; 12][..], b"\x00\x09", IP, b"\0"].concat();
        let one = frame(0x88, 0x01, &[b"\x80\0", &subframe]);
        assert_eq!(strip(&one), Layer::Ip(b"\x45"));
        let checked = frame(0x88, 0x01, &[b"\x80\0", &subframe, b"\x12\x34\x56\x78"]);
        assert_eq!(strip(&checked), Layer::Ip(b"\x45"));
        let two = frame(0x88, 0x01, &[b"\x80\0", &subframe, &subframe]);
        assert_eq!(strip(&two), Layer::Done(Fate::Unsupported));
    }

    #[test]
    fn every_cut_inside_the_headers_is_short() {
        let bytes = frame(0x88, 0x83, &[&[0; 12], IP]);
        for length in 0..bytes.len() - 1 {
            assert_eq!(strip(&bytes[..length]), Layer::Short, "{length}");
        }
    }

    #[test]
    fn radiotap_flags_are_found_behind_every_bitmap_and_the_timestamp() {
        let padded = frame(0x88, 0x01, &[b"\0\0", b"\0\0", IP]);
        let one_bitmap = b"\0\0\x09\0\x02\0\0\0\x20";
        assert_eq!(
            strip_radiotap(&[one_bitmap.as_slice(), &padded].concat()),
            Layer::Ip(b"\x45")
        );
        let three_and_timestamp =
            b"\0\0\x19\0\x03\0\0\x80\0\0\0\x80\0\0\0\0\x11\x11\x11\x11\x11\x11\x11\x11\x20";
        assert_eq!(
            strip_radiotap(&[three_and_timestamp.as_slice(), &padded].concat()),
            Layer::Ip(b"\x45")
        );
        let without = b"\0\0\x08\0\0\0\0\0";
        assert_eq!(
            strip_radiotap(&[without.as_slice(), &frame(0x08, 0, &[IP])].concat()),
            Layer::Ip(b"\x45")
        );
    }

    #[test]
    fn a_frame_that_the_card_found_damaged_is_damaged() {
        let bytes = [b"\0\0\x09\0\x02\0\0\0\x50", &frame(0x08, 0, &[IP])[..]].concat();
        assert_eq!(strip_radiotap(&bytes), Layer::Done(Fate::Malformed));
    }

    #[test]
    fn older_headers_have_their_length_or_a_fixed_one() {
        let frame = frame(0x08, 0, &[IP]);
        let prism = [&[0x44; 144][..], &frame].concat();
        assert_eq!(strip_prism(&prism), Layer::Ip(b"\x45"));
        let avs = [b"\x80\x21\x10\x01\0\0\0\x40", &[0; 56][..], &frame].concat();
        assert_eq!(strip_avs(&avs), Layer::Ip(b"\x45"));
        assert_eq!(strip_prism(&avs), Layer::Ip(b"\x45"));
        let ppi = [b"\0\0\x0C\0\x69\0\0\0", &[0; 4][..], &frame].concat();
        assert_eq!(strip_ppi(&ppi), Layer::Ip(b"\x45"));
        assert_eq!(
            strip_ppi(b"\0\0\x08\0\x09\0\0\0"),
            Layer::Done(Fate::Unsupported)
        );
    }
}
