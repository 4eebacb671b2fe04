//! What is written and read again is what it was: messages, descriptions, tables.

use std::net::IpAddr;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::Index;
use sip488::report::columns::Column;
use sip488::report::columns::Kind;
use sip488::report::columns::Print;
use sip488::report::csv::lines;
use sip488::report::dialect::Dialect;
use sip488::report::time::Zone;
use sip488::sdp::Attributes;
use sip488::sdp::SessionDescription;
use sip488::sip::Framer;
use sip488::sip::Message;
use sip488::sip::Wholeness;

use super::cases;

/// A header: its name, and the lines of its value (RFC 3261 §7.3.1).
type Header = (String, Vec<String>);

fn header() -> impl Strategy<Value = Header> {
    // Names that no rule of the parser looks at.
    let name = "X-[A-Za-z0-9.!%*_+`'~-]{1,12}";
    let line = "[!-~]([ -~é]{0,30}[!-~])?";
    (name, vec(line, 1..4))
}

/// A message as its sender would write it, with folds where a value has several lines.
fn written(headers: &[Header], body: &[u8]) -> Vec<u8> {
    let mut text = "INVITE sip:a@b SIP/2.0\r\nCall-ID: one\r\n".to_owned();
    for (name, lines) in headers {
        text.extend([format!("{name}: {}\r\n", lines.join("\r\n\t"))]);
    }
    text.extend([format!("Content-Length: {}\r\n\r\n", body.len())]);
    [text.as_bytes(), body].concat()
}

/// What a description says, in its own order.
#[derive(Clone, Debug)]
struct Description {
    name: String,
    address: IpAddr,
    attributes: Vec<(String, Option<String>)>,
    media: Vec<Media>,
}

#[derive(Clone, Debug)]
struct Media {
    kind: String,
    port: u16,
    proto: String,
    formats: Vec<u8>,
    address: Option<IpAddr>,
    attributes: Vec<(String, Option<String>)>,
}

fn attribute() -> impl Strategy<Value = (String, Option<String>)> {
    ("x-[a-z0-9-]{1,9}", option::of("[!-~]([ -~]{0,20}[!-~])?"))
}

fn media() -> impl Strategy<Value = Media> {
    (
        "audio|video|image|x[a-z]{0,5}",
        any::<u16>(),
        "RTP/AVP|RTP/SAVP|UDP/TLS/RTP/SAVPF|udptl",
        vec(any::<u8>(), 1..6),
        option::of(any::<IpAddr>()),
        vec(attribute(), 0..5),
    )
        .prop_map(|(kind, port, proto, formats, address, attributes)| Media {
            kind,
            port,
            proto,
            formats,
            address,
            attributes,
        })
}

fn description() -> impl Strategy<Value = Description> {
    (
        "[!-~]{1,12}",
        any::<IpAddr>(),
        vec(attribute(), 0..5),
        vec(media(), 0..5),
    )
        .prop_map(|(name, address, attributes, media)| Description {
            name,
            address,
            attributes,
            media,
        })
}

impl Description {
    /// RFC 8866 §5.
    fn written(&self) -> String {
        let connection = |address: &IpAddr| {
            let kind = if address.is_ipv6() { "IP6" } else { "IP4" };
            format!("c=IN {kind} {address}\r\n")
        };
        let attribute = |(name, value): &(String, Option<String>)| match value {
            Some(value) => format!("a={name}:{value}\r\n"),
            None => format!("a={name}\r\n"),
        };
        let mut text = format!("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns={}\r\n", self.name);
        text += &connection(&self.address);
        text += "t=0 0\r\n";
        text.extend(self.attributes.iter().map(attribute));
        for media in &self.media {
            let formats: Vec<String> = media.formats.iter().map(u8::to_string).collect();
            text.extend([format!(
                "m={} {} {} {}\r\n",
                media.kind,
                media.port,
                media.proto,
                formats.join(" ")
            )]);
            text.extend(media.address.iter().map(connection));
            text.extend(media.attributes.iter().map(attribute));
        }
        text
    }
}

fn assert_attributes(read: &Attributes<'_>, written: &[(String, Option<String>)]) {
    let read: Vec<_> = read
        .iter()
        .map(|attribute| {
            (
                attribute.name.to_vec(),
                attribute.value().map(<[u8]>::to_vec),
            )
        })
        .collect();
    let bytes = |text: &String| text.clone().into_bytes();
    let written: Vec<_> = written
        .iter()
        .map(|(name, value)| (bytes(name), value.as_ref().map(bytes)))
        .collect();
    assert_eq!(read, written);
}

