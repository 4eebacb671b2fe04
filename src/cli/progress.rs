//! The progress bar: bytes, rate and time left, on a terminal alone.

use std::time::Duration;

use indicatif::ProgressBar;
use indicatif::ProgressDrawTarget;
use indicatif::ProgressStyle;

use crate::pipeline::Progress;

/// A bar on standard error, or nothing where that is no terminal.
#[derive(Debug)]
pub struct Bar(ProgressBar);

impl Bar {
    /// A bar; hidden where nobody asked for one.
    pub fn new(is_quiet: bool) -> Self {
        let target = if is_quiet {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        };
        let bar = ProgressBar::with_draw_target(Some(0), target);
        let template = "{bar:32} {bytes}/{total_bytes}  {bytes_per_sec}  {eta} left";
        bar.set_style(
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()),
        );
        Self(bar)
    }

    /// Clears the line.
    pub fn finish(&self) {
        self.0.finish_and_clear();
    }
}

impl Progress for Bar {
    fn total(&self, bytes: u64) {
        // Before there is a length, the bar would look full.
        self.0.set_length(bytes);
        self.0.reset_eta();
        self.0.enable_steady_tick(Duration::from_millis(200));
    }

    fn read(&self, bytes: u64) {
        self.0.inc(bytes);
        // Standard input has no length: the bar grows with it.
        if self
            .0
            .length()
            .is_some_and(|length| length < self.0.position())
        {
            self.0.set_length(self.0.position());
        }
    }
}
