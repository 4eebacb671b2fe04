//! The messages as they were: a line is a line, and what would drive a terminal is made visible.

use std::fmt::Write;

use super::super::escape::terminal;
use super::Screen;
use super::Step;

/// All messages, numbered as in the ladder.
pub(super) fn messages(out: &mut String, steps: &[Step<'_, '_>], screen: Screen) {
    for (number, step) in (1..).zip(steps) {
        let arrow = step.arrow;
        let heading = format!("message {number}, {} bytes", arrow.bytes);
        let _ = writeln!(out, "\n{}", screen.style.bold(&heading));
        if arrow.message.is_empty() && arrow.bytes > 0 {
            out.push_str("  too long to be shown\n");
            continue;
        }
        let text = String::from_utf8_lossy(arrow.message.as_bytes());
        for line in text.split_terminator('\n') {
            let line = line.strip_suffix('\r').unwrap_or(line);
            let _ = writeln!(out, "  {}", terminal(line));
        }
        if arrow.is_cut {
            out.push_str("  (the rest is not in the capture)\n");
        }
    }
}
