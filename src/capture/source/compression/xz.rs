//! xz, and LZMA2 in it.

use lzma_rust2::Action;
use lzma_rust2::Status;
use lzma_rust2::XzStream;

use super::Compression;
use super::Input;
use super::MOST_WINDOW;
use super::Member;
use super::Progress;
use super::gzip::advanced;

pub(super) const XZ: Compression = Compression {
    name: "xz",
    described_in: "xz-file-format.txt",
    begins: |head| head.starts_with(b"\xfd7zXZ\0"),
    member: || Box::new(Xz(XzStream::new_mem_limit(false, MOST_MEMORY))),
    most_left: 4,
};

/// What a decoder may use, in KiB: the dictionary, and a MiB for itself.
#[expect(clippy::cast_possible_truncation, reason = "it is a constant")]
const MOST_MEMORY: u32 = (MOST_WINDOW >> 10) as u32 + 1024;

struct Xz(XzStream);

impl Member for Xz {
    fn decode(&mut self, input: &mut Input, into: &mut [u8]) -> (usize, Result<Progress, String>) {
        let held = match input.fill() {
            Ok(held) => held,
            Err(what) => return (0, Err(what)),
        };
        let action = if held.is_empty() {
            Action::Finish
        } else {
            Action::Run
        };
        let before = (self.0.total_in(), self.0.total_out());
        let result = self.0.process(held, into, action);
        input.consume(advanced(before.0, self.0.total_in()));
        let count = advanced(before.1, self.0.total_out()).min(into.len());
        let outcome = match result {
            Ok(result) if result.status == Status::StreamEnd => Ok(Progress::Over),
            Ok(_) => Ok(Progress::More),
            Err(_) if self.0.memory_usage() > Some(MOST_MEMORY) => Err(format!(
                "its dictionary is larger than {} MiB, so decompress it first",
                MOST_WINDOW >> 20
            )),
            Err(error) => Err(error.to_string()),
        };
        (count, outcome)
    }
}
