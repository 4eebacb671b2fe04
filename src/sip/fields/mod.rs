//! One file per header: bytes of a value to its parts, read on demand.
//!
//! No parser here fails for the whole message: it gives what it can read, or `None`. Folds are white
//! space.

pub mod content_type;
pub mod cseq;
pub mod ms_diagnostics;
pub mod name_addr;
pub mod params;
pub mod reason;
pub mod via;
pub mod warning;
