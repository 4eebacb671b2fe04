//! Compressed captures and archives: the rows of the plain ones, in any format, whole or cut.

use std::io::Write;
use std::process::Stdio;

use crate::LADDER;
use crate::Place;
use crate::capture;
use crate::code;
use crate::err;
use crate::file_status;
use crate::out;
use crate::rows;
use crate::support::generator::Generator;

/// A way to compress, by the ending that nobody looks at.
type Packer = (&'static str, fn(&[u8]) -> Vec<u8>);

const FORMATS: [Packer; 5] = [
    ("gz", gzip),
    ("zst", zstd),
    ("lz4", lz4),
    ("xz", xz),
    ("bz2", bzip2),
];

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(bytes).expect("memory takes it");
    packer.finish().expect("memory takes it")
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    let level = ruzstd::encoding::CompressionLevel::Fastest;
    ruzstd::encoding::compress_to_vec(bytes, level)
}

fn lz4(bytes: &[u8]) -> Vec<u8> {
    let mut packer = lz4_flex::frame::FrameEncoder::new(Vec::new());
    packer.write_all(bytes).expect("memory takes it");
    packer.finish().expect("memory takes it")
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let options = lzma_rust2::XzOptions::with_preset(1);
    let mut packer = lzma_rust2::XzWriter::new(Vec::new(), options).expect("options");
    packer.write_all(bytes).expect("memory takes it");
    packer.finish().expect("memory takes it")
}

/// Blocks of 100 kB.
fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut packer = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    packer.write_all(bytes).expect("memory takes it");
    packer.finish().expect("memory takes it")
}

/// A POSIX archive of these members.
fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = Vec::new();
    for (name, bytes) in members {
        let mut header = [0; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[124..136].copy_from_slice(format!("{:011o}\0", bytes.len()).as_bytes());
        header[148..156].copy_from_slice(b"        ");
        header[156] = b'0';
        header[257..265].copy_from_slice(b"ustar\x0000");
        let sum: u32 = header.iter().copied().map(u32::from).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        archive.extend(header);
        archive.extend(*bytes);
        archive.resize(archive.len().next_multiple_of(512), 0);
    }
    archive.resize(archive.len() + 1024, 0);
    archive
}

/// Calls a minute apart, so many, each with some packets of media.
fn evening(calls: usize) -> Vec<u8> {
    let call = |number| {
        format!(
            "call number{number}
sbc > teams  INVITE  with good
teams > sbc  488  reason=srtp
sbc > teams  ACK
wait 60
"
        )
    };
    capture(&(0..calls).map(call).collect::<String>())
}

/// The parts of a pcap, as `dumpcap` rotates it: a header each, and whole records.
fn ring(pcap: &[u8], files: usize) -> Vec<Vec<u8>> {
    let (header, mut rest) = pcap.split_at(24);
    let mut records = Vec::new();
    while !rest.is_empty() {
        let len: [u8; 4] = rest[8..12].try_into().expect("four bytes");
        let len = usize::try_from(u32::from_le_bytes(len)).expect("a length") + 16;
        let (record, after) = rest.split_at(len);
        records.push(record);
        rest = after;
    }
    let share = records.len().div_ceil(files);
    records
        .chunks(share)
        .map(|part| [&[header], part].concat().concat())
        .collect()
}

/// The calls CSV with the columns that say where the packets lie left empty.
fn without_places(csv: &str) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let headers = reader.headers().expect("a header").clone();
    let is_place =
        |name: &str| ["file", "invite_frame", "response_file", "response_frame"].contains(&name);
    let cells = |record: csv::StringRecord| {
        let named = headers.iter().zip(record.iter());
        let kept = named.filter(|(name, _)| !is_place(name));
        kept.map(|(_, cell)| cell.to_owned()).collect()
    };
    reader
        .records()
        .map(|record| cells(record.expect("a row")))
        .collect()
}

fn analyze(place: &Place, path: &str) -> std::process::Output {
    place.run(&[
        "analyze",
        "-q",
        "-o",
        "calls.csv",
        "--summary",
        "s.json",
        path,
    ])
}

fn error_of(place: &Place, name: &str) -> String {
    let summary: serde_json::Value = serde_json::from_str(&place.read("s.json")).expect("JSON");
    let files = summary["files"].as_array().expect("files");
    let file = files
        .iter()
        .find(|file| {
            file["path"]
                .as_str()
                .is_some_and(|path| path.ends_with(name))
        })
        .unwrap_or_else(|| panic!("{name} in {files:?}"));
    file["error"].as_str().unwrap_or_default().to_owned()
}

