//! What Wireshark exports (File, Export PDUs to File; `tshark -U`): a list of tags, then what a dissector was given
//! (link type 252, LINKTYPE_WIRESHARK_UPPER_PDU).
//!
//! The tags are those of Wireshark's `exported_pdu_tlvs.h`. A tag is a type and a length of two bytes each, both
//! big-endian, and the value; any tag may be missing, and the order is free. This is how SIP over TLS is passed on
//! without its keys, so the exported message is taken whatever its dissector was called, as long as it may be SIP.
//!
//! Addresses that are not exported are unspecified (0.0.0.0, port 0).

use std::net::IpAddr;
use std::net::Ipv4Addr;

use super::Link;
use crate::capture::record::LinkType;
use crate::packet::Carrier;
use crate::packet::Enclosed;
use crate::packet::Encoding;
use crate::packet::Endpoint;
use crate::packet::Fate;
use crate::packet::Layer;
use crate::packet::Outer;
use crate::packet::sift;

pub(super) const LINK: Link = Link {
    name: "Wireshark Exported PDU",
    source: "Wireshark: wsutil/exported_pdu_tlvs.h",
    types: &[LinkType(252)],
    strip,
};

mod tag {
    //! Tags of `exported_pdu_tlvs.h`, as far as they are looked into.
    pub(super) const END: u16 = 0;
    pub(super) const DISSECTOR: u16 = 12;
    pub(super) const TABLE: u16 = 14;
    pub(super) const IPV4_SOURCE: u16 = 20;
    pub(super) const IPV4_DESTINATION: u16 = 21;
    pub(super) const IPV6_SOURCE: u16 = 22;
    pub(super) const IPV6_DESTINATION: u16 = 23;
    pub(super) const SOURCE_PORT: u16 = 25;
    pub(super) const DESTINATION_PORT: u16 = 26;
    pub(super) const TABLE_VALUE: u16 = 32;
}

/// Whether the length of a value counts the bytes that align the next tag.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Padding {
    /// It does, or nothing is aligned: what Wireshark writes, and reads.
    Counted,
    /// It does not: how the picture in `exported_pdu_tlvs.h` can be understood.
    Uncounted,
}

/// What the tags say.
#[derive(Clone, Copy, Default)]
struct Tags<'a> {
    /// The name of the dissector, or of the table in which the dissector was found.
    dissector: &'a [u8],
    table: &'a [u8],
    /// Under which number.
    table_value: u32,
    source: Option<IpAddr>,
    destination: Option<IpAddr>,
    source_port: u16,
    destination_port: u16,
}

fn strip(bytes: &[u8]) -> Layer<'_> {
    let read = Tags::read(bytes, Padding::Counted);
    let Some((tags, pdu)) = read.or_else(|| Tags::read(bytes, Padding::Uncounted)) else {
        return Layer::Short;
    };
    match (tags.dissector, tags.table, tags.table_value) {
        (b"ip" | b"ipv4" | b"ipv6", ..) | (_, b"ethertype", 0x0800 | 0x86DD) => Layer::Ip(pdu),
        (b"eth" | b"eth_withfcs" | b"eth_withoutfcs" | b"eth_maybefcs", ..) => Layer::Ethernet(pdu),
        (b"udp", ..) | (_, b"ip.proto", 17) => tags.strip_udp(pdu),
        (b"tcp", ..) | (_, b"ip.proto", 6) => Layer::Transport(tags.outer(), 6, pdu),
        (b"sctp", ..) | (_, b"ip.proto", 132) => Layer::Transport(tags.outer(), 132, pdu),
        _ => tags.enclose(pdu),
    }
}

impl<'a> Tags<'a> {
    /// The tags, and what follows them. None where they have no end.
    fn read(mut bytes: &'a [u8], padding: Padding) -> Option<(Self, &'a [u8])> {
        let mut tags = Self::default();
        loop {
            let ([kind @ .., length_high, length_low], rest) = bytes.split_first_chunk::<4>()?;
            let kind = u16::from_be_bytes(*kind);
            let length = usize::from(u16::from_be_bytes([*length_high, *length_low]));
            if kind == tag::END {
                return (length == 0).then_some((tags, rest));
            }
            let value = rest.get(..length)?;
            tags.take(kind, value);
            let length = match padding {
                Padding::Counted => length,
                Padding::Uncounted => length.next_multiple_of(4),
            };
            bytes = rest.get(length..)?;
        }
    }

