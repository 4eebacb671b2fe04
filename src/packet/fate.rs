//! What became of a packet. Each packet has exactly one fate, and they add up.

/// The fate of one packet, as the contract names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fate {
    /// Completed at least one SIP message.
    Sip,
    /// A TCP segment, an empty one too, of a connection that carries SIP, that completed none.
    Stream,
    /// An IP fragment that completed no datagram carrying SIP.
    Fragment,
    /// Read, and not SIP.
    Other,
    /// TLS records for which no key is known.
    Encrypted,
    /// Cut by the snap length, so that its SIP could not be read whole.
    Truncated,
    /// Damaged headers.
    Malformed,
    /// A link type or an encapsulation that is not decoded.
    Unsupported,
}

impl Fate {
    /// Every fate, in the order of the summary.
    pub const ALL: [Self; 8] = [
        Self::Sip,
        Self::Stream,
        Self::Fragment,
        Self::Other,
        Self::Encrypted,
        Self::Truncated,
        Self::Malformed,
        Self::Unsupported,
    ];

    /// The key in the summary.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sip => "sip",
            Self::Stream => "stream",
            Self::Fragment => "fragment",
            Self::Other => "other",
            Self::Encrypted => "encrypted",
            Self::Truncated => "truncated",
            Self::Malformed => "malformed",
            Self::Unsupported => "unsupported",
        }
    }
}
