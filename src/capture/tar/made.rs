//! Archives made in memory, for tests.

use super::BLOCK;
use super::checksum;

/// Fields of a header that a test sets.
pub(in crate::capture) struct Made<'a> {
    pub(in crate::capture) name: &'a [u8],
    pub(in crate::capture) kind: u8,
    pub(in crate::capture) len: u64,
    pub(in crate::capture) magic: &'a [u8],
    pub(in crate::capture) prefix: &'a [u8],
}

pub(in crate::capture) const FILE: Made<'_> = Made {
    name: b"a.pcap",
    kind: b'0',
    len: 0,
    magic: b"ustar\x0000",
    prefix: b"",
};

pub(in crate::capture) fn header(made: &Made<'_>) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    let mut put = |at: usize, bytes: &[u8]| block[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, made.name);
    put(100, b"0000644\0");
    put(124, format!("{:011o}\0", made.len).as_bytes());
    put(156, &[made.kind]);
    put(257, made.magic);
    put(345, made.prefix);
    signed(block)
}

/// With its checksum.
pub(in crate::capture) fn signed(mut block: [u8; BLOCK]) -> [u8; BLOCK] {
    let sum = checksum(&block);
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}

/// A member and its bytes, in whole blocks.
pub(in crate::capture) fn member(made: &Made<'_>, bytes: &[u8]) -> Vec<u8> {
    let len = bytes.len() as u64;
    let mut member = header(&Made { len, ..*made }).to_vec();
    member.extend(bytes);
    member.resize(member.len().next_multiple_of(BLOCK), 0);
    member
}

pub(in crate::capture) fn named(name: &[u8], bytes: &[u8]) -> Vec<u8> {
    member(&Made { name, ..FILE }, bytes)
}

/// An archive of these members.
pub(in crate::capture) fn tar_of(members: &[(&[u8], &[u8])]) -> Vec<u8> {
    let mut archive: Vec<u8> = members
        .iter()
        .flat_map(|(name, bytes)| named(name, bytes))
        .collect();
    archive.resize(archive.len() + 2 * BLOCK, 0);
    archive
}
