//! Telephone numbers → numbers of the same form.
//!
//! `+`, separators, escapes and zeros in front stay, so that a number keeps its form and its length. Of what is behind
//! them the last seven digits are replaced as one, and each digit before them by a permutation that all digits behind it
//! choose: two numbers end alike just as far as their stand-ins do, from seven digits on. So `+49 30 1234567`,
//! `0049301234567` and `030 1234567` stay one number, and no two numbers become one.

use super::Redaction;

/// Digits that are replaced as one: those by which two spellings of a number are known to be one.
const TAIL: usize = 7;

/// Digits of the longest number: prefixes and extensions may make it longer than the fifteen of E.164.
const LONGEST_NUMBER: usize = 32;

/// Numbers of so many digits stay: 112 is nobody's, and three digits hide nobody.
const SHORTEST_NUMBER: usize = 4;

/// One sign of a user part as it is written, and what it stands for (RFC 3261 §19.1.2: `%2B` is `+`).
fn signs(written: &[u8]) -> Vec<(&[u8], u8)> {
    let hex = |byte: Option<&u8>| {
        let digit = char::from(*byte?).to_digit(16)?;
        u8::try_from(digit).ok()
    };
    let mut signs = Vec::with_capacity(written.len());
    let mut at = 0;
    while let Some(&byte) = written.get(at) {
        let escaped = hex(written.get(at + 1)).zip(hex(written.get(at + 2)));
        let (length, sign) = match escaped {
            Some((high, low)) if byte == b'%' => (3, high << 4 | low),
            _ => (1, byte),
        };
        signs.push((written.get(at..at + length).unwrap_or_default(), sign));
        at += length;
    }
    signs
}

/// A user part without its escapes.
pub(super) fn unescaped(written: &[u8]) -> Vec<u8> {
    signs(written).iter().map(|(_, sign)| *sign).collect()
}

impl Redaction {
    /// The stand-in of a number: itself where it is a short one, none where it is no number. What may stand in one are
    /// digits and visual separators (RFC 3966 §5.1.1), and a `+` in front.
    pub(super) fn number(&self, written: &[u8]) -> Option<Vec<u8>> {
        let signs = signs(written);
        let first = signs.iter().position(|(_, sign)| *sign != b' ')?;
        let is_of_a_number = |(at, (_, sign)): (usize, &(&[u8], u8))| {
            sign.is_ascii_digit() || b"-.() /".contains(sign) || *sign == b'+' && at == first
        };
        if !signs.iter().enumerate().all(is_of_a_number) {
            return None;
        }
        let digits: Vec<u8> = signs.iter().map(|(_, sign)| *sign).collect();
        let mut digits: Vec<u8> = digits.into_iter().filter(u8::is_ascii_digit).collect();
        if digits.is_empty() || digits.len() > LONGEST_NUMBER {
            return None;
        }
        if digits.len() < SHORTEST_NUMBER {
            return Some(written.to_vec());
        }
        // The zero of `+49 (0)30` is no digit of the number.
        let left_out = memchr::memmem::find(&unescaped(written), b"(0)");
        let left_out = left_out.filter(|_| signs.get(first).is_some_and(|(_, sign)| *sign == b'+'));
        let left_out = left_out.map(|at| {
            let before = signs.get(..at).unwrap_or_default();
            before
                .iter()
                .filter(|(_, sign)| sign.is_ascii_digit())
                .count()
        });
        if let Some(place) = left_out {
            digits.remove(place);
        }
        self.replace(&mut digits);
        if let Some(place) = left_out {
            digits.insert(place, b'0');
        }
        let mut digits = digits.into_iter();
        let mut shown = Vec::with_capacity(written.len());
        for (written, sign) in signs {
            match sign.is_ascii_digit().then(|| digits.next()).flatten() {
                Some(digit) => shown.push(digit),
                None => shown.extend_from_slice(written),
            }
        }
        Some(shown)
    }

