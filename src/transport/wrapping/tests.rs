//! What comes out of a connection, whatever it is wrapped in and however it is cut.

use proptest::collection::vec;
use proptest::prelude::Just;
use proptest::prelude::Strategy;
use proptest::prelude::any;
use proptest::prop_oneof;

use super::MAX_SOUGHT;
use super::Piece;
use super::Wrapping;
use super::made::frame;
use super::mirrored;
use crate::capture::record::Stamp;
use crate::transport::tls::KeyLog;

fn packet(payload: &[u8]) -> Vec<u8> {
    let chunk = |kind: u16, value: &[u8]| {
        let length = u16::try_from(6 + value.len()).unwrap();
        [
            &[0, 0][..],
            &kind.to_be_bytes(),
            &length.to_be_bytes(),
            value,
        ]
        .concat()
    };
    let chunks = [
        chunk(1, &[2]),
        chunk(2, &[6]),
        chunk(3, &[192, 0, 2, 1]),
        chunk(4, &[192, 0, 2, 2]),
        chunk(7, &[0x13, 0xC4]),
        chunk(8, &[0x13, 0xC4]),
        chunk(11, &[1]),
        chunk(15, payload),
    ]
    .concat();
    let length = u16::try_from(6 + chunks.len()).unwrap();
    [&b"HEP3"[..], &length.to_be_bytes(), &chunks].concat()
}

#[test]
fn messages_of_a_mirror_are_found_behind_anything() {
    let (one, two) = (
        packet(b"OPTIONS sip:a SIP/2.0"),
        packet(b"OPTIONS sip:b SIP/2.0"),
    );
    let bytes = [b"xxHEP", &one[..], b"HEP3\0\x01", &two[..], &one[..20]].concat();
    let mut found = Vec::new();
    let used = mirrored(&bytes, &mut |enclosed| {
        found.push(enclosed.payload.to_vec());
    });
    assert_eq!(found, [b"OPTIONS sip:a SIP/2.0", b"OPTIONS sip:b SIP/2.0"]);
    assert_eq!(&bytes[used..], &one[..20]);
}

/// What a connection gave: the messages of each direction, and the bytes.
#[derive(Debug, Default, PartialEq, Eq)]
struct Given {
    messages: [Vec<Vec<u8>>; 2],
    bytes: [Vec<u8>; 2],
}

fn feed(
    wrapping: &mut Wrapping,
    given: &mut Given,
    direction: usize,
    bytes: &[u8],
    is_plain: bool,
) {
    let at = (Stamp::default(), is_plain);
    wrapping.feed(direction, bytes, at, &KeyLog::default(), &mut |unwrapped| {
        let messages = &mut given.messages[unwrapped.direction];
        match unwrapped.piece {
            Piece::Bytes(bytes) => given.bytes[unwrapped.direction].extend_from_slice(bytes),
            Piece::Message(message) => messages.push(message.to_vec()),
            Piece::Mirrored(enclosed) => messages.push(enclosed.payload.to_vec()),
            Piece::Lost(_) => {}
        }
    });
}

fn given(parts: &[(usize, &[u8])]) -> Given {
    let (mut wrapping, mut given) = (Wrapping::default(), Given::default());
    for (direction, part) in parts {
        feed(&mut wrapping, &mut given, *direction, part, false);
    }
    given
}

const MASK: Option<[u8; 4]> = Some([0x9A, 1, 0xF3, 0x44]);
const INVITE: &[u8] = b"INVITE sip:a SIP/2.0\r\nCall-ID: a\r\n\r\n";
const REFUSED: &[u8] = b"SIP/2.0 488 Not Acceptable Here\r\nCall-ID: a\r\n\r\n";

#[test]
fn a_websocket_that_began_before_the_capture_gives_its_messages_in_both_directions() {
    let client = [
        frame(0x82, MASK, INVITE),
        frame(0x89, MASK, b"ping"),
        frame(0x81, MASK, INVITE),
    ]
    .concat();
    let server = [
        frame(0x82, None, REFUSED),
        frame(0x81, None, b"\r\n"),
        frame(0x81, None, REFUSED),
    ]
    .concat();
    for begun in [
        &b""[..],
        b"\r\nContent-Length: 0\r\n\r\n",
        b"\x81\x82\x05\x8E\xFE\x00",
    ] {
        let (client, server) = ([begun, &client].concat(), [begun, &server].concat());
        for cut in 0..client.len() {
            let parts = [
                (0, &client[..cut]),
                (1, &server[..cut.min(server.len())]),
                (0, &client[cut..]),
                (1, server.get(cut..).unwrap_or_default()),
            ];
            let given = given(&parts);
            assert_eq!(given.messages[0], [INVITE, INVITE], "{cut}");
            assert_eq!(given.messages[1], [REFUSED, b"\r\n", REFUSED], "{cut}");
        }
    }
}

#[test]
fn a_websocket_is_known_though_the_other_direction_gave_sip_already() {
    let (mut wrapping, mut given) = (Wrapping::default(), Given::default());
    feed(
        &mut wrapping,
        &mut given,
        0,
        &frame(0x82, MASK, INVITE),
        false,
    );
    feed(&mut wrapping, &mut given, 1, b"the end of a message", true);
    feed(
        &mut wrapping,
        &mut given,
        1,
        &frame(0x82, None, REFUSED),
        true,
    );
    assert_eq!(given.messages[1], [REFUSED]);
}

