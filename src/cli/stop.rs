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

use super::exit::Exit;

/// How often the signals are looked after.
const TICK: Duration = Duration::from_millis(50);

/// How many of these a run has to stop by itself. One that waits for a pipe that brings nothing can't.
const TICKS_TO_STOP: usize = 20;

/// What a signal does to a run.
#[derive(Clone, Debug)]
pub(super) struct Stop {
    /// Set once a run is to end.
    pub(super) flag: Arc<AtomicBool>,
    /// The signal that came last; 0 before one does.
    signal: Arc<AtomicUsize>,
}

impl Stop {
    /// Catches Ctrl-C and what else asks a program to end. The second time, it ends at once.
    pub(super) fn on_signals() -> io::Result<Self> {
        let stop = Self {
            flag: Arc::default(),
            signal: Arc::default(),
        };
        #[cfg(unix)]
        let signals = [SIGINT, SIGTERM, signal_hook::consts::SIGHUP];
        #[cfg(not(unix))]
        let signals = [SIGINT, SIGTERM];
        for signal in signals {
            flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&stop.flag))?;
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

    /// The exit status of a run that was stopped: 128 and the signal's number, as shells have it.
    pub(super) fn exit(&self) -> Exit {
        Exit::Stopped(u8::try_from(self.signal.load(Ordering::Relaxed)).unwrap_or_default())
    }

    /// Ends the program where the run doesn't.
    fn watch(&self) {
        while !self.is_asked() {
            thread::sleep(TICK);
        }
        for _ in 0..TICKS_TO_STOP {
            thread::sleep(TICK);
        }
        process::exit(self.exit().status().into());
    }
}
