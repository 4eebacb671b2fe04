//! The columns of the CSVs: name, meaning, value. The CSVs, their headers and the README's tables are prints of these.

pub mod calls;
pub mod compare;
pub mod offers;
pub mod trunks;

use super::time::Zone;

/// One column of a table of `T`.
#[derive(Debug)]
pub struct Column<T> {
    /// The name in the header line.
    pub name: &'static str,
    /// What it says, for the README.
    pub meaning: &'static str,
    /// Appends the value; nothing where it is unknown.
    pub write: fn(&T, &Print<'_>, &mut String),
}

/// What cells are printed with.
#[derive(Clone, Copy, Debug)]
pub struct Print<'p> {
    /// The zone of times.
    pub zone: &'p Zone,
    /// The captures' paths by inventory number.
    pub paths: &'p [String],
}
