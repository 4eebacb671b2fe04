//! Diagnosis, call → files.

pub mod offer_facts;
pub mod row;
pub mod rows;
