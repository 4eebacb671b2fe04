//! What each layer costs by itself, from the capture file to the CSV, and all of them together.
//!
//! ```text
//! cargo bench --bench layers              all, in less than a minute
//! cargo bench --bench layers -- sip       the benches whose path has `sip` in it
//! ```
//!
//! All input is made here (`layers/traffic.rs`), the same in every run. Whole runs beside other programs are
//! `benches/end_to_end`.

#[path = "../tests/support/mod.rs"]
mod support;

#[path = "layers/call.rs"]
mod call;
#[path = "layers/capture.rs"]
mod capture;
#[path = "layers/packet.rs"]
mod packet;
#[path = "layers/pipeline.rs"]
mod pipeline;
#[path = "layers/report.rs"]
mod report;
#[path = "layers/sdp.rs"]
mod sdp;
#[path = "layers/sip.rs"]
mod sip;
#[path = "layers/traffic.rs"]
mod traffic;
#[path = "layers/transport.rs"]
mod transport;
#[path = "layers/wrapping.rs"]
mod wrapping;

fn main() {
    divan::main();
}
