//! The laws of the house: which way imports point, how long files are, which crate is used where.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that can not read its files has failed"
)]

use std::fs;
use std::path::Path;
use std::path::PathBuf;

/// Lines of a file before its tests.
const LONGEST_FILE: usize = 600;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The layers in the order of `lib.rs`.
fn layers() -> Vec<String> {
    let lib = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let layers: Vec<String> = lib
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod "))
        .map(|name| name.trim_end_matches(';').to_owned())
        .collect();
    assert!(layers.len() > 10, "lib.rs lists the layers");
    layers
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The lines of a file that are code: no comments, nothing from its test module on.
fn code_of(path: &Path) -> Vec<(usize, String)> {
    let text = fs::read_to_string(path).unwrap();
    let before_tests = text
        .match_indices("\n#[cfg(test)]\nmod ")
        .find(|(at, _)| {
            text[*at..]
                .lines()
                .nth(2)
                .is_some_and(|line| line.ends_with('{'))
        })
        .map_or(&text[..], |(at, _)| &text[..at]);
    // What tests are made with is theirs.
    if ["tests.rs", "made.rs", "sample.rs"]
        .iter()
        .any(|name| path.ends_with(name))
    {
        return Vec::new();
    }
    let is_code = |line: &str| !line.trim_start().starts_with("//");
    before_tests
        .lines()
        .enumerate()
        .map(|(at, line)| (at + 1, line.to_owned()))
        .filter(|(_, line)| is_code(line))
        .collect()
}

fn files_of(layer: &str) -> Vec<PathBuf> {
    let folder = root().join("src").join(layer);
    if folder.is_dir() {
        sources(&folder)
    } else {
        vec![folder.with_extension("rs")]
    }
}

#[test]
fn arrows_point_one_way() {
    let layers = layers();
    let mut wrong = Vec::new();
    for (position, layer) in layers.iter().enumerate() {
        for file in files_of(layer) {
            for (line, text) in code_of(&file) {
                for below in &layers[position + 1..] {
                    if text.contains(&format!("crate::{below}::"))
                        || text.contains(&format!("crate::{below};"))
                    {
                        wrong.push(format!(
                            "{}:{line}: `{layer}` uses `{below}`, which comes after it",
                            file.display()
                        ));
                    }
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "a layer knows only those before it:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn imports_are_written_one_path_each() {
    for file in sources(&root().join("src")) {
        for (line, text) in code_of(&file) {
            assert!(
                !text.contains("use crate::{"),
                "{}:{line}: a nested import hides an arrow",
                file.display()
            );
        }
    }
}

#[test]
fn a_file_can_be_read_in_a_sitting() {
    let long: Vec<String> = sources(&root().join("src"))
        .into_iter()
        .chain(sources(&root().join("tests")))
        .chain(sources(&root().join("benches")))
        .filter_map(|file| {
            let text = fs::read_to_string(&file).unwrap();
            let lines = text
                .split("\n#[cfg(test)]\nmod ")
                .next()
                .unwrap_or_default()
                .lines()
                .count();
            (lines > LONGEST_FILE).then(|| format!("{}: {lines} lines", file.display()))
        })
        .collect();
    assert!(
        long.is_empty(),
        "over {LONGEST_FILE} lines before the tests:\n{}",
        long.join("\n")
    );
}

#[test]
fn no_path_is_named_after_nothing() {
    for file in sources(&root().join("src")) {
        let path = file.strip_prefix(root()).unwrap().display().to_string();
        for word in ["util", "helper", "common", "manager", "misc"] {
            assert!(!path.contains(word), "{path}: what is in it?");
        }
    }
}

#[test]
fn a_foreign_crate_is_known_in_its_room_alone() {
    let rooms = [
        ("pcap_parser", &["src/capture/"][..]),
        ("etherparse", &["src/packet/"]),
        ("rayon", &["src/pipeline/"]),
        ("getrandom", &["src/cli/"]),
        ("indicatif", &["src/cli/"]),
        ("clap", &["src/cli/"]),
        ("console", &["src/cli/"]),
        ("anyhow", &["src/cli/"]),
        ("signal_hook", &["src/cli/"]),
        ("csv", &["src/report/", "src/pstn_report/table.rs"]),
        ("tempfile", &["src/report/"]),
        ("walkdir", &["src/capture/"]),
        ("toml", &["src/trunk/"]),
        ("jiff", &["src/report/", "src/pstn_report/record.rs"]),
        ("base64", &["src/sdp/", "src/report/html/"]),
        ("tls_parser", &["src/transport/tls/"]),
        ("aes", &["src/transport/tls/"]),
        ("aes_gcm", &["src/transport/tls/"]),
        ("cbc", &["src/transport/tls/"]),
        ("chacha20poly1305", &["src/transport/tls/"]),
        ("hkdf", &["src/transport/tls/"]),
        ("hmac", &["src/transport/tls/", "src/report/redact/"]),
        ("md5", &["src/transport/tls/"]),
        ("sha1", &["src/transport/tls/"]),
        (
            "sha2",
            &[
                "src/transport/tls/",
                "src/report/redact/",
                "src/report/html/",
            ],
        ),
        ("ruzstd", &["src/capture/source/compression/"]),
        (
            "lz4_flex",
            &["src/capture/source/compression/", "src/call/gathered.rs"],
        ),
        ("lzma_rust2", &["src/capture/source/compression/"]),
        ("bzip2", &["src/capture/source/compression/"]),
        (
            "flate2",
            &[
                "src/capture/source/compression/",
                "src/packet/",
                "src/report/xlsx/archive.rs",
                "src/transport/",
                "src/report/html/",
            ],
        ),
    ];
    for file in sources(&root().join("src")) {
        let path = file.strip_prefix(root()).unwrap().display().to_string();
        for (line, text) in code_of(&file) {
            for (name, places) in rooms {
                let uses = [
                    format!("use {name}::"),
                    format!("use {name};"),
                    format!(" {name}::"),
                    format!("({name}::"),
                    format!("<{name}::"),
                ]
                .iter()
                .any(|path| text.contains(path.as_str()));
                let is_ours =
                    text.contains(&format!("::{name}::")) || text.contains(&format!("mod {name}"));
                assert!(
                    !uses || is_ours || places.iter().any(|place| path.starts_with(place)),
                    "{path}:{line}: `{name}` belongs to {places:?}"
                );
            }
        }
    }
}

#[test]
fn nothing_is_left_to_do() {
    for file in sources(&root().join("src")) {
        for (at, line) in fs::read_to_string(&file).unwrap().lines().enumerate() {
            for word in ["TODO", "FIXME", "todo!(", "unimplemented!("] {
                assert!(
                    !line.contains(word),
                    "{}:{}: {word}",
                    file.display(),
                    at + 1
                );
            }
        }
    }
}

#[test]
fn the_sample_captures_stay_small() {
    let mut bytes = 0;
    let mut folders = vec![root().join("captures")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else {
                bytes += entry.metadata().unwrap().len();
            }
        }
    }
    assert!(
        bytes < 5 << 20,
        "captures/ has {bytes} bytes, of 5 MiB at most"
    );
}

#[test]
fn each_dependency_has_its_reason() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let listed = |section: &str| -> Vec<&str> {
        let lines = manifest.split(section).nth(1).unwrap().lines();
        let entries = lines.take_while(|line| !line.is_empty());
        entries.filter_map(|line| line.split(" =").next()).collect()
    };
    let mut used = listed("\n[dependencies]\n");
    used.extend(listed("\n[build-dependencies]\n"));
    used.sort_unstable();
    used.dedup();
    assert!(used.len() > 20, "{used:?}");
    let table = fs::read_to_string(root().join("src/DEPENDENCIES.md")).unwrap();
    let explained: Vec<&str> = table
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(" |").next())
        .filter(|name| *name != "crate")
        .collect();
    assert_eq!(used, explained, "Cargo.toml, and src/DEPENDENCIES.md");
}

/// The constants that a line defines: their names, and what they are.
fn constant_in(line: &str) -> Option<(&str, &str)> {
    let (_, defined) = line.split_once("const ")?;
    let (name, rest) = defined.split_once(": ")?;
    let (_, value) = rest.split_once(" = ")?;
    Some((name, value.strip_suffix(';')?))
}

#[test]
fn each_bound_is_in_the_table_with_its_value() {
    let table = fs::read_to_string(root().join("src/BOUNDS.md")).unwrap();
    let mut listed = Vec::new();
    for line in table
        .lines()
        .filter(|line| line.starts_with("| ") && line.contains("` in `"))
    {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let (name, file) = cells[3].trim_matches('`').split_once("` in `").unwrap();
        let path = root().join(file);
        let code = code_of(&path);
        let defined = code
            .iter()
            .filter_map(|(_, line)| constant_in(line))
            .find(|(constant, _)| *constant == name);
        let value = defined.map(|(_, value)| format!("`{value}`"));
        assert_eq!(value.as_deref(), Some(cells[2]), "{name} in {file}");
        listed.push((name.to_owned(), path));
    }
    assert!(listed.len() > 90, "the table has {} bounds", listed.len());
    let is_bound = |name: &str| {
        ["MAX", "MOST", "LONGEST"].iter().any(|word| {
            name == *word
                || name
                    .strip_prefix(word)
                    .is_some_and(|rest| rest.starts_with('_'))
        })
    };
    let mut missing = Vec::new();
    for file in sources(&root().join("src")) {
        for (line, text) in code_of(&file) {
            let Some((name, _)) = constant_in(&text).filter(|(name, _)| is_bound(name)) else {
                continue;
            };
            if !listed.contains(&(name.to_owned(), file.clone())) {
                missing.push(format!("{}:{line}: {name}", file.display()));
            }
        }
    }
    assert_eq!(missing, [""; 0], "not in src/BOUNDS.md");
}
