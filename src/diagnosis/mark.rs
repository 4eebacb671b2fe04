//! Which lines of a description decided, and why: what is shown beside them.

use crate::sdp::Line;
use crate::sdp::MediaDescription;
use crate::sdp::SessionDescription;
use crate::sdp::lines;

/// Marks of one case or finding at most: a description may repeat a line a thousand times.
pub const MOST_MARKS: usize = 48;

/// A line that counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Its number in the description, from 1.
    pub line: usize,
    /// Whether it shows the case, or refutes it.
    pub shows: bool,
    /// Why, in a few words. Holds no raw foreign text but printable ASCII, and no key.
    pub note: String,
}

impl Mark {
    /// A line that shows the case.
    pub fn shows(line: usize, note: impl Into<String>) -> Self {
        Self {
            line,
            shows: true,
            note: note.into(),
        }
    }

    /// A line that refutes it.
    pub fn refutes(line: usize, note: impl Into<String>) -> Self {
        Self {
            line,
            shows: false,
            note: note.into(),
        }
    }
}

/// An offer as it is written: the description, and the lines that it was read from.
#[derive(Clone, Debug)]
pub struct WrittenOffer<'a> {
    /// What was read.
    pub description: SessionDescription<'a>,
    /// Its lines.
    pub lines: Vec<Line<'a>>,
}

impl<'a> WrittenOffer<'a> {
    /// Reads a body.
    pub fn of(body: &'a [u8]) -> Self {
        let description = SessionDescription::parse(body);
        let lines = lines(body, &description);
        Self { description, lines }
    }

    /// The live streams, with their places among the `m=` lines.
    pub fn live(&self) -> impl Iterator<Item = (usize, &MediaDescription<'a>)> {
        let media = self.description.media.iter().enumerate();
        media.filter(|(_, media)| media.is_live())
    }

    /// The lines of a section; of the session where there is none.
    pub fn lines_of(&self, section: Option<usize>) -> impl Iterator<Item = &Line<'a>> {
        self.lines
            .iter()
            .filter(move |line| line.section == section)
    }

    /// What can be said of streams where none is live: of each `m=` line that it offers nothing, else that there is none.
    pub fn nothing_live(&self) -> Vec<Mark> {
        if self.description.media.is_empty() {
            return vec![Mark::shows(1, "there is no m= line: nothing is offered")];
        }
        let media = self.description.media.iter();
        media
            .map(|media| Mark::shows(media.line, "port 0: the stream offers nothing"))
            .collect()
    }
}
