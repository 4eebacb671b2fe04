use std::io::Write;

use super::*;
use crate::capture::Format;
use crate::capture::made::LITTLE;
use crate::capture::made::SECS;
use crate::capture::made::pcap_of;
use crate::capture::made::pcapng_of;
use crate::capture::source::compression::packed;
use crate::capture::tar::made::tar_of;

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
        .with(
            "gz",
            &packed::gzip(b"a readme, and more of it than a header"),
        )
        .with("gz.gz", &packed::gzip(&packed::xz(&pcap_of(1))))
        .with("nothing.gz", &packed::gzip(b""))
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
        ("gz", "gzip-compressed: neither pcap nor pcapng"),
        (
            "gz.gz",
            "gzip-compressed, and xz-compressed inside; decompress it first",
        ),
        ("nothing.gz", "gzip-compressed: the file is empty"),
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

#[test]
fn compressed_captures_are_known_by_their_bytes_and_ordered_like_any_other() {
    let mut folder = Folder::new().with_capture("plain", 3);
    for (place, (name, pack)) in packed::ALL.into_iter().enumerate() {
        let mut bytes = LITTLE.pcap(0xa1b2_c3d4, 0, 1);
        bytes.extend(LITTLE.record(SECS + 5 - u32::try_from(place).unwrap(), 0, 1, b"x"));
        folder = folder.with(&format!("{name}.txt"), &pack(&bytes));
    }
    let expected = [
        "bzip2.txt",
        "xz.txt",
        "lz4.txt",
        "plain",
        "zstd.txt",
        "gzip.txt",
    ];
    assert_eq!(folder.captures(&[""]), expected);
    let captures = take(&[folder.path("")]).captures;
    for capture in &captures {
        let len = fs::metadata(&capture.path).unwrap().len();
        assert_eq!(
            (capture.len(), capture.can_be_read_again()),
            (Some(len), true)
        );
        let walked = capture.walk(&capture.start(), u64::MAX, |_| {});
        assert_eq!(walked.records, 1);
    }
}

#[test]
fn a_compressed_file_damaged_before_its_first_packet_is_unreadable() {
    let packed = packed::bzip2(&pcap_of(3));
    let folder = Folder::new().with("cut", &packed[..packed.len() - 20]);
    let others = take(&[folder.path("")]).others;
    assert_eq!(others[0].status, NotRead::Unreadable);
    let what = others[0].error.as_deref().unwrap_or_default();
    assert!(
        what.starts_with("the bzip2 file is cut at its byte"),
        "{what}"
    );
}

/// An archive with what a folder of captures may hold.
fn night() -> Vec<u8> {
    tar_of(&[
        (b"./sbc1/late.pcap", &late()),
        (b"readme", b"to whom it may concern"),
        (b"/early.pcap.gz", &packed::gzip(&pcap_of(2))),
        (b"../../etc/x\x1b[2J.pcapng", &pcapng_of(3)),
        (b"inner.tar", &tar_of(&[(b"a", &pcap_of(1))])),
    ])
}

fn late() -> Vec<u8> {
    let mut bytes = LITTLE.pcap(0xa1b2_c3d4, 0, 1);
    bytes.extend(LITTLE.record(SECS + 100, 0, 1, b"x"));
    bytes
}

#[test]
fn members_of_an_archive_are_captures_of_their_own_below_its_name() {
    let mut folder = Folder::new().with("plain.tar", &night());
    for (name, pack) in packed::ALL {
        folder = folder.with(&format!("{name}.tar"), &pack(&night()));
    }
    for name in [
        "plain.tar",
        "gzip.tar",
        "zstd.tar",
        "lz4.tar",
        "xz.tar",
        "bzip2.tar",
    ] {
        let inventory = take(&[folder.path(name)]);
        let found: Vec<_> = inventory
            .captures
            .iter()
            .map(|capture| {
                let walked = capture.walk(&capture.start(), u64::MAX, |_| {});
                assert_eq!(walked.stopped, crate::capture::Stopped::AtEnd);
                assert_eq!(capture.file(), folder.path(name));
                assert!(!capture.named);
                (folder.name(&capture.path), walked.records)
            })
            .collect();
        let expected = [
            (format!("{name}/../../etc/x\x1b[2J.pcapng"), 3),
            (format!("{name}/early.pcap.gz"), 2),
            (format!("{name}/sbc1/late.pcap"), 1),
        ];
        assert_eq!(found, expected);
        let others: Vec<_> = inventory
            .others
            .iter()
            .map(|other| {
                (
                    folder.name(&other.path),
                    other.status,
                    other.error.as_deref(),
                )
            })
            .collect();
        let archive = "a tar archive inside an archive; unpack it first";
        let expected = [
            (
                format!("{name}/inner.tar"),
                NotRead::NotACapture,
                Some(archive),
            ),
            (
                format!("{name}/readme"),
                NotRead::NotACapture,
                Some("neither pcap nor pcapng"),
            ),
        ];
        assert_eq!(others, expected);
    }
}

