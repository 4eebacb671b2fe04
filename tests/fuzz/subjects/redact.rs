//! Any bytes → a SIP message made anew, and a text: no original of those that are put into the input comes through, and what
//! is made says what the message said.

use sip488::report::redact::Kept;
use sip488::report::redact::Key;
use sip488::report::redact::Redaction;
use sip488::sip::Message;
use sip488::sip::Wholeness;
use sip488::trunk::Config;
use sip488::trunk::Teams;

use super::Subject;

pub(crate) const SUBJECT: Subject = Subject {
    name: "redact",
    dictionary: WORDS,
    longest: 8 << 10,
    run,
};

/// What may never come through, wherever it is put: a number, hosts, addresses, a user, a key.
const ORIGINALS: &[&[u8]] = &[
    NUMBER,
    HOST,
    ADDRESS,
    b"2001:db8:77::77",
    USER,
    b"WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz",
];

const NUMBER: &[u8] = b"4930901820555";
const HOST: &[u8] = b"pbx.secret-site.example";
const ADDRESS: &[u8] = b"198.51.100.77";
const USER: &[u8] = b"alice.muster";

const WORDS: &[&[u8]] = &[
    NUMBER,
    HOST,
    ADDRESS,
    b"2001:db8:77::77",
    USER,
    b"WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz",
    b"sip:",
    b"tel:+",
    b"@",
    b":",
    b";",
    b"<",
    b">",
    b"\"",
    b"\r\nX-Site: ",
    b"\r\nReason: SIP;text=\"",
    b"\r\nSupported: ",
    b"\r\nc=IN IP4 ",
    b"\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:",
    b"\r\na=candidate:1 1 UDP 1 ",
];

/// Messages of samples with the originals in the places of theirs.
pub(crate) fn inputs(messages: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let put = |message: &Vec<u8>| {
        let mut text = String::from_utf8_lossy(message).into_owned();
        for (old, new) in [
            ("192.0.2.10", "198.51.100.77"),
            ("192.0.2.20", "198.51.100.77"),
            ("sbc-fra.contoso.example", "pbx.secret-site.example"),
            ("sbc-muc.contoso.example", "pbx.secret-site.example"),
            ("X-MS-SBC: ", "X-MS-SBC: alice.muster@"),
            ("+12025550", "+4930901820555"),
        ] {
            text = text.replace(old, new);
        }
        text.into_bytes()
    };
    messages.iter().map(put).collect()
}

fn run(bytes: &[u8]) {
    let teams = Teams::new(&Config::default());
    let redaction = Redaction::new(&Key::of_bytes([7; 32]), teams, Kept::default());
    holds_nothing(&redaction.text(bytes));
    let made = redaction.message(bytes);
    holds_nothing(&made);
    let Some(message) = Message::parse(bytes, Wholeness::Whole) else {
        assert!(made.is_empty(), "something was made of nothing");
        return;
    };
    let again = Message::parse(&made, Wholeness::Whole).expect("what is made can be read");
    assert_eq!(again.status(), message.status());
    let known = message.method().and_then(|method| method.as_str());
    if let Some(method) = known {
        assert_eq!(
            again.method().and_then(|again| again.as_str()),
            Some(method)
        );
    }
    let number = |message: &Message<'_>| message.cseq().map(|cseq| cseq.number);
    assert_eq!(number(&again), number(&message));
    assert_eq!(again.is_head_whole(), message.is_head_whole());
}

/// A part of a longer number or word is not what was put there.
fn holds_nothing(shown: &[u8]) {
    let is_of_it = |byte: Option<&u8>| {
        byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || b".:_-".contains(byte))
    };
    for original in ORIGINALS {
        for at in memchr::memmem::find_iter(shown, original) {
            let before = at.checked_sub(1).and_then(|at| shown.get(at));
            let is_part = is_of_it(before) || is_of_it(shown.get(at + original.len()));
            let text = shown.escape_ascii();
            assert!(is_part, "{} came through: {text}", original.escape_ascii());
        }
    }
}
