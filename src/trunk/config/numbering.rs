//! How numbers are written at this site. Which two of them are one is told where legs are paired.

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
