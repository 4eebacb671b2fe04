//! `a=` and `b=` lines as they stand (RFC 8866 §5.8, §5.13).

use std::fmt;

/// Attributes kept of one section. The longest description seen has 150 in all.
pub(super) const MAX_ATTRIBUTES: usize = 1024;

/// Attributes that a section usually has, so that growing is rare.
const USUAL_ATTRIBUTES: usize = 24;

/// An attribute.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Attribute<'a> {
    /// The name, as written.
    pub name: &'a [u8],
    /// What follows the colon, trimmed. It may hold a key.
    written: Option<&'a [u8]>,
}

impl<'a> Attribute<'a> {
    /// Reads the value of an `a=` line. `None` where there is no name.
    pub(super) fn parse(line: &'a [u8]) -> Option<Self> {
        // Names are short.
        let (name, written) = match line.iter().position(|&byte| byte == b':') {
            Some(colon) => (
                line.get(..colon)?,
                Some(line.get(colon + 1..)?.trim_ascii()),
            ),
            None => (line, None),
        };
        let name = name.trim_ascii();
        if name.is_empty() {
            return None;
        }
        Some(Self { name, written })
    }

    /// What follows the colon, trimmed; `None` where there is no colon, and of attributes that hold
    /// keys: `crypto` (RFC 4568) and its vendors' kin, `key-mgmt` (RFC 4567).
    pub fn value(&self) -> Option<&'a [u8]> {
        self.written.filter(|value| !holds_key(self.name, value))
    }

    /// All after the colon, keys included, for who reads the attribute further.
    pub(super) fn written(&self) -> &'a [u8] {
        self.written.unwrap_or_default()
    }

    /// True for this name, in any case. RFC 8866 §6 has names in one case; some senders don't.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }
}

impl fmt::Debug for Attribute<'_> {
    /// The name alone: passwords stand in values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a={}", self.name.escape_ascii())
    }
}

/// True for values that hold a key, by name or by the word that begins a key (RFC 4568 §6.1).
fn holds_key(name: &[u8], value: &[u8]) -> bool {
    const INLINE: &[u8] = b"inline:";

    name.get(..6)
        .is_some_and(|begin| begin.eq_ignore_ascii_case(b"crypto"))
        || name.eq_ignore_ascii_case(b"key-mgmt")
        || value.len() > INLINE.len()
            && memchr::memchr_iter(b'i', value)
                .any(|at| value.get(at..).unwrap_or_default().starts_with(INLINE))
}

/// The attributes of one section, in order.
#[derive(Clone, Default, Debug)]
pub struct Attributes<'a> {
    kept: Vec<Attribute<'a>>,
    dropped: usize,
}

impl<'a> Attributes<'a> {
    /// Keeps one more; false for the first that finds no room.
    pub(super) fn push(&mut self, attribute: Attribute<'a>) -> bool {
        if self.kept.is_empty() {
            self.kept.reserve(USUAL_ATTRIBUTES);
        }
        if self.kept.len() < MAX_ATTRIBUTES {
            self.kept.push(attribute);
            return true;
        }
        self.dropped += 1;
        self.dropped > 1
    }

    /// All that were kept.
    pub fn iter(&self) -> impl Iterator<Item = &Attribute<'a>> {
        self.kept.iter()
    }

    /// How many lines there were, those not kept included.
    pub fn count(&self) -> usize {
        self.kept.len() + self.dropped
    }

    /// The value of the first attribute of this name, in any case; empty where it has none.
    pub fn get(&self, name: &str) -> Option<&'a [u8]> {
        self.kept
            .iter()
            .find(|attribute| attribute.is(name))
            .map(|attribute| attribute.value().unwrap_or_default())
    }

    /// The values of all attributes of this name.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.kept
            .iter()
            .filter(move |attribute| attribute.is(name))
            .map(|attribute| attribute.value().unwrap_or_default())
    }

    /// True where there is an attribute of this name.
    pub fn has(&self, name: &str) -> bool {
        self.kept.iter().any(|attribute| attribute.is(name))
    }
}

/// `b=`: bandwidth (RFC 8866 §5.8).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bandwidth<'a> {
    /// `AS` (kilobits), `TIAS` (bits, RFC 3890), `CT`…
    pub kind: &'a [u8],
    /// The number, in the unit of its kind.
    pub value: u64,
}

impl<'a> Bandwidth<'a> {
    /// Reads the value of a line; `None` where there is no number.
    pub(super) fn parse(line: &'a [u8]) -> Option<Self> {
        let colon = memchr::memchr(b':', line)?;
        let kind = line.get(..colon)?.trim_ascii();
        let value = number(line.get(colon + 1..)?.trim_ascii())?;
        Some(Self { kind, value })
    }
}

/// The words between white space, empty ones left out.
pub(super) fn words(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = value;
    std::iter::from_fn(move || {
        rest = rest.trim_ascii_start();
        let end = rest
            .iter()
            .position(|&byte| byte <= b' ' && byte.is_ascii_whitespace())
            .unwrap_or(rest.len());
        let (word, behind) = rest.split_at_checked(end)?;
        rest = behind;
        (!word.is_empty()).then_some(word)
    })
}

/// The number that the digits make; `None` for anything else and for more than 64 bits.
pub(super) fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |value, digit| {
        let digit = digit.checked_sub(b'0').filter(|digit| *digit < 10)?;
        value.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::Attribute;
    use super::Bandwidth;
    use super::number;

    #[test]
    fn a_key_is_never_shown_and_what_holds_none_is() {
        let attribute = |line: &'static str| Attribute::parse(line.as_bytes()).expect("readable");
        let shown = |line| format!("{:?}", attribute(line));
        assert!(shown("mid:audio").contains("mid"));
        assert!(!shown("crypto:1 X inline:SECRET").contains("SECRET"));
        assert_eq!(attribute("x:inline:k").value(), None);
        assert_eq!(attribute("x:inline:").value(), Some(&b"inline:"[..]));
    }

    #[test]
    fn a_number_is_digits_alone() {
        assert_eq!(super::number(b"129"), Some(129));
        for text in ["", "1:", "1/", "-1", "18446744073709551616"] {
            assert_eq!(super::number(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn no_key_is_told() {
        for line in [
            "crypto:1 X inline:secret",
            "cryptoscale:1 client X inline:secret",
            "Key-Mgmt:mikey secret",
            "vendor:inline:secret",
        ] {
            let kept = Attribute::parse(line.as_bytes()).expect("readable");
            assert_eq!(kept.value(), None, "{line}");
            assert!(!format!("{kept:?}").contains("secret"));
        }
    }

    #[test]
    fn a_bandwidth_has_kind_and_number() {
        assert_eq!(
            Bandwidth::parse(b"AS:64").map(|found| found.value),
            Some(64)
        );
        assert_eq!(Bandwidth::parse(b"AS"), None);
    }

    #[test]
    fn a_sign_is_no_digit() {
        assert_eq!(number(b"+1"), None);
        assert_eq!(number(b""), None);
        assert_eq!(number(b"18446744073709551616"), None);
    }
}
