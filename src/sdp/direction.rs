//! The direction of media (RFC 8866 §6.7).

/// Which way media is to go, as the sender of the SDP sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// Both ways: what holds where nothing is said.
    #[default]
    SendRecv,
    /// Out alone.
    SendOnly,
    /// In alone.
    RecvOnly,
    /// Neither way: hold.
    Inactive,
}

impl Direction {
    /// Reads the name of an attribute; none where it is no direction.
    pub fn parse(name: &[u8]) -> Option<Self> {
        [
            (&b"sendrecv"[..], Self::SendRecv),
            (b"sendonly", Self::SendOnly),
            (b"recvonly", Self::RecvOnly),
            (b"inactive", Self::Inactive),
        ]
        .into_iter()
        .find_map(|(word, direction)| name.eq_ignore_ascii_case(word).then_some(direction))
    }
}