#[test]
fn on_a_connection_of_plain_sip_nothing_is_looked_for() {
    let body = frame(0x82, None, REFUSED);
    let bytes = [INVITE, &body].concat();
    for cut in 0..bytes.len() {
        let plain = given(&[(0, &bytes[..cut]), (0, &bytes[cut..])]);
        assert_eq!(plain.bytes[0], bytes, "{cut}");
    }
    let (mut wrapping, mut given) = (Wrapping::default(), Given::default());
    feed(&mut wrapping, &mut given, 0, b"the end of a message", true);
    feed(&mut wrapping, &mut given, 0, &body, true);
    assert!(given.messages[0].is_empty());
}

#[test]
fn what_is_nothing_that_is_known_is_given_up() {
    let (mut wrapping, mut given) = (Wrapping::default(), Given::default());
    for _ in 0..=MAX_SOUGHT / 1000 {
        feed(&mut wrapping, &mut given, 0, &[0x81; 1000], false);
    }
    feed(
        &mut wrapping,
        &mut given,
        0,
        &frame(0x82, MASK, INVITE),
        false,
    );
    assert!(given.messages[0].is_empty());
    assert!(given.bytes[0].len() > MAX_SOUGHT);
    assert_eq!(wrapping.held(), 0);
}

#[test]
fn a_mirror_that_began_before_the_capture_is_known_at_its_next_packet() {
    // Its length, 0x0234, looks like the header of a WebSocket fragment.
    let long = [INVITE, &[b'x'; 0x22E]].concat()[..0x22E].to_vec();
    let bytes = [packet(&long), packet(REFUSED), packet(INVITE)].concat();
    let first = packet(&long).len();
    // A capture that begins with the message itself could be one of plain SIP.
    let message = first - long.len();
    for begun in (1..first).filter(|begun| *begun != message) {
        for cut in [begun, begun + 1, first, first + 3, first + 20] {
            let given = given(&[(0, &bytes[begun..cut]), (0, &bytes[cut..])]);
            assert_eq!(given.messages[0], [REFUSED, INVITE], "{begun} {cut}");
        }
    }
}

/// Things that connections are made of, and what only looks like them.
fn part() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(frame(0x81, MASK, INVITE)),
        Just(frame(0x82, None, REFUSED)),
        Just(frame(0x01, MASK, b"INVITE sip:a ")),
        Just(frame(0x80, MASK, b"SIP/2.0\r\n\r\n")),
        Just(frame(0x89, None, b"HEP3")),
        Just(frame(0xC1, None, b"\xF2\x0CP\0\0")),
        Just(packet(INVITE)),
        Just(INVITE.to_vec()),
        Just(b"\r\n\r\n".to_vec()),
        Just(b"PROXY UNKNOWN\r\n".to_vec()),
        Just(b"CONNECT a:1 HTTP/1.1\r\n\r\n".to_vec()),
        Just(b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n".to_vec()),
        Just(b"GET / HTTP/1.1\r\n\r\n".to_vec()),
        Just(b"HTTP/1.1 101 x\r\nUpgrade: websocket\r\n\r\n".to_vec()),
        Just(b"HTTP/1.1 407 x\r\nContent-Length: 5\r\n\r\nhello".to_vec()),
        Just(
            b"HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n".to_vec()
        ),
        Just(b"HTTP/1.1 200 x\r\n\r\n".to_vec()),
        vec(any::<u8>(), 0..40),
        vec(
            prop_oneof![Just(0x81), Just(0x82), Just(0x7E), Just(b'H'), Just(0)],
            0..20
        ),
    ]
}

proptest::proptest! {
    #[test]
    fn the_same_messages_come_out_however_the_bytes_are_cut(
        parts in vec(part(), 0..12),
        cuts in vec(1_usize..60, 1..40),
    ) {
        // A line end may keep a connection alive, and isn't held back to see whether it begins a preface.
        let bytes = parts.concat();
        let bytes = bytes.trim_ascii_start();
        let whole = given(&[(0, bytes)]).messages;
        let mut pieces = Vec::new();
        let mut rest = bytes;
        for cut in cuts.iter().cycle() {
            let (piece, behind) = rest.split_at((*cut).min(rest.len()));
            pieces.push((0, piece));
            rest = behind;
            if rest.is_empty() {
                break;
            }
        }
        proptest::prop_assert_eq!(given(&pieces).messages, whole);
    }

    #[test]
    fn no_bytes_in_any_pieces_with_any_losses_make_it_panic(
        pieces in vec((0_usize..2, part(), 0_u64..5, any::<bool>()), 0..60),
    ) {
        let (mut wrapping, mut given) = (Wrapping::default(), Given::default());
        let mut fed = 0;
        for (direction, piece, lost, is_plain) in &pieces {
            if *lost == 4 {
                wrapping.lose(*direction, 77, Stamp::default(), &mut |_| {});
            }
            feed(&mut wrapping, &mut given, *direction, piece, *is_plain);
            fed += piece.len();
            proptest::prop_assert!(wrapping.held() <= 2 * fed + (100 << 10));
        }
        wrapping.give_up();
        proptest::prop_assert!(wrapping.held() <= 1 << 10);
    }
}
