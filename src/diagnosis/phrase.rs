//! How a response reports: by phrase, never by number. The six digits are not on the wire.

use std::borrow::Cow;

use crate::call::Seen;
use crate::sip::HeaderName;
use crate::sip::Message;
use crate::sip::StartLine;
use crate::text::Text;

use super::case::CASES;
use super::finding::FINDINGS;

/// What a response says of why it refuses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reported {
    /// InternalDiagCode.
    pub code: Text<'static>,
    /// InternalErrorPhrase, else the free text, without the GUID before it.
    pub phrase: Text<'static>,
    /// The GUID before the phrase, else `x-i` of Microsoft's Contact.
    pub correlation_id: Text<'static>,
    /// Every text that the response carries, as [`normalise`] writes it.
    said: Vec<String>,
}

/// Something about the refusal that a text of the response says.
struct Said {
    guid: Option<Vec<u8>>,
    text: Vec<u8>,
}

impl Reported {
    /// Reads Reason (RFC 3326), Ms-Diagnostics, Warning (RFC 3261 §20.43), and the status line.
    pub fn of(response: &Seen<'_>) -> Self {
        let message = response.message();
        let texts: Vec<Said> = texts(message)
            .into_iter()
            .map(|text| Said::of(&text))
            .collect();
        let telling = texts.iter().find(|said| tells(&normalise(&said.text)));
        let chosen = telling
            .or_else(|| texts.iter().find(|said| said.guid.is_some()))
            .or(texts.first());
        let mut said: Vec<String> = texts.iter().map(|said| normalise(&said.text)).collect();
        if let StartLine::Response { phrase, .. } = message.start {
            said.push(normalise(phrase));
        }
        let guid = chosen
            .and_then(|chosen| chosen.guid.clone())
            .or_else(|| texts.iter().find_map(|said| said.guid.clone()));
        Self {
            code: chosen
                .map(|chosen| Text::from(chosen.code().to_vec()))
                .unwrap_or_default(),
            phrase: chosen
                .map(|chosen| Text::from(chosen.phrase().to_vec()))
                .unwrap_or_default(),
            correlation_id: guid
                .or_else(|| contact_x_i(message))
                .map(Text::from)
                .unwrap_or_default(),
            said,
        }
    }

    /// True where one of the phrases is said.
    pub fn says(&self, phrases: &[&str]) -> bool {
        self.said
            .iter()
            .any(|said| phrases.iter().any(|phrase| said.contains(phrase)))
    }

    /// True where one text says all of these words.
    pub fn says_all(&self, words: &[&str]) -> bool {
        !words.is_empty()
            && self
                .said
                .iter()
                .any(|said| words.iter().all(|word| said.contains(word)))
    }
}

impl Said {
    fn of(text: &[u8]) -> Self {
        let text = text.trim_ascii();
        let (first, rest) = match text.iter().position(|&byte| byte == b';') {
            Some(at) => (&text[..at], &text[at + 1..]),
            None => (text, &b""[..]),
        };
        let guid = first.trim_ascii();
        let guid = guid
            .strip_prefix(b"{")
            .and_then(|guid| guid.strip_suffix(b"}"))
            .unwrap_or(guid);
        if is_guid(guid) {
            return Self {
                guid: Some(guid.to_vec()),
                text: rest.trim_ascii().to_vec(),
            };
        }
        Self {
            guid: None,
            text: text.to_vec(),
        }
    }

    /// What follows `InternalDiagCode:`, up to the comma.
    fn code(&self) -> &[u8] {
        let after = after(&self.text, b"InternalDiagCode:").unwrap_or_default();
        let end = after
            .iter()
            .position(|&byte| byte == b',' || byte == b';')
            .unwrap_or(after.len());
        after[..end].trim_ascii()
    }

    fn phrase(&self) -> &[u8] {
        after(&self.text, b"InternalErrorPhrase:")
            .unwrap_or(&self.text)
            .trim_ascii()
    }
}

fn after<'t>(text: &'t [u8], label: &[u8]) -> Option<&'t [u8]> {
    let at = text
        .windows(label.len())
        .position(|window| window.eq_ignore_ascii_case(label))?;
    Some(&text[at + label.len()..])
}

/// The free texts of a response, in the order in which they are believed.
fn texts<'a>(message: &Message<'a>) -> Vec<Cow<'a, [u8]>> {
    let mut texts = Vec::new();
    texts.extend(message.reasons().filter_map(|reason| reason.text));
    texts.extend(
        message
            .ms_diagnostics()
            .and_then(|diagnostics| diagnostics.reason),
    );
    texts.extend(message.warnings().map(|warning| warning.text));
    texts.retain(|text| !text.trim_ascii().is_empty());
    texts.into_iter().map(without_keys).collect()
}

/// Some peers quote the line that they refuse. What follows `inline:` (RFC 4568 §6.1) is a key, and is left out.
fn without_keys(text: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    const INLINE: &[u8] = b"inline:";
    let is_inline = |at: &usize| {
        text.get(*at..*at + INLINE.len())
            .is_some_and(|word| word.eq_ignore_ascii_case(INLINE))
    };
    let Some(first) = (0..text.len()).find(is_inline) else {
        return text;
    };
    let mut kept = text.get(..first).unwrap_or_default().to_vec();
    let mut at = first;
    while let Some(&byte) = text.get(at) {
        if is_inline(&at) {
            kept.extend_from_slice(b"inline:...");
            at += INLINE.len();
            at += text
                .iter()
                .skip(at)
                .take_while(|byte| !byte.is_ascii_whitespace())
                .count();
        } else {
            kept.push(byte);
            at += 1;
        }
    }
    Cow::Owned(kept)
}