/// The same bytes, in whatever way they are compressed and whatever the file is called.
#[test]
fn a_compressed_capture_gives_the_rows_of_the_plain_one() {
    for format in ["pcap", "pcapng"] {
        let place = Place::new();
        let plain = capture(&format!("format {format}\n{LADDER}"));
        place.put("x", &plain);
        assert_eq!(code(&analyze(&place, "x")), Some(0));
        let expected = place.read("calls.csv");
        for (name, pack) in FORMATS {
            place.put("x", &pack(&plain));
            let output = analyze(&place, "x");
            assert_eq!(code(&output), Some(0), "{name}: {}", err(&output));
            assert_eq!(place.read("calls.csv"), expected, "{name}");
            assert_eq!(file_status(&place, "s.json", "x").as_deref(), Some("ok"));
        }
    }
}

#[test]
fn standard_input_may_be_compressed() {
    let place = Place::new();
    place.put("x.pcap", &capture(LADDER));
    let expected = without_places(&out(&place.run(&["analyze", "-q", "x.pcap"])));
    for (name, pack) in FORMATS {
        let mut command = place.command(&["analyze", "-q", "-"]);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program runs");
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin
            .write_all(&pack(&capture(LADDER)))
            .expect("it is read");
        drop(stdin);
        let output = child.wait_with_output().expect("the program ends");
        assert_eq!(code(&output), Some(0), "{name}");
        assert_eq!(without_places(&out(&output)), expected, "{name}");
    }
}

/// "a compressed file cut in its middle gives the rows up to the cut and `partial`".
#[test]
fn a_cut_file_gives_the_rows_up_to_the_cut_and_is_partial() {
    let plain = evening(1500);
    for (name, pack) in FORMATS {
        let place = Place::new();
        place.put("whole", &plain);
        analyze(&place, "whole");
        let whole = without_places(&place.read("calls.csv"));
        let packed = pack(&plain);
        place.put("cut", &packed[..packed.len() / 2]);
        let output = analyze(&place, "cut");
        assert_eq!(code(&output), Some(1), "{name}: {}", err(&output));
        assert_eq!(
            file_status(&place, "s.json", "cut").as_deref(),
            Some("partial")
        );
        let rows = without_places(&place.read("calls.csv"));
        assert!(
            rows.len() > 500,
            "{name}: {} of {}",
            rows.len(),
            whole.len()
        );
        // The last may lack what the cut took.
        let known = rows.len() - 2;
        assert_eq!(rows[..known], whole[..known], "{name}");
        let error = error_of(&place, "cut");
        assert!(error.starts_with("damaged at byte "), "{name}: {error}");
        assert!(
            error.contains("file is cut at its byte "),
            "{name}: {error}"
        );
    }
}

/// A checksum that is wrong at the end costs no row, and is told.
#[test]
fn a_wrong_checksum_costs_no_row_and_is_partial() {
    let place = Place::new();
    let mut packed = gzip(&capture(LADDER));
    let at = packed.len() - 8;
    packed[at] ^= 1;
    place.put("x.gz", &packed);
    let output = analyze(&place, "x.gz");
    assert_eq!(code(&output), Some(1), "{}", err(&output));
    assert_eq!(rows(&place.read("calls.csv")), 2);
    assert_eq!(
        file_status(&place, "s.json", "x.gz").as_deref(),
        Some("partial")
    );
    let error = error_of(&place, "x.gz");
    assert!(error.contains("checksum"), "{error}");
}

/// Junk behind a good beginning ends, with whatever there is, and never with a panic.
#[test]
fn a_damaged_file_harms_nothing() {
    let mut junk = Generator::named("damaged");
    for (name, pack) in FORMATS {
        let packed = pack(&evening(300));
        for round in 1..4 {
            let place = Place::new();
            let mut damaged = packed.clone();
            let at = damaged.len() * round / 4;
            let noise = junk.bytes(200);
            damaged[at..at + 200].copy_from_slice(&noise);
            place.put("a.pcap", &capture(LADDER));
            place.put("x", &damaged);
            let output = place.run(&[
                "analyze",
                "-q",
                "-o",
                "calls.csv",
                "--summary",
                "s.json",
                "x",
                "a.pcap",
            ]);
            assert_eq!(code(&output), Some(1), "{name} {round}: {}", err(&output));
            assert!(
                !err(&output).contains("panicked"),
                "{name}: {}",
                err(&output)
            );
            assert!(rows(&place.read("calls.csv")) >= 2, "{name}");
        }
    }
}

/// "A capture split into a ring of files gives the same rows as the unsplit capture".
#[test]
fn a_ring_of_compressed_files_is_a_ring() {
    let place = Place::new();
    let plain = evening(60);
    place.put("whole.pcap", &plain);
    analyze(&place, "whole.pcap");
    let expected = without_places(&place.read("calls.csv"));
    let ring = ring(&plain, 20);
    for (number, part) in ring.iter().enumerate() {
        let (name, pack) = FORMATS[number % FORMATS.len()];
        // The order of the names is not that of time.
        place.put(&format!("ring/{:02}.{name}", 99 - number), &pack(part));
    }
    let output = analyze(&place, "ring");
    assert_eq!(code(&output), Some(0), "{}", err(&output));
    assert_eq!(without_places(&place.read("calls.csv")), expected);
}

