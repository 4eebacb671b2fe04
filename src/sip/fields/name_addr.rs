//! From, To, Contact and whatever else is an address with a name and parameters (RFC 3261 §20.10,
//! §25.1: `name-addr`, `addr-spec`).

use std::borrow::Cow;

use memchr::memchr;

use super::super::grammar::closing_quote;
use super::super::grammar::unquote;
use super::super::uri::Uri;
use super::params::Params;

/// An address with its display name and parameters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NameAddr<'a> {
    /// The display name without quotes and escapes; `None` where there is none.
    pub display: Option<Cow<'a, [u8]>>,
    /// The URI, without angle brackets; `*` of a Contact that means all.
    pub uri: &'a [u8],
    /// The parameters of the header, not of the URI.
    pub params: Params<'a>,
}

impl<'a> NameAddr<'a> {
    /// The tag: one side of a dialog (RFC 3261 §19.3). `None` where absent or empty.
    pub fn tag(&self) -> Option<&'a [u8]> {
        self.params.get("tag").filter(|tag| !tag.is_empty())
    }

    /// The parts of the URI.
    pub fn parsed_uri(&self) -> Uri<'a> {
        Uri::parse(self.uri)
    }
}

/// Reads one address. A quote that never closes is read as part of the name; without angle brackets
/// the parameters are the header's (RFC 3261 §20.10).
pub fn parse(element: &[u8]) -> NameAddr<'_> {
    let element = element.trim_ascii();
    let quoted = if element.first() == Some(&b'"') {
        closing_quote(element, 0)
    } else {
        None
    };
    let after_name = quoted.map_or(0, |close| close + 1);
    let rest = element.get(after_name..).unwrap_or_default();
    let Some(open) = memchr(b'<', rest) else {
        let end = memchr(b';', rest).unwrap_or(rest.len());
        let (uri, params) = rest.split_at_checked(end).unwrap_or((rest, &[]));
        let display = quoted.and_then(|_| element.get(..after_name)).map(unquote);
        return NameAddr {
            display,
            uri: uri.trim_ascii(),
            params: Params::new(params),
        };
    };
    let name = match quoted {
        Some(_) => element.get(..after_name),
        None => rest
            .get(..open)
            .map(<[u8]>::trim_ascii)
            .filter(|name| !name.is_empty()),
    };
    let rest = rest.get(open + 1..).unwrap_or_default();
    let close = memchr(b'>', rest).unwrap_or(rest.len());
    let (uri, rest) = rest.split_at_checked(close).unwrap_or((rest, &[]));
    let params = memchr(b';', rest)
        .and_then(|start| rest.get(start..))
        .unwrap_or_default();
    NameAddr {
        display: name.map(unquote),
        uri: uri.trim_ascii(),
        params: Params::new(params),
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    fn parts(element: &str) -> (Option<String>, &str, Option<&str>) {
        fn text(bytes: &[u8]) -> &str {
            std::str::from_utf8(bytes).expect("ASCII")
        }
        let address = parse(element.as_bytes());
        (
            address.display.as_ref().map(|name| text(name).to_owned()),
            text(address.uri),
            address.tag().map(text),
        )
    }

    #[test]
    fn an_address_has_name_uri_and_tag() {
        let name = Some("A <B>, \"C\"".to_owned());
        let written = r#""A <B>, \"C\"" < sip:a@b;lr > ; tag = 1 ;x"#;
        assert_eq!(parts(written), (name, "sip:a@b;lr", Some("1")));
        assert_eq!(
            parts("a b <tel:1>;tag="),
            (Some("a b".to_owned()), "tel:1", None)
        );
    }

    #[test]
    fn without_brackets_the_parameters_are_the_headers() {
        assert_eq!(parts("sip:a@b;tag=1"), (None, "sip:a@b", Some("1")));
        assert_eq!(parts("*"), (None, "*", None));
    }

    #[test]
    fn an_unbalanced_quote_loses_no_address() {
        let name = Some("Mr. J. User".to_owned());
        assert_eq!(
            parts("\"Mr. J. User <sip:a@b>;tag=2"),
            (name, "sip:a@b", Some("2"))
        );
    }

    #[test]
    fn a_bracket_that_never_closes_ends_with_the_value() {
        assert_eq!(parts("<sip:a@b"), (None, "sip:a@b", None));
        assert_eq!(parts(""), (None, "", None));
    }
}
