//! What is wrong with a body.

use std::fmt;

/// A line that could not be read, or something that is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Defect {
    /// The line, counted from 1; 0 where a line is missing.
    pub line: usize,
    /// What is wrong.
    pub fault: Fault,
}

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No `v=0` first (RFC 8866 §5.1).
    NoVersion,
    /// No `o=` (§5.2).
    NoOrigin,
    /// No `s=` (§5.3).
    NoSessionName,
    /// No `t=` (§5.9).
    NoTiming,
    /// An `o=` without its six fields.
    BadOrigin,
    /// A `c=` without its three fields, or with an address that is none of its type (§5.7).
    BadConnection,
    /// A live stream without any `c=` (§5.7).
    NoConnection,
    /// An `m=` that lacks fields (§5.14).
    BadMedia,
    /// A port that is no number up to 65535.
    BadPort,
    /// An `m=` without any format.
    NoFormat,
    /// An attribute whose value can't be read.
    BadAttribute,
    /// A second `c=` in one part: the first counts.
    RepeatedConnection,
    /// `a=crypto` at session level, where it means nothing (RFC 4568 §5.1).
    SessionCrypto,
    /// A line that is not `x=…`.
    NotALine,
    /// A line longer than is read.
    LongLine,
    /// More of something than is kept.
    TooMany,
}

impl Defect {
    /// True for what makes a strict peer refuse to read the body at all: a line that the grammar demands is missing or can't
    /// be read. Line ends, blank lines, trailing NULs, unknown attributes and the like are forgiven everywhere.
    pub fn is_serious(&self) -> bool {
        matches!(
            self.fault,
            Fault::NoVersion
                | Fault::NoOrigin
                | Fault::NoSessionName
                | Fault::NoTiming
                | Fault::BadOrigin
                | Fault::BadConnection
                | Fault::NoConnection
                | Fault::BadMedia
                | Fault::BadPort
                | Fault::NoFormat
                | Fault::NotALine
        )
    }
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.fault {
            Fault::NoVersion => "v=0 is missing",
            Fault::NoOrigin => "o= is missing",
            Fault::NoSessionName => "s= is missing",
            Fault::NoTiming => "t= is missing",
            Fault::BadOrigin => "o= lacks fields",
            Fault::BadConnection => "c= can't be read",
            Fault::NoConnection => "a stream has no c=",
            Fault::BadMedia => "m= lacks fields",
            Fault::BadPort => "the port of m= is no number up to 65535",
            Fault::NoFormat => "m= has no format",
            Fault::BadAttribute => "an attribute can't be read",
            Fault::RepeatedConnection => "a second c=",
            Fault::SessionCrypto => "a=crypto at session level",
            Fault::NotALine => "not of the form x=",
            Fault::LongLine => "longer than is read",
            Fault::TooMany => "more than is kept",
        };
        if self.line == 0 {
            f.write_str(what)
        } else {
            write!(f, "line {}: {what}", self.line)
        }
    }
}
