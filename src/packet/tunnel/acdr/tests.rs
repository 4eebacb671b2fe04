use std::net::Ipv4Addr;

use proptest::collection::vec;
use proptest::num::u8;
use proptest::proptest;

use super::flag;
use super::header_len;
use super::media;
use super::strip;
use crate::packet::Carrier;
use crate::packet::Enclosed;
use crate::packet::Fate;
use crate::packet::Layer;
use crate::packet::Outer;

const BYE: &[u8] = b"BYE sip:a@b SIP/2.0\r\n\r\n";

/// Addresses, ports, IP protocol and direction of SIP.
const OF_SIP: &[u8] = &[
    192, 0, 2, 10, 52, 114, 75, 24, 0xC3, 0x50, 0x13, 0xC5, 17, 1,
];

/// Ports, addresses and application of TLS.
const OF_TLS: &[u8] = &[0xC3, 0x50, 0x13, 0xC5, 192, 0, 2, 10, 52, 114, 75, 24, 3];

fn packet(
    version: u8,
    flags: u8,
    trace_point: u8,
    media_type: u8,
    extension: &[u8],
    payload: &[u8],
) -> Vec<u8> {
    let mut bytes = vec![version];
    // The time, and the channels.
    bytes.resize(if version < 9 { 11 } else { 15 }, 0x11);
    bytes.extend_from_slice(&[flags, trace_point, media_type]);
    bytes.push(u8::try_from(extension.len()).expect("a short extension"));
    // The session.
    bytes.resize(header_len(version), 0x22);
    bytes.extend_from_slice(extension);
    bytes.extend_from_slice(payload);
    bytes
}

fn stripped(bytes: &[u8]) -> Layer<'_> {
    let outer = Outer::of_ip(Ipv4Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into());
    strip(bytes, &outer)
}

fn enclosed(bytes: &[u8]) -> Enclosed<'_> {
    match stripped(bytes) {
        Layer::Enclosed(enclosed) => enclosed,
        layer => panic!("{layer:?}"),
    }
}

fn assert_ends(found: &Enclosed<'_>) {
    assert_eq!(found.from.address.to_string(), "192.0.2.10");
    assert_eq!(found.to.address.to_string(), "52.114.75.24");
    assert_eq!((found.from.port, found.to.port), (50_000, 5061));
}

#[test]
fn sip_has_the_addresses_of_its_extension() {
    for version in 5..=9 {
        let bytes = packet(version, 0, 6, media::SIP, OF_SIP, BYE);
        let found = enclosed(&bytes);
        assert_ends(&found);
        assert_eq!((found.payload, found.carrier), (BYE, Carrier::Udp));
        assert_eq!(found.time, None);
    }
}

#[test]
fn old_versions_and_other_trace_points_have_no_addresses() {
    for version in 0..=4 {
        for flags in [0, super::NO_FLAGS] {
            if version > 3 && flags != 0 {
                continue;
            }
            let bytes = packet(version, flags, 6, media::SIP, &[], BYE);
            let found = enclosed(&bytes);
            assert!(found.from.address.is_unspecified() && found.to.address.is_unspecified());
            assert_eq!((found.payload, found.from.port), (BYE, 0));
            assert_eq!(found.carrier, Carrier::AsViaSays);
        }
    }
    let bytes = packet(7, 0, 4, media::SIP, OF_SIP, BYE);
    let found = enclosed(&bytes);
    assert!(found.from.address.is_unspecified());
    assert_eq!(found.payload, BYE);
}

#[test]
fn addresses_of_ipv6_are_read_where_there_is_room_for_them() {
    let extension = [
        &[0x20; 16][..],
        &[0x2A; 16],
        &[0xC3, 0x50, 0x13, 0xC5, 6, 0],
    ]
    .concat();
    let bytes = packet(8, flag::IPV6, 6, media::SIP, &extension, BYE);
    let found = enclosed(&bytes);
    assert!(found.from.address.is_ipv6() && found.to.address.is_ipv6());
    assert_eq!((found.from.port, found.to.port), (50_000, 5061));
    assert_eq!(found.carrier, Carrier::AsViaSays);
    let bytes = packet(8, flag::IPV6, 6, media::SIP, OF_SIP, BYE);
    assert_ends(&enclosed(&bytes));
}

