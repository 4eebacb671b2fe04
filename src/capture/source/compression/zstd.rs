//! Zstandard (RFC 8878).

use ruzstd::decoding::BlockDecodingStrategy;
use ruzstd::decoding::FrameDecoder;
use ruzstd::decoding::errors::FrameDecoderError;
use ruzstd::decoding::errors::ReadFrameHeaderError;
use std::io::Read;

use super::Compression;
use super::Input;
use super::MOST_WINDOW;
use super::Member;
use super::Progress;
use super::is_skippable;

pub(super) const ZSTD: Compression = Compression {
    name: "zstd",
    described_in: "RFC 8878",
    begins,
    member: || {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(MOST_WINDOW);
        Box::new(Zstd {
            decoder,
            stage: Stage::Header,
        })
    },
    most_left: 16,
};

/// RFC 8878 section 3.1.1; pzstd begins with a skippable frame.
fn begins(head: &[u8]) -> bool {
    head.starts_with(b"\x28\xb5\x2f\xfd") || is_skippable(head)
}

/// An empty block that is the last, and a checksum. A decoder keeps the last window of what it decoded until the frame
/// ends; where a frame is cut or damaged, this ends it, so that what was decoded before is not lost.
const END: [u8; 7] = [1, 0, 0, 0, 0, 0, 0];

struct Zstd {
    decoder: FrameDecoder,
    stage: Stage,
}

enum Stage {
    Header,
    /// In a skippable frame, with so many bytes left.
    Skip(u32),
    Blocks,
    /// What was decoded before the damage is handed over first.
    Failed(String),
}

impl Member for Zstd {
    fn decode(&mut self, input: &mut Input, into: &mut [u8]) -> (usize, Result<Progress, String>) {
        match &mut self.stage {
            Stage::Header => (0, self.begin(input)),
            Stage::Skip(left) => (0, input.skip(left)),
            Stage::Blocks | Stage::Failed(_) => self.decode_blocks(input, into),
        }
    }
}

impl Zstd {
    fn begin(&mut self, input: &mut Input) -> Result<Progress, String> {
        self.stage = match self.decoder.init(input) {
            Ok(()) => Stage::Blocks,
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                length,
                ..
            })) => Stage::Skip(length),
            Err(FrameDecoderError::WindowSizeTooBig { .. }) => {
                return Err(format!(
                    "its window is larger than {} MiB, so decompress it first",
                    MOST_WINDOW >> 20
                ));
            }
            Err(error) => return Err(error.to_string()),
        };
        Ok(Progress::More)
    }

    fn decode_blocks(
        &mut self,
        input: &mut Input,
        into: &mut [u8],
    ) -> (usize, Result<Progress, String>) {
        let one = BlockDecodingStrategy::UptoBlocks;
        while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
            if let Err(error) = self.decoder.decode_blocks(&mut *input, one(1)) {
                self.stage = Stage::Failed(error.to_string());
                let _ = self.decoder.decode_blocks(END.as_slice(), one(1));
                break;
            }
        }
        let count = match self.decoder.read(into) {
            Ok(count) => count,
            Err(error) => return (0, Err(error.to_string())),
        };
        let outcome = match &self.stage {
            _ if count > 0 => Ok(Progress::More),
            Stage::Failed(what) => Err(what.clone()),
            _ => self.check(),
        };
        (count, outcome)
    }

    fn check(&self) -> Result<Progress, String> {
        match self.decoder.get_checksum_from_data() {
            Some(written) if Some(written) != self.decoder.get_calculated_checksum() => {
                Err("the checksum of what was decompressed is another".to_owned())
            }
            _ => Ok(Progress::Over),
        }
    }
}
