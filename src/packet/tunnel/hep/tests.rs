use std::io::Write;
use std::net::Ipv4Addr;

use proptest::collection::vec;
use proptest::num::u8;
use proptest::proptest;

use super::Reading;
use super::read;
use super::strip;
use crate::capture::record::Nanos;
use crate::packet::Carrier;
use crate::packet::Enclosed;
use crate::packet::Encoding;
use crate::packet::Fate;
use crate::packet::Layer;
use crate::packet::Outer;

const BYE: &[u8] = b"BYE sip:a@b SIP/2.0\r\n\r\n";

fn chunk(vendor: u16, kind: u16, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(6 + value.len()).expect("a short chunk");
    let header = [vendor, kind, length].map(u16::to_be_bytes).concat();
    [&header, value].concat()
}

fn hep3(chunks: &[Vec<u8>]) -> Vec<u8> {
    let chunks = chunks.concat();
    let length = u16::try_from(6 + chunks.len()).expect("a short message");
    [&b"HEP3"[..], &length.to_be_bytes(), &chunks].concat()
}

/// As Kamailio sends it: a vendor's chunk, an authentication key and a correlation id beside the rest.
fn usual(protocol: u8, payload: Vec<u8>) -> Vec<Vec<u8>> {
    vec![
        chunk(0, 1, &[2]),
        chunk(0, 2, &[protocol]),
        chunk(0, 3, &[192, 0, 2, 10]),
        chunk(0, 4, &[52, 114, 75, 24]),
        chunk(0, 7, &[0xC3, 0x50]),
        chunk(0, 8, &[0x13, 0xC5]),
        chunk(0, 9, &1_720_958_400_u32.to_be_bytes()),
        chunk(0, 10, &250_000_u32.to_be_bytes()),
        chunk(0, 11, &[1]),
        chunk(0, 12, &[0, 0, 7, 0xD1]),
        chunk(0, 14, b"myHep"),
        chunk(0, 17, b"abc@192.0.2.10"),
        chunk(6, 15, b"of a vendor"),
        payload,
    ]
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

/// Version 1 or 2 over IPv4.
fn fixed(version: u8, protocol: u8, time: &[u8]) -> Vec<u8> {
    let header = [version, 16, 2, protocol, 0xC3, 0x50, 0x13, 0xC5];
    [&header[..], &[192, 0, 2, 10], &[52, 114, 75, 24], time, BYE].concat()
}

fn assert_ends(found: &Enclosed<'_>) {
    assert_eq!(found.from.address.to_string(), "192.0.2.10");
    assert_eq!(found.to.address.to_string(), "52.114.75.24");
    assert_eq!((found.from.port, found.to.port), (50_000, 5061));
}

#[test]
fn version_3_has_addresses_ports_time_and_payload() {
    let bytes = hep3(&usual(17, chunk(0, 15, BYE)));
    let found = enclosed(&bytes);
    assert_ends(&found);
    assert_eq!((found.payload, found.encoding), (BYE, Encoding::Plain));
    assert_eq!(found.time, Some(Nanos(1_720_958_400_250_000_000)));
    assert_eq!(found.carrier, Carrier::Udp);
    assert!(found.rest.is_empty());
}

#[test]
fn the_carrier_is_what_the_inner_protocol_says() {
    for (protocol, carrier) in [
        (17, Carrier::Udp),
        (6, Carrier::Tcp),
        (22, Carrier::Tls),
        (50, Carrier::Tcp),
        (132, Carrier::Sctp),
        (0, Carrier::AsViaSays),
    ] {
        let bytes = hep3(&usual(protocol, chunk(0, 15, BYE)));
        assert_eq!(enclosed(&bytes).carrier, carrier);
    }
}

#[test]
fn ipv6_has_chunks_of_its_own_and_missing_chunks_leave_nothing_known() {
    let bytes = hep3(&[
        chunk(0, 1, &[10]),
        chunk(0, 5, &[0x20; 16]),
        chunk(0, 15, BYE),
    ]);
    let found = enclosed(&bytes);
    assert!(found.from.address.is_ipv6());
    assert!(found.to.address.is_unspecified());
    assert_eq!((found.to.port, found.time), (0, None));
    assert_eq!(found.carrier, Carrier::AsViaSays);
}

#[test]
fn a_compressed_payload_is_inflated() {
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    zlib.write_all(BYE).expect("memory takes it");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(BYE).expect("memory takes it");
    for deflated in [zlib.finish(), gzip.finish()] {
        let deflated = deflated.expect("memory takes it");
        let bytes = hep3(&usual(17, chunk(0, 16, &deflated)));
        let found = enclosed(&bytes);
        assert_eq!(found.encoding, Encoding::Deflated);
        assert_eq!(&*found.message(), BYE);
    }
}

#[test]
fn what_inflates_without_end_stops_at_sixteen_times_its_length() {
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    zlib.write_all(&vec![b'x'; 5 << 20])
        .expect("memory takes it");
    let bomb = zlib.finish().expect("memory takes it");
    let bytes = hep3(&usual(17, chunk(0, 16, &bomb)));
    assert_eq!(enclosed(&bytes).message().len(), 16 * bomb.len());
}

#[test]
fn what_is_not_sip_is_other() {
    let mut chunks = usual(17, chunk(0, 15, b"{\"rtcp\":1}"));
    chunks[8] = chunk(0, 11, &[5]);
    assert_eq!(stripped(&hep3(&chunks)), Layer::Done(Fate::Other));
    let media = hep3(&usual(17, chunk(0, 15, b"\x80\x08\0\0")));
    assert_eq!(stripped(&media), Layer::Done(Fate::Other));
    assert_eq!(stripped(b"HEP3\0\x06"), Layer::Done(Fate::Other));
}

#[test]
fn several_messages_in_a_datagram_follow_one_another() {
    let mut log = usual(17, chunk(0, 15, b"a log line"));
    log[8] = chunk(0, 11, &[100]);
    let second = hep3(&usual(6, chunk(0, 15, b"ACK sip:a SIP/2.0")));
    let bytes = [
        hep3(&log),
        hep3(&usual(17, chunk(0, 15, BYE))),
        hep3(&log),
        second,
        b"HEP3\xFF\xFF".to_vec(),
    ]
    .concat();
    let first = enclosed(&bytes);
    assert_eq!(first.payload, BYE);
    let second = first.following().expect("a second message");
    assert_eq!(second.payload, b"ACK sip:a SIP/2.0");
    assert_eq!(second.following(), None);
}

#[test]
fn lengths_that_lie_lose_only_their_own_message() {
    let good = hep3(&usual(17, chunk(0, 15, BYE)));
    for lie in [6_u16, 7, 11, 20] {
        let mut bytes = good.clone();
        bytes[4..6].copy_from_slice(&lie.to_be_bytes());
        assert!(!matches!(stripped(&bytes), Layer::Enclosed(_)), "{lie}");
    }
    // Too long: what is there counts.
    let mut bytes = good.clone();
    bytes[4..6].copy_from_slice(&u16::MAX.to_be_bytes());
    assert_eq!(enclosed(&bytes).payload, BYE);
    // A chunk that claims to be shorter than its header, or longer than the message.
    for lie in [0_u16, 5, u16::MAX] {
        let mut bytes = good.clone();
        bytes[10..12].copy_from_slice(&lie.to_be_bytes());
        assert!(!matches!(stripped(&bytes), Layer::Enclosed(_)), "{lie}");
    }
}

#[test]
fn a_stream_says_how_much_it_needs() {
    let whole = hep3(&usual(6, chunk(0, 15, BYE)));
    let stream = [&whole[..], b"HEP3 and more"].concat();
    for length in 0..whole.len() {
        let needs = if length < 6 { 6 } else { whole.len() };
        assert_eq!(read(&stream[..length]), Reading::Needs(needs));
    }
    let Reading::Whole { enclosed, len } = read(&stream) else {
        panic!("it is whole");
    };
    assert_eq!(len, whole.len());
    assert_eq!(enclosed.expect("a message").payload, BYE);
    assert_eq!(read(b"HEP3\0\x05"), Reading::Foreign);
    assert_eq!(read(b"INVITE"), Reading::Foreign);
    assert_eq!(read(b"HEX"), Reading::Foreign);
}

#[test]
fn versions_1_and_2_have_a_fixed_header() {
    let bytes = fixed(1, 17, &[]);
    let found = enclosed(&bytes);
    assert_ends(&found);
    assert_eq!((found.payload, found.time), (BYE, None));
    let mut time = [0; 12];
    time[..4].copy_from_slice(&1_720_958_400_u32.to_le_bytes());
    time[4..8].copy_from_slice(&250_000_u32.to_le_bytes());
    let mut bytes = fixed(2, 22, &time);
    for header_len in [16, 28] {
        bytes[1] = header_len;
        let found = enclosed(&bytes);
        assert_ends(&found);
        assert_eq!(found.payload, BYE);
        assert_eq!(found.time, Some(Nanos(1_720_958_400_250_000_000)));
        assert_eq!(found.carrier, Carrier::Tls);
    }
}

#[test]
fn the_time_of_version_2_is_read_in_both_orders() {
    for (seconds, microseconds) in [
        (1_200_000_001_u32, 999_999_u32),
        (1_720_958_400, 1),
        (2_000_000_000, 65_536),
    ] {
        let mut time = [0; 12];
        time[..4].copy_from_slice(&seconds.to_be_bytes());
        time[4..8].copy_from_slice(&microseconds.to_be_bytes());
        let nanos = i64::from(seconds) * 1_000_000_000 + i64::from(microseconds) * 1_000;
        assert_eq!(enclosed(&fixed(2, 17, &time)).time, Some(Nanos(nanos)));
    }
    assert_eq!(enclosed(&fixed(2, 17, &[0; 12])).time, None);
}

#[test]
fn version_1_over_ipv6_is_longer() {
    for family in [10, 23, 24, 28, 30] {
        let header = [1, 40, family, 6, 0xC3, 0x50, 0x13, 0xC5];
        let bytes = [&header[..], &[0x20; 32], BYE].concat();
        let found = enclosed(&bytes);
        assert!(found.from.address.is_ipv6());
        assert_eq!(found.payload, BYE);
    }
}

#[test]
fn other_traffic_is_foreign() {
    for bytes in [
        // RTP, STUN, DNS, and what only begins alike.
        &b"\x80\x08\0\0"[..],
        b"\x01\x01\0\x08\x21\x12\xa4\x42aaaaaaaaaaaaaaaaaaaaaaaaaa",
        b"\x02\x10\x01\0\0\x01\0\0\0\0\0\0aaaaaaaaaaaaaaaaaaaaa",
        b"HEP",
        b"HEPTAGON",
        b"INVITE sip:a SIP/2.0",
        b"",
        b"\x01\x10\x02",
    ] {
        assert_eq!(stripped(bytes), Layer::Foreign, "{bytes:?}");
    }
    let mut media = fixed(1, 17, &[]);
    media[16] = 0x80;
    assert_eq!(stripped(&media), Layer::Foreign);
}

#[test]
fn the_authentication_key_is_nowhere_to_be_seen() {
    let bytes = hep3(&usual(17, chunk(0, 15, BYE)));
    let found = format!(
        "{:?}",
        Enclosed {
            payload: &[],
            ..enclosed(&bytes)
        }
    );
    let key = format!("{:?}", b"myHep");
    assert!(!found.contains(key.trim_matches(['[', ']'])));
}

#[test]
fn any_cut_is_read_or_short_or_foreign() {
    for whole in [
        hep3(&usual(17, chunk(0, 15, BYE))),
        fixed(1, 17, &[]),
        fixed(2, 17, &[0; 12]),
    ] {
        for length in 0..whole.len() {
            match stripped(&whole[..length]) {
                Layer::Enclosed(_) | Layer::Short | Layer::Foreign => {}
                layer => panic!("{length}: {layer:?}"),
            }
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_trouble_it(bytes in vec(u8::ANY, 0..200)) {
        let _ = stripped(&bytes);
        let _ = stripped(&[b"HEP3", &bytes[..]].concat());
        let _ = read(&[b"HEP3\0", &bytes[..]].concat());
    }

    #[test]
    fn no_damaged_byte_troubles_it(at in 0..200_usize, byte in u8::ANY) {
        let mut bytes = hep3(&usual(17, chunk(0, 15, BYE)));
        let at = at % bytes.len();
        bytes[at] = byte;
        if let Layer::Enclosed(found) = stripped(&bytes) {
            let _ = found.following();
            let _ = found.message();
        }
    }
}
