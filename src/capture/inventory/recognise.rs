//! What a file is, by its first bytes: a capture, a compressed one, an archive, or something else.

use std::io;
use std::io::Read;
use std::path::Path;

use super::super::Capture;
use super::super::key_log;
use super::super::pcap;
use super::super::pcapng;
use super::super::source::Source;
use super::super::source::compression::Compression;
use super::super::source::compression::Decoder;
use super::super::source::file::StoredFile;
use super::super::source::stream::Stream;
use super::super::source::unpacked::Stretch;
use super::super::tar;
use super::Findings;
use super::Input;
use super::NotRead;
use super::archive;
use super::why;

/// So many bytes tell what a file is.
const HEAD: usize = tar::BLOCK;

/// What bytes are.
pub(super) enum Kind {
    Capture,
    Compressed(&'static Compression),
    Archive,
    Other,
}

/// The first bytes of something, and why there are no more of them.
pub(super) struct Head {
    bytes: [u8; HEAD],
    count: usize,
    error: Option<io::Error>,
}

impl Head {
    /// Reads as much of a head as there is; `read_at` gives 0 at the end alone.
    fn read(mut read_at: impl FnMut(u64, &mut [u8]) -> io::Result<usize>) -> Self {
        let mut head = Self {
            bytes: [0; HEAD],
            count: 0,
            error: None,
        };
        while let Some(rest) = head
            .bytes
            .get_mut(head.count..)
            .filter(|rest| !rest.is_empty())
        {
            match read_at(head.count as u64, rest) {
                Ok(0) => break,
                Ok(more) => head.count = head.count.saturating_add(more),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    head.error = Some(error);
                    break;
                }
            }
        }
        head
    }

    pub(super) fn of(source: &Source) -> Self {
        match source.open() {
            Ok(reader) => Self::read(|offset, into| reader.read_at(offset, into)),
            Err(error) => Self::read(|_, _| Err(io::Error::new(error.kind(), error.to_string()))),
        }
    }

    /// The head of a stretch as it lies there, compressed or not.
    pub(super) fn of_stretch(stretch: &Stretch) -> Self {
        match stretch {
            Stretch::OfFile(file) => Self::of(&Source::File(file.clone())),
            Stretch::OfArchive {
                archive,
                start,
                len,
            } => {
                let mut bytes = [0; HEAD];
                let room = usize::try_from(*len).unwrap_or(HEAD).min(HEAD);
                let room = bytes.get_mut(..room).unwrap_or_default();
                let (count, error) = archive.peek(*start, room);
                Self {
                    bytes,
                    count,
                    error,
                }
            }
        }
    }

    fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.count).unwrap_or_default()
    }

    /// What begins so.
    pub(super) fn kind(&self) -> Kind {
        let bytes = self.bytes();
        let is_capture = pcapng::is_magic(bytes)
            || bytes
                .first_chunk()
                .is_some_and(|header| pcap::FileHeader::parse(header).is_some());
        match Compression::of(bytes) {
            _ if is_capture => Kind::Capture,
            Some(compression) => Kind::Compressed(compression),
            None if tar::is_tar(bytes) => Kind::Archive,
            None => Kind::Other,
        }
    }

    /// Why this is no capture.
    pub(super) fn why_not(&self) -> (NotRead, String) {
        match &self.error {
            Some(error) => (why(error), error.to_string()),
            None if key_log::is_key_log(self.bytes()) => (
                NotRead::KeyLog,
                "TLS key log, whose keys are used".to_owned(),
            ),
            None => (NotRead::NotACapture, what_else(self.bytes())),
        }
    }
}

/// A regular file.
pub(super) fn file(path: &Path, named: bool, file: StoredFile, findings: &mut Findings) {
    let whole = Stretch::OfFile(file.clone());
    let head = Head::of_stretch(&whole);
    match head.kind() {
        Kind::Capture => capture(path, path, named, whole.plain(), &head, findings),
        Kind::Archive => archive::plain(path, named, &file, findings),
        Kind::Compressed(compression) => {
            let source = whole.clone().decompressed(compression);
            let inner = Head::of(&source);
            match inner.kind() {
                Kind::Capture => capture(path, path, named, source, &inner, findings),
                Kind::Archive => {
                    drop(source);
                    archive::compressed(path, named, file, compression, findings);
                }
                _ => {
                    drop(source);
                    let why = why_not_inside(compression, &inner);
                    let (status, what) = findings.why_not(why, || whole.bytes(Some(compression)));
                    findings.set_aside(path, named, status, what);
                }
            }
        }
        Kind::Other => {
            let (status, what) = findings.why_not(head.why_not(), || whole.bytes(None));
            findings.set_aside(path, named, status, what);
        }
    }
}

