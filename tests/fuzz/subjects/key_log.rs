//! Any text → keys.

use sip488::transport::tls::KeyLog;

use super::Subject;

pub(crate) const SUBJECT: Subject = Subject {
    name: "key_log",
    dictionary: &[
        b"CLIENT_RANDOM ",
        b"RSA ",
        b"RSA Session-ID:",
        b" Master-Key:",
        b"CLIENT_TRAFFIC_SECRET_0 ",
        b"SERVER_TRAFFIC_SECRET_0 ",
        b"CLIENT_HANDSHAKE_TRAFFIC_SECRET ",
        b"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
        b"\r\n",
        b"\xff\xfe",
        b"#",
    ],
    longest: 8 << 10,
    run,
};

/// Reading twice tells nothing new, and a log that joins itself stays what it is.
fn run(bytes: &[u8]) {
    let mut keys = KeyLog::default();
    keys.read(bytes);
    let once = format!("{keys:?}");
    keys.read(bytes);
    keys.join(&keys.clone());
    assert_eq!(format!("{keys:?}"), once);
}
