//! CSeq: the order of requests in a dialog (RFC 3261 §20.16).

use super::super::grammar::first_word;
use super::super::grammar::leading_number;
use super::super::start_line::Method;

/// Number and method of a request; its responses repeat them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct CSeq<'a> {
    /// The number; `u32::MAX` where it is greater than that.
    pub number: u32,
    /// The method.
    pub method: Method<'a>,
}

/// Reads a value; `None` where it does not begin with a number or names no method.
pub fn parse(value: &[u8]) -> Option<CSeq<'_>> {
    let (number, rest) = leading_number(value.trim_ascii())?;
    let (word, _) = first_word(rest);
    if word.is_empty() {
        return None;
    }
    let number = u32::try_from(number).unwrap_or(u32::MAX);
    Some(CSeq {
        number,
        method: Method::parse(word),
    })
}

#[cfg(test)]
mod tests {
    use super::Method;
    use super::parse;

    #[test]
    fn leading_zeros_and_blanks_are_no_matter() {
        let cseq = parse(b" 0009\r\n  INVITE ").expect("readable");
        assert_eq!((cseq.number, cseq.method), (9, Method::Invite));
    }

    #[test]
    fn a_number_too_great_saturates() {
        assert_eq!(
            parse(b"36893488147419103232 BYE").expect("readable").number,
            u32::MAX
        );
    }

    #[test]
    fn without_number_or_method_there_is_no_cseq() {
        assert_eq!(parse(b"INVITE 1"), None);
        assert_eq!(parse(b"1"), None);
    }
}
