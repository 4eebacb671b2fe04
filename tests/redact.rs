//! `--redact`: no original is in any output, what was found stays, and a message made anew is judged the same.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that can't read its files has failed"
)]

#[path = "support/inside.rs"]
mod inside;
#[path = "support/place.rs"]
mod place;
#[path = "support/rich.rs"]
mod rich;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::Path;
use std::path::PathBuf;

use place::Place;
use place::code;
use place::err;
use rich::capture;
use rich::rich;
use sip488::capture::inventory;
use sip488::capture::record::Nanos;
use sip488::packet::Endpoint;
use sip488::packet::Packet;
use sip488::packet::decode;
use sip488::report::redact::Kept;
use sip488::report::redact::Key;
use sip488::report::redact::Redaction;
use sip488::sdp::SessionDescription;
use sip488::sip::Body;
use sip488::sip::HeaderName;
use sip488::sip::Message;
use sip488::sip::Wholeness;
use sip488::sip::begins_like_sip;
use sip488::text::Text;
use sip488::trunk::Config;
use sip488::trunk::Teams;
use sip488::trunk::teams::address_in;

const CAPTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/captures");

/// Every output of a run: the option and the file. One more output is one more line.
const OUTPUTS: &[[&str; 2]] = &[
    ["-o", "calls.csv"],
    ["--rejections", "rejections.csv"],
    ["--trunk-report", "trunks.csv"],
    ["--offer-report", "offers.csv"],
    ["--json", "night.ndjson"],
    ["--summary", "summary.json"],
    #[cfg(feature = "html")]
    ["--html", "night.html"],
    #[cfg(feature = "xlsx")]
    ["--xlsx", "night.xlsx"],
];

type Row = BTreeMap<String, String>;

/// What a run wrote, by the name of the file, and what it said.
fn run(place: &Place, capture: &str, words: &[&str]) -> BTreeMap<String, String> {
    let ran = place.run(&[&["analyze", capture], OUTPUTS.as_flattened(), words].concat());
    assert!(matches!(code(&ran), Some(0 | 1)), "{ran:?}");
    let mut written: BTreeMap<String, String> = OUTPUTS
        .iter()
        .map(|[_, name]| ((*name).to_owned(), text_of(place, name)))
        .collect();
    written.insert("standard error".to_owned(), err(&ran));
    written.insert("standard output".to_owned(), place::out(&ran));
    written
}

/// An output as text, inflated.
fn text_of(place: &Place, name: &str) -> String {
    let bytes = std::fs::read(place.path(name)).unwrap();
    match name.rsplit_once('.') {
        Some((_, "html")) => inside::page(&bytes),
        Some((_, "xlsx")) => inside::workbook(&bytes),
        _ => String::from_utf8(bytes).unwrap(),
    }
}

fn rows(csv: &str) -> Vec<Row> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    reader.deserialize().map(Result::unwrap).collect()
}

/// Gives each SIP message that is whole in one packet.
fn messages(path: &Path, mut each: impl FnMut(Nanos, Endpoint, Endpoint, &[u8])) {
    for capture in &inventory::take(&[path.to_owned()]).captures {
        capture.walk(&capture.start(), u64::MAX, |record| {
            let (from, to, payload) = match decode(&record) {
                Packet::Datagram(datagram) => (datagram.from, datagram.to, datagram.payload),
                Packet::Segment(segment) => (segment.from, segment.to, segment.payload),
                _ => return,
            };
            if begins_like_sip(payload) {
                each(record.time, from, to, payload);
            }
        });
    }
}

/// What the headers and the description of a message name.
fn named_in(bytes: &[u8], originals: &mut BTreeSet<Vec<u8>>) {
    let Some(message) = Message::parse(bytes, Wholeness::Whole) else {
        return;
    };
    let mut add = |original: &[u8]| {
        originals.insert(original.to_vec());
    };
    add(message.call_id().unwrap_or_default());
    for name in [
        HeaderName::From,
        HeaderName::To,
        HeaderName::Contact,
        HeaderName::PAssertedIdentity,
        HeaderName::Diversion,
        HeaderName::HistoryInfo,
    ] {
        for address in message.addresses(name) {
            let uri = address.parsed_uri();
            add(uri.user.unwrap_or_default());
            add(uri.host);
            add(address.display.as_deref().unwrap_or_default());
            add(address.tag().unwrap_or_default());
        }
    }
    for via in message.vias() {
        add(via.host);
        add(via.branch().unwrap_or_default());
    }
    let (Body::Sdp(sdp) | Body::Cut(Some(sdp))) = message.sdp() else {
        return;
    };
    let sdp_of = SessionDescription::parse(sdp);
    add(sdp_of
        .origin
        .map(|origin| origin.address)
        .unwrap_or_default());
    for media in &sdp_of.media {
        add(sdp_of
            .connection_of(media)
            .map(|connection| connection.address)
            .unwrap_or_default());
        media
            .candidates()
            .for_each(|candidate| add(candidate.address));
    }
    for at in memchr::memmem::find_iter(sdp, b"inline:") {
        let key = sdp[at + 7..].split(|byte| b"|\r\n ;".contains(byte)).next();
        add(key.unwrap_or_default());
    }
}

