//! Paths → records.

pub mod record;
