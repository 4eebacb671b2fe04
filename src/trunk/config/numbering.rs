//! How numbers are written at this site, and when two of them are one number.
//!
//! A carrier writes `0171 5550100` or `0049 171 5550100` where Teams has `+491715550100` (E.164). Without a country code
//! in the configuration the national form can't become the international one; [`Number::agrees_with`] then compares as
//! much as both forms have.

use std::fmt;

/// Digits of a number at most: E.164 has 15, and before them may stand prefixes to be taken off.
const MAX_DIGITS: usize = 32;

/// Digits that two forms of one number have in common at least: shorter ends are shared by too many.
const COMMON_DIGITS: usize = 7;

/// What an international form has before a national one at most: a country code of three digits, and the zero that
/// Italy keeps.
const COUNTRY_DIGITS: usize = 4;

/// The prefixes of the site's country.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbering {
    /// The country's code, without `+`; none where the configuration has none.
    pub country_code: Option<String>,
    /// What stands before a national number; empty where nothing does.
    pub national_prefix: String,
    /// What stands before an international number instead of `+`; empty where nothing does.
    pub international_prefix: String,
}

impl Default for Numbering {
    /// No country code; `0` and `00`, which ITU-T E.164 recommends and most of the world has.
    fn default() -> Self {
        Self {
            country_code: None,
            national_prefix: "0".to_owned(),
            international_prefix: "00".to_owned(),
        }
    }
}

/// How much of a number is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    /// Country code and national number.
    International,
    /// A national number; the country is not known.
    National,
    /// Digits without any prefix: an extension, or a number whose prefix was taken off.
    Bare,
}

/// A number without prefixes, separators and parameters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number {
    /// How much of it is known.
    pub form: Form,
    digits: String,
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}", self.form, self.digits)
    }
}

impl Number {
    /// Its digits: of an international number with the country code, of none with a prefix.
    pub fn digits(&self) -> &str {
        &self.digits
    }

    /// Its last seven digits, or all where it has less. Two numbers that agree have the same tail: what to look
    /// candidates up by.
    pub fn tail(&self) -> &str {
        let start = self.digits.len().saturating_sub(COMMON_DIGITS);
        self.digits.get(start..).unwrap_or_default()
    }

    /// True where the two can be one number. Numbers of one form agree where they are equal; numbers of different forms
    /// where one ends with the other, which has seven digits at least, and has four more at most. Symmetric; not
    /// transitive across forms, so that nothing follows from two agreements.
    pub fn agrees_with(&self, other: &Self) -> bool {
        if self.form == other.form || self.digits == other.digits {
            return self.digits == other.digits;
        }
        let (long, short) = if self.digits.len() > other.digits.len() {
            (self, other)
        } else {
            (other, self)
        };
        short.digits.len() >= COMMON_DIGITS
            && long.digits.len().saturating_sub(short.digits.len()) <= COUNTRY_DIGITS
            && long.digits.ends_with(&short.digits)
    }
}

impl Numbering {
    /// Reads the user part of a SIP URI, or a `tel:` URI: `+49 (0)171-5550100;tgrp=a`. Escapes are read (`%2B`), visual
    /// separators (RFC 3966 §5.1.1) and parameters are passed over. None where it is no number: a name, a feature code
    /// with `*` or `#`, nothing, or more digits than any number has.
    pub fn normalise(&self, written: &[u8]) -> Option<Number> {
        let (mut form, mut digits) = dialled(written)?;
        if form == Form::Bare {
            if let Some(rest) = without(&digits, &self.international_prefix) {
                (form, digits) = (Form::International, rest);
            } else if let Some(rest) = without(&digits, &self.national_prefix) {
                (form, digits) = (Form::National, rest);
            }
        }
        if let (Form::National, Some(country)) = (form, &self.country_code) {
            (form, digits) = (Form::International, format!("{country}{digits}"));
        }
        if form == Form::International {
            digits = self.without_inner_prefix(digits);
        }
        Some(Number { form, digits })
    }

    /// `+49 0171` is a common way to write `+49 171` wrongly; no national number begins with the prefix before it.
    fn without_inner_prefix(&self, digits: String) -> String {
        let Some(country) = self.country_code.as_deref() else {
            return digits;
        };
        let mut inner = digits.strip_prefix(country).unwrap_or_default();
        let before = inner.len();
        while let Some(rest) = inner
            .strip_prefix(self.national_prefix.as_str())
            .filter(|rest| !rest.is_empty() && rest.len() < inner.len())
        {
            inner = rest;
        }
        if inner.len() == before {
            digits
        } else {
            format!("{country}{inner}")
        }
    }
}

/// What stands behind a prefix; none where it doesn't begin with it, or nothing stands behind.
fn without(digits: &str, prefix: &str) -> Option<String> {
    let rest = digits.strip_prefix(prefix)?;
    (!prefix.is_empty() && !rest.is_empty()).then(|| rest.to_owned())
}

/// The digits as they are dialled, and whether `+` stands before them.
fn dialled(written: &[u8]) -> Option<(Form, String)> {
    let written = written.trim_ascii();
    let is_tel = written
        .get(..4)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"tel:"));
    let mut rest = if is_tel { written.get(4..)? } else { written };
    let mut form = Form::Bare;
    let mut digits = String::new();
    while let Some((byte, behind)) = next(rest) {
        rest = behind;
        match byte {
            b';' => break,
            b'+' if digits.is_empty() && form == Form::Bare => form = Form::International,
            b'0'..=b'9' if digits.len() < MAX_DIGITS => digits.push(char::from(byte)),
            // The national prefix in brackets is to be left out behind a country code.
            b'(' if form == Form::International && rest.starts_with(b"0)") => {
                rest = rest.get(2..)?;
            }
            b'-' | b'.' | b'(' | b')' | b' ' => {}
            _ => return None,
        }
    }
    (!digits.is_empty()).then_some((form, digits))
}

