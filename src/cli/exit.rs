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
    /// 130: stopped by a signal; nothing is written.
    Stopped,
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Whole => 0,
            Self::Partial => 1,
            Self::Nothing => 2,
            Self::Stopped => 130,
        })
    }
}
