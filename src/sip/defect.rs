//! What a sender did wrong, and we read over.

use std::fmt;

use super::header::HeaderName;

/// A departure from RFC 3261 in one message. It holds numbers and offsets only, never what was
/// written, so that it may be shown as it is. Lines count from 1, the start line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Defect {
    /// The version in the start line is not 2.0 (RFC 3261 §7.1).
    VersionUnknown,
    /// The Request-URI is absent.
    UriMissing,
    /// The Request-URI holds white space (RFC 3261 §7.1).
    UriWithSpaces,
    /// The Request-URI stands in angle brackets (RFC 3261 §7.1).
    UriInBrackets,
    /// The status code is no number from 100 to 699 (RFC 3261 §7.2).
    StatusOutOfRange,
    /// A line ends in LF alone (RFC 3261 §7). Reported once.
    LineFeedOnly,
    /// A header line has no colon, or nothing before it; the line is left out.
    HeaderWithoutName {
        /// Number of the line.
        line: usize,
    },
    /// The message has more headers than are kept.
    TooManyHeaders {
        /// How many were left out.
        dropped: usize,
    },
    /// The blank line after the headers is absent.
    HeadNotEnded,
    /// The message was cut inside this header line, which is left out: half a value misleads.
    HeaderCut {
        /// Number of the line.
        line: usize,
    },
    /// A header that RFC 3261 §8.1.1 requires is absent.
    HeaderMissing {
        /// The header.
        name: HeaderName,
    },
    /// A header that may stand once stands more often; the first counts.
    HeaderRepeated {
        /// The header.
        name: HeaderName,
    },
    /// Content-Length is no number.
    ContentLengthUnreadable,
    /// Several values of Content-Length disagree.
    ContentLengthConflict,
    /// Content-Length claims more bytes than the message has.
    ContentLengthBeyondBody {
        /// Bytes claimed.
        claimed: u64,
        /// Bytes of body that are there.
        there: usize,
    },
    /// A body without Content-Type; one that begins like SDP is taken as SDP (RFC 3261 §20.15).
    ContentTypeMissing,
    /// CSeq can't be read (RFC 3261 §20.16).
    CSeqUnreadable,
    /// The number in CSeq is 2^31 or more (RFC 3261 §8.1.1.5).
    CSeqOutOfRange,
    /// The method in CSeq is not that of the request (RFC 3261 §8.1.1.5).
    CSeqMethodDiffers,
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::VersionUnknown => f.write_str("the version is not SIP/2.0"),
            Self::UriMissing => f.write_str("no Request-URI"),
            Self::UriWithSpaces => f.write_str("white space in the Request-URI"),
            Self::UriInBrackets => f.write_str("angle brackets around the Request-URI"),
            Self::StatusOutOfRange => f.write_str("the status code is not between 100 and 699"),
            Self::LineFeedOnly => f.write_str("lines end in LF without CR"),
            Self::HeaderWithoutName { line } => write!(f, "line {line} is no header"),
            Self::TooManyHeaders { dropped } => write!(f, "{dropped} headers too many"),
            Self::HeadNotEnded => f.write_str("no blank line after the headers"),
            Self::HeaderCut { line } => write!(f, "cut inside line {line}"),
            Self::HeaderMissing { name } => write!(f, "no {name}"),
            Self::HeaderRepeated { name } => write!(f, "more than one {name}"),
            Self::ContentLengthUnreadable => f.write_str("Content-Length is no number"),
            Self::ContentLengthConflict => f.write_str("contradictory values of Content-Length"),
            Self::ContentLengthBeyondBody { claimed, there } => {
                write!(
                    f,
                    "Content-Length claims {claimed} bytes where there are {there}"
                )
            }
            Self::ContentTypeMissing => f.write_str("a body without Content-Type"),
            Self::CSeqUnreadable => f.write_str("CSeq can't be read"),
            Self::CSeqOutOfRange => f.write_str("the number in CSeq is 2^31 or more"),
            Self::CSeqMethodDiffers => f.write_str("CSeq names another method than the request"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Defect;
    use super::HeaderName;

    #[test]
    fn a_defect_is_told_in_plain_words() {
        let missing = Defect::HeaderMissing {
            name: HeaderName::CallId,
        };
        assert_eq!(missing.to_string(), "no Call-ID");
    }
}
