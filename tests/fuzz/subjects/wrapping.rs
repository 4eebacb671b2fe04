//! The bytes of a connection → what is inside: proxies' prefaces, HTTP, WebSocket, HEP and Exported PDUs in a stream.

use sip488::capture::record::Frame;
use sip488::capture::record::Nanos;
use sip488::capture::record::Stamp;
use sip488::sip::Framer;
use sip488::transport::tls::KeyLog;
use sip488::transport::wrapping::Piece;
use sip488::transport::wrapping::Wrapping;

use super::Subject;
use super::script::Script;
use super::script::counted;

pub(crate) const SUBJECT: Subject = Subject {
    name: "wrapping",
    dictionary: &[
        b"PROXY TCP4 ",
        b"\r\n\r\n\x00\r\nQUIT\n",
        b"CONNECT ",
        b" HTTP/1.1\r\n",
        b"HTTP/1.1 101 ",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 407 ",
        b"Upgrade: websocket\r\n",
        b"Sec-WebSocket-Protocol: sip\r\n",
        b"Sec-WebSocket-Extensions: permessage-deflate\r\n",
        b"Content-Length: ",
        b"Transfer-Encoding: chunked\r\n",
        b"\r\n\r\n",
        b"\x81\xfe",
        b"\x81\x7e",
        b"\xc1\x7e",
        b"\x01\x00",
        b"\x80\x00",
        b"\x88\x00",
        b"HEP3",
        b"\x05\x01\x00",
        b"\x16\x03\x01",
        b"\x17\x03\x03",
        b"INVITE sip:a SIP/2.0\r\n",
        b"SIP/2.0 488 ",
    ],
    longest: 16 << 10,
    run,
};

/// Bytes that a wrapping may hold: a message of each kind and direction, and what TLS waits for.
const MOST_HELD: usize = 8 << 20;

/// Bytes that are kept of what was given up: the server's name, to be told.
const MOST_KEPT: usize = 255;

/// Each step: the direction, whether bytes are lost, and bytes.
fn run(bytes: &[u8]) {
    play(bytes, &KeyLog::default());
}

/// Plays a script, with the SIP framers that read what comes out.
pub(crate) fn play(bytes: &[u8], keys: &KeyLog) {
    let mut script = Script::new(bytes);
    let mut wrapping = Wrapping::default();
    let mut framers = [Framer::default(), Framer::default()];
    let mut number = 0;
    while let Some(kind) = script.byte() {
        number += 1;
        let at = Stamp {
            time: Nanos(0),
            frame: Frame { file: 0, number },
        };
        let direction = usize::from(kind & 1);
        let is_plain = framers[direction].has_seen_sip();
        let mut each = |inside: sip488::transport::wrapping::Unwrapped<'_>| {
            let framer = &mut framers[inside.direction];
            match inside.piece {
                Piece::Bytes(some) => framer.feed(some, &mut |_, _| {}),
                Piece::Lost(some) => framer.lose(some, &mut |_, _| {}),
                Piece::Message(message) => {
                    sip488::sip::datagram(message, false);
                }
                Piece::Mirrored(enclosed) => {
                    enclosed.message();
                }
            }
        };
        if kind & 2 == 0 {
            wrapping.feed(direction, script.counted(), (at, is_plain), keys, &mut each);
        } else {
            wrapping.lose(direction, script.short().into(), at, &mut each);
        }
        if kind & 0x80 != 0 && kind & 0x40 != 0 {
            wrapping.give_up();
            assert!(wrapping.held() <= MOST_KEPT, "what is given up is not held");
        }
        assert!(wrapping.held() <= MOST_HELD, "{} bytes", wrapping.held());
    }
    for framer in &mut framers {
        framer.finish(&mut |_, _| {});
    }
}

/// The steps of a connection.
pub(crate) fn input<'a>(sent: impl IntoIterator<Item = (usize, &'a [u8])>) -> Vec<u8> {
    let step = |(direction, bytes): (usize, &[u8])| {
        let direction = u8::from(direction != 0);
        [&[direction][..], &counted(bytes)].concat()
    };
    sent.into_iter().flat_map(step).collect()
}
