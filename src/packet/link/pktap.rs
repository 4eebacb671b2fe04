//! PKTAP of Darwin: a header that says which process sent the packet, and then the packet with its own link type.

use super::Link;
use crate::capture::record::LinkType;
use crate::packet::Fate;
use crate::packet::Layer;

const PKTAP: LinkType = LinkType(258);

pub(super) const LINK: Link = Link {
    name: "Darwin PKTAP",
    types: &[PKTAP],
    source: "tcpdump.org: LINKTYPE_PKTAP",
    strip,
};

fn strip(bytes: &[u8]) -> Layer<'_> {
    // The length of the header, what kind of record it is, and the link type.
    let ([length, _, link, ..], _) = bytes.as_chunks::<4>() else {
        return Layer::Short;
    };
    // The byte order is that of the host that captured; header length and link type are small numbers.
    let small = |word: [u8; 4]| u32::from_le_bytes(word).min(u32::from_be_bytes(word));
    let (length, link) = (small(*length), small(*link));
    if length < 12 {
        return Layer::Done(Fate::Malformed);
    }
    let Some(rest) = bytes.get(length as usize..) else {
        return Layer::Short;
    };
    match u16::try_from(link).map(LinkType) {
        // A packet made of such headers alone would be read for ever.
        Ok(PKTAP) | Err(_) => Layer::Done(Fate::Malformed),
        Ok(link) => super::strip(link, rest),
    }
}

#[cfg(test)]
mod tests {
    use super::strip;
    use crate::packet::Fate;
    use crate::packet::Layer;

    fn packet(link: u32, rest: &[u8]) -> Vec<u8> {
        let mut header = [0; 108];
        header[0] = 108;
        header[4] = 1;
        header[8..12].copy_from_slice(&link.to_le_bytes());
        [&header[..], rest].concat()
    }

    #[test]
    fn the_packet_is_read_by_its_own_link_type() {
        assert_eq!(strip(&packet(12, b"\x45")), Layer::Ip(b"\x45"));
        assert_eq!(
            strip(&packet(1, b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x86\xDD\x60")),
            Layer::Ip(b"\x60")
        );
        assert_eq!(
            strip(&packet(4_000, b"\x45")),
            Layer::Done(Fate::Unsupported)
        );
    }

    #[test]
    fn a_header_in_a_header_is_damaged() {
        let inner = packet(258, b"\x45");
        assert_eq!(strip(&packet(258, &inner)), Layer::Done(Fate::Malformed));
    }

    #[test]
    fn a_header_longer_than_the_record_is_short() {
        assert_eq!(strip(&packet(1, b"")[..100]), Layer::Short);
        assert_eq!(strip(&[0; 108]), Layer::Done(Fate::Malformed));
    }
}