    fn take(&mut self, kind: u16, value: &'a [u8]) {
        match kind {
            tag::DISSECTOR => self.dissector = without_padding(value),
            tag::TABLE => self.table = without_padding(value),
            tag::TABLE_VALUE => self.table_value = number(value).unwrap_or(0),
            tag::IPV4_SOURCE => self.source = self.source.or_else(|| ipv4(value)),
            tag::IPV4_DESTINATION => self.destination = self.destination.or_else(|| ipv4(value)),
            tag::IPV6_SOURCE => self.source = self.source.or_else(|| ipv6(value)),
            tag::IPV6_DESTINATION => self.destination = self.destination.or_else(|| ipv6(value)),
            tag::SOURCE_PORT => self.source_port = port(value),
            tag::DESTINATION_PORT => self.destination_port = port(value),
            _ => {}
        }
    }

    fn outer(&self) -> Outer {
        Outer {
            from: endpoint(self.source, 0),
            to: endpoint(self.destination, 0),
        }
    }

    fn enclose(&self, pdu: &'a [u8]) -> Layer<'a> {
        match *pdu {
            // All of it was cut off.
            [] if self.dissector.starts_with(b"sip") => Layer::Short,
            // A TLS record (RFC 8446 §5.1), exported before it was decrypted.
            [20..=23, 3, 0..=4, ..] => Layer::Done(Fate::Encrypted),
            _ if sift::might_be_sip(pdu) => Layer::Enclosed(Enclosed {
                from: endpoint(self.source, self.source_port),
                to: endpoint(self.destination, self.destination_port),
                payload: pdu,
                encoding: Encoding::Plain,
                is_cut: false,
                carrier: Carrier::AsViaSays,
                time: None,
                rest: &[],
            }),
            _ => Layer::Done(Fate::Other),
        }
    }

    /// The header is ports, length and checksum (RFC 768).
    fn strip_udp(&self, pdu: &'a [u8]) -> Layer<'a> {
        let Some(([from_high, from_low, to_high, to_low, ..], payload)) =
            pdu.split_first_chunk::<8>()
        else {
            return Layer::Short;
        };
        let tags = Self {
            source_port: u16::from_be_bytes([*from_high, *from_low]),
            destination_port: u16::from_be_bytes([*to_high, *to_low]),
            ..*self
        };
        tags.enclose(payload)
    }
}

/// Strings may end in any number of NULs, which are not part of them.
fn without_padding(value: &[u8]) -> &[u8] {
    let end = value.iter().position(|byte| *byte == 0);
    value.get(..end.unwrap_or(value.len())).unwrap_or_default()
}

fn number(value: &[u8]) -> Option<u32> {
    value.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
}

/// Ports are written in four bytes.
fn port(value: &[u8]) -> u16 {
    number(value)
        .and_then(|port| u16::try_from(port).ok())
        .unwrap_or(0)
}

fn ipv4(value: &[u8]) -> Option<IpAddr> {
    <[u8; 4]>::try_from(value).ok().map(IpAddr::from)
}

fn ipv6(value: &[u8]) -> Option<IpAddr> {
    <[u8; 16]>::try_from(value).ok().map(IpAddr::from)
}

fn endpoint(address: Option<IpAddr>, port: u16) -> Endpoint {
    Endpoint {
        address: address.unwrap_or(Ipv4Addr::UNSPECIFIED.into()),
        port,
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::num::u8;
    use proptest::proptest;

    use super::strip;
    use crate::packet::Carrier;
    use crate::packet::Enclosed;
    use crate::packet::Fate;
    use crate::packet::Layer;

    fn tag(kind: u16, value: &[u8]) -> Vec<u8> {
        let length = u16::try_from(value.len()).expect("a short value");
        [&kind.to_be_bytes()[..], &length.to_be_bytes(), value].concat()
    }

    /// What Wireshark 4 writes for a SIP message over IPv4.
    fn exported(dissector: Vec<u8>, pdu: &[u8]) -> Vec<u8> {
        [
            dissector,
            tag(20, &[192, 0, 2, 10]),
            tag(21, &[52, 114, 75, 24]),
            tag(24, &[0, 0, 0, 2]),
            tag(25, &[0, 0, 0xC3, 0x50]),
            tag(26, &[0, 0, 0x13, 0xC5]),
            tag(30, &[0, 0, 0, 7]),
            tag(0, &[]),
            pdu.to_vec(),
        ]
        .concat()
    }

    fn enclosed(bytes: &[u8]) -> Enclosed<'_> {
        match strip(bytes) {
            Layer::Enclosed(enclosed) => enclosed,
            layer => panic!("{layer:?}"),
        }
    }

    #[test]
    fn a_message_has_the_exported_addresses_and_what_via_says() {
        let bytes = exported(tag(12, b"sip\0"), b"BYE sip:a SIP/2.0\r\n");
        let found = enclosed(&bytes);
        assert_eq!(found.payload, b"BYE sip:a SIP/2.0\r\n");
        assert_eq!(found.from.address.to_string(), "192.0.2.10");
        assert_eq!(found.from.port, 50_000);
        assert_eq!(found.to.address.to_string(), "52.114.75.24");
        assert_eq!(found.to.port, 5061);
        assert_eq!(found.carrier, Carrier::AsViaSays);
    }

    #[test]
    fn any_dissector_may_have_had_the_message() {
        let table = [tag(14, b"tcp.port"), tag(32, &[0, 0, 0x13, 0xC4])].concat();
        // Its nineteen bytes are followed by the next tag at once.
        let tcp = [table.clone(), tag(34, &[1; 19])].concat();
        for dissector in [
            tag(12, b"sip"),
            tag(12, b"sip.tcp\0"),
            tag(13, b"sip_udp\0"),
            table,
            tcp,
            tag(12, b"data"),
            tag(999, b"whatever comes"),
            Vec::new(),
        ] {
            let bytes = exported(dissector, b"SIP/2.0 488 Not Acceptable Here\r\n");
            assert_eq!(enclosed(&bytes).from.port, 50_000);
        }
    }

    #[test]
    fn addresses_of_ipv6_are_read_and_missing_ones_unspecified() {
        let bytes = [
            tag(23, &[0x20; 16]),
            tag(12, b"sip"),
            tag(0, &[]),
            b"ACK sip:a SIP/2.0".to_vec(),
        ]
        .concat();
        let found = enclosed(&bytes);
        assert!(found.to.address.is_ipv6());
        assert_eq!(
            (found.from.address.to_string().as_str(), found.from.port),
            ("0.0.0.0", 0)
        );
    }

    #[test]
    fn padding_that_no_length_counts_is_found() {
        let bytes = [
            &tag(12, b"sip")[..],
            b"\0",
            &tag(20, &[10, 0, 0, 1]),
            &tag(0, &[]),
            b"BYE sip:a",
        ]
        .concat();
        assert_eq!(enclosed(&bytes).from.address.to_string(), "10.0.0.1");
    }

    #[test]
    fn packets_and_frames_are_read_as_such() {
        assert_eq!(
            strip(&exported(tag(12, b"ip"), b"\x45")),
            Layer::Ip(b"\x45")
        );
        assert_eq!(
            strip(&exported(tag(12, b"eth_withoutfcs"), b"\x02")),
            Layer::Ethernet(b"\x02")
        );
        let datagram = exported(
            tag(12, b"udp"),
            b"\x13\xC4\x13\xC6\0\0\0\0BYE sip:a SIP/2.0",
        );
        let found = enclosed(&datagram);
        assert_eq!((found.from.port, found.to.port), (5060, 5062));
        assert_eq!(found.payload, b"BYE sip:a SIP/2.0");
        assert!(matches!(
            strip(&exported(tag(12, b"tcp"), b"\x13\xC4")),
            Layer::Transport(_, 6, b"\x13\xC4")
        ));
    }

    #[test]
    fn media_is_other_and_tls_is_encrypted() {
        assert_eq!(
            strip(&exported(tag(12, b"rtp"), b"\x80\x08\0\0")),
            Layer::Done(Fate::Other)
        );
        assert_eq!(
            strip(&exported(tag(12, b"tls"), b"\x17\x03\x03\0\x10")),
            Layer::Done(Fate::Encrypted)
        );
    }

    #[test]
    fn tags_without_an_end_are_short() {
        let whole = exported(tag(12, b"sip"), b"BYE sip:a SIP/2.0");
        for length in 0..whole.len() {
            match strip(&whole[..length]) {
                Layer::Short | Layer::Enclosed(_) => {}
                layer => panic!("{length}: {layer:?}"),
            }
        }
    }

    proptest! {
        #[test]
        fn no_bytes_at_all_trouble_it(bytes in vec(u8::ANY, 0..200)) {
            let _ = strip(&bytes);
        }

        #[test]
        fn no_bytes_behind_a_tag_trouble_it(kind in 0..40_u16, bytes in vec(u8::ANY, 0..80)) {
            let _ = strip(&[&kind.to_be_bytes()[..], &bytes].concat());
        }
    }
}