/// A row of foreign cells.
type Cells = [Vec<u8>; 3];

const COLUMNS: [Column<Cells>; 3] = {
    const fn column(write: fn(&Cells, &Print<'_>, &mut String)) -> Column<Cells> {
        Column {
            name: "foreign",
            kind: Kind::Text,
            meaning: "",
            write,
        }
    }
    [
        column(|cells, _, out| out.push_str(&String::from_utf8_lossy(&cells[0]))),
        column(|cells, _, out| out.push_str(&String::from_utf8_lossy(&cells[1]))),
        column(|cells, _, out| out.push_str(&String::from_utf8_lossy(&cells[2]))),
    ]
};

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn a_message_is_read_as_it_was_written_however_a_stream_divides_it(
        headers in vec(header(), 0..20),
        body in vec(any::<u8>(), 0..200),
        cuts in vec(any::<Index>(), 0..5),
    ) {
        let bytes = written(&headers, &body);
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len())).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let mut framer = Framer::default();
        let mut messages = Vec::new();
        for cut in cuts.windows(2) {
            framer.feed(&bytes[cut[0]..cut[1]], &mut |message, wholeness| messages.push((message.to_vec(), wholeness)));
        }
        prop_assert_eq!(&messages, &vec![(bytes, Wholeness::Whole)]);
        let message = Message::parse(&messages[0].0, Wholeness::Whole).unwrap();
        let read: Vec<_> = message
            .written_headers()
            .map(|(name, value)| (name.to_vec(), value.unfolded().into_owned()))
            .collect();
        let inner = &read[1..read.len() - 1];
        let expected: Vec<_> = headers
            .iter()
            .map(|(name, lines)| (name.clone().into_bytes(), lines.join(" ").into_bytes()))
            .collect();
        prop_assert_eq!(inner, expected);
        prop_assert_eq!(message.body, body);
    }

    #[test]
    fn a_description_is_read_as_it_was_written(description in description()) {
        let text = description.written();
        let read = SessionDescription::parse(text.as_bytes());
        prop_assert_eq!(read.name, Some(description.name.as_bytes()));
        prop_assert_eq!(read.connection.unwrap().address.to_vec(), description.address.to_string().into_bytes());
        assert_attributes(&read.attributes, &description.attributes);
        prop_assert_eq!(read.media.len(), description.media.len());
        for (read, written) in read.media.iter().zip(&description.media) {
            let formats: Vec<_> = written.formats.iter().map(|format| format.to_string().into_bytes()).collect();
            prop_assert_eq!(read.media, written.kind.as_bytes());
            prop_assert_eq!(read.port, u32::from(written.port));
            prop_assert_eq!(read.proto, written.proto.as_bytes());
            prop_assert_eq!(&read.formats, &formats);
            prop_assert_eq!(
                read.connection.map(|connection| connection.address.to_vec()),
                written.address.map(|address| address.to_string().into_bytes())
            );
            assert_attributes(&read.attributes, &written.attributes);
        }
    }

    #[test]
    fn any_bytes_come_back_from_a_table_but_for_the_apostrophe_of_formulas(
        rows in vec(prop::array::uniform3(prop_oneof![vec(any::<u8>(), 0..40), "[=+@\t\r\n\"', a-z0-9-]{0,12}".prop_map(String::into_bytes)]), 1..6),
    ) {
        let zone = Zone::default();
        let print = Print { zone: &zone, paths: &[], dialect: Dialect::default() };
        let table = lines(&COLUMNS, print, rows.iter()).unwrap();
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&table[..]);
        let read: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        prop_assert_eq!(read.len(), rows.len());
        for (read, written) in read.iter().zip(&rows) {
            for (read, written) in read.iter().zip(written) {
                let text = String::from_utf8_lossy(written).replace('\0', "\u{fffd}");
                prop_assert!(read == text || read.strip_prefix('\'') == Some(&text), "{:?} of {:?}", read, text);
                prop_assert!(!read.starts_with(['=', '@', '\t', '\r']), "{:?}", read);
            }
        }
    }
}
