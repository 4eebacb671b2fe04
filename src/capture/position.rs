//! A place in a capture, with all that is needed to read on from it.

use std::sync::Arc;

use super::pcap;
use super::pcapng;

/// Where a record begins, and how to read it: the byte order, and in pcapng the interfaces of the section.
///
/// Two positions are equal where reading on from them gives the same. Cheap to clone and to compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// Bytes from the beginning of the capture.
    pub offset: u64,
    pub(super) context: Context,
}

/// How the records after a position are to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Context {
    /// The same all through a pcap file.
    Pcap(pcap::FileHeader),
    /// Shared by all positions between two interface descriptions.
    Pcapng(Arc<pcapng::Section>),
}