/// All originals of a capture: of its packets, and of what an unredacted run tells.
fn originals(paths: &[&Path], plain: &BTreeMap<String, String>) -> BTreeSet<Vec<u8>> {
    let mut originals = BTreeSet::new();
    for path in paths {
        messages(path, |_, from, to, message| {
            named_in(message, &mut originals);
            for end in [from, to] {
                originals.insert(end.address.to_string().into_bytes());
            }
        });
    }
    let mut kept = BTreeSet::from(["anonymous".to_owned()]);
    for row in rows(&plain["calls.csv"]) {
        kept.insert(row["trunk"].to_ascii_lowercase());
        kept.insert(row["carrier_trunk"].to_ascii_lowercase());
        for column in ["caller", "callee", "call_id", "connection_address"] {
            originals.insert(row[column].clone().into_bytes());
        }
        for column in ["file", "response_file"] {
            let path = Path::new(&row[column]);
            originals.insert(row[column].clone().into_bytes());
            originals.extend(
                path.file_name()
                    .map(|name| name.as_encoded_bytes().to_vec()),
            );
        }
        originals.extend(
            row["related_call_ids"]
                .split(';')
                .map(|id| id.as_bytes().to_vec()),
        );
        for column in ["source", "destination"] {
            let address = row[column].rsplit_once(':').map(|(address, _)| address);
            originals.extend(
                address.map(|address| address.trim_matches(['[', ']']).as_bytes().to_vec()),
            );
        }
    }
    let teams = Teams::new(&Config::default());
    originals.retain(|original| {
        let text = String::from_utf8_lossy(original).to_ascii_lowercase();
        let stays = |address: IpAddr| {
            address.is_unspecified() || address.is_loopback() || teams.has_address(address)
        };
        original.len() > 3
            && !kept.contains(&text)
            && !text.ends_with(".invalid")
            && !teams.has_host(original)
            && !address_in(original).is_some_and(stays)
    });
    originals
}

/// Where an original stands in an output, as a word of its own.
fn found<'o>(output: &str, originals: &'o BTreeSet<Vec<u8>>) -> Vec<&'o [u8]> {
    let bytes = output.as_bytes();
    let is_edge = |byte: Option<&u8>| !byte.is_some_and(u8::is_ascii_alphanumeric);
    let is_in = |original: &&Vec<u8>| {
        memchr::memmem::find_iter(bytes, original).any(|at| {
            let before = at.checked_sub(1).and_then(|before| bytes.get(before));
            is_edge(before) && is_edge(bytes.get(at + original.len()))
        })
    };
    originals.iter().filter(is_in).map(Vec::as_slice).collect()
}

/// A folder with the samples' runs, plain and redacted.
fn both(place: &Place, capture: &str) -> [BTreeMap<String, String>; 2] {
    place.put("key", b"sixteen bytes or more");
    let plain = run(place, capture, &[]);
    [
        plain,
        run(place, capture, &["--redact", "--redact-key", "key"]),
    ]
}

/// The packets that are extracted for others, and the rows that can be made of them.
#[cfg(feature = "extract")]
fn shared(place: &Place, folder: &str) -> [(String, String); 3] {
    let words = [
        "extract",
        "--redact",
        "--only-488",
        folder,
        "-o",
        "shared.pcapng",
    ];
    let ran = place.run(&words);
    assert!(matches!(code(&ran), Some(0 | 1)), "{ran:?}");
    let packets = std::fs::read(place.path("shared.pcapng")).unwrap();
    let rows = place.run(&["analyze", "-q", "shared.pcapng"]);
    let rows = place::out(&rows);
    assert!(rows.lines().count() > 1, "{rows}");
    [
        (
            "packets".to_owned(),
            String::from_utf8_lossy(&packets).into_owned(),
        ),
        ("rows of packets".to_owned(), rows),
        ("what extract says".to_owned(), err(&ran)),
    ]
}

