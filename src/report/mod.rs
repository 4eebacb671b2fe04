//! Diagnosis, call → files.
//!
//! In: calls that are over. Out: rows, and the tables, summary and pages made of them. This layer decides nothing about a
//! call; it says what was decided. To be read in this order: `row`, `rows`, `columns`, `csv`; `escape` is the only way from
//! foreign text to an output.

pub mod closing;
pub mod columns;
pub mod compare;
pub mod config_draft;
pub mod configuration;
pub mod csv;
pub mod dialect;
pub mod encrypted;
pub mod escape;
pub mod explain;
#[cfg(feature = "extract")]
pub mod extract;
pub mod formats;
#[cfg(feature = "html")]
pub mod html;
pub mod json;
pub mod keyless;
pub mod ladder;
pub mod marked;
pub mod offer_facts;
pub mod offers;
pub mod paragraph;
pub mod publish;
pub mod redact;
pub mod relation;
pub mod row;
pub mod rows;
#[cfg(feature = "show")]
pub mod show;
pub mod spill;
pub mod summary;
pub mod time;
pub mod trunks;
#[cfg(feature = "xlsx")]
pub mod xlsx;
