//! Which way media flows (RFC 8866 §6.7, RFC 3264 §5.1).

use super::attribute::Attributes;

/// The direction of a stream, as its sender sees it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Direction {
    /// Both ways: the default.
    #[default]
    SendRecv,
    /// The sender of the description sends only.
    SendOnly,
    /// The sender of the description receives only.
    RecvOnly,
    /// Neither way.
    Inactive,
}

impl Direction {
    /// The direction that an attribute name is.
    fn parse(name: &[u8]) -> Option<Self> {
        [
            (&b"sendrecv"[..], Self::SendRecv),
            (b"sendonly", Self::SendOnly),
            (b"recvonly", Self::RecvOnly),
            (b"inactive", Self::Inactive),
        ]
        .into_iter()
        .find(|(word, _)| name.eq_ignore_ascii_case(word))
        .map(|(_, direction)| direction)
    }

    /// The first direction among the attributes of a section.
    pub(super) fn of(attributes: &Attributes<'_>) -> Option<Self> {
        attributes
            .iter()
            .find_map(|attribute| Self::parse(attribute.name))
    }
}
