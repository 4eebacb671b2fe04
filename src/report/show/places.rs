//! Where a message is: the number that Wireshark shows, and in which capture.

use std::collections::BTreeSet;
use std::path::Path;

use crate::capture::record::Frame;

use super::super::columns::Print;
use super::super::escape::terminal;
use super::Step;

/// How frames are told: by their number alone where all are in one capture.
pub(super) struct Places<'p> {
    paths: &'p [String],
    files: BTreeSet<u32>,
}

impl<'p> Places<'p> {
    pub(super) fn of(steps: &[Step<'_, '_>], print: &Print<'p>) -> Self {
        Self {
            paths: print.paths,
            files: steps.iter().map(|step| step.arrow.frame.file).collect(),
        }
    }

    /// The frame, with its capture where there are several.
    pub(super) fn of_frame(&self, frame: Frame) -> String {
        if self.files.len() < 2 {
            return frame.number.to_string();
        }
        let path = self.paths.get(frame.file as usize);
        let path = path.map_or("", String::as_str);
        let name = |path: &str| {
            let name = Path::new(path).file_name();
            name.map_or_else(
                || path.to_owned(),
                |name| name.to_string_lossy().into_owned(),
            )
        };
        let own = name(path);
        let same = self.files.iter().filter(|&&file| {
            let other = self.paths.get(file as usize);
            other.is_some_and(|other| name(other) == own)
        });
        let told = if same.count() > 1 { path } else { &own };
        format!("{}:{}", terminal(told), frame.number)
    }
}
