//! What is wrong with a session description.

use std::fmt;

/// A departure from RFC 8866. It holds numbers only, never what was written: keys stand there. Lines
/// count from 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Defect {
    /// There is no `v=` line.
    VersionMissing,
    /// The version is not 0.
    VersionUnknown {
        /// Number of the line.
        line: usize,
    },
    /// There is no `o=` line.
    OriginMissing,
    /// The `o=` line has too few words.
    OriginUnreadable {
        /// Number of the line.
        line: usize,
    },
    /// There is no `s=` line.
    NameMissing,
    /// There is no `t=` line.
    TimingMissing,
    /// The `t=` line does not hold two numbers.
    TimingUnreadable {
        /// Number of the line.
        line: usize,
    },
    /// There is no `m=` line that can be read.
    MediaMissing,
    /// An `m=` line has too few words.
    MediaUnreadable {
        /// Number of the line.
        line: usize,
    },
    /// The port of an `m=` line is no number.
    PortUnreadable {
        /// Number of the line.
        line: usize,
    },
    /// The port of an `m=` line is above 65535.
    PortOutOfRange {
        /// Number of the line.
        line: usize,
    },
    /// An `m=` line names no format.
    FormatsMissing {
        /// Number of the line.
        line: usize,
    },
    /// A `c=` line has too few words, or its address is none of its type.
    ConnectionUnreadable {
        /// Number of the line.
        line: usize,
    },
    /// A second `c=` line in one section; the first counts.
    ConnectionRepeated {
        /// Number of the line.
        line: usize,
    },
    /// A live stream has no `c=` line of its own, nor has the session (RFC 8866 §5.7).
    ConnectionMissing {
        /// Number of the `m=` line.
        line: usize,
    },
    /// A line that may stand once stands again.
    LineRepeated {
        /// Number of the line.
        line: usize,
    },
    /// A line that does not begin with a letter and `=`.
    LineUnreadable {
        /// Number of the line.
        line: usize,
    },
    /// A line is longer than is read.
    LineTooLong {
        /// Number of the line.
        line: usize,
    },
    /// An empty line among others.
    LineEmpty {
        /// Number of the line.
        line: usize,
    },
    /// Lines end in LF alone. Reported once.
    LineFeedOnly,
    /// Lines end in CR alone.
    CarriageReturnOnly,
    /// The last line has no end.
    LastLineNotEnded,
    /// NUL bytes after the last line.
    TrailingNuls {
        /// How many.
        bytes: usize,
    },
    /// Text that is not UTF-8.
    NotUtf8 {
        /// Number of the line.
        line: usize,
    },
    /// An attribute without a name.
    AttributeUnreadable {
        /// Number of the line.
        line: usize,
    },
    /// An `a=rtpmap` without number or name.
    RtpMapUnreadable {
        /// Number of the line.
        line: usize,
    },
    /// An `a=rtpmap` without a clock rate (RFC 8866 §6.6).
    ClockRateMissing {
        /// Number of the line.
        line: usize,
    },
    /// An `a=crypto` without tag or suite (RFC 4568 §9.1).
    CryptoUnreadable {
        /// Number of the line.
        line: usize,
    },
    /// An `a=crypto` before the first `m=` line, where it means nothing (RFC 4568 §4).
    CryptoAtSessionLevel {
        /// Number of the line.
        line: usize,
    },
    /// A `b=` line without type or number.
    BandwidthUnreadable {
        /// Number of the line.
        line: usize,
    },
    /// More `m=` sections than are kept.
    TooManyMedia {
        /// How many were left out.
        dropped: usize,
    },
    /// More attributes in a section than are kept.
    TooManyAttributes {
        /// Number of the first line left out.
        line: usize,
    },
}

