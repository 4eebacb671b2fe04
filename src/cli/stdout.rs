//! Standard output.

use std::io;
use std::io::BufWriter;
use std::io::ErrorKind;
use std::io::IsTerminal;
use std::io::Write;

use anyhow::Context;

use crate::report::escape::table_on_terminal;

/// Standard output as data is written to it. A reader that has seen enough closes the pipe: that is no error, and what comes
/// later is dropped.
#[derive(Debug)]
pub(super) struct Stdout {
    out: BufWriter<io::Stdout>,
    is_closed: bool,
}

impl Stdout {
    /// Nothing written yet.
    pub(super) fn new() -> Self {
        Self {
            out: BufWriter::with_capacity(64 << 10, io::stdout()),
            is_closed: false,
        }
    }

    /// Writes whole lines of a table; on a terminal without what would drive it.
    pub(super) fn table(&mut self, lines: &[u8]) -> anyhow::Result<()> {
        if self.out.get_ref().is_terminal() {
            self.text(&table_on_terminal(&String::from_utf8_lossy(lines)))
        } else {
            self.write(lines)
        }
    }

    /// Writes our own words.
    pub(super) fn text(&mut self, text: &str) -> anyhow::Result<()> {
        self.write(text.as_bytes())
    }

    /// Writes what is still held back.
    pub(super) fn finish(&mut self) -> anyhow::Result<()> {
        if self.is_closed {
            return Ok(());
        }
        let written = self.out.flush();
        self.check(written)
    }

    fn write(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        if self.is_closed {
            return Ok(());
        }
        let written = self.out.write_all(bytes);
        self.check(written)
    }

    fn check(&mut self, written: io::Result<()>) -> anyhow::Result<()> {
        match written {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.is_closed = true;
                Ok(())
            }
            other => other.context("standard output"),
        }
    }
}

/// Prints our own words.
pub(super) fn print(text: &str) -> anyhow::Result<()> {
    let mut out = Stdout::new();
    out.text(text)?;
    out.finish()
}
