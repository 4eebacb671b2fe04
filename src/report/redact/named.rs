//! Who and what messages name: originals that phrases may quote, and that rows do not hold otherwise.

use serde::Deserialize;
use serde::Serialize;

use crate::sip::Message;
use crate::sip::StartLine;
use crate::sip::Uri;
use crate::sip::fields;
use crate::sip::list;
use crate::text::Text;

use super::Redaction;
use super::headers::Way;
use super::headers::way;
use super::text::Known;

/// Names of each kind at most: an INVITE through many hands names twenty.
const MOST_NAMED: usize = 32;

/// Bytes of one at most. Of a display name that is longer each word is one.
const LONGEST_NAMED: usize = 128;

/// The shortest word of a display name that is looked for by itself.
const SHORTEST_WORD: usize = 3;

/// What a name is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Kind {
    Display,
    User,
    Host,
}

/// Display names, users and hosts, each once.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Named<'a> {
    #[serde(borrow)]
    names: Vec<(Kind, Text<'a>)>,
}

impl<'a> Named<'a> {
    /// Adds what the headers of a message name, while there is room.
    pub fn add(&mut self, message: &Message<'a>) {
        if let StartLine::Request { uri, .. } = message.start {
            self.add_uri(&Uri::parse(uri));
        }
        for (name, value) in message.written_headers() {
            if way(name) != Way::Addresses {
                continue;
            }
            for address in list(value.as_bytes()).map(fields::name_addr::parse) {
                self.add_uri(&address.parsed_uri());
                if let Some(name) = address.display {
                    self.add_display(Text::from(name));
                }
            }
        }
        for via in message.vias() {
            self.put(Kind::Host, Text::from(via.host));
        }
        for warning in message.warnings() {
            let agent = [b"sip:", warning.agent].concat();
            self.put(Kind::Host, Text::from(Uri::parse(&agent).host.to_vec()));
        }
    }

    /// Adds what another names.
    pub fn join(&mut self, other: Self) {
        for (kind, name) in other.names {
            self.put(kind, name);
        }
    }

    fn add_uri(&mut self, uri: &Uri<'a>) {
        self.put(Kind::User, Text::from(uri.user.unwrap_or_default()));
        self.put(Kind::Host, Text::from(uri.host));
    }

    fn add_display(&mut self, name: Text<'a>) {
        if name.as_bytes().len() <= LONGEST_NAMED {
            self.put(Kind::Display, name);
            return;
        }
        for word in words(name.as_bytes()) {
            self.put(Kind::Display, Text::from(word.to_vec()));
        }
    }

    fn put(&mut self, kind: Kind, name: Text<'a>) {
        let of_kind = self.names.iter().filter(|(other, _)| *other == kind);
        let is_there = || self.names.iter().any(|put| put.0 == kind && put.1 == name);
        let is_one = !name.is_empty() && name.as_bytes().len() <= LONGEST_NAMED;
        if is_one && of_kind.count() < MOST_NAMED && !is_there() {
            self.names.push((kind, name));
        }
    }
}

/// The words of a display name that can tell who it is.
fn words(name: &[u8]) -> impl Iterator<Item = &[u8]> {
    let is_inside = |byte: &u8| byte.is_ascii_alphanumeric() || !byte.is_ascii() || *byte == b'-';
    let is_letter = |byte: &u8| byte.is_ascii_alphabetic() || !byte.is_ascii();
    name.split(move |byte| !is_inside(byte))
        .filter(move |word| word.iter().filter(|byte| is_letter(byte)).count() >= SHORTEST_WORD)
}