/// Something that can be read only once.
pub(super) fn input(path: &Path, mut input: Input, findings: &mut Findings) {
    let head = Head::read(|_, into| input.read(into));
    let begun = io::Cursor::new(head.bytes().to_vec());
    let failed = head
        .error
        .as_ref()
        .map(|error| FailedInput(error.to_string()));
    let whole: Input = match failed {
        Some(failed) => Box::new(begun.chain(failed)),
        None => Box::new(begun.chain(input)),
    };
    let kind = head.kind();
    let Kind::Compressed(compression) = kind else {
        return once(path, whole, &kind, &head, None, findings);
    };
    let decoder = Decoder::new(compression, whole);
    let mut decoder: Input = Box::new(decoder);
    let head = Head::read(|_, into| decoder.read(into));
    let begun = io::Cursor::new(head.bytes().to_vec());
    let kind = head.kind();
    once(
        path,
        Box::new(begun.chain(decoder)),
        &kind,
        &head,
        Some(compression),
        findings,
    );
}

fn once(
    path: &Path,
    input: Input,
    kind: &Kind,
    head: &Head,
    compression: Option<&'static Compression>,
    findings: &mut Findings,
) {
    let why = match (kind, compression) {
        (Kind::Capture, _) => {
            let source = Source::Stream(Stream::new(input));
            return capture(path, path, true, source, head, findings);
        }
        (Kind::Archive, _) => {
            let what = "a tar archive, whose captures are put in order before they are read: save it to a file";
            (NotRead::NotACapture, what.to_owned())
        }
        (_, Some(compression)) => why_not_inside(compression, head),
        (_, None) => head.why_not(),
    };
    let (status, what) = findings.why_not(why, || input);
    findings.set_aside(path, true, status, what);
}

/// What ended input that had hardly begun.
struct FailedInput(String);

impl Read for FailedInput {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other(self.0.clone()))
    }
}

/// Why what was decompressed is no capture.
pub(super) fn why_not_inside(compression: &'static Compression, inner: &Head) -> (NotRead, String) {
    let name = compression.name;
    match inner.kind() {
        Kind::Compressed(again) => {
            let again = again.name;
            let what =
                format!("{name}-compressed, and {again}-compressed inside; decompress it first");
            (NotRead::NotACapture, what)
        }
        Kind::Archive => {
            let what =
                format!("a {name}-compressed tar archive inside an archive; unpack it first");
            (NotRead::NotACapture, what)
        }
        Kind::Capture | Kind::Other => match inner.why_not() {
            (NotRead::NotACapture, what) => {
                (NotRead::NotACapture, format!("{name}-compressed: {what}"))
            }
            // The error of a decoder says itself what it decodes.
            unreadable => unreadable,
        },
    }
}

/// Takes a capture, which `head` showed to be one.
pub(super) fn capture(
    path: &Path,
    file: &Path,
    named: bool,
    source: Source,
    head: &Head,
    findings: &mut Findings,
) {
    if let Some(capture) = Capture::open(path.to_owned(), named, source, head.bytes()) {
        findings.captures.push(capture.stored_in(file));
    } else {
        let (status, what) = head.why_not();
        findings.set_aside(path, named, status, what);
    }
}

/// What files of other kinds begin with, and what to tell whoever has one.
const OTHER_KINDS: [(&[u8], &str); 5] = [
    (b"PK\x03\x04", "a zip archive; unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive; unpack it first"),
    (b"\x1f\x9d", "compressed with compress; decompress it first"),
    (b"LZIP", "compressed with lzip; decompress it first"),
    (
        b"snoop\0\0\0",
        "snoop capture; convert it with editcap -F pcap",
    ),
];

fn what_else(head: &[u8]) -> String {
    if head.is_empty() {
        return "the file is empty".to_owned();
    }
    if pcap::is_magic(head) && head.len() < pcap::FILE_HEADER {
        return format!(
            "cut in the middle of the pcap file header: {} of {} bytes",
            head.len(),
            pcap::FILE_HEADER
        );
    }
    let known = OTHER_KINDS
        .iter()
        .find(|(magic, _)| head.starts_with(magic));
    known
        .map_or("neither pcap nor pcapng", |(_, what)| what)
        .to_owned()
}
