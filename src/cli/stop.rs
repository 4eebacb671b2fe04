//! Signals that end a run: it stops at the next packet or row, and leaves nothing half written.
#![expect(
    clippy::disallowed_methods,
    reason = "a run that waits for input can't look after signals itself"
)]

use std::io;
use std::process;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use signal_hook::consts::SIGINT;
use signal_hook::consts::SIGTERM;
use signal_hook::flag;

use crate::pipeline::Error;

use super::exit::Exit;

/// How often the signals are looked after.
const TICK: Duration = Duration::from_millis(50);

/// How many of these a run has to stop by itself. One that waits for a pipe that brings nothing can't.
const TICKS_TO_STOP: usize = 20;

/// What a signal does to a run.
#[derive(Clone, Debug, Default)]
pub(super) struct Stop {
    /// Set once a run is to end.
    pub(super) flag: Arc<AtomicBool>,
    /// The signal that came last; 0 before one does.
    signal: Arc<AtomicUsize>,
    /// Set once files are put in their places: all of them, or the set would be half.
    is_held: Arc<AtomicBool>,
}

impl Stop {
    /// Catches Ctrl-C and what else asks a program to end.
    pub(super) fn on_signals() -> io::Result<Self> {
        let stop = Self::default();
        #[cfg(unix)]
        let signals = [SIGINT, SIGTERM, signal_hook::consts::SIGHUP];
        #[cfg(not(unix))]
        let signals = [SIGINT, SIGTERM];
        for signal in signals {
            flag::register_usize(
                signal,
                Arc::clone(&stop.signal),
                usize::try_from(signal).unwrap_or_default(),
            )?;
            flag::register(signal, Arc::clone(&stop.flag))?;
        }
        let watched = stop.clone();
        thread::spawn(move || watched.watch());
        Ok(stop)
    }

    /// True once a run is to end.
    pub(super) fn is_asked(&self) -> bool {
        self.flag.load(Ordering::Relaxed)
    }

    /// From here on nothing ends the program but itself: what was asked before this is an error.
    pub(super) fn hold(&self) -> Result<(), Error> {
        // The watch looks in the other order: one of the two sees what the other set.
        self.is_held.store(true, Ordering::SeqCst);
        if self.flag.load(Ordering::SeqCst) {
            return Err(Error::Stopped);
        }
        Ok(())
    }

    /// How a run ended: stopped, or as it says.
    pub(super) fn exit_of(&self, ended: anyhow::Result<Exit>) -> anyhow::Result<Exit> {
        match ended {
            Err(error) if matches!(error.downcast_ref(), Some(Error::Stopped)) => Ok(self.exit()),
            other => other,
        }
    }

    /// The exit status of a run that was stopped: 128 and the signal's number, as shells have it.
    fn exit(&self) -> Exit {
        Exit::Stopped(u8::try_from(self.signal.load(Ordering::Relaxed)).unwrap_or_default())
    }

    /// Ends the program where the run doesn't.
    fn watch(&self) {
        while !self.flag.load(Ordering::SeqCst) {
            thread::sleep(TICK);
        }
        for _ in 0..TICKS_TO_STOP {
            thread::sleep(TICK);
        }
        if !self.is_held.load(Ordering::SeqCst) {
            process::exit(self.exit().status().into());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use super::Error;
    use super::Stop;
    use crate::cli::exit::Exit;

    #[test]
    fn what_is_asked_while_files_are_put_in_place_ends_nothing() {
        let stop = Stop::default();
        stop.hold().unwrap();
        stop.flag.store(true, Ordering::SeqCst);
        // It would end this test, and all others.
        stop.watch();
    }

    #[test]
    fn what_was_asked_before_ends_the_run_with_the_signals_status() {
        let stop = Stop::default();
        stop.flag.store(true, Ordering::SeqCst);
        stop.signal.store(15, Ordering::SeqCst);
        let ended = stop.hold().map(|()| Exit::Whole);
        assert!(matches!(ended, Err(Error::Stopped)));
        let exit = stop.exit_of(ended.map_err(Into::into)).unwrap();
        assert_eq!(exit.status(), 143);
    }
}
