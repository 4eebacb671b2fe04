//! Telephone numbers: two spellings of one number are one.
//!
//! A carrier writes `030 1234567`, Teams `+49301234567`, a switch `0049301234567`. Where the prefixes are known both
//! become the international number (ITU-T E.164); where they are not, the trailing digits decide.

use std::borrow::Cow;

use memchr::memchr;
use memchr::memmem;
use serde::Deserialize;
use serde::Serialize;

use crate::trunk::Numbering;

use super::mark::hash_of;

/// Digits that must agree at the end where a prefix is unknown. Two numbers of a block of 100,000 share seven by chance
/// once in ten million; both of a call's numbers must agree.
pub(super) const TRAILING_DIGITS: u32 = 7;

/// Digits of the longest number (ITU-T E.164 §6); of a longer one the last are kept.
const DIGITS: u32 = 15;

/// How a number is written, in the lowest four bits of a [`Number`].
const INTERNATIONAL: u64 = 1;
const AS_DIALLED: u64 = 2;
const NAME: u64 = 3;

/// Users that stand for a number that is withheld (RFC 3323 §4.1.1.3, RFC 3325; what switches write).
const WITHHELD: [&[u8]; 6] = [
    b"anonymous",
    b"restricted",
    b"unavailable",
    b"unknown",
    b"private",
    b"asserted",
];

/// A caller or callee in eight bytes: up to fifteen digits, or a hash of a name; or nothing that is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Number(u64);

/// Whether two numbers are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// They are.
    Same,
    /// They are not.
    Different,
    /// One of them is withheld, a name, or too short to tell.
    Untold,
}

impl Number {
    /// The number that the user part of a URI is, at this site. Visual separators (RFC 3966 §5.1.1), escapes, parameters and
    /// the zero in `+49 (0)30` don't matter.
    pub fn read(user: &[u8], site: &Numbering) -> Self {
        let user = user.split(|&byte| byte == b';').next().unwrap_or_default();
        let user = unescaped(user);
        let user = user.trim_ascii();
        if user.is_empty() || WITHHELD.iter().any(|word| user.eq_ignore_ascii_case(word)) {
            return Self::default();
        }
        let (is_international, rest) = match user.strip_prefix(b"+") {
            Some(rest) => (true, rest),
            None => (false, user),
        };
        let is_visual = |byte: u8| b"-.() /".contains(&byte);
        let left_out = memmem::find(rest, b"(0)").filter(|_| is_international);
        let (before, behind) = match left_out {
            Some(at) => (
                rest.get(..at).unwrap_or_default(),
                rest.get(at + 3..).unwrap_or_default(),
            ),
            None => (rest, &[][..]),
        };
        let digits = before.iter().chain(behind).copied();
        let digits: Vec<u8> = digits.filter(|&digit| !is_visual(digit)).collect();
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
            return Self::name(user);
        }
        if is_international {
            return Self::of_digits(&digits, INTERNATIONAL);
        }
        Self::as_dialled(&digits, site)
    }

    fn as_dialled(digits: &[u8], site: &Numbering) -> Self {
        let after = |prefix: &str| {
            let rest = digits.strip_prefix(prefix.as_bytes())?;
            (!prefix.is_empty() && !rest.is_empty()).then_some(rest)
        };
        if let Some(rest) = after(&site.international_prefix) {
            return Self::of_digits(rest, INTERNATIONAL);
        }
        if let (Some(code), Some(rest)) = (&site.country_code, after(&site.national_prefix)) {
            let digits = [code.as_bytes(), rest].concat();
            return Self::of_digits(&digits, INTERNATIONAL);
        }
        Self::of_digits(digits, AS_DIALLED)
    }
}

