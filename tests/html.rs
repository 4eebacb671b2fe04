//! The page: what it may load, what strangers wrote in it, what it leaves out, and that it is the same however it is made.
#![cfg(feature = "html")]
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that can't read its outputs has failed"
)]

#[path = "support/place.rs"]
mod place;
#[path = "support/poison.rs"]
mod poison;
#[path = "support/mod.rs"]
mod support;

use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::DeflateDecoder;
use place::Place;
use place::code;
use place::err;
use serde_json::Value;
use sha2::Digest;
use sha2::Sha256;

const CAPTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/captures");

fn page(place: &Place, capture: &str, words: &[&str]) -> String {
    let all = [
        "analyze",
        "-q",
        capture,
        "-o",
        "calls.csv",
        "--html",
        "night.html",
    ];
    let ran = place.run(&[&all[..], words].concat());
    assert_eq!(code(&ran), Some(0), "{}", err(&ran));
    place.read("night.html")
}

fn sample() -> String {
    page(&Place::new(), CAPTURES, &[])
}

fn hostile() -> String {
    let place = Place::new();
    let capture = poison::capture();
    place.put("<img src=x onerror=alert(1)>.pcap", &capture);
    page(&place, "<img src=x onerror=alert(1)>.pcap", &[])
}

/// What stands between two texts, each time.
fn between<'t>(text: &'t str, begin: &str, end: &str) -> Vec<&'t str> {
    text.split(begin)
        .skip(1)
        .map(|rest| rest.split(end).next().unwrap())
        .collect()
}

/// The blocks of data of a class, inflated.
fn inflated(page: &str, class: &str) -> Vec<Value> {
    let begin =
        format!("<script type=\"application/octet-stream\" class=\"{class}\" data-count=\"");
    let blocks = between(page, &begin, "</script>").into_iter();
    let items = blocks.flat_map(|block| {
        let (count, data) = block.split_once("\">").unwrap();
        let mut json = String::new();
        DeflateDecoder::new(&STANDARD.decode(data).unwrap()[..])
            .read_to_string(&mut json)
            .unwrap();
        let items: Vec<Value> = serde_json::from_str(&json).unwrap();
        assert_eq!(items.len().to_string(), count);
        items
    });
    items.collect()
}

#[test]
fn only_its_own_script_and_style_may_run() {
    for page in [sample(), hostile()] {
        let policy = between(&page, "Content-Security-Policy\" content=\"", "\"");
        let script = between(&page, "<script>", "</script>");
        let style = between(&page, "<style>", "</style>");
        assert_eq!((policy.len(), script.len(), style.len()), (1, 1, 1));
        let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
        assert_eq!(
            policy[0],
            format!(
                "default-src 'none'; script-src {}; style-src {}; base-uri 'none'; form-action 'none'",
                hash(script[0]),
                hash(style[0])
            )
        );
        assert!(!page.contains(" style=") && !page.contains(" onclick="));
    }
}

#[test]
fn nothing_is_loaded_and_the_only_links_are_microsofts() {
    let page = sample();
    let words = between(&page, "id=\"words\">", "</script>")[0];
    for address in between(&page, "http", "\"") {
        let is_known = address.starts_with("s://learn.microsoft.com/")
            || address == "://www.w3.org/2000/svg'"
            || address.starts_with("-equiv=");
        assert!(
            is_known || address.starts_with("://www.w3.org/2000/svg"),
            "{address}"
        );
    }
    assert!(words.contains("https://learn.microsoft.com/"));
    for loading in [
        " src=", "@import", "url(", "<link", "<iframe", "<img", "<object", "<base",
    ] {
        assert!(!page.contains(loading), "{loading}");
    }
}

#[test]
fn what_strangers_wrote_is_text() {
    let page = hostile();
    let is_of_ours = |tag: &&str| {
        let name = tag
            .trim_start_matches('/')
            .split([' ', '>', '\n'])
            .next()
            .unwrap_or_default();
        let ours = [
            "!DOCTYPE", "html", "head", "meta", "title", "style", "body", "a", "header", "h1",
            "h2", "p", "dl", "div", "dt", "dd", "main", "section", "ul", "li", "small", "table",
            "caption", "thead", "tbody", "tr", "th", "td", "svg", "rect", "bdi", "b", "span",
            "details", "summary", "noscript", "form", "nav", "footer", "script", "wbr",
        ];
        ours.contains(&name)
    };
    let before_script = page.split("<script>").next().unwrap();
    let style = between(&page, "<style>", "</style>")[0];
    let markup = before_script.replace(style, "");
    let foreign: Vec<&str> = markup
        .split('<')
        .skip(1)
        .filter(|tag| !is_of_ours(tag))
        .collect();
    assert!(foreign.is_empty(), "{foreign:?}");
    assert!(
        markup.contains("&lt;script&gt;alert(1)&lt;/script&gt;"),
        "the poison is shown"
    );
    let is_harmful = |character: char| {
        character.is_control() && character != '\n'
            || ('\u{202a}'..='\u{202e}').contains(&character)
            || ('\u{2066}'..='\u{2069}').contains(&character)
    };
    assert!(!markup.contains(is_harmful));
    let rows = inflated(&page, "rows");
    assert_eq!(rows.len(), poison::POISONS.len());
    for item in rows.iter().chain(&inflated(&page, "calls")) {
        let told = item.to_string();
        assert!(
            !told.contains('\u{202e}') && !told.contains("\\u001b") && !told.contains("\\u0000"),
            "{told}"
        );
    }
}

