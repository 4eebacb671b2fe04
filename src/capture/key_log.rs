//! TLS key logs that come with captures: inside pcapng, or in a file beside.
#![expect(clippy::disallowed_methods, reason = "key logs lie beside captures")]

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fmt;
use std::fs::File;
use std::io;
use std::io::Read;
use std::path::Path;
use std::path::PathBuf;

use super::Capture;

/// The longest key log that is read: some hundreds of thousands of connections.
const LONGEST: u64 = 256 << 20;

/// The text of a key log. What it says is secret: it can be read, and not be printed.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct KeyLogText(Vec<u8>);

impl KeyLogText {
    pub(super) const fn new(text: Vec<u8>) -> Self {
        Self(text)
    }

    /// The lines.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for KeyLogText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyLogText({} bytes)", self.0.len())
    }
}

/// What the lines of a key log begin with (RFC 9850 §2.1, and what NSS and OpenSSL wrote before it).
const LABELS: [&[u8]; 9] = [
    b"CLIENT_RANDOM ",
    b"PMS_CLIENT_RANDOM ",
    b"CLIENT_HANDSHAKE_TRAFFIC_SECRET ",
    b"SERVER_HANDSHAKE_TRAFFIC_SECRET ",
    b"CLIENT_TRAFFIC_SECRET_",
    b"SERVER_TRAFFIC_SECRET_",
    b"CLIENT_EARLY_TRAFFIC_SECRET ",
    b"EXPORTER_SECRET ",
    b"EARLY_EXPORTER_SECRET ",
];

/// Whether a file that begins so is a key log: its first line that is no comment begins with a label.
pub(super) fn is_key_log(head: &[u8]) -> bool {
    let head = of_utf16(head);
    let head = head.strip_prefix(UTF8_MARK).unwrap_or(&head);
    head.split(|&byte| byte == b'\n')
        .map(<[u8]>::trim_ascii_start)
        .find(|line| !line.is_empty() && !line.starts_with(b"#"))
        .is_some_and(|line| LABELS.iter().any(|label| line.starts_with(label)))
}

/// Reads a key log. Fails as the operating system says, and where it is longer than 256 MiB.
pub fn read(path: &Path) -> io::Result<KeyLogText> {
    read_from(File::open(path)?)
}

/// Reads a key log to its end. Fails as its bytes do, and where they are more than 256 MiB.
pub(super) fn read_from(bytes: impl Read) -> io::Result<KeyLogText> {
    let mut text = Vec::new();
    bytes.take(LONGEST + 1).read_to_end(&mut text)?;
    if text.len() as u64 > LONGEST {
        let what = format!("longer than {} MiB, which no key log is", LONGEST >> 20);
        return Err(io::Error::other(what));
    }
    Ok(match of_utf16(&text) {
        Cow::Borrowed(_) => KeyLogText(text),
        Cow::Owned(text) => KeyLogText(text),
    })
}

/// The byte order mark that Windows puts before UTF-8.
const UTF8_MARK: &[u8] = b"\xEF\xBB\xBF";

/// What Windows' PowerShell writes with `>` is UTF-16 with a byte order mark. What a key log says is ASCII.
fn of_utf16(text: &[u8]) -> Cow<'_, [u8]> {
    let unit: fn([u8; 2]) -> u16 = match text {
        [0xFF, 0xFE, ..] => u16::from_le_bytes,
        [0xFE, 0xFF, ..] => u16::from_be_bytes,
        _ => return Cow::Borrowed(text),
    };
    let units = text.chunks_exact(2).skip(1);
    let ascii = units.map(|pair| u8::try_from(unit([pair[0], pair[1]])).unwrap_or(b'?'));
    Cow::Owned(ascii.collect())
}

/// The key logs that lie beside captures under their names: of `x.pcap`, `x.keys`, `x.keylog`, `x.pcap.keys` and
/// `x.pcap.keylog`; of `x.pcap.gz`, those of `x.pcap` too; of a capture in an archive, those beside the archive. In the order of their paths.
pub fn beside(captures: &[Capture]) -> Vec<(PathBuf, io::Result<KeyLogText>)> {
    let names: BTreeSet<PathBuf> = captures
        .iter()
        .flat_map(|capture| names_beside(capture.file()))
        .collect();
    names
        .into_iter()
        .filter(|path| path.is_file())
        .map(|path| {
            let text = read(&path);
            (path, text)
        })
        .collect()
}

fn names_beside(capture: &Path) -> Vec<PathBuf> {
    let without = capture.with_extension("");
    let stems = [
        capture.to_owned(),
        without.clone(),
        without.with_extension(""),
    ];
    let with = |stem: &PathBuf, extension: &str| {
        let mut name = stem.file_name().unwrap_or(OsStr::new("")).to_owned();
        name.push(extension);
        stem.with_file_name(name)
    };
    stems
        .iter()
        .filter(|stem| stem.file_name().is_some())
        .flat_map(|stem| [with(stem, ".keys"), with(stem, ".keylog")])
        .collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::KeyLogText;
    use super::is_key_log;
    use super::names_beside;
    use super::read_from;

    #[test]
    fn a_key_log_has_the_name_of_its_capture() {
        let names = names_beside(Path::new("night/sbc1.pcap.gz"));
        for name in [
            "night/sbc1.keys",
            "night/sbc1.keylog",
            "night/sbc1.pcap.keylog",
        ] {
            assert!(names.contains(&name.into()), "{name}");
        }
    }

    #[test]
    fn a_key_log_is_known_by_its_first_line() {
        for text in [
            &b"CLIENT_RANDOM 00 11\n"[..],
            b"# SSL/TLS secrets log file\r\n\r\nSERVER_HANDSHAKE_TRAFFIC_SECRET 00 11",
            b"\xEF\xBB\xBFCLIENT_RANDOM 00 11\r\n",
            &utf16("CLIENT_RANDOM 00 11\r\n", u16::to_le_bytes),
        ] {
            assert!(is_key_log(text));
        }
        for text in [
            &b""[..],
            b"# a note",
            b"CLIENT_RANDOMS",
            b"text\nCLIENT_RANDOM 00 11",
        ] {
            assert!(!is_key_log(text));
        }
    }

    fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        std::iter::once(0xFEFF)
            .chain(text.encode_utf16())
            .flat_map(bytes)
            .collect()
    }

    #[test]
    fn a_key_log_in_utf_16_is_read_as_what_it_says() {
        for bytes in [u16::to_le_bytes, u16::to_be_bytes] {
            let text = utf16("CLIENT_RANDOM 00 11\r\n", bytes);
            let read = read_from(&text[..]).unwrap();
            assert_eq!(read.as_bytes(), b"CLIENT_RANDOM 00 11\r\n");
        }
    }

    #[test]
    fn the_text_is_not_printed() {
        assert_eq!(
            format!("{:?}", KeyLogText::new(b"CLIENT_RANDOM".to_vec())),
            "KeyLogText(13 bytes)"
        );
    }
}