impl Redaction {
    /// Knows what messages name, each with its stand-in.
    pub(super) fn know(&self, named: &Named<'_>, known: &mut Known) {
        for (kind, name) in &named.names {
            let name = name.as_bytes();
            match kind {
                Kind::User => known.add_as_shown(name, &self.user(name)),
                Kind::Host => known.add_as_shown(name, &self.host(name)),
                Kind::Display => {
                    known.add_as_shown(name, &self.display(name));
                    for word in words(name) {
                        known.add_as_shown(word, &self.display(word));
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Kind;
    use super::LONGEST_NAMED;
    use super::MOST_NAMED;
    use super::Named;
    use crate::report::redact::Redaction;
    use crate::report::redact::text::Known;
    use crate::sip::Message;
    use crate::sip::Wholeness;

    fn named(message: &str) -> Vec<(Kind, String)> {
        let mut named = Named::default();
        named.add(&Message::parse(message.as_bytes(), Wholeness::Whole).unwrap());
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let all = named.names.iter();
        all.map(|(kind, name)| (*kind, text(name.as_bytes())))
            .collect()
    }

    #[test]
    fn all_that_name_somebody_or_a_machine_are_kept() {
        let named = named(
            "INVITE sip:queen@court SIP/2.0\r\nVia: SIP/2.0/UDP hop7;branch=z9hG4bK1\r\nFrom: \"Alice Liddell\" <sip:alice@den>;tag=1\r\n\
             To: <tel:+4930901820555>\r\nRemote-Party-ID: \"Hatter\" <sip:h@tea>\r\nDiversion: \"Dormouse\" <sip:d@pot>;reason=x\r\n\
             P-Asserted-Identity: Rabbit <sip:r@hole>\r\nWarning: 399 berlin-pbx7:5060 \"x\"\r\n\r\n",
        );
        for (kind, name) in [
            (Kind::User, "queen"),
            (Kind::Host, "court"),
            (Kind::Host, "hop7"),
            (Kind::Display, "Alice Liddell"),
            (Kind::User, "+4930901820555"),
            (Kind::Display, "Hatter"),
            (Kind::Display, "Dormouse"),
            (Kind::Display, "Rabbit"),
            (Kind::Host, "berlin-pbx7"),
        ] {
            assert!(
                named.contains(&(kind, name.to_owned())),
                "{name}: {named:?}"
            );
        }
    }

    #[test]
    fn names_are_as_many_and_as_long_as_the_bounds_say() {
        let mut message = "OPTIONS sip:h SIP/2.0\r\n".to_owned();
        for number in 0..2 * MOST_NAMED {
            let contact = format!("Contact: \"Name {number}\" <sip:u{number}@h>\r\n");
            message.push_str(&contact);
        }
        let all = named(&format!("{message}\r\n"));
        let displays = all.iter().filter(|(kind, _)| *kind == Kind::Display);
        assert_eq!(displays.count(), MOST_NAMED);
        let long = "x".repeat(LONGEST_NAMED);
        let all = named(&format!(
            "OPTIONS sip:h SIP/2.0\r\nFrom: \"Liddell {long}\" <sip:{long}x@h>\r\n\r\n"
        ));
        let kept: Vec<&str> = all.iter().map(|(_, name)| name.as_str()).collect();
        assert_eq!(kept, ["h", "Liddell", &long]);
    }

    #[test]
    fn a_display_name_is_known_by_its_words_and_generic_words_name_nobody() {
        let redaction = Redaction::sample();
        let named = Named {
            names: [
                (Kind::Display, "Ann O. Liddell"),
                (Kind::Display, "Microsoft Teams"),
                (Kind::Host, "sbc"),
            ]
            .map(|(kind, name)| (kind, name.into()))
            .to_vec(),
        };
        let mut known = Known::default();
        redaction.know(&named, &mut known);
        let shown =
            |text: &str| String::from_utf8(redaction.text_with(text.as_bytes(), &known)).unwrap();
        let text = shown("the SBC refused ANN and Liddell: CannotSupportAnyMedia");
        let (ann, liddell) = (redaction.user(b"ann"), redaction.user(b"liddell"));
        let (ann, liddell) = (
            String::from_utf8(ann).unwrap(),
            String::from_utf8(liddell).unwrap(),
        );
        assert_eq!(
            text,
            format!("the SBC refused {ann} and {liddell}: CannotSupportAnyMedia")
        );
        let server = "Microsoft.PSTNHub.SIPProxy v.2026.2.1";
        assert_eq!(shown(server), server);
    }
}