#[test]
fn no_original_is_in_any_output() {
    let place = Place::new();
    place.put("home-of-muster/secret-sbc-night.pcap", &rich());
    place.put(
        "home-of-muster/other-secret-place.pcap",
        b"\xd4\xc3\xb2\xa1no capture",
    );
    let damaged = [&capture(&[])[..], &[0x7F; 32]].concat();
    place.put("home-of-muster/damaged-secret-place.pcap", &damaged);
    let rich = place.path("home-of-muster").display().to_string();
    for folder in [CAPTURES, &rich] {
        let [plain, redacted] = both(&place, folder);
        let mut originals = originals(&[Path::new(folder)], &plain);
        for word in [
            "Alice Muster",
            "Muster",
            "secret-site",
            "secret-sbc-night",
            "home-of-muster",
            "other-secret-place",
            "damaged-secret-place",
            "901820555",
            "Alice",
            "Cheshire",
            "Duchess",
            "teahouse",
            "berlin-pbx7",
        ] {
            originals.insert(word.as_bytes().to_vec());
        }
        originals.insert(folder.as_bytes().to_vec());
        let all: String = plain.values().map(String::as_str).collect();
        assert!(
            found(&all, &originals).len() > 10,
            "the search finds them where they are"
        );
        #[cfg(feature = "extract")]
        let redacted = {
            let mut redacted = redacted;
            redacted.extend(shared(&place, folder));
            redacted
        };
        for (name, original) in &plain {
            let is_empty = name == "standard output" || found(original, &originals).is_empty();
            assert!(
                !is_empty || !name.contains("night"),
                "{name} is looked into"
            );
        }
        for (name, output) in &redacted {
            let found: Vec<String> = found(output, &originals)
                .iter()
                .map(|found| found.escape_ascii().to_string())
                .collect();
            assert_eq!(found, [""; 0], "{folder}: in {name}");
        }
        assert!(
            redacted["calls.csv"].contains("contoso.example"),
            "trunks stay"
        );
    }
}

#[test]
fn what_was_found_stays() {
    let place = Place::new();
    let [plain, redacted] = both(&place, CAPTURES);
    assert_eq!(plain["trunks.csv"], redacted["trunks.csv"]);
    for name in ["calls.csv", "rejections.csv"] {
        let (plain, redacted) = (rows(&plain[name]), rows(&redacted[name]));
        assert_eq!(plain.len(), redacted.len());
        let replaced = [
            "caller",
            "callee",
            "call_id",
            "evidence",
            "connection_address",
            "source",
            "destination",
            "file",
            "response_file",
            "related_call_ids",
        ];
        for (plain, redacted) in plain.iter().zip(&redacted) {
            for (column, cell) in plain {
                if !replaced.contains(&column.as_str()) {
                    assert_eq!(*cell, redacted[column], "{column}");
                }
                assert_eq!(cell.is_empty(), redacted[column].is_empty(), "{column}");
            }
        }
        for column in replaced {
            let distinct = |rows: &[Row]| {
                rows.iter()
                    .map(|row| row[column].clone())
                    .collect::<BTreeSet<_>>()
                    .len()
            };
            assert_eq!(distinct(&plain), distinct(&redacted), "{column}");
        }
        let ids: BTreeSet<&str> = redacted.iter().map(|row| row["call_id"].as_str()).collect();
        for row in &redacted {
            let related = row["related_call_ids"]
                .split(';')
                .filter(|id| !id.is_empty());
            assert!(
                related
                    .into_iter()
                    .all(|id| name == "rejections.csv" || ids.contains(id))
            );
        }
    }
    let numbers = |summary: &str| {
        let mut summary: serde_json::Value = serde_json::from_str(summary).unwrap();
        for file in summary["files"].as_array_mut().unwrap() {
            file["path"].take();
        }
        for connections in summary["encrypted_connections"].as_array_mut().unwrap() {
            connections["client"].take();
            connections["server"].take();
        }
        summary
    };
    assert_eq!(
        numbers(&plain["summary.json"]),
        numbers(&redacted["summary.json"])
    );
}