/// The next byte, where it is escaped what it stands for (RFC 3986 §2.1), and what follows it.
fn next(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    let value = |at: usize| char::from(*rest.get(at)?).to_digit(16);
    let escaped = || {
        let byte = u8::try_from(value(0)? << 4 | value(1)?).ok()?;
        Some((byte, rest.get(2..)?))
    };
    if first == b'%' {
        return Some(escaped().unwrap_or((first, rest)));
    }
    Some((first, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::any;
    use proptest::prop_assert;
    use proptest::prop_assert_eq;
    use proptest::proptest;

    use super::Form;
    use super::Number;
    use super::Numbering;

    fn german() -> Numbering {
        Numbering {
            country_code: Some("49".to_owned()),
            ..Numbering::default()
        }
    }

    fn read(numbering: &Numbering, written: &str) -> Number {
        numbering.normalise(written.as_bytes()).unwrap()
    }

    #[test]
    fn all_ways_to_write_a_number_of_the_country_are_one_number() {
        for written in [
            "+491715550100",
            "00491715550100",
            "01715550100",
            "+49 (0)171/5550100".replace('/', "-").as_str(),
            "+4901715550100",
            "tel:+49-171-555.0100;phone-context=example.com",
            "%2B491715550100",
            "+491715550100;tgrp=carrier-a;trunk-context=sbc.example",
        ] {
            let number = read(&german(), written);
            assert_eq!(
                (number.form, number.digits()),
                (Form::International, "491715550100"),
                "{written}"
            );
        }
    }

    #[test]
    fn another_countrys_prefixes_are_its_own() {
        let american = Numbering {
            country_code: Some("1".to_owned()),
            national_prefix: "1".to_owned(),
            international_prefix: "011".to_owned(),
        };
        for written in ["+12015550123", "12015550123", "01112015550123"] {
            assert_eq!(
                read(&american, written).digits(),
                "12015550123",
                "{written}"
            );
        }
        let italian = Numbering {
            country_code: Some("39".to_owned()),
            national_prefix: String::new(),
            international_prefix: "00".to_owned(),
        };
        assert_eq!(read(&italian, "+390612345678").digits(), "390612345678");
        assert!(read(&italian, "0612345678").agrees_with(&read(&italian, "+390612345678")));
    }

    #[test]
    fn without_a_country_code_a_national_number_agrees_with_the_international_one() {
        let numbering = Numbering::default();
        let national = read(&numbering, "01715550100");
        assert_eq!(
            (national.form, national.digits()),
            (Form::National, "1715550100")
        );
        let international = read(&numbering, "+491715550100");
        assert!(national.agrees_with(&international) && international.agrees_with(&national));
        assert_eq!(national.tail(), international.tail());
    }

    #[test]
    fn an_extension_agrees_with_itself_alone() {
        let numbering = german();
        let extension = read(&numbering, "4711");
        assert!(extension.agrees_with(&read(&numbering, "4711")));
        assert!(!extension.agrees_with(&read(&numbering, "+49301234711")));
    }

    #[test]
    fn what_is_no_number_is_none() {
        for written in [
            "",
            "+",
            "anonymous",
            "*31#0171",
            "%zz1",
            ";tgrp=a",
            "12345678901234567890123456789012345",
        ] {
            assert_eq!(german().normalise(written.as_bytes()), None, "{written}");
        }
    }

    fn any_numbering() -> impl proptest::strategy::Strategy<Value = Numbering> {
        use proptest::strategy::Strategy;
        ("([1-9][0-9]{0,2})?", "[0-9]?", "(00|011|)").prop_map(
            |(country, national_prefix, international_prefix)| Numbering {
                country_code: Some(country).filter(|country| !country.is_empty()),
                national_prefix,
                international_prefix,
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_normal_stays_as_it_is(numbering in any_numbering(), written in "[+]?[0-9]{1,20}") {
            let number = read(&numbering, &written);
            if number.form == Form::International {
                prop_assert_eq!(read(&numbering, &format!("+{}", number.digits())), number);
            }
        }

        #[test]
        fn separators_and_parameters_change_nothing(written in "[+]?[0-9]{1,20}", marks in "[-. ]{1,21}") {
            let apart: String = written
                .chars()
                .zip(marks.chars().chain(std::iter::repeat('.')))
                .flat_map(|(digit, mark)| [digit, mark])
                .collect();
            let plain = read(&german(), &written);
            prop_assert_eq!(&read(&german(), &apart), &plain);
            prop_assert_eq!(&read(&german(), &format!("tel:{written};ext=7")), &plain);
        }

        #[test]
        fn agreement_is_symmetric_and_shares_the_tail(one in "[+]?[0-9]{1,14}", other in "[+]?[0-9]{1,14}", numbering in any_numbering()) {
            let (one, other) = (read(&numbering, &one), read(&numbering, &other));
            prop_assert!(one.agrees_with(&one));
            prop_assert_eq!(one.agrees_with(&other), other.agrees_with(&one));
            if one.agrees_with(&other) {
                prop_assert_eq!(one.tail(), other.tail());
            }
        }

        #[test]
        fn a_national_and_an_international_form_of_one_number_agree(number in "[1-9][0-9]{6,10}", country in "[1-9][0-9]{0,2}") {
            let numbering = Numbering::default();
            let national = read(&numbering, &format!("0{number}"));
            let international = read(&numbering, &format!("+{country}{number}"));
            prop_assert!(national.agrees_with(&international));
        }

        #[test]
        fn no_bytes_do_harm(numbering in any_numbering(), written in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = numbering.normalise(&written);
        }
    }
}