/// A user part without its escapes (RFC 3261 §19.1.2).
pub(super) fn unescaped(written: &[u8]) -> Cow<'_, [u8]> {
    if memchr(b'%', written).is_none() {
        return Cow::Borrowed(written);
    }
    let hex = |byte: Option<&u8>| {
        byte.and_then(|&byte| char::from(byte).to_digit(16))
            .and_then(|digit| u8::try_from(digit).ok())
    };
    let mut plain = Vec::with_capacity(written.len());
    let mut rest = written;
    while let [first, tail @ ..] = rest {
        let escaped = hex(tail.first()).zip(hex(tail.get(1)));
        if let (b'%', Some((high, low))) = (*first, escaped) {
            plain.push((high << 4) | low);
            rest = tail.get(2..).unwrap_or_default();
        } else {
            plain.push(*first);
            rest = tail;
        }
    }
    Cow::Owned(plain)
}

impl Number {
    fn of_digits(digits: &[u8], written: u64) -> Self {
        // Zeros in front are a prefix, or none of them is: they tell nothing.
        let first = digits.iter().position(|&digit| digit != b'0');
        let significant = first
            .and_then(|first| digits.get(first..))
            .unwrap_or(digits);
        let kept = significant.len().saturating_sub(DIGITS as usize);
        let kept = significant.get(kept..).unwrap_or_default();
        // A digit is written one higher, so that a leading zero differs from none.
        let packed = kept.iter().fold(0_u64, |packed, digit| {
            (packed << 4) | (u64::from(digit.wrapping_sub(b'0') & 0xF) + 1)
        });
        Self(packed << 4 | written)
    }

    fn name(user: &[u8]) -> Self {
        Self(hash_of(&[&user.to_ascii_lowercase()]) << 4 | NAME)
    }

    /// True where nothing is known of it.
    pub const fn is_unknown(self) -> bool {
        self.0 == 0
    }

    const fn written(self) -> u64 {
        self.0 & 0xF
    }

    const fn digits(self) -> u64 {
        self.0 >> 4
    }

    const fn length(self) -> u32 {
        (u64::BITS - self.digits().leading_zeros()).div_ceil(4)
    }

    /// What two spellings of one number share: the key by which those that may be one are found.
    pub fn key(self) -> u64 {
        if self.written() == NAME || self.length() < TRAILING_DIGITS {
            return if self.written() == NAME {
                self.0
            } else {
                self.digits()
            };
        }
        self.digits() & tail_mask(TRAILING_DIGITS)
    }

    /// Whether this and the other are one number.
    pub fn likeness(self, other: Self) -> Likeness {
        let (a, b) = (self.written(), other.written());
        if self.is_unknown() || other.is_unknown() || (a == NAME) != (b == NAME) {
            return Likeness::Untold;
        }
        if self.digits() == other.digits() {
            return Likeness::Same;
        }
        if a == NAME || (a == INTERNATIONAL && b == INTERNATIONAL) {
            return Likeness::Different;
        }
        let shorter = self.length().min(other.length());
        // Two numbers as dialled may lack different prefixes; an international one lacks none.
        let must_be_shorter = if a == INTERNATIONAL { other } else { self };
        let is_tail = (self.digits() ^ other.digits()) & tail_mask(shorter) == 0;
        let is_possible = a == b || must_be_shorter.length() == shorter;
        match (is_tail && is_possible, shorter >= TRAILING_DIGITS) {
            (true, true) => Likeness::Same,
            (true, false) => Likeness::Untold,
            (false, _) => Likeness::Different,
        }
    }
}