#[test]
fn key_logs_are_kept_wherever_they_lie() {
    let log = |number: u32| format!("# keys\nCLIENT_RANDOM {number} 00\n").into_bytes();
    let archive = tar_of(&[
        (b"x.keys", &log(1)),
        (b"x.pcap", &pcap_of(1)),
        (b"notes", &packed::gzip(&log(2))),
    ]);
    let folder = Folder::new()
        .with("a.tar", &archive)
        .with("b.tar", &packed::zstd(&archive))
        .with("c", &log(3))
        .with("d", &packed::xz(&log(4)));
    let inventory = take(&[folder.path("")]);
    let mut texts: Vec<&[u8]> = inventory
        .key_logs
        .iter()
        .map(KeyLogText::as_bytes)
        .collect();
    texts.sort_unstable();
    assert_eq!(texts, [log(1), log(1), log(2), log(2), log(3), log(4)]);
    let is_told = |other: &SetAside| other.status == NotRead::KeyLog;
    assert_eq!(
        inventory
            .others
            .iter()
            .filter(|other| is_told(other))
            .count(),
        6
    );
    let mut search = Search::default();
    search.named(Path::new("-"));
    let inventory = search.inventory(|| Box::new(io::Cursor::new(packed::gzip(&log(5)))));
    assert_eq!(inventory.key_logs[0].as_bytes(), log(5));
}

#[test]
fn an_archive_without_a_capture_is_one_line_that_says_what_it_holds() {
    let archive = tar_of(&[(b"a", b"x"), (b"b", b"y")]);
    let folder = Folder::new()
        .with("a.tar", &archive)
        .with("b.tar.xz", &packed::xz(&archive));
    let told: Vec<_> = take(&[folder.path("a.tar"), folder.path("b.tar.xz")])
        .others
        .into_iter()
        .map(|other| (other.named, other.status, other.error.unwrap_or_default()))
        .collect();
    let expected = [
        "a tar archive of 2 files, none of which is a capture",
        "a xz-compressed tar archive of 2 files, none of which is a capture",
    ];
    assert_eq!(
        told,
        expected.map(|what| (true, NotRead::NotACapture, what.to_owned()))
    );
}

#[test]
fn an_archive_cut_in_a_member_gives_what_is_there_and_says_it_twice() {
    let archive = tar_of(&[(b"one", &pcap_of(3)), (b"two", &pcap_of(40))]);
    let cut = &archive[..archive.len() - 8000];
    for (name, bytes) in [("plain", cut.to_vec()), ("packed", packed::gzip(cut))] {
        let folder = Folder::new().with(name, &bytes);
        let inventory = take(&[folder.path("")]);
        let ends: Vec<_> = inventory
            .captures
            .iter()
            .map(|capture| capture.walk(&capture.start(), u64::MAX, |_| {}))
            .collect();
        assert_eq!(
            (ends[0].records, &ends[0].stopped),
            (3, &crate::capture::Stopped::AtEnd)
        );
        assert!(ends[1].records > 10);
        let crate::capture::Stopped::Damaged(damage) = &ends[1].stopped else {
            panic!("{:?}", ends[1])
        };
        assert!(
            damage.what.starts_with("the archive is cut here, "),
            "{}",
            damage.what
        );
        assert_eq!(inventory.others[0].status, NotRead::Damaged);
        let what = inventory.others[0].error.as_deref().unwrap_or_default();
        assert!(what.contains("the archive is cut here"), "{what}");
    }
}

#[test]
fn members_that_are_no_captures_are_told_of_up_to_a_bound() {
    let names: Vec<String> = (0..1200).map(|number| format!("{number}.txt")).collect();
    let mut members: Vec<(&[u8], &[u8])> = names
        .iter()
        .map(|name| (name.as_bytes(), &b"x"[..]))
        .collect();
    let capture = pcap_of(1);
    members.push((b"yes", &capture));
    let folder = Folder::new().with("a.tar", &tar_of(&members));
    let inventory = take(&[folder.path("a.tar")]);
    assert_eq!(
        (inventory.captures.len(), inventory.others.len()),
        (1, 1001)
    );
    let more = inventory
        .others
        .iter()
        .find(|other| other.path == folder.path("a.tar"))
        .unwrap();
    assert_eq!(
        (more.named, more.error.as_deref()),
        (false, Some("200 more files in it are not read"))
    );
}

#[test]
fn standard_input_may_be_compressed_and_is_no_archive() {
    let taken = |bytes: Vec<u8>| {
        let mut search = Search::default();
        search.named(Path::new("-"));
        search.inventory(|| Box::new(io::Cursor::new(bytes)))
    };
    for (_, pack) in packed::ALL {
        let inventory = taken(pack(&pcap_of(30)));
        let stdin = &inventory.captures[0];
        assert_eq!((stdin.len(), stdin.can_be_read_again()), (None, false));
        assert_eq!(stdin.walk(&stdin.start(), u64::MAX, |_| {}).records, 30);
    }
    for bytes in [night(), packed::gzip(&night())] {
        let what = taken(bytes).others[0].error.clone().unwrap_or_default();
        assert!(
            what.starts_with("a tar archive, whose captures are put in order"),
            "{what}"
        );
    }
}
