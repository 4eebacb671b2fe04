//! Bytes of a connection → what is inside them: TLS records, WebSocket messages.

use divan::Bencher;
use divan::counter::BytesCount;
use divan::counter::ItemsCount;
use sip488::capture::record::Frame;
use sip488::capture::record::Nanos;
use sip488::capture::record::Stamp;
use sip488::transport::tls::KeyLog;
use sip488::transport::wrapping::Piece;
use sip488::transport::wrapping::Wrapping;

use crate::support::tls::Tls;
use crate::traffic;

/// A direction, and what it sends next.
type Sent = (usize, Vec<u8>);

const AT: Stamp = Stamp {
    time: Nanos(0),
    frame: Frame { file: 0, number: 1 },
};

fn messages() -> Vec<Vec<u8>> {
    let heard = traffic::messages(100).into_iter();
    heard.map(|heard| heard.bytes).collect()
}

/// Takes the wrapping off `sent`, and counts the bytes that were inside.
fn unwrap(sent: &[Sent], keys: &KeyLog) -> usize {
    let (mut wrapping, mut bytes) = (Wrapping::default(), 0);
    for (direction, some) in sent {
        wrapping.feed(*direction, some, (AT, false), keys, &mut |inside| {
            if let Piece::Bytes(some) | Piece::Message(some) = inside.piece {
                bytes += divan::black_box(some).len();
            }
        });
    }
    bytes
}

fn unwrap_all(bencher: Bencher<'_, '_>, sent: &[Sent], keys: &KeyLog, messages: &[Vec<u8>]) {
    let bytes = messages.iter().map(Vec::len).sum::<usize>();
    assert_eq!(unwrap(sent, keys), bytes);
    bencher
        .counter(BytesCount::new(bytes))
        .counter(ItemsCount::new(messages.len()))
        .bench_local(|| unwrap(sent, keys));
}

/// TLS 1.3 with AES-128-GCM, a message in a record; with the handshake.
#[divan::bench]
fn open_tls_records(bencher: Bencher<'_, '_>) {
    let (messages, mut tls, mut keys) = (messages(), Tls::named("bench"), KeyLog::default());
    keys.read(tls.key_log().as_bytes());
    let handshake = tls.handshake("sip.pstnhub.microsoft.com").into_iter();
    let mut sent: Vec<Sent> = handshake
        .map(|(by_client, flight)| (usize::from(!by_client), flight))
        .collect();
    let sealed = messages.iter().map(|message| (0, tls.seal(true, message)));
    sent.extend(sealed);
    unwrap_all(bencher, &sent, &keys, &messages);
}

/// Frames that a client masks, behind its upgrade (RFC 6455 §5.3).
#[divan::bench]
fn unmask_websocket_messages(bencher: Bencher<'_, '_>) {
    let messages = messages();
    let ask = "GET / HTTP/1.1\r\nHost: sbc.contoso.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: sip\r\nSec-WebSocket-Version: 13\r\n\r\n";
    let grant = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: sip\r\n\r\n";
    let mut sent: Vec<Sent> = vec![(0, ask.into()), (1, grant.into())];
    sent.extend(messages.iter().map(|message| (0, masked(message))));
    unwrap_all(bencher, &sent, &KeyLog::default(), &messages);
}

/// A text frame.
fn masked(message: &[u8]) -> Vec<u8> {
    const MASK: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];
    let length = u16::try_from(message.len()).expect("a message is short");
    let header = match u8::try_from(length) {
        Ok(short @ ..=125) => vec![0x81, 0x80 | short],
        _ => [&[0x81, 0xFE][..], &length.to_be_bytes()].concat(),
    };
    let payload = message.iter().zip(MASK.into_iter().cycle());
    let payload: Vec<u8> = payload.map(|(byte, mask)| byte ^ mask).collect();
    [header, MASK.to_vec(), payload].concat()
}