#[test]
fn one_key_gives_the_same_bytes_and_another_gives_others() {
    let place = Place::new();
    place.put("one", b"the first secret key");
    place.put("other", b"the second secret key");
    let with = |words: &[&str]| run(&place, CAPTURES, words);
    let one = with(&["--redact", "--redact-key", "one", "-j", "1"]);
    assert_eq!(one, with(&["--redact", "--redact-key", "one", "-j", "2"]));
    let callers = |written: &BTreeMap<String, String>| -> Vec<String> {
        rows(&written["calls.csv"])
            .iter()
            .map(|row| row["caller"].clone())
            .collect()
    };
    let other = with(&["--redact", "--redact-key", "other"]);
    let random = with(&["--redact"]);
    for (one, other) in [
        (&one, &other),
        (&one, &random),
        (&random, &with(&["--redact"])),
    ] {
        let same = callers(one)
            .iter()
            .zip(callers(other))
            .filter(|(one, other)| *one == other)
            .count();
        assert!(same < 3, "{same} callers have the same stand-in");
    }
}

#[test]
fn a_key_that_is_none_is_an_error_before_anything_is_read() {
    let place = Place::new();
    place.put("short", b"fifteen bytes..");
    for (words, expected) in [
        (&["--redact-key", "short"][..], "--redact"),
        (
            &["--redact", "--redact-key", "short"],
            "has 15 bytes, and a key has at least 16",
        ),
        (
            &["--redact", "--redact-key", "missing"],
            "--redact-key missing",
        ),
    ] {
        let ran = place.run(&[&["analyze", CAPTURES, "-o", "calls.csv"], words].concat());
        assert_eq!(code(&ran), Some(2));
        assert!(err(&ran).contains(expected), "{}", err(&ran));
    }
    assert_eq!(place.names(), ["short"]);
}

#[test]
fn what_could_not_be_read_at_all_is_told_by_its_name() {
    let place = Place::new();
    let ran = place.run(&["analyze", "no-such.pcap", "--redact"]);
    assert!(err(&ran).contains("no-such.pcap"), "{}", err(&ran));
}

/// Every capture below a folder: the samples', or those of another one, to be tried by hand.
fn captures() -> Vec<PathBuf> {
    let folder = std::env::var("SIP488_REDACT_CAPTURES").unwrap_or_else(|_| CAPTURES.to_owned());
    let taken = inventory::take(&[folder.into()]);
    let paths: BTreeSet<PathBuf> = taken
        .captures
        .iter()
        .map(|capture| capture.file().to_owned())
        .collect();
    paths.into_iter().collect()
}

#[test]
fn messages_made_anew_are_judged_as_those_that_they_were_made_of() {
    let place = Place::new();
    let key = Key::of_bytes([7; 32]);
    let (mut compared, mut refused) = (0, 0);
    for path in captures() {
        let mut packets = Vec::new();
        messages(&path, |time, from, to, message| {
            let is_of_ipv4 = from.address.is_ipv4() && to.address.is_ipv4();
            if is_of_ipv4 && time.0 >= 0 && message.len() < 20_000 {
                packets.push((time, from, to, message.to_vec()));
            }
        });
        place.put("plain.pcap", &capture(&packets));
        let plain = run(&place, "plain.pcap", &["-q"]);
        let mut kept = Kept::default();
        for row in rows(&plain["calls.csv"]) {
            kept.add(&Text::from(row["trunk"].as_bytes()));
        }
        let redaction = Redaction::new(&key, Teams::new(&Config::default()), kept);
        for (_, from, to, message) in &mut packets {
            (*from, *to) = (redaction.endpoint(*from), redaction.endpoint(*to));
            *message = redaction.message(message);
        }
        place.put("made.pcap", &capture(&packets));
        let made = run(&place, "made.pcap", &["-q"]);
        for name in ["calls.csv", "rejections.csv"] {
            let (plain, made) = (sorted(&plain[name]), sorted(&made[name]));
            assert_eq!(plain, made, "{} {name}", path.display());
            compared += plain.len();
            refused += plain.iter().filter(|row| !row[6].is_empty()).count();
        }
    }
    assert!(compared > 100 && refused > 50, "{compared} {refused}");
}

/// What a message made anew must tell as before. Rows of one time stand in the order of their Call-IDs.
fn sorted(csv: &str) -> Vec<Vec<String>> {
    let columns = [
        "start_time",
        "direction",
        "outcome",
        "final_status",
        "rejections",
        "rejected_at",
        "verdict",
        "case",
        "finding",
        "rejected_by",
        "microsoft_code",
        "diag_code",
        "correlation_id",
        "offer_in",
        "media",
        "codecs",
        "codecs_unsupported",
        "srtp",
        "crypto_suites",
        "ice",
        "ice_candidates",
        "setup_ms",
        "duration_s",
        "invite_frame",
        "response_frame",
    ];
    let told = |row: &Row| columns.iter().map(|column| row[*column].clone()).collect();
    let mut rows: Vec<Vec<String>> = rows(csv).iter().map(told).collect();
    rows.sort();
    rows
}
