//! Bytes → records (RFC 5246 §6.2, RFC 8446 §5), and telling TLS from SIP at the beginning of a connection.

/// The length of a record's header.
const HEADER: usize = 5;

/// Room that an empty buffer may keep.
pub(super) const MAX_IDLE: usize = 32 << 10;

/// The longest record that is sent: 2¹⁴ bytes and what encryption may add (RFC 5246 §6.2.3).
const MAX_RECORD: u16 = 16_384 + 2_048;

/// Whether these bytes begin with the header of a TLS record (RFC 8446 §5.1): a content type from
/// change_cipher_spec (20) to heartbeat (24), a version from SSL 3.0 to TLS 1.3, and a possible length.
///
/// False for fewer than the five bytes of a header. No SIP message begins so: the first byte is a
/// control character.
pub fn looks_like_tls(bytes: &[u8]) -> bool {
    match *bytes {
        [20..=24, 3, 0..=4, high, low, ..] => u16::from_be_bytes([high, low]) <= MAX_RECORD,
        _ => false,
    }
}

/// What a record holds.
pub(super) mod content {
    /// Keys change with the next record.
    pub(in crate::transport::tls) const CHANGE_CIPHER_SPEC: u8 = 20;
    /// Handshake messages.
    pub(in crate::transport::tls) const HANDSHAKE: u8 = 22;
    /// What the connection is for; in TLS 1.3 anything that is protected.
    pub(in crate::transport::tls) const APPLICATION_DATA: u8 = 23;
}

/// One record.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// Content type, version and length, as they came.
    pub(super) header: [u8; HEADER],
    /// What follows, `length` bytes.
    pub(super) fragment: Vec<u8>,
}

impl Record {
    pub(super) const fn content_type(&self) -> u8 {
        self.header[0]
    }
}

/// Cuts what one direction sends into records.
#[derive(Debug, Default)]
pub(super) struct Records {
    buffer: Vec<u8>,
    /// How many of these bytes are done with. They are let go of when more come: a buffer of small records would
    /// otherwise be moved once for each.
    done: usize,
    /// True while it is not known where a record begins.
    is_searching: bool,
}

impl Records {
    /// Takes the next bytes.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.done);
        self.done = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// Lets go of what is done with, and of room that is not needed.
    pub(super) fn trim(&mut self) {
        self.buffer.drain(..self.done);
        self.done = 0;
        if self.buffer.capacity() > MAX_IDLE {
            self.buffer.shrink_to_fit();
        }
    }

    fn rest(&self) -> &[u8] {
        self.buffer.get(self.done..).unwrap_or_default()
    }

    /// Bytes are missing behind those that were fed: what was begun can't be finished.
    pub(super) fn lose(&mut self) {
        self.buffer.clear();
        self.done = 0;
        self.is_searching = true;
    }

    /// The next record that is all there. Bytes that begin no record are passed over.
    pub(super) fn next(&mut self) -> Option<Record> {
        if self.is_searching || !may_begin(self.rest()) {
            self.search()?;
        }
        let (header, rest) = self.rest().split_first_chunk::<HEADER>()?;
        let fragment = rest.get(..length(*header))?.to_vec();
        let header = *header;
        self.done += HEADER + fragment.len();
        Some(Record { header, fragment })
    }

    /// Bytes that wait for the rest of their record.
    pub(super) fn held(&self) -> usize {
        self.rest().len()
    }

    /// Goes to where a record may begin. None where there is no such place yet.
    fn search(&mut self) -> Option<()> {
        self.is_searching = true;
        let all = self.rest();
        let begins = |at: &usize| {
            let rest = all.get(*at..).unwrap_or_default();
            let [kind, 3, 1..=3, high, low, body @ ..] = rest else {
                return false;
            };
            let is_record = matches!(kind, 20..=23) && looks_like_tls(rest);
            let behind = body.get(usize::from(u16::from_be_bytes([*high, *low]))..);
            is_record && behind.is_none_or(may_begin)
        };
        let unsure = all.len().saturating_sub(HEADER - 1);
        let found = (0..unsure).find(begins);
        // The last bytes may be the beginning of a header.
        self.done += found.unwrap_or(unsure);
        self.is_searching = found.is_none();
        found.map(|_| ())
    }
}

fn length(header: [u8; HEADER]) -> usize {
    usize::from(u16::from_be_bytes([header[3], header[4]]))
}

/// False only where these bytes can't be the beginning of a record, however they go on.
fn may_begin(bytes: &[u8]) -> bool {
    match *bytes {
        [] | [20..=24] | [20..=24, 3] | [20..=24, 3, 0..=4] | [20..=24, 3, 0..=4, _] => true,
        _ => looks_like_tls(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::Record;
    use super::Records;
    use super::looks_like_tls;

    fn record(kind: u8, fragment: &[u8]) -> Vec<u8> {
        let length = u16::try_from(fragment.len()).unwrap().to_be_bytes();
        [&[kind, 3, 3, length[0], length[1]][..], fragment].concat()
    }

    fn all(records: &mut Records) -> Vec<Vec<u8>> {
        std::iter::from_fn(|| records.next())
            .map(|record| record.fragment)
            .collect()
    }

    #[test]
    fn records_are_found_wherever_the_bytes_are_cut() {
        let bytes = [record(22, b"hello"), record(23, b""), record(23, &[7; 300])].concat();
        for cut in 0..bytes.len() {
            let mut records = Records::default();
            let mut found = Vec::new();
            for part in [&bytes[..cut], &bytes[cut..]] {
                records.feed(part);
                found.extend(all(&mut records));
            }
            assert_eq!(found, [b"hello".to_vec(), Vec::new(), vec![7; 300]]);
            assert_eq!(records.held(), 0);
        }
    }

    #[test]
    fn behind_a_loss_the_next_record_is_found() {
        let mut records = Records::default();
        records.feed(&record(23, &[7; 300])[..100]);
        assert_eq!(records.next(), None);
        records.lose();
        let rest = [vec![0x17; 50], record(23, b"next"), record(23, b"and next")].concat();
        for byte in rest {
            records.feed(&[byte]);
        }
        assert_eq!(all(&mut records), [b"next".to_vec(), b"and next".to_vec()]);
    }

    #[test]
    fn a_record_tells_its_type() {
        let mut records = Records::default();
        records.feed(&record(20, b"\x01"));
        assert_eq!(records.next().as_ref().map(Record::content_type), Some(20));
    }

    #[test]
    fn records_of_every_type_and_version_are_told() {
        for content_type in 20..=24 {
            for minor in 0..=4 {
                assert!(looks_like_tls(&[content_type, 3, minor, 0x48, 0x00]));
            }
        }
    }

    #[test]
    fn other_bytes_are_not() {
        for bytes in [
            &b""[..],
            b"\x16\x03\x01\x00",
            b"\x16\x03\x01\x48\x01",
            b"\x16\x03\x05\0\x05",
            b"\x19\x03\x01\0\x05",
            b"INVITE",
            b"\r\n\r\n\r",
        ] {
            assert!(!looks_like_tls(bytes), "{bytes:?}");
        }
    }
}
