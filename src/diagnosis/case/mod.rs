//! The four failures that Microsoft documents for 488 in Direct Routing, one file each.

/// A documented case. `explain`, the CSV's texts and the README's table are prints of these.
#[derive(Debug)]
pub struct Case {
    /// The word in the CSV, in kebab case after Microsoft's own phrase.
    pub name: &'static str,
    /// The code in Microsoft's report. Never on the wire.
    pub microsoft_code: u32,
    /// What Microsoft's report and the response say, as Microsoft writes it.
    pub reported_as: &'static str,
    /// The same as [`super::phrase`] normalises it: each is enough by itself.
    pub phrases: &'static [&'static str],
    /// What it means, for a person who has never met it.
    pub meaning: &'static str,
    /// What in the offer confirms it, and what does not (traps).
    pub confirmed_by: &'static str,
    /// What to do: the CSV's `suggested_action`.
    pub remedy: &'static str,
    /// Microsoft's page.
    pub page: &'static str,
}

/// The cases in order of precedence.
pub const CASES: &[Case] = &[];
