//! Warning: more about a status (RFC 3261 §20.43).

use std::borrow::Cow;

use super::super::grammar::Parts;
use super::super::grammar::Unclosed;
use super::super::grammar::first_word;
use super::super::grammar::leading_number;
use super::super::grammar::unquote;

/// One warning.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Warning<'a> {
    /// The code, 300 to 399; `None` where it is no number of 16 bits.
    pub code: Option<u16>,
    /// Who warns: a host or a pseudonym.
    pub agent: &'a [u8],
    /// The text, without quotes and escapes.
    pub text: Cow<'a, [u8]>,
}

/// Reads the warnings of one value. Text without quotes is accepted; a comma in it is told from one
/// between warnings by what follows: a code of three digits.
pub fn parse(value: &[u8]) -> impl Iterator<Item = Warning<'_>> {
    Warnings { rest: value }.map(|element| {
        let (code, rest) = match leading_number(element) {
            Some((code, rest)) => (u16::try_from(code).ok(), rest),
            None => (None, element),
        };
        let rest = rest.trim_ascii();
        // Some leave the agent out.
        let (agent, text) = if rest.starts_with(b"\"") {
            (&[][..], rest)
        } else {
            first_word(rest)
        };
        Warning {
            code,
            agent,
            text: unquote(text),
        }
    })
}

/// The comma-joined warnings.
struct Warnings<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Warnings<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let all = self.rest.trim_ascii();
        if all.is_empty() {
            return None;
        }
        let mut end = 0;
        for part in Parts::new(all, b',', Unclosed::ToTheEnd) {
            if end > 0 && begins_warning(part) {
                break;
            }
            end += part.len() + 1;
        }
        self.rest = all.get(end..).unwrap_or_default();
        all.get(..end.saturating_sub(1)).map(<[u8]>::trim_ascii)
    }
}

/// True for three digits and white space.
fn begins_warning(part: &[u8]) -> bool {
    let part = part.trim_ascii();
    leading_number(part).is_some_and(|(_, rest)| {
        part.len() - rest.len() == 3 && rest.first().is_some_and(u8::is_ascii_whitespace)
    })
}

#[cfg(test)]
mod tests {
    use super::parse;

    fn warnings(value: &str) -> Vec<(Option<u16>, String, String)> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        parse(value.as_bytes())
            .map(|warning| (warning.code, text(warning.agent), text(&warning.text)))
            .collect()
    }

    fn one(code: u16, agent: &str, text: &str) -> (Option<u16>, String, String) {
        (Some(code), agent.to_owned(), text.to_owned())
    }

    #[test]
    fn warnings_may_be_joined_and_lack_quotes() {
        let expected = [
            one(304, "h.example:5060", "Media type, not available"),
            one(399, "-", "b"),
        ];
        assert_eq!(
            warnings(r#"304 h.example:5060 "Media type, not available", 399 - "b""#),
            expected
        );
        assert_eq!(
            warnings("304 h.example:5060 Media type, not available, 399 - b"),
            expected
        );
    }

    #[test]
    fn a_warning_may_lack_agent_or_code() {
        assert_eq!(warnings("399 \"x y\""), [one(399, "", "x y")]);
        assert_eq!(
            warnings("h text"),
            [(None, "h".to_owned(), "text".to_owned())]
        );
    }
}