impl Defect {
    /// Number of the line that it is in, where it is in one.
    pub fn line(self) -> Option<usize> {
        match self {
            Self::VersionUnknown { line }
            | Self::OriginUnreadable { line }
            | Self::TimingUnreadable { line }
            | Self::MediaUnreadable { line }
            | Self::PortUnreadable { line }
            | Self::PortOutOfRange { line }
            | Self::FormatsMissing { line }
            | Self::ConnectionUnreadable { line }
            | Self::ConnectionRepeated { line }
            | Self::ConnectionMissing { line }
            | Self::LineRepeated { line }
            | Self::LineUnreadable { line }
            | Self::LineTooLong { line }
            | Self::LineEmpty { line }
            | Self::NotUtf8 { line }
            | Self::AttributeUnreadable { line }
            | Self::RtpMapUnreadable { line }
            | Self::ClockRateMissing { line }
            | Self::CryptoUnreadable { line }
            | Self::CryptoAtSessionLevel { line }
            | Self::BandwidthUnreadable { line }
            | Self::TooManyAttributes { line } => Some(line),
            Self::VersionMissing
            | Self::OriginMissing
            | Self::NameMissing
            | Self::TimingMissing
            | Self::MediaMissing
            | Self::LineFeedOnly
            | Self::CarriageReturnOnly
            | Self::LastLineNotEnded
            | Self::TrailingNuls { .. }
            | Self::TooManyMedia { .. } => None,
        }
    }

    /// True where a strict peer would refuse the whole description: `v=`, `o=`, `s=` or `t=` absent
    /// or unreadable, an `m=` line that can't be read or has no port, a `c=` line that can't be read,
    /// CR where a line should end. All else is read over by everybody.
    pub fn is_malformation(self) -> bool {
        matches!(
            self,
            Self::VersionMissing
                | Self::VersionUnknown { .. }
                | Self::OriginMissing
                | Self::OriginUnreadable { .. }
                | Self::NameMissing
                | Self::TimingMissing
                | Self::TimingUnreadable { .. }
                | Self::MediaUnreadable { .. }
                | Self::PortUnreadable { .. }
                | Self::PortOutOfRange { .. }
                | Self::ConnectionUnreadable { .. }
                | Self::CarriageReturnOnly
        )
    }
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::VersionMissing => f.write_str("no v= line"),
            Self::VersionUnknown { line } => write!(f, "line {line}: the version is not 0"),
            Self::OriginMissing => f.write_str("no o= line"),
            Self::OriginUnreadable { line } => write!(f, "line {line}: o= can't be read"),
            Self::NameMissing => f.write_str("no s= line"),
            Self::TimingMissing => f.write_str("no t= line"),
            Self::TimingUnreadable { line } => write!(f, "line {line}: t= can't be read"),
            Self::MediaMissing => f.write_str("no m= line that can be read"),
            Self::MediaUnreadable { line } => write!(f, "line {line}: m= can't be read"),
            Self::PortUnreadable { line } => write!(f, "line {line}: the port is no number"),
            Self::PortOutOfRange { line } => write!(f, "line {line}: the port is above 65535"),
            Self::FormatsMissing { line } => write!(f, "line {line}: m= names no format"),
            Self::ConnectionUnreadable { line } => write!(f, "line {line}: c= can't be read"),
            Self::ConnectionRepeated { line } => write!(f, "line {line}: a second c= line"),
            Self::ConnectionMissing { line } => write!(f, "line {line}: m= without any c= line"),
            Self::LineRepeated { line } => write!(f, "line {line} may stand once only"),
            Self::LineUnreadable { line } => write!(f, "line {line} is no SDP"),
            Self::LineTooLong { line } => write!(f, "line {line} is too long"),
            Self::LineEmpty { line } => write!(f, "line {line} is empty"),
            Self::LineFeedOnly => f.write_str("lines end in LF without CR"),
            Self::CarriageReturnOnly => f.write_str("lines end in CR without LF"),
            Self::LastLineNotEnded => f.write_str("the last line has no end"),
            Self::TrailingNuls { bytes } => write!(f, "{bytes} NUL bytes after the last line"),
            Self::NotUtf8 { line } => write!(f, "line {line} is not UTF-8"),
            Self::AttributeUnreadable { line } => write!(f, "line {line}: a= without a name"),
            Self::RtpMapUnreadable { line } => write!(f, "line {line}: a=rtpmap can't be read"),
            Self::ClockRateMissing { line } => {
                write!(f, "line {line}: a=rtpmap without a clock rate")
            }
            Self::CryptoUnreadable { line } => write!(f, "line {line}: a=crypto can't be read"),
            Self::CryptoAtSessionLevel { line } => {
                write!(f, "line {line}: a=crypto belongs after an m= line")
            }
            Self::BandwidthUnreadable { line } => write!(f, "line {line}: b= can't be read"),
            Self::TooManyMedia { dropped } => write!(f, "{dropped} m= sections too many"),
            Self::TooManyAttributes { line } => {
                write!(f, "too many attributes in a section, from line {line} on")
            }
        }
    }
}