    /// Replaces the digits behind the zeros in front.
    fn replace(&self, digits: &mut [u8]) {
        let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
        let Some(number) = digits.get_mut(zeros..) else {
            return;
        };
        let original = number.to_vec();
        let head = number.len().saturating_sub(TAIL);
        for (place, digit) in number.iter_mut().enumerate().take(head) {
            // A zero stays: one that became the first digit would be a prefix.
            if *digit != b'0' {
                let behind = original.get(place + 1..).unwrap_or_default();
                let shift = self.secret.number("digit", behind) % 9;
                *digit = b'1' + u8::try_from((u64::from(*digit - b'1') + shift) % 9).unwrap_or(0);
            }
        }
        if let Some(tail) = number.get_mut(head..) {
            self.replace_tail(tail);
        }
    }

    /// Replaces the last digits; a shorter number's first digit stays another than zero.
    fn replace_tail(&self, tail: &mut [u8]) {
        if tail.is_empty() {
            return;
        }
        let value = tail
            .iter()
            .fold(0, |value, digit| value * 10 + u64::from(digit - b'0'));
        let length = u32::try_from(tail.len()).unwrap_or(0);
        let least = if tail.len() < TAIL {
            10_u64.pow(length - 1)
        } else {
            0
        };
        let size = 10_u64.pow(length) - least;
        let mut value = least
            + self
                .secret
                .permuted("number", value.saturating_sub(least), size);
        for digit in tail.iter_mut().rev() {
            *digit = b'0' + u8::try_from(value % 10).unwrap_or(0);
            value /= 10;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prop_assert;
    use proptest::prop_assert_eq;
    use proptest::prop_assume;
    use proptest::proptest;

    use super::Redaction;

    fn number(written: &str) -> Option<String> {
        let number = Redaction::sample().number(written.as_bytes())?;
        Some(String::from_utf8(number).unwrap())
    }

    fn digits(written: &str) -> String {
        let number = number(written).unwrap();
        let number = number.replace("%2B", "");
        let digits: String = number.chars().filter(char::is_ascii_digit).collect();
        digits.trim_start_matches('0').to_owned()
    }

    #[test]
    fn all_spellings_of_a_number_become_one_number() {
        let plain = digits("+49301234567");
        assert_ne!(plain, "49301234567");
        for same in [
            "0049301234567",
            "%2B49-30-(1234567)",
            "+49 30 123 45 67",
            "49301234567",
        ] {
            assert_eq!(digits(same), plain, "{same}");
        }
        assert_eq!(digits("0301234567"), plain[2..]);
        assert_eq!(digits("1234567"), plain[4..].trim_start_matches('0'));
        let with_zero = number("+49 (0)30 1234567").unwrap();
        assert!(with_zero.contains(" (0)"), "{with_zero}");
        assert_eq!(
            with_zero.replace("(0)", ""),
            number("+49 30 1234567").unwrap()
        );
    }

    #[test]
    fn form_and_length_stay() {
        for written in ["+49 30/123-4567", "0049301234567", "(030) 1234567", "4711"] {
            let shown = number(written).unwrap();
            assert_eq!(shown.len(), written.len());
            for (shown, written) in shown.chars().zip(written.chars()) {
                assert_eq!(shown.is_ascii_digit(), written.is_ascii_digit());
            }
            assert_ne!(shown, written);
        }
    }

    #[test]
    fn short_numbers_stay_and_what_is_no_number_is_none() {
        assert_eq!(number("112").as_deref(), Some("112"));
        for written in ["alice", "", "+", "12a4", "1+4930123", &"1".repeat(33)] {
            assert_eq!(number(written), None, "{written}");
        }
    }

    proptest! {
        #[test]
        fn two_numbers_never_become_one(a in "(\\+|0|00)?[1-9][0-9]{3,14}", b in "(\\+|0|00)?[1-9][0-9]{7,14}") {
            prop_assume!(a != b);
            prop_assert!(number(&a) != number(&b));
        }

        #[test]
        fn numbers_end_alike_as_far_as_their_stand_ins(a in "[1-9]{1,5}", b in "[1-9]{1,5}", end in "[0-9]{7,9}") {
            let (a, b) = (format!("{a}{end}"), format!("{b}{end}"));
            let alike = |a: &str, b: &str| {
                a.bytes().rev().zip(b.bytes().rev()).take_while(|(a, b)| a == b).count()
            };
            prop_assert_eq!(alike(&number(&a).unwrap(), &number(&b).unwrap()), alike(&a, &b));
        }

        #[test]
        fn any_bytes_do_no_harm(written: Vec<u8>) {
            Redaction::sample().number(&written);
        }
    }
}