#[test]
fn decrypted_tls_is_read_and_encrypted_tls_is_not() {
    for media_type in [media::TLS, media::TLS_PEEK] {
        let bytes = packet(7, 0, 6, media_type, OF_TLS, BYE);
        let found = enclosed(&bytes);
        assert_ends(&found);
        assert_eq!((found.payload, found.carrier), (BYE, Carrier::Tls));
        let bytes = packet(7, 0, 6, media_type, OF_TLS, b"\x17\x03\x03\0\x20");
        assert_eq!(stripped(&bytes), Layer::Done(Fate::Encrypted));
    }
}

#[test]
fn an_added_header_is_an_ip_packet() {
    for media_type in [1, media::SIP] {
        let bytes = packet(9, flag::HEADER_ADDED, 4, media_type, OF_SIP, b"\x45\0");
        assert_eq!(stripped(&bytes), Layer::Ip(b"\x45\0"));
    }
    let bytes = packet(9, flag::HEADER_ADDED, 4, media::DTLS, OF_SIP, b"\x45\0");
    assert_eq!(stripped(&bytes), Layer::Done(Fate::Other));
}

#[test]
fn media_is_other() {
    for media_type in [0, 1, 2, 3, 4, 5, 11, 33, 61, 255] {
        let bytes = packet(7, 0, 0, media_type, &[], b"\x80\x08\0\x01");
        assert_eq!(stripped(&bytes), Layer::Done(Fate::Other), "{media_type}");
    }
}

#[test]
fn what_is_encrypted_or_in_fragments_is_unsupported() {
    for flags in [flag::ENCRYPTED, flag::FRAGMENTED, 0xFF] {
        let bytes = packet(7, flags, 6, media::SIP, OF_SIP, BYE);
        assert_eq!(stripped(&bytes), Layer::Done(Fate::Unsupported));
    }
    let bytes = packet(7, 0, 6, media::FRAGMENTED, &[], BYE);
    assert_eq!(stripped(&bytes), Layer::Done(Fate::Unsupported));
    let bytes = packet(7, flag::INTERCEPTED, 6, media::SIP, &[], b"\0\x05\0\x01");
    assert_eq!(stripped(&bytes), Layer::Done(Fate::Unsupported));
    let bytes = packet(10, 0, 6, media::SIP, OF_SIP, BYE);
    assert_eq!(stripped(&bytes), Layer::Done(Fate::Unsupported));
}

#[test]
fn other_traffic_of_the_port_is_foreign() {
    for bytes in [
        &b"INVITE sip:a SIP/2.0"[..],
        b"\r\n\r\n",
        b"\x80\x08",
        b"",
        b"\x0B",
    ] {
        assert_eq!(stripped(bytes), Layer::Foreign, "{bytes:?}");
    }
}

#[test]
fn any_cut_is_read_or_short() {
    for version in 0..=9 {
        let extension = if version < 5 { &[][..] } else { OF_SIP };
        let whole = packet(version, 0, 6, media::SIP, extension, BYE);
        for length in 1..whole.len() {
            match stripped(&whole[..length]) {
                Layer::Enclosed(found) => assert!(BYE.starts_with(found.payload)),
                Layer::Short => assert!(length <= header_len(version) + extension.len()),
                layer => panic!("{version}, {length}: {layer:?}"),
            }
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_trouble_it(version in 0..16_u8, bytes in vec(u8::ANY, 0..120)) {
        let _ = stripped(&bytes);
        let _ = stripped(&[&[version], &bytes[..]].concat());
    }
}
