//! How the program ends.

use std::process::ExitCode;
use std::process::Termination;

/// The exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: everything was read.
    Whole,
    /// 1: something could not be read; the results of all the rest are written.
    Partial,
    /// 2: nothing could be done.
    Nothing,
    /// 128 and the number of the signal that stopped it, 130 by Ctrl-C and 143 by SIGTERM: nothing is written.
    Stopped(u8),
}

impl Exit {
    /// The status as a number.
    pub const fn status(self) -> u8 {
        match self {
            Self::Whole => 0,
            Self::Partial => 1,
            Self::Nothing => 2,
            Self::Stopped(signal) => 128_u8.saturating_add(signal),
        }
    }
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        ExitCode::from(self.status())
    }
}
