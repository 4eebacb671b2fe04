use std::io::Write;

use super::*;
use crate::capture::Format;
use crate::capture::made::LITTLE;
use crate::capture::made::SECS;
use crate::capture::made::pcap_of;
use crate::capture::made::pcapng_of;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn with(self, name: &str, bytes: &[u8]) -> Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        File::create(path).unwrap().write_all(bytes).unwrap();
        self
    }

    /// A capture of one packet, so many seconds after the others' first.
    fn with_capture(self, name: &str, secs: u32) -> Self {
        let mut bytes = LITTLE.pcap(0xa1b2_c3d4, 0, 1);
        bytes.extend(LITTLE.record(SECS + secs, 0, 1, b"x"));
        self.with(name, &bytes)
    }

    /// The paths of the captures that are found under these names, in order.
    fn captures(&self, names: &[&str]) -> Vec<String> {
        let paths: Vec<PathBuf> = names.iter().map(|name| self.path(name)).collect();
        let captures = take(&paths).captures;
        captures
            .iter()
            .map(|capture| self.name(&capture.path))
            .collect()
    }

    fn name(&self, path: &Path) -> String {
        path.strip_prefix(self.0.path())
            .unwrap()
            .display()
            .to_string()
    }
}

#[test]
fn captures_are_ordered_by_their_first_packet_and_then_by_path() {
    let folder = Folder::new()
        .with_capture("ring_00001", 50)
        .with_capture("ring_00002", 10)
        .with_capture("deep/er/b", 20)
        .with_capture("deep/a", 20)
        .with("empty.pcap", &pcap_of(0));
    let expected = [
        "ring_00002",
        "deep/a",
        "deep/er/b",
        "ring_00001",
        "empty.pcap",
    ];
    assert_eq!(folder.captures(&[""]), expected);
    assert_eq!(
        folder.captures(&["ring_00001", "empty.pcap", "deep", "ring_00002"]),
        expected
    );
}

#[test]
fn a_file_named_twice_is_read_once_and_its_name_does_not_depend_on_the_order() {
    let folder = Folder::new().with_capture("a/one", 0);
    for names in [["a/one", "a/../a/one"], ["a/../a/one", "a/one"]] {
        assert_eq!(folder.captures(&names), ["a/../a/one"]);
    }
    for names in [["a", "a/one"], ["a/one", "a"]] {
        let paths = names.map(|name| folder.path(name));
        let captures = take(&paths).captures;
        assert_eq!((captures.len(), captures[0].named), (1, true));
    }
}

#[cfg(unix)]
#[test]
fn links_are_followed_once_and_never_round_in_circles() {
    use std::os::unix::fs::symlink;
    let folder = Folder::new()
        .with_capture("a/one", 0)
        .with_capture("b/two", 1);
    symlink(folder.path("a/one"), folder.path("link")).unwrap();
    symlink(folder.path(""), folder.path("a/up")).unwrap();
    symlink(folder.path("b"), folder.path("a/other")).unwrap();
    let inventory = take(&[folder.path("")]);
    assert_eq!(inventory.captures.len(), 2);
    assert_eq!(inventory.others, []);
    assert_eq!(folder.captures(&["link", "a"]).len(), 2);
}

#[test]
fn what_is_no_capture_is_set_aside_with_the_reason() {
    let folder = Folder::new()
        .with("empty", b"")
        .with("text", b"a readme, and more of it than a header")
        .with("gz", b"\x1f\x8b\x08\0\0\0\0\0\0\0\0\0")
        .with("snoop", b"snoop\0\0\0\0\0\0\x02\0\0\0\x04")
        .with("short", &pcap_of(0)[..10])
        .with("yes", &pcapng_of(1));
    let inventory = take(&[folder.path("")]);
    assert_eq!(inventory.captures[0].format, Format::Pcapng);
    let others: Vec<(String, &str)> = inventory
        .others
        .iter()
        .map(|other| {
            (
                folder.name(&other.path),
                other.error.as_deref().unwrap_or_default(),
            )
        })
        .collect();
    let expected = [
        ("empty", "the file is empty"),
        ("gz", "gzip-compressed; decompress it first"),
        (
            "short",
            "cut in the middle of the pcap file header: 10 of 24 bytes",
        ),
        ("snoop", "snoop capture; convert it with editcap -F pcap"),
        ("text", "neither pcap nor pcapng"),
    ];
    assert_eq!(others, expected.map(|(name, why)| (name.to_owned(), why)));
    assert!(
        inventory
            .others
            .iter()
            .all(|other| other.status == NotRead::NotACapture && !other.named)
    );
}

#[test]
fn a_name_that_leads_nowhere_is_missing() {
    let folder = Folder::new();
    let inventory = take(&[folder.path("nothing"), folder.path("nothing")]);
    let [missing] = &inventory.others[..] else {
        panic!("{inventory:?}")
    };
    assert_eq!((missing.status, missing.named), (NotRead::Missing, true));
}

#[cfg(unix)]
#[test]
fn a_socket_in_a_folder_is_set_aside_and_not_opened() {
    let folder = Folder::new().with_capture("one", 0);
    let _socket = std::os::unix::net::UnixListener::bind(folder.path("socket")).unwrap();
    let inventory = take(&[folder.path("")]);
    assert_eq!(inventory.captures.len(), 1);
    assert_eq!(
        inventory.others[0].error.as_deref(),
        Some("not a regular file")
    );
}

#[test]
fn standard_input_is_read_once_however_often_it_is_named() {
    let folder = Folder::new().with_capture("early", 0);
    let mut search = Search::default();
    for path in [Path::new("-"), &folder.path("early"), Path::new("-")] {
        search.named(path);
    }
    let inventory = search.inventory(|| Box::new(io::Cursor::new(pcap_of(3))));
    assert_eq!(inventory.captures.len(), 2);
    let stdin = inventory
        .captures
        .iter()
        .find(|capture| capture.len().is_none())
        .unwrap();
    assert_eq!((stdin.path.as_path(), stdin.named), (Path::new("-"), true));
}

#[test]
fn standard_input_without_a_capture_is_named_and_none() {
    let mut search = Search::default();
    search.named(Path::new("-"));
    let inventory = search.inventory(|| Box::new(io::empty()));
    assert_eq!(
        inventory.others[0].error.as_deref(),
        Some("the file is empty")
    );
    assert!(inventory.others[0].named);
}
