//! `;name=value` parameters (RFC 3261 §25.1, `generic-param`), of headers and of URIs.

use memchr::memchr;
use memchr::memchr2;

use super::super::grammar::Parts;
use super::super::grammar::Unclosed;
use super::super::grammar::split_once;

/// The parameters of a value, from their first semicolon on. White space may stand around `;` and
/// `=`.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Params<'a>(&'a [u8]);

impl<'a> Params<'a> {
    /// The parameters in `written`, with or without a semicolon at its beginning.
    pub fn new(written: &'a [u8]) -> Self {
        Self(written)
    }

    /// Names and values in order, as written; a parameter without a value has an empty one.
    pub fn iter(self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        Parts::new(self.0, b';', Unclosed::ToTheEnd)
            .map(|part| {
                let (name, value) = split_once(part, b'=').unwrap_or((part, &[]));
                (name.trim_ascii(), value.trim_ascii())
            })
            .filter(|(name, _)| !name.is_empty())
    }

    /// The value of the first parameter of this name, in any case. Empty where it has no value, still
    /// in its quotes where it has some.
    pub fn get(self, name: &str) -> Option<&'a [u8]> {
        if memchr2(b'"', b'<', self.0).is_none() {
            return self.get_plain(name.as_bytes());
        }
        self.iter()
            .find(|(written, _)| written.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| value)
    }

    /// Where nothing is quoted, a semicolon always ends a parameter.
    fn get_plain(self, name: &[u8]) -> Option<&'a [u8]> {
        let mut rest = self.0;
        loop {
            let end = memchr(b';', rest).unwrap_or(rest.len());
            let (part, behind) = rest.split_at_checked(end)?;
            let equals = memchr(b'=', part).unwrap_or(part.len());
            let (written, value) = part.split_at_checked(equals)?;
            let written = written.trim_ascii();
            if !written.is_empty() && written.eq_ignore_ascii_case(name) {
                return Some(value.get(1..).unwrap_or_default().trim_ascii());
            }
            rest = behind.get(1..).filter(|behind| !behind.is_empty())?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Params;

    #[test]
    fn blanks_around_the_signs_are_no_part() {
        let params = Params::new(b" ; cause = 16 ;; text = \"a;b=c\" ;lr");
        assert_eq!(params.get("Cause"), Some(&b"16"[..]));
        assert_eq!(params.get("text"), Some(&b"\"a;b=c\""[..]));
        assert_eq!(params.get("lr"), Some(&b""[..]));
        assert_eq!(params.get("b"), None);
        assert_eq!(params.iter().count(), 3);
    }

    proptest::proptest! {
        #[test]
        fn the_short_way_says_what_the_long_way_says(written in "[ab =;\\r\\n]{0,24}") {
            let params = Params::new(written.as_bytes());
            for name in ["a", "b", "ab"] {
                let found = params.iter().find(|(written, _)| written.eq_ignore_ascii_case(name.as_bytes()));
                proptest::prop_assert_eq!(params.get(name), found.map(|(_, value)| value));
            }
        }
    }
}
