//! Reason: why a request or response was sent (RFC 3326; in responses RFC 6432).

use std::borrow::Cow;

use memchr::memchr;

use super::super::grammar::Parts;
use super::super::grammar::Unclosed;
use super::super::grammar::is_token;
use super::super::grammar::leading_number;
use super::super::grammar::unquote;
use super::params::Params;

/// One reason.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reason<'a> {
    /// `SIP`, `Q.850`…, as written.
    pub protocol: &'a [u8],
    /// The cause, a status code or Q.850 cause.
    pub cause: Option<u32>,
    /// The free text, without quotes and escapes.
    pub text: Option<Cow<'a, [u8]>>,
}

/// Reads the reasons of one value. A text that lacks a quote is read to the next reason, or to the
/// end where it was begun by one: it may have been cut on its way.
pub fn parse(value: &[u8]) -> impl Iterator<Item = Reason<'_>> {
    Reasons { rest: value }.map(parse_one)
}

fn parse_one(element: &[u8]) -> Reason<'_> {
    let end = memchr(b';', element).unwrap_or(element.len());
    let (protocol, params) = element.split_at_checked(end).unwrap_or((element, &[]));
    let params = Params::new(params);
    let cause = params
        .get("cause")
        .and_then(|cause| leading_number(cause.strip_prefix(b"\"").unwrap_or(cause)))
        .and_then(|(cause, _)| u32::try_from(cause).ok());
    Reason {
        protocol: protocol.trim_ascii(),
        cause,
        text: params.get("text").map(|text| whole_text(element, text)),
    }
}

/// A text without quotes may hold semicolons of its own, as Microsoft's do behind the GUID: it ends
/// where the cause begins, or with the reason.
fn whole_text<'a>(element: &'a [u8], text: &'a [u8]) -> Cow<'a, [u8]> {
    if text.starts_with(b"\"") {
        return unquote(text);
    }
    let start = (text.as_ptr() as usize).saturating_sub(element.as_ptr() as usize);
    let rest = element.get(start..).unwrap_or(text);
    let is_cause = |at: &usize| {
        let after = rest.get(at + 1..).unwrap_or_default().trim_ascii_start();
        after
            .get(..5)
            .is_some_and(|name| name.eq_ignore_ascii_case(b"cause"))
    };
    let end = memchr::memchr_iter(b';', rest)
        .find(is_cause)
        .unwrap_or(rest.len());
    unquote(rest.get(..end).unwrap_or(rest).trim_ascii())
}

/// The comma-joined reasons. A comma in a text without quotes is told from one between reasons by
/// what follows: a protocol and a semicolon.
struct Reasons<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Reasons<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let all = self.rest.trim_ascii();
        if all.is_empty() {
            return None;
        }
        let mut end = 0;
        for part in Parts::new(all, b',', Unclosed::ToTheEnd) {
            if end > 0 && begins_reason(part) {
                break;
            }
            end += part.len() + 1;
        }
        // `end` is one past the comma that ends this reason, or past the end of all.
        self.rest = all.get(end..).unwrap_or_default();
        all.get(..end.saturating_sub(1)).map(<[u8]>::trim_ascii)
    }
}

/// True for `protocol ;`.
fn begins_reason(part: &[u8]) -> bool {
    memchr(b';', part)
        .and_then(|end| part.get(..end))
        .is_some_and(|protocol| is_token(protocol.trim_ascii()))
}

#[cfg(test)]
mod tests {
    use super::parse;

    /// Protocol, cause and text of each reason.
    fn reasons(value: &str) -> Vec<(String, Option<u32>, Option<String>)> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        parse(value.as_bytes())
            .map(|reason| {
                (
                    text(reason.protocol),
                    reason.cause,
                    reason.text.as_deref().map(text),
                )
            })
            .collect()
    }

    fn one(protocol: &str, cause: u32, text: &str) -> (String, Option<u32>, Option<String>) {
        (protocol.to_owned(), Some(cause), Some(text.to_owned()))
    }

    #[test]
    fn a_text_without_quotes_goes_beyond_its_semicolons() {
        for value in [
            "Q.850;cause=88;text=guid;a phrase",
            "Q.850;text=guid;a phrase ;cause=88",
        ] {
            assert_eq!(
                reasons(value),
                [("Q.850".into(), Some(88), Some("guid;a phrase".into()))]
            );
        }
    }

    #[test]
    fn a_reason_has_protocol_cause_and_text() {
        let expected = [one("Q.850", 16, "c586066f;Invalid SDP offer, no media")];
        assert_eq!(
            reasons(r#"Q.850;cause=16;text="c586066f;Invalid SDP offer, no media""#),
            expected
        );
        assert_eq!(
            reasons("Q.850 ;CAUSE = 16 ;\r\n text = \"c586066f;Invalid SDP offer, no media\""),
            expected
        );
    }

    #[test]
    fn reasons_may_be_joined_by_commas() {
        let expected = [one("SIP", 488, "a, b"), one("Q.850", 88, "c")];
        assert_eq!(
            reasons(r#"SIP;cause=488;text="a, b" , Q.850 ;cause=88;text="c""#),
            expected
        );
        assert_eq!(
            reasons("SIP;cause=488;text=a, b, Q.850;cause=88;text=c"),
            expected
        );
    }

    #[test]
    fn a_text_may_lack_either_quote() {
        assert_eq!(
            reasons("Q.850;cause=1;text=\"a;CallEndRe"),
            [one("Q.850", 1, "a;CallEndRe")]
        );
        assert_eq!(
            reasons("Q.850;cause=1;text=busy\""),
            [one("Q.850", 1, "busy")]
        );
    }

    #[test]
    fn an_empty_value_has_no_reason() {
        assert_eq!(reasons(" "), []);
        assert_eq!(reasons("SIP"), [("SIP".to_owned(), None, None)]);
    }
}
