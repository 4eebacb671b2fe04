//! TCP connections as a capture sees them: handshake, segments, acknowledgements.

use std::net::SocketAddr;

use super::wire::Flags;
use super::wire::Wire;

/// How one payload travels, and what the capture has of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Passage {
    /// Sizes of the first segments; the rest follows at the largest segment size.
    pub(crate) split: Vec<usize>,
    /// In which order the segments are captured, from 1; as sent where it is empty.
    pub(crate) order: Vec<usize>,
    /// The segment that the capture missed.
    pub(crate) missing: Option<usize>,
    /// The segment that was sent again.
    pub(crate) repeated: Option<usize>,
    /// Nothing of it is in the capture.
    pub(crate) lost: bool,
}

/// One connection.
#[derive(Clone, Debug)]
pub(crate) struct Stream {
    client: SocketAddr,
    server: SocketAddr,
    /// The next sequence number of the client and of the server.
    next: [u32; 2],
    /// Messages that wait for the next, to share its segment.
    waiting: [Vec<u8>; 2],
}

/// An IP packet and its two ends.
pub(crate) type Sent = (SocketAddr, SocketAddr, Vec<u8>);

impl Stream {
    /// Opens a connection: three packets.
    pub(crate) fn open(
        client: SocketAddr,
        server: SocketAddr,
        first: [u32; 2],
        wire: &mut Wire,
    ) -> (Self, Vec<Sent>) {
        let next = [first[0].wrapping_add(1), first[1].wrapping_add(1)];
        let packets = vec![
            (
                client,
                server,
                wire.segment(client, server, Flags::Syn, first[0], 0, b""),
            ),
            (
                server,
                client,
                wire.segment(server, client, Flags::SynAck, first[1], next[0], b""),
            ),
            (
                client,
                server,
                wire.segment(client, server, Flags::Ack, next[0], next[1], b""),
            ),
        ];
        (
            Self {
                client,
                server,
                next,
                waiting: [Vec::new(), Vec::new()],
            },
            packets,
        )
    }

    fn ends(&self, by_client: bool) -> (SocketAddr, SocketAddr, usize) {
        if by_client {
            (self.client, self.server, 0)
        } else {
            (self.server, self.client, 1)
        }
    }

    /// Keeps a payload back, to travel with the next.
    pub(crate) fn hold(&mut self, by_client: bool, payload: &[u8]) {
        self.waiting[usize::from(!by_client)].extend_from_slice(payload);
    }

    /// Sends a payload and what waits before it, and acknowledges it.
    pub(crate) fn send(
        &mut self,
        by_client: bool,
        payload: &[u8],
        largest: usize,
        passage: &Passage,
        wire: &mut Wire,
    ) -> Vec<Sent> {
        let (from, to, side) = self.ends(by_client);
        let mut bytes = std::mem::take(&mut self.waiting[side]);
        bytes.extend_from_slice(payload);
        let mut segments = Vec::new();
        let mut rest = bytes.as_slice();
        let mut sizes = passage.split.iter().copied();
        while !rest.is_empty() {
            let (segment, after) =
                rest.split_at(sizes.next().unwrap_or(largest).min(largest).min(rest.len()));
            let packet = wire.segment(
                from,
                to,
                Flags::PushAck,
                self.next[side],
                self.next[1 - side],
                segment,
            );
            self.next[side] = self.next[side]
                .wrapping_add(u32::try_from(segment.len()).expect("a segment is short"));
            segments.push((from, to, packet));
            rest = after;
        }
        if passage.lost {
            return Vec::new();
        }
        let order = if passage.order.is_empty() {
            (1..=segments.len()).collect()
        } else {
            passage.order.clone()
        };
        assert_eq!(
            order.len(),
            segments.len(),
            "order= names each of the {} segments",
            segments.len()
        );
        let mut packets = Vec::new();
        for place in order {
            if passage.missing != Some(place) {
                packets.push(segments[place - 1].clone());
            }
            if passage.repeated == Some(place) {
                packets.push(segments[place - 1].clone());
            }
        }
        packets.push((
            to,
            from,
            wire.segment(
                to,
                from,
                Flags::Ack,
                self.next[1 - side],
                self.next[side],
                b"",
            ),
        ));
        packets
    }

    /// Closes the connection from one side: two packets each way.
    pub(crate) fn close(&mut self, by_client: bool, wire: &mut Wire) -> Vec<Sent> {
        let mut packets = Vec::new();
        for by_client in [by_client, !by_client] {
            let (from, to, side) = self.ends(by_client);
            packets.push((
                from,
                to,
                wire.segment(
                    from,
                    to,
                    Flags::FinAck,
                    self.next[side],
                    self.next[1 - side],
                    b"",
                ),
            ));
            self.next[side] = self.next[side].wrapping_add(1);
            packets.push((
                to,
                from,
                wire.segment(
                    to,
                    from,
                    Flags::Ack,
                    self.next[1 - side],
                    self.next[side],
                    b"",
                ),
            ));
        }
        packets
    }

    /// Whether these two are its ends, and whether the first of them is the client.
    pub(crate) fn side_of(&self, from: SocketAddr, to: SocketAddr) -> Option<bool> {
        // The client's port is its own choice, so the address alone tells the side.
        if self.client.ip() == from.ip() && self.server == to {
            Some(true)
        } else if self.client.ip() == to.ip() && self.server == from {
            Some(false)
        } else {
            None
        }
    }
}