const fn tail_mask(digits: u32) -> u64 {
    if digits >= 16 {
        u64::MAX
    } else {
        (1 << (4 * digits)) - 1
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Likeness;
    use super::Number;
    use super::Numbering;

    fn germany() -> Numbering {
        Numbering {
            country_code: Some("49".into()),
            ..Numbering::default()
        }
    }

    fn likeness(numbering: &Numbering, a: &str, b: &str) -> Likeness {
        let number = |text: &str| Number::read(text.as_bytes(), numbering);
        assert_eq!(
            number(a).likeness(number(b)),
            number(b).likeness(number(a)),
            "{a} {b}"
        );
        number(a).likeness(number(b))
    }

    #[test]
    fn with_known_prefixes_all_spellings_are_one_number() {
        let site = germany();
        let spellings = [
            "+49 30 1",
            "0049301",
            "030 1",
            "+49-30-(1)",
            "%2B49301",
            "+49 (0)30 1",
        ];
        for a in spellings {
            for b in spellings {
                assert_eq!(likeness(&site, a, b), Likeness::Same, "{a} {b}");
            }
        }
        assert_eq!(likeness(&site, "0302", "+49301"), Likeness::Different);
    }

    #[test]
    fn without_prefixes_seven_trailing_digits_decide() {
        let unknown = Numbering::default();
        for (a, b) in [
            ("+49301234567", "0301234567"),
            ("+49301234567", "0049301234567"),
            ("+15551234567", "5551234567"),
            ("+15551234567", "1234567"),
            ("004930123456", "030123456"),
        ] {
            assert_eq!(likeness(&unknown, a, b), Likeness::Same, "{a} {b}");
        }
        assert_eq!(
            likeness(&unknown, "+49301234567", "0401234567"),
            Likeness::Different
        );
        assert_eq!(likeness(&unknown, "+49301234567", "4567"), Likeness::Untold);
        assert_eq!(
            likeness(&unknown, "+49301234567", "4568"),
            Likeness::Different
        );
    }

    #[test]
    fn a_dialled_number_longer_than_the_international_one_is_another() {
        let unknown = Numbering::default();
        assert_eq!(
            likeness(&unknown, "+5551234567", "0015551234567"),
            Likeness::Different
        );
    }

    #[test]
    fn a_short_number_is_itself_alone() {
        let unknown = Numbering::default();
        assert_eq!(likeness(&unknown, "4711", "4711"), Likeness::Same);
        assert_eq!(likeness(&unknown, "4711", "4712"), Likeness::Different);
    }

    #[test]
    fn a_withheld_number_and_a_name_tell_nothing_of_a_number() {
        let unknown = Numbering::default();
        for withheld in ["anonymous", "Anonymous", "", " ", "restricted"] {
            assert!(Number::read(withheld.as_bytes(), &unknown).is_unknown());
            assert_eq!(likeness(&unknown, withheld, withheld), Likeness::Untold);
        }
        assert_eq!(likeness(&unknown, "alice", "Alice"), Likeness::Same);
        assert_eq!(likeness(&unknown, "alice", "bob"), Likeness::Different);
        assert_eq!(
            likeness(&unknown, "alice", "+49301234567"),
            Likeness::Untold
        );
    }

    #[test]
    fn parameters_of_the_user_are_no_digits() {
        let unknown = Numbering::default();
        assert_eq!(
            likeness(
                &unknown,
                "+49301234567;phone-context=example.com",
                "+49301234567"
            ),
            Likeness::Same
        );
    }

    proptest! {
        #[test]
        fn normalising_takes_any_bytes(user: Vec<u8>) {
            let number = Number::read(&user, &germany());
            prop_assert!(number.is_unknown() || number.likeness(number) == Likeness::Same);
        }

        #[test]
        fn numbers_that_are_one_share_a_key(
            a in "(\\+|0|00)?[0-9]{1,15}",
            prefix in "(\\+49|0049|0|\\+)?",
        ) {
            let site = Numbering::default();
            let number = |text: &str| Number::read(text.as_bytes(), &site);
            let b = format!("{prefix}{}", a.trim_start_matches(['+', '0']));
            let (a, b): (Number, Number) = (number(&a), number(&b));
            if a.likeness(b) == Likeness::Same {
                prop_assert_eq!(a.key(), b.key());
            }
        }

        #[test]
        fn the_international_number_has_its_national_spelling(digits in "[1-9][0-9]{5,10}") {
            prop_assert_eq!(
                likeness(&germany(), &format!("+49{digits}"), &format!("0{digits}")),
                Likeness::Same
            );
        }
    }
}
