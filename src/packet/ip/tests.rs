use super::Missing;
use super::Whence;
use super::decode_payload;
use crate::capture::record::LinkType;
use crate::capture::record::Nanos;
use crate::capture::record::Record;
use crate::packet;
use crate::packet::Datagram;
use crate::packet::Fate;
use crate::packet::Fragment;
use crate::packet::Packet;
use crate::packet::Segment;
use std::net::IpAddr;
use std::net::Ipv4Addr;

const SIP: &[u8] = b"OPTIONS sip:sbc.example SIP/2.0\r\n\r\n";

fn decode(bytes: &[u8], snapped: u32) -> Packet<'_> {
    super::decode(bytes, Whence::of_record(snapped))
}

/// An IPv4 packet; `total_len` overrides the true length.
fn v4(protocol: u8, fragment_field: u16, payload: &[u8], total_len: Option<u16>) -> Vec<u8> {
    let length = total_len.unwrap_or(u16::try_from(20 + payload.len()).unwrap());
    let mut packet = vec![0x45, 0];
    packet.extend(length.to_be_bytes());
    packet.extend([0x12, 0x34]);
    packet.extend(fragment_field.to_be_bytes());
    packet.extend([64, protocol, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2]);
    packet.extend(payload);
    packet
}

fn v6(next_header: u8, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x60, 0, 0, 0];
    packet.extend(u16::try_from(payload.len()).unwrap().to_be_bytes());
    packet.extend([next_header, 64]);
    packet.extend([0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    packet.extend([0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
    packet.extend(payload);
    packet
}

/// A UDP datagram; `length` overrides the true length.
fn udp(payload: &[u8], length: Option<u16>) -> Vec<u8> {
    let length = length.unwrap_or(u16::try_from(8 + payload.len()).unwrap());
    [
        &[0x13, 0xC4, 0x13, 0xC5][..],
        &length.to_be_bytes(),
        &[0, 0],
        payload,
    ]
    .concat()
}

fn tcp(flags: u8, payload: &[u8]) -> Vec<u8> {
    let header = [
        0x13, 0xC4, 0x13, 0xC5, 0, 0, 0, 7, 0, 0, 0, 9, 0x50, flags, 0, 0, 0, 0, 0, 0,
    ];
    [&header[..], payload].concat()
}

#[track_caller]
fn datagram(packet: Packet<'_>) -> Datagram<'_> {
    match packet {
        Packet::Datagram(datagram) => datagram,
        other => panic!("no datagram: {other:?}"),
    }
}

#[track_caller]
fn segment(packet: Packet<'_>) -> Segment<'_> {
    match packet {
        Packet::Segment(segment) => segment,
        other => panic!("no segment: {other:?}"),
    }
}

#[track_caller]
fn fragment(packet: Packet<'_>) -> Fragment<'_> {
    match packet {
        Packet::Fragment(fragment) => fragment,
        other => panic!("no fragment: {other:?}"),
    }
}

#[test]
fn a_datagram_has_its_ends_and_its_payload() {
    let bytes = v4(17, 0, &udp(SIP, None), None);
    let datagram = datagram(decode(&bytes, 0));
    assert_eq!(
        datagram.from.address,
        IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1))
    );
    assert_eq!((datagram.from.port, datagram.to.port), (5060, 5061));
    assert_eq!((datagram.payload, datagram.is_cut), (SIP, false));
}

#[test]
fn a_segment_has_sequence_and_flags() {
    let bytes = v4(6, 0, &tcp(0x12, b"x"), None);
    let segment = segment(decode(&bytes, 0));
    assert_eq!((segment.sequence, segment.acknowledgment), (7, Some(9)));
    assert!(segment.flags.syn && !segment.flags.fin && !segment.flags.rst);
    assert_eq!((segment.payload, segment.cut), (&b"x"[..], 0));
    let bytes = v4(6, 0, &tcp(0x04, b""), None);
    assert_eq!(self::segment(decode(&bytes, 0)).acknowledgment, None);
}

#[test]
fn padding_behind_the_packet_is_no_payload() {
    let mut bytes = v4(6, 0, &tcp(0x10, b""), None);
    bytes.extend([0; 6]);
    assert_eq!(segment(decode(&bytes, 0)).payload, b"");
}

#[test]
fn media_is_other() {
    let bytes = v4(17, 0, &udp(&[0x80, 8, 0, 1], None), None);
    assert_eq!(decode(&bytes, 0), Packet::Done(Fate::Other));
}

#[test]
fn a_length_of_zero_means_all_that_is_there() {
    let bytes = v4(6, 0, &tcp(0x10, b"INVITE"), Some(0));
    assert_eq!(segment(decode(&bytes, 0)).payload, b"INVITE");
    assert_eq!(segment(decode(&bytes, 11)).cut, 11);
}

#[test]
fn the_snap_length_cuts_the_payload() {
    let bytes = v4(17, 0, &udp(SIP, Some(1008)), Some(1028));
    assert!(datagram(decode(&bytes, 900)).is_cut);
    let bytes = v4(6, 0, &tcp(0x10, b"INVITE"), Some(20 + 20 + 1000));
    assert_eq!(segment(decode(&bytes, 1100)).cut, 994);
}

#[test]
fn a_packet_shorter_than_it_says_without_a_snap_length_is_cut_all_the_same() {
    let bytes = v4(17, 0, &udp(SIP, Some(1008)), Some(1028));
    assert!(datagram(decode(&bytes, 0)).is_cut);
}

#[test]
fn a_segment_longer_than_its_record_was_ever_is_damaged_and_not_cut() {
    let bytes = v4(6, 0, &tcp(0x10, b"INVITE"), Some(20 + 20 + 1000));
    assert_eq!(segment(decode(&bytes, 0)).cut, 0);
    assert_eq!(segment(decode(&bytes, 10)).cut, 10);
}

#[test]
fn a_payload_that_is_all_there_is_not_cut_by_what_is_missing_behind_it() {
    let bytes = v4(17, 0, &udp(SIP, None), Some(1028));
    assert!(!datagram(decode(&bytes, 900)).is_cut);
}

#[test]
fn a_payload_of_which_nothing_was_captured_is_truncated() {
    let bytes = v4(17, 0, &udp(b"", Some(1008)), Some(1028));
    assert_eq!(decode(&bytes, 1000), Packet::Done(Fate::Truncated));
    assert_eq!(decode(&bytes, 0), Packet::Done(Fate::Other));
}

#[test]
fn headers_that_end_too_early_are_truncated_by_the_snap_length_and_malformed_without() {
    for whole in [
        v4(17, 0, &udp(SIP, None), None),
        v4(6, 0, &tcp(0x10, SIP), None),
        v6(17, &udp(SIP, None)),
    ] {
        let headers = whole.len() - SIP.len();
        for kept in 0..headers {
            let cut_off = u32::try_from(whole.len() - kept).unwrap();
            assert_eq!(
                decode(&whole[..kept], cut_off),
                Packet::Done(Fate::Truncated),
                "{kept} bytes"
            );
            assert_eq!(
                decode(&whole[..kept], 0),
                Packet::Done(Fate::Malformed),
                "{kept} bytes"
            );
        }
    }
}

#[test]
fn a_udp_length_that_cannot_be_is_not_believed() {
    for length in [0, 7, 5000] {
        let bytes = v4(17, 0, &udp(SIP, Some(length)), None);
        let datagram = datagram(decode(&bytes, 0));
        assert_eq!(
            (datagram.payload, datagram.is_cut),
            (SIP, false),
            "length {length}"
        );
    }
}

#[test]
fn a_udp_length_below_the_ip_length_bounds_the_payload() {
    let bytes = v4(17, 0, &udp(SIP, Some(8 + 7)), None);
    assert_eq!(datagram(decode(&bytes, 0)).payload, b"OPTIONS");
}

#[test]
fn an_ipv4_fragment_is_one_whatever_its_protocol_says() {
    // The second half of an AH packet must not be read as an AH header.
    let bytes = v4(51, 0x2000 | 0xB9, &[1; 16], None);
    let fragment = fragment(decode(&bytes, 0));
    assert_eq!(
        (fragment.offset, fragment.more, fragment.protocol),
        (1480, true, 51)
    );
    assert_eq!(
        (
            fragment.identification,
            fragment.payload.len(),
            fragment.is_cut
        ),
        (0x1234, 16, false)
    );
}

#[test]
fn extension_headers_are_followed() {
    let options = [17, 0, 1, 4, 0, 0, 0, 0];
    let hop_by_hop = [60, 0, 1, 4, 0, 0, 0, 0];
    let bytes = v6(0, &[&hop_by_hop[..], &options, &udp(SIP, None)].concat());
    assert_eq!(datagram(decode(&bytes, 0)).payload, SIP);
}

#[test]
fn a_chain_of_extension_headers_without_end_is_malformed() {
    let bytes = v6(60, &[60, 0, 1, 4, 0, 0, 0, 0].repeat(100));
    assert_eq!(decode(&bytes, 0), Packet::Done(Fate::Malformed));
}

#[test]
fn an_ipv6_fragment_carries_what_is_behind_its_header() {
    let header = [17, 0, 0x05, 0xC9, 0xDE, 0xAD, 0xBE, 0xEF];
    let bytes = v6(44, &[&header[..], b"later part"].concat());
    let fragment = fragment(decode(&bytes, 0));
    assert_eq!(
        (fragment.identification, fragment.offset, fragment.more),
        (0xDEAD_BEEF, 1480, true)
    );
    assert_eq!(
        (fragment.protocol, fragment.payload),
        (17, &b"later part"[..])
    );
}

#[test]
fn an_atomic_fragment_is_a_whole_packet() {
    let header = [17, 0, 0, 0, 0, 0, 0, 1];
    let bytes = v6(44, &[&header[..], &udp(SIP, None)].concat());
    assert_eq!(datagram(decode(&bytes, 0)).payload, SIP);
}

#[test]
fn an_encapsulation_is_unsupported_and_what_carries_no_sip_is_other() {
    for protocol in [50, 108, 136] {
        assert_eq!(
            decode(&v4(protocol, 0, &[0; 40], None), 0),
            Packet::Done(Fate::Unsupported),
            "{protocol}"
        );
    }
    for protocol in [1, 2, 58, 59, 89, 103] {
        assert_eq!(
            decode(&v4(protocol, 0, &[0; 40], None), 0),
            Packet::Done(Fate::Other),
            "{protocol}"
        );
    }
    // Encryption behind an authentication header.
    let tunnel = [
        50, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ];
    assert_eq!(
        decode(&v4(51, 0, &tunnel, None), 0),
        Packet::Done(Fate::Unsupported)
    );
}

#[test]
fn impossible_headers_are_malformed() {
    assert_eq!(decode(&[0x25; 60], 0), Packet::Done(Fate::Malformed));
    assert_eq!(
        decode(&v4(17, 0, &udp(SIP, None), Some(19)), 0),
        Packet::Done(Fate::Malformed)
    );
    let mut short_header = v4(17, 0, &udp(SIP, None), None);
    short_header[0] = 0x44;
    assert_eq!(decode(&short_header, 0), Packet::Done(Fate::Malformed));
    let mut short_offset = tcp(0x10, SIP);
    short_offset[12] = 0x40;
    assert_eq!(
        decode(&v4(6, 0, &short_offset, None), 0),
        Packet::Done(Fate::Malformed)
    );
}

#[test]
fn a_reassembled_payload_is_read_like_a_packets() {
    let bytes = udp(SIP, None);
    let end = IpAddr::V4(Ipv4Addr::LOCALHOST);
    assert_eq!(
        datagram(decode_payload(end, end, 17, &bytes, false)).payload,
        SIP
    );
    assert!(datagram(decode_payload(end, end, 17, &bytes[..20], true)).is_cut);
    let bytes = tcp(0x10, SIP);
    assert_eq!(segment(decode_payload(end, end, 6, &bytes, true)).cut, 0);
}

#[test]
fn a_record_is_read_from_its_link_layer_on() {
    let data = [&[0; 12][..], &[8, 0], &v4(17, 0, &udp(SIP, None), None)].concat();
    let original_len = u32::try_from(data.len()).unwrap();
    let record = Record {
        time: Nanos(0),
        link: LinkType(1),
        original_len,
        data: &data,
    };
    assert_eq!(datagram(packet::decode(&record)).payload, SIP);
    let header_only = Record {
        data: &data[..10],
        ..record
    };
    assert_eq!(packet::decode(&header_only), Packet::Done(Fate::Truncated));
    let damaged = Record {
        original_len: 10,
        ..header_only
    };
    assert_eq!(packet::decode(&damaged), Packet::Done(Fate::Malformed));
}

#[test]
fn nothing_missing_is_nothing_missing() {
    assert_eq!(Missing::of(10, 20, Whence::of_record(0)).bytes, 0);
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_it_panic(link in 0_u16..300, snapped in 0_u32..100, data in proptest::collection::vec(0_u8.., 0..120)) {
        let original_len = u32::try_from(data.len()).unwrap() + snapped;
        let _ = packet::decode(&Record { time: Nanos(0), link: LinkType(link), original_len, data: &data });
    }

    #[test]
    fn no_damage_makes_it_panic(place in 0_usize..80, value in 0_u8.., kept in 0_usize..120) {
        for mut data in [v4(17, 0, &udp(SIP, None), None), v6(0, &[&[44, 0, 1, 4, 0, 0, 0, 0][..], &[6, 0, 0, 0, 0, 0, 0, 0], &tcp(0x18, SIP)].concat())] {
            if let Some(byte) = data.get_mut(place) {
                *byte = value;
            }
            data.truncate(kept);
            let _ = decode(&data, 0);
            let _ = decode(&data, 10);
        }
    }
}

#[test]
fn an_ip_packet_in_an_ip_packet_is_read_at_any_depth_up_to_the_bound() {
    let mut bytes = v4(17, 0, &udp(SIP, None), None);
    for _ in 0..8 {
        bytes = v4(4, 0, &bytes, None);
        assert_eq!(datagram(decode(&bytes, 0)).payload, SIP);
    }
    let bytes = v4(4, 0, &bytes, None);
    assert_eq!(decode(&bytes, 0), Packet::Done(Fate::Unsupported));
}

#[test]
fn a_datagram_longer_than_its_ip_header_says_is_read_whole() {
    for length in [28, 40] {
        let bytes = v4(17, 0, &udp(SIP, None), Some(length));
        let datagram = datagram(decode(&bytes, 0));
        assert_eq!((datagram.payload, datagram.is_cut), (SIP, false));
    }
}

#[test]
fn sctp_in_udp_is_read_whatever_its_source_port_looks_like() {
    for port in [0x8001_u16, 0x9001, 0xA001, 0xB7FF, 5060] {
        let common = [
            &port.to_be_bytes()[..],
            &[0x13, 0xC4, 0, 0, 0, 1, 0, 0, 0, 0],
        ]
        .concat();
        let data = [
            0, 3, 0, 20, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, b'S', b'I', b'P', b' ',
        ];
        let mut datagram = udp(&[&common[..], &data].concat(), None);
        datagram[2..4].copy_from_slice(&9899_u16.to_be_bytes());
        let bytes = v4(17, 0, &datagram, None);
        let Packet::Sctp(sctp) = decode(&bytes, 0) else {
            panic!("{port:04x}");
        };
        assert_eq!((sctp.from.port, sctp.to.port), (port, 5060));
    }
}

proptest::proptest! {
    #[test]
    fn media_that_is_passed_over_would_have_been_turned_away(
        length in 0_u16..60,
        announced in 0_u16..60,
        fragment in proptest::sample::select(vec![0_u16, 0x4000, 0x2000, 0x8000, 1]),
        port in proptest::sample::select(vec![5060_u16, 9899]),
        first in 0x78_u8..=0xFF,
        protocol in proptest::sample::select(vec![17_u8, 6]),
        there in 20_usize..60,
    ) {
        let mut datagram = udp(&[&[first], &SIP[..20]].concat(), Some(length));
        datagram[2..4].copy_from_slice(&port.to_be_bytes());
        let packet = v4(protocol, fragment, &datagram, Some(announced));
        let captured = &packet[..there.min(packet.len())];
        if super::sift::is_media_in_v4(captured, 9899) {
            proptest::prop_assert_eq!(
                super::decode_v4(captured, Whence::of_record(1)),
                Packet::Done(Fate::Other)
            );
        }
    }
}
