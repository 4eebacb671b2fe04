//! Ms-Diagnostics: an error number of Microsoft's servers (MS-OCER §2.2).

use std::borrow::Cow;

use super::super::grammar::leading_number;
use super::super::grammar::unquote;
use super::params::Params;

/// `10500;reason="…";source="…"`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MsDiagnostics<'a> {
    /// The error number; `None` where it can't be read.
    pub code: Option<u32>,
    /// What went wrong, without quotes and escapes.
    pub reason: Option<Cow<'a, [u8]>>,
    /// The server that says so.
    pub source: Option<Cow<'a, [u8]>>,
    /// All parameters.
    pub params: Params<'a>,
}

/// Reads a value.
pub fn parse(value: &[u8]) -> MsDiagnostics<'_> {
    let (code, rest) = match leading_number(value.trim_ascii()) {
        Some((code, rest)) => (u32::try_from(code).ok(), rest),
        None => (None, value),
    };
    let params = Params::new(rest);
    MsDiagnostics {
        code,
        reason: params.get("reason").map(unquote),
        source: params.get("source").map(unquote),
        params,
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_diagnostic_has_code_reason_and_source() {
        let found = parse(br#" 10500 ; Reason = "no; fork";source="s.example";appName="x""#);
        assert_eq!(found.code, Some(10500));
        assert_eq!(found.reason.as_deref(), Some(&b"no; fork"[..]));
        assert_eq!(found.source.as_deref(), Some(&b"s.example"[..]));
    }

    #[test]
    fn a_diagnostic_may_lack_its_code() {
        let found = parse(b"reason=\"x\"");
        assert_eq!(
            (found.code, found.reason.as_deref()),
            (None, Some(&b"x"[..]))
        );
    }
}
