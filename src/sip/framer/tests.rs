//! What a stream must yield, whatever is wrong with it and however it is cut.

use proptest::prelude::*;

use super::Framer;
use super::MAX_HEAD;
use super::MAX_MESSAGE;
use super::Wholeness;

const OK: &[u8] = b"SIP/2.0 200 OK\r\nCall-ID: a\r\nContent-Length: 4\r\n\r\nbody";
const BYE: &[u8] = b"BYE sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP h\r\ni: b\r\nl: 0\r\n\r\n";
const FRAGMENT: &[u8] =
    b"NOTIFY sip:a SIP/2.0\r\ni: c\r\nc: message/sipfrag\r\nl: 16\r\n\r\nSIP/2.0 200 OK\r\n";

/// Feeds the pieces and ends the stream.
fn frame(pieces: &[&[u8]]) -> (Vec<(Vec<u8>, Wholeness)>, u64) {
    let mut framer = Framer::default();
    let mut messages = Vec::new();
    let mut each = |message: &[u8], wholeness| messages.push((message.to_vec(), wholeness));
    for piece in pieces {
        framer.feed(piece, &mut each);
    }
    framer.finish(&mut each);
    (messages, framer.skipped_bytes())
}

/// The messages of one piece, all of which must be whole.
fn whole(bytes: &[u8]) -> Vec<Vec<u8>> {
    let (messages, _) = frame(&[bytes]);
    assert!(
        messages
            .iter()
            .all(|(_, wholeness)| *wholeness == Wholeness::Whole)
    );
    messages.into_iter().map(|(message, _)| message).collect()
}

#[test]
fn several_messages_in_one_piece_are_told_apart() {
    assert_eq!(
        whole(&[OK, BYE, FRAGMENT, OK].concat()),
        [OK, BYE, FRAGMENT, OK]
    );
}

#[test]
fn keep_alives_are_swallowed_and_not_counted() {
    let (messages, skipped) = frame(&[b"\r\n\r\n", OK, b"\r\n", b"\r\n\r\n", BYE, b"\r\n"]);
    assert_eq!((messages.len(), skipped), (2, 0));
}

#[test]
fn a_message_is_handed_out_with_its_last_byte() {
    let mut framer = Framer::default();
    let mut count = 0;
    let (last, before) = OK.split_last().expect("not empty");
    framer.feed(before, &mut |_, _| count += 1);
    framer.feed(&[*last], &mut |_, _| count += 10);
    assert_eq!(count, 10);
}

#[test]
fn without_a_length_the_body_is_what_shows() {
    let head = b"SIP/2.0 200 OK\r\ni: a\r\n\r\n";
    assert_eq!(whole(&[head, BYE].concat()), [&head[..], BYE]);
    assert_eq!(
        whole(&[&head[..], b"\r\n\r\n", BYE].concat()),
        [&head[..], BYE]
    );
    let with_body = [&head[..], b"v=0\r\ns=-\r\n"].concat();
    assert_eq!(
        whole(&[&with_body[..], BYE].concat()),
        [&with_body[..], BYE]
    );
    assert_eq!(whole(&with_body), [&with_body[..]]);
}

#[test]
fn a_length_too_great_ends_at_the_next_start_line() {
    let lying = b"SIP/2.0 200 OK\r\ni: a\r\nl: 30\r\n\r\nv=0\r\n";
    assert_eq!(
        whole(&[&lying[..], BYE, OK].concat()),
        [&lying[..], BYE, OK]
    );
}

#[test]
fn a_length_too_small_resynchronises_at_the_next_start_line() {
    let lying = b"SIP/2.0 200 OK\r\ni: a\r\nl: 3\r\n\r\nv=0\r\ns=-\r\n";
    let (messages, skipped) = frame(&[&[&lying[..], BYE].concat()]);
    let bodies: Vec<_> = messages
        .iter()
        .map(|(message, _)| message.ends_with(b"v=0"))
        .collect();
    assert_eq!((bodies, skipped), (vec![true, false], 5));
}

#[test]
fn a_start_line_inside_a_sip_fragment_ends_nothing() {
    assert_eq!(whole(FRAGMENT), [FRAGMENT]);
}

#[test]
fn garbage_is_skipped_and_counted() {
    let (messages, skipped) = frame(&[b"GET / HTTP/1.1\r\nx: y\r\n\xff\xfe\r\n", BYE]);
    assert_eq!((messages.len(), skipped), (1, 26));
}

