//! What comes out of TCP reassembly.

use crate::capture::record::Stamp;
use crate::packet::Endpoint;

/// A connection, numbered in the order of first segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// Something happened in one direction of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery<'a> {
    /// The connection.
    pub connection: ConnectionId,
    /// Who sent the bytes. Of [`Event::Ended`], who sent the connection's first segment.
    pub from: Endpoint,
    /// Who was to receive them.
    pub to: Endpoint,
    /// What happened.
    pub event: Event<'a>,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// The next bytes of this direction; never empty.
    Bytes(&'a [u8]),
    /// The next bytes of this direction, which came out of order and were held until the hole before them was given
    /// up: they belong to the packet that brought them.
    Held(&'a [u8], Stamp),
    /// That many bytes will never come: the capture lost them, or the snap length cut them off.
    Lost(u64),
    /// The connection is over, both directions: closed or reset and then quiet, replaced by
    /// another between the same ends, idle for too long, or evicted. Its last event.
    Ended,
}

/// Where a segment was put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placement {
    /// The connection that the segment belongs to.
    pub connection: ConnectionId,
    /// True where the segment brought payload that had not been seen.
    pub is_new: bool,
    /// True where bytes of its direction wait behind a hole.
    pub is_waiting: bool,
}