/// An archive is read like the folder that was packed.
#[test]
fn an_archive_is_read_like_the_folder_in_it() {
    let plain = evening(60);
    let ring = ring(&plain, 7);
    let packed: Vec<Vec<u8>> = ring
        .iter()
        .enumerate()
        .map(|(number, part)| match number {
            2 | 5 => gzip(part),
            _ => part.clone(),
        })
        .collect();
    let names: Vec<String> = (0..ring.len())
        .map(|number| format!("ring/{number}.pcap"))
        .collect();
    let in_order: Vec<(&str, &[u8])> = names
        .iter()
        .zip(&packed)
        .map(|(name, part)| (name.as_str(), &part[..]))
        .chain([("ring/notes.txt", &b"call the carrier on Monday"[..])])
        .collect();
    let reversed: Vec<(&str, &[u8])> = in_order.iter().rev().copied().collect();
    let place = Place::new();
    for (name, part) in &in_order {
        place.put(&format!("night.tar/{name}"), part);
    }
    analyze(&place, "night.tar");
    let expected = place.read("calls.csv");
    let plain: Packer = ("plain", <[u8]>::to_vec);
    for (name, pack) in FORMATS.into_iter().chain([plain]) {
        for members in [&in_order, &reversed] {
            let place = Place::new();
            place.put("night.tar", &pack(&tar(members)));
            let output = analyze(&place, "night.tar");
            assert_eq!(code(&output), Some(0), "{name}: {}", err(&output));
            // The name of a member is that of a file in a folder, and so are the rows.
            assert_eq!(place.read("calls.csv"), expected, "{name}");
            assert_eq!(
                file_status(&place, "s.json", "night.tar/ring/notes.txt").as_deref(),
                Some("not-a-capture")
            );
        }
    }
}

/// A cut archive gives the captures up to the cut; it and the capture that the cut is in are partial.
#[test]
fn a_cut_archive_gives_what_is_before_the_cut_and_is_partial() {
    let (one, two) = (capture(LADDER), evening(40));
    let archive = tar(&[("one.pcap", &one), ("two.pcap", &two)]);
    let half = &archive[..archive.len() - two.len() / 2];
    for (name, bytes) in [("plain", half.to_vec()), ("gz", gzip(half))] {
        let place = Place::new();
        place.put("night.tar", &bytes);
        let output = analyze(&place, "night.tar");
        assert_eq!(code(&output), Some(1), "{name}: {}", err(&output));
        let status = |file: &str| file_status(&place, "s.json", file);
        assert_eq!(
            status("night.tar/one.pcap").as_deref(),
            Some("ok"),
            "{name}"
        );
        assert_eq!(
            status("night.tar/two.pcap").as_deref(),
            Some("partial"),
            "{name}"
        );
        assert_eq!(status("night.tar").as_deref(), Some("partial"), "{name}");
        assert!(rows(&place.read("calls.csv")) > 10, "{name}");
    }
}

/// What holds no capture is told, with what it holds.
#[test]
fn a_compressed_file_without_a_capture_is_none() {
    let place = Place::new();
    place.put("a.pcap", &capture(LADDER));
    place.put("notes.gz", &gzip(b"call the carrier on Monday"));
    place.put(
        "notes.tar.gz",
        &gzip(&tar(&[("notes", b"call the carrier")])),
    );
    let output = place.run(&[
        "analyze",
        "-q",
        "-o",
        "calls.csv",
        "--summary",
        "s.json",
        "a.pcap",
        "notes.gz",
        "notes.tar.gz",
    ]);
    assert_eq!(code(&output), Some(1));
    assert_eq!(
        error_of(&place, "notes.gz"),
        "gzip-compressed: neither pcap nor pcapng"
    );
    assert_eq!(
        error_of(&place, "notes.tar.gz"),
        "a gzip-compressed tar archive of 1 files, none of which is a capture"
    );
}

/// A member's name leads nowhere: it is neither opened nor written, and a result does not replace the archive.
#[test]
fn the_names_in_an_archive_are_names_alone() {
    let place = Place::new();
    place.put(
        "deep/night.tar",
        &tar(&[("../../secret.pcap", &capture(LADDER))]),
    );
    place.put("secret.pcap", b"not to be read");
    let output = place.run(&["analyze", "-q", "-o", "calls.csv", "deep/night.tar"]);
    assert_eq!(code(&output), Some(0), "{}", err(&output));
    assert_eq!(rows(&place.read("calls.csv")), 2);
    assert_eq!(place.names(), ["calls.csv", "deep", "secret.pcap"]);
    let output = place.run(&["analyze", "-q", "-o", "deep/night.tar", "deep/night.tar"]);
    assert_eq!(code(&output), Some(2), "{}", err(&output));
}
