//! Compressed bytes for tests, made with what the crates compress with.

use std::io::Write;

use lz4_flex::frame::BlockMode;
use lz4_flex::frame::BlockSize;
use lz4_flex::frame::FrameEncoder;
use lz4_flex::frame::FrameInfo;
use lzma_rust2::XzOptions;
use lzma_rust2::XzWriter;
use ruzstd::encoding::CompressionLevel;

/// A way to compress, by the name that it has here.
pub(in crate::capture) type Packer = (&'static str, fn(&[u8]) -> Vec<u8>);

/// All formats.
pub(in crate::capture) const ALL: [Packer; 5] = [
    ("gzip", gzip),
    ("zstd", zstd),
    ("lz4", lz4),
    ("xz", xz),
    ("bzip2", bzip2),
];

pub(in crate::capture) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

pub(in crate::capture) fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, CompressionLevel::Fastest)
}

/// Blocks of 64 KiB that refer to those before, and all checksums.
pub(in crate::capture) fn lz4(bytes: &[u8]) -> Vec<u8> {
    let frame = FrameInfo::new()
        .block_size(BlockSize::Max64KB)
        .block_mode(BlockMode::Linked)
        .block_checksums(true)
        .content_checksum(true);
    let mut packer = FrameEncoder::with_frame_info(frame, Vec::new());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

/// One block of up to 4 MiB, without a checksum.
pub(in crate::capture) fn lz4_in_one_block(bytes: &[u8]) -> Vec<u8> {
    let frame = FrameInfo::new().block_size(BlockSize::Max4MB);
    let mut packer = FrameEncoder::with_frame_info(frame, Vec::new());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

pub(in crate::capture) fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut packer = XzWriter::new(Vec::new(), XzOptions::with_preset(1)).unwrap();
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

/// Blocks of 100 kB.
pub(in crate::capture) fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut packer = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}
