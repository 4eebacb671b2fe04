//! Diagnosis, call → files.

pub mod row;
