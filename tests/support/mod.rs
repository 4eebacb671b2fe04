//! Ladder diagrams in words → packets → capture files: what the scenarios and the sample captures are made of.
//!
//! Deterministic: no clock and no chance, so the same ladder gives the same bytes. Read `ladder.rs` first, then
//! `dialog.rs` and `message.rs` (who writes which headers), `offer.rs` (SDP), `wire.rs` and `stream.rs` (packets),
//! `capture_file.rs`.

#![allow(
    dead_code,
    reason = "each program that includes this module uses its own part of it"
)]

pub(crate) mod call;
pub(crate) mod capture_file;
pub(crate) mod dialog;
pub(crate) mod generator;
pub(crate) mod ladder;
pub(crate) mod message;
pub(crate) mod mirror;
pub(crate) mod offer;
pub(crate) mod script;
pub(crate) mod stream;
pub(crate) mod tls;
pub(crate) mod wire;
pub(crate) mod wrapped;