#[test]
fn no_srtp_key_is_in_the_page() {
    let page = sample();
    let calls = inflated(&page, "calls");
    let told: String = calls.iter().map(Value::to_string).collect();
    let keys: Vec<&str> = between(&told, "inline:", "|")
        .into_iter()
        .map(|rest| rest.get(..16).unwrap_or(rest))
        .collect();
    assert!(
        keys.len() > 20,
        "messages with keys are shown: {}",
        keys.len()
    );
    assert!(
        keys.iter().all(|key| key.starts_with("[key left out]")),
        "{keys:?}"
    );
    let written: Vec<u8> = walk(CAPTURES);
    let keys = memchr::memmem::find_iter(&written, b"inline:").map(|at| &written[at + 7..at + 47]);
    let mut counted = 0;
    for key in keys.filter_map(|key| std::str::from_utf8(key).ok()) {
        counted += 1;
        assert!(!told.contains(key) && !page.contains(key), "{key}");
    }
    assert!(counted > 20);
}

/// All bytes of the captures that are not compressed.
fn walk(folder: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            bytes.extend(walk(path.to_str().unwrap()));
        } else {
            bytes.extend(std::fs::read(path).unwrap());
        }
    }
    bytes
}

#[test]
fn the_same_input_gives_the_same_page_with_any_number_of_threads() {
    let one = page(&Place::new(), CAPTURES, &["-j", "1"]);
    let two = page(&Place::new(), CAPTURES, &["-j", "2"]);
    assert!(one == two && one == sample());
}

#[test]
fn each_rejection_is_there_with_its_row_and_what_decided() {
    let place = Place::new();
    let page = page(&place, CAPTURES, &["--rejections", "rejections.csv"]);
    let rejections = place.read("rejections.csv");
    let mut reader = csv::Reader::from_reader(rejections.as_bytes());
    let header = reader.headers().unwrap().clone();
    let column = |row: &csv::StringRecord, name: &str| {
        let at = header.iter().position(|column| column == name).unwrap();
        row[at].to_owned()
    };
    let (rows, calls) = (inflated(&page, "rows"), inflated(&page, "calls"));
    let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!((rows.len(), calls.len()), (records.len(), records.len()));
    let mut marked = 0;
    for ((record, row), call) in records.iter().zip(&rows).zip(&calls) {
        assert_eq!(row[2], column(record, "case"));
        assert_eq!(row[3], column(record, "verdict"));
        let call_id = column(record, "call_id");
        assert_eq!(call["filter"], format!("sip.Call-ID == \"{call_id}\""));
        let response = usize::try_from(call["response"].as_u64().unwrap()).unwrap();
        assert_eq!(
            call["arrows"][response]["frame"].to_string(),
            column(record, "response_frame")
        );
        let marks = call["marks"].as_array().unwrap();
        let is_shown = |shows: bool| marks.iter().all(|mark| mark[1] == shows) && !marks.is_empty();
        match column(record, "verdict").as_str() {
            _ if column(record, "relayed") == "yes" => assert!(marks.is_empty(), "{call_id}"),
            "confirmed" | "inferred" | "possible" => assert!(is_shown(true), "{call_id} {marks:?}"),
            "contradicted" => assert!(is_shown(false), "{call_id} {marks:?}"),
            _ => continue,
        }
        let lines: Vec<&str> = call["asked"].as_str().unwrap().lines().collect();
        for mark in marks {
            let line = lines[usize::try_from(mark[0].as_u64().unwrap()).unwrap() - 1];
            assert!(
                ["m=", "c=", "a="].iter().any(|kind| line.starts_with(kind)),
                "{call_id}: {line}"
            );
            marked += 1;
        }
    }
    assert!(marked > 50, "{marked}");
}

#[test]
fn without_its_script_a_page_shows_the_overview_and_the_first_rejections() {
    let page = sample();
    let table = page.split("<tbody role=\"rowgroup\">").nth(1).unwrap();
    let table = table.split("</tbody>").next().unwrap();
    assert_eq!(table.matches("<tr ").count(), 50);
    assert!(page.contains("these are the first 50 of 64 rejections"));
    for title in [
        "Cases",
        "488s over time",
        "Trunks side by side",
        "Offers that always fail",
        "Rejections",
    ] {
        assert!(page.contains(&format!(">{title}</h2>")), "{title}");
    }
}
