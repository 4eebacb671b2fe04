//! Patterns known to cause a 488 that is none of the documented cases, one file each.

/// A known pattern.
#[derive(Debug)]
pub struct Finding {
    /// The word in the CSV.
    pub name: &'static str,
    /// What it means and what to do.
    pub meaning: &'static str,
}

/// The findings in order of precedence.
pub const FINDINGS: &[Finding] = &[];
