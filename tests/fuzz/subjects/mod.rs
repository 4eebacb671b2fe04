//! What is fuzzed: each subject takes any bytes, and must come back from them without a panic, in time and in memory,
//! with what it asserts of its own answer being true.
//!
//! The same subjects are run by libFuzzer (`targets/`) and, for a fixed number of changed samples, by `cargo test --test
//! fuzz`. One more is a file, a line in [`SUBJECTS`], and a file of one line in `targets/`.

pub(crate) mod call;
pub(crate) mod capture;
pub(crate) mod config;
pub(crate) mod defragment;
pub(crate) mod key_log;
pub(crate) mod night;
pub(crate) mod packet;
pub(crate) mod pstn_report;
pub(crate) mod redact;
pub(crate) mod script;
pub(crate) mod sctp;
pub(crate) mod sdp;
pub(crate) mod sip;
pub(crate) mod tcp;
pub(crate) mod tls;
pub(crate) mod trunk_report;
pub(crate) mod wrapping;

/// Something that reads foreign bytes.
#[derive(Clone, Copy)]
pub(crate) struct Subject {
    /// What it is called, here and in `targets/`.
    pub(crate) name: &'static str,
    /// Words that its input is made of.
    pub(crate) dictionary: &'static [&'static [u8]],
    /// The longest input that is worth trying, in bytes.
    pub(crate) longest: usize,
    /// Reads an input.
    pub(crate) run: fn(&[u8]),
}

/// All of them, in the order of the layers.
pub(crate) const SUBJECTS: &[Subject] = &[
    capture::SUBJECT,
    packet::SUBJECT,
    defragment::SUBJECT,
    tcp::SUBJECT,
    sctp::SUBJECT,
    wrapping::SUBJECT,
    tls::SUBJECT,
    key_log::SUBJECT,
    sip::SUBJECT,
    sdp::SUBJECT,
    call::SUBJECT,
    config::SUBJECT,
    pstn_report::SUBJECT,
    trunk_report::SUBJECT,
    redact::SUBJECT,
    night::SUBJECT,
];