/// Microsoft's own id of the call, which its Contact carries.
fn contact_x_i(message: &Message<'_>) -> Option<Vec<u8>> {
    let id = message
        .addresses(HeaderName::Contact)
        .next()?
        .parsed_uri()
        .param("x-i")?
        .to_vec();
    is_guid(&id).then_some(id)
}

/// 8-4-4-4-12 hexadecimal digits (RFC 9562 §4).
fn is_guid(text: &[u8]) -> bool {
    text.len() == 36
        && text.iter().enumerate().all(|(place, byte)| {
            if [8, 13, 18, 23].contains(&place) {
                *byte == b'-'
            } else {
                byte.is_ascii_hexdigit()
            }
        })
}

/// Lower case, quotes gone, blanks collapsed, no full stop at the end.
pub fn normalise(text: &[u8]) -> String {
    let lower: String = text
        .iter()
        .filter(|byte| byte.is_ascii() && **byte != b'"')
        .map(|byte| char::from(byte.to_ascii_lowercase()))
        .collect();
    let words: Vec<&str> = lower.split_whitespace().collect();
    words.join(" ").trim_end_matches('.').to_owned()
}

/// True where a normalised text is the phrase of a case or of a finding.
fn tells(said: &str) -> bool {
    CASES
        .iter()
        .any(|case| case.phrases.iter().any(|phrase| said.contains(phrase)))
        || FINDINGS.iter().any(|finding| {
            !finding.words.is_empty() && finding.words.iter().all(|word| said.contains(word))
        })
}

#[cfg(test)]
mod tests {
    use crate::diagnosis::sample::reported;
    use crate::text::Text;

    const GUID: &str = "c586066f-1234-4000-8000-00000000abcd";

    #[test]
    fn the_guid_before_the_phrase_is_the_correlation_id() {
        let said = reported(&format!(
            "Q.850;cause=88;text=\"{GUID};Cannot negotiate a new modality with blackhole media\""
        ));
        assert_eq!(said.correlation_id, Text::from(GUID));
        assert_eq!(
            said.phrase,
            Text::from("Cannot negotiate a new modality with blackhole media")
        );
        assert!(said.code.is_empty());
    }

    #[test]
    fn internal_diag_code_and_error_phrase_are_told_apart() {
        let said = reported(&format!(
            "Q.850 ;cause=63 ;text=\"{GUID};InternalDiagCode: CannotSupportAnyMedia, InternalErrorPhrase: Invalid SDP offer: no media acceptable\""
        ));
        assert_eq!(said.code, Text::from("CannotSupportAnyMedia"));
        assert_eq!(
            said.phrase,
            Text::from("Invalid SDP offer: no media acceptable")
        );
    }

    #[test]
    fn of_two_reasons_the_telling_one_is_told() {
        let said = reported(&format!(
            "SIP;cause=488;text=\"Not Acceptable Here\", Q.850;cause=88;text=\"{GUID};SrtpEncryptionRequired\""
        ));
        assert_eq!(said.phrase, Text::from("SrtpEncryptionRequired"));
        assert!(said.says(&["srtpencryptionrequired"]));
    }

    #[test]
    fn the_telling_reason_is_told_wherever_it_stands() {
        let telling = "Q.850;cause=88;text=\"SrtpEncryptionRequired\"";
        let other = format!("SIP;cause=488;text=\"{GUID};Something else\"");
        for reason in [format!("{telling}, {other}"), format!("{other}, {telling}")] {
            assert_eq!(
                reported(&reason).phrase,
                Text::from("SrtpEncryptionRequired")
            );
        }
    }

    #[test]
    fn what_is_nearly_a_guid_is_none() {
        assert!(super::is_guid(GUID.as_bytes()));
        for text in [
            "c586066f-1234-4000-8000-00000000abcd0",
            "c586066f-1234-4000-8000-00000000abc",
            "c586066f+1234-4000-8000-00000000abcd",
            "c586066f-1234-4000-8000-00000000abcg",
            "this is a text of thirty-six bytes!!",
        ] {
            assert!(!super::is_guid(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn what_is_compared_has_no_quotes_and_no_foreign_letters() {
        assert_eq!(
            super::normalise("\"No  \u{e9}ICE\" x..".as_bytes()),
            "no ice x"
        );
    }

    #[test]
    fn case_blanks_and_a_full_stop_do_not_matter() {
        let said = reported("Q.850;cause=1;text=\"There  are NO ICE candidates in the SDP.\"");
        assert!(said.says(&["no ice candidates in the sdp"]));
    }

    #[test]
    fn a_key_that_a_response_quotes_is_left_out() {
        let said = reported(
            "SIP;cause=488;text=\"bad a=crypto:1 AES inline:WnD7c1ksDGs+dIef|2^31 and INLINE:WnD7c1 more\"",
        );
        assert_eq!(
            said.phrase,
            Text::from("bad a=crypto:1 AES inline:... and inline:... more")
        );
    }

    #[test]
    fn a_text_without_quotes_is_read_to_its_end() {
        let said = reported(&format!(
            "Q.850;cause=88;text={GUID};Cannot negotiate a new modality with blackhole media"
        ));
        assert!(said.says(&["blackhole media"]));
    }
}