#[test]
fn a_lost_segment_resynchronises_at_the_next_start_line() {
    let mut framer = Framer::default();
    let mut messages = Vec::new();
    let mut each = |message: &[u8], wholeness| messages.push((message.to_vec(), wholeness));
    framer.feed(&OK[..45], &mut each);
    framer.lose(100, &mut each);
    framer.feed(b"half a line SIP/2.0\r\nVia: x\r\n\r\n", &mut each);
    framer.feed(BYE, &mut each);
    framer.lose(1, &mut each);
    framer.feed(OK, &mut each);
    framer.feed(b"SIP/2.0 200 OK\r\nCall-I", &mut each);
    framer.finish(&mut each);
    let expected = [
        (OK[..45].to_vec(), Wholeness::Cut),
        (BYE.to_vec(), Wholeness::Whole),
        (OK.to_vec(), Wholeness::Whole),
    ];
    assert_eq!(messages, expected);
    assert_eq!(
        (framer.lost_bytes(), framer.skipped_bytes()),
        (101, 31 + 22)
    );
    assert!(framer.has_seen_sip());
}

#[test]
fn headers_that_never_end_are_cut_at_the_next_start_line() {
    let (messages, _) = frame(&[
        b"INVITE sip:a SIP/2.0\r\ni: x\r\nVia: SIP/2.0/TCP y\r\n",
        BYE,
    ]);
    assert_eq!(messages.len(), 2);
    assert_eq!(messages[0].1, Wholeness::Cut);
}

#[test]
fn line_feeds_alone_end_lines() {
    let lines = b"BYE sip:a SIP/2.0\ni: x\nl: 1\n\nz";
    assert_eq!(whole(&[&lines[..], OK].concat()), [&lines[..], OK]);
}

#[test]
fn what_is_kept_is_bounded() {
    let mut framer = Framer::default();
    let mut count = 0;
    let mut each = |_: &[u8], _| count += 1;
    framer.feed(b"INVITE sip:a SIP/2.0\r\nX: ", &mut each);
    for _ in 0..100 {
        framer.feed(&[b'a'; 1500], &mut each);
        assert!(framer.buffer.len() <= MAX_HEAD + 1500);
    }
    framer.feed(
        format!("\r\n{}", "A sip:b SIP/2.0\r\n").as_bytes(),
        &mut each,
    );
    framer.feed(format!("l: {MAX_MESSAGE}\r\n\r\n").as_bytes(), &mut each);
    for _ in 0..100 {
        framer.feed(&[b'\n'; 1500], &mut each);
        framer.feed(&[b'a'; 1500], &mut each);
        assert!(framer.buffer.len() <= MAX_HEAD);
    }
    framer.feed(b"\n", &mut each);
    framer.feed(BYE, &mut each);
    assert_eq!(count, 1);
}

proptest! {
    #[test]
    fn cutting_anywhere_changes_nothing(cuts in proptest::collection::vec(0_usize..260, 0..12)) {
        let stream = [&b"\r\n"[..], OK, BYE, b"\r\n\r\n", FRAGMENT, OK, OK].concat();
        let mut cuts = cuts;
        cuts.extend([0, stream.len()]);
        for cut in &mut cuts {
            *cut = (*cut).min(stream.len());
        }
        cuts.sort_unstable();
        let pieces: Vec<_> = cuts.windows(2).map(|ends| &stream[ends[0]..ends[1]]).collect();
        prop_assert_eq!(frame(&pieces), frame(&[&stream]));
    }

    #[test]
    fn any_bytes_are_accounted_for(
        pieces in proptest::collection::vec(
            prop_oneof![
                Just(OK.to_vec()), Just(BYE[..30].to_vec()), Just(b"\nSIP/2.0 1".to_vec()),
                Just(b"\r\n".to_vec()), proptest::collection::vec(any::<u8>(), 0..40),
            ],
            0..12,
        )
    ) {
        let pieces: Vec<_> = pieces.iter().map(Vec::as_slice).collect();
        let (messages, skipped) = frame(&pieces);
        let framed: usize = messages.iter().map(|(message, _)| message.len()).sum();
        let all: usize = pieces.iter().map(|piece| piece.len()).sum();
        prop_assert!(framed + usize::try_from(skipped).unwrap() <= all);
    }
}
