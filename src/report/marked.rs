//! The lines of a refused request that decided, as places in its text: where the SDP is, and what each case says of its lines.

use serde::{Deserialize, Serialize};

use crate::call::Seen;
use crate::diagnosis::CASES;
use crate::diagnosis::Diagnosis;
use crate::diagnosis::FINDINGS;
use crate::diagnosis::Mark;
use crate::diagnosis::WrittenOffer;
use crate::diagnosis::mark::MOST_MARKS;
use crate::sdp::written_lines;
use crate::sip::Body;
use crate::sip::Message;
use crate::sip::Wholeness;

/// The SDP in a shown message, and what counts in it. Lines end in CR LF, LF or CR, and count from 1.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkedText {
    /// The line of the message at which the SDP begins.
    pub sdp_line: Option<u32>,
    /// What each case and each finding says of lines; which of them counts, the verdict tells.
    marks: Vec<MarkedLine>,
}

/// A line that counts for a case or for a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkedLine {
    about: About,
    /// The line of the message.
    pub line: u32,
    /// Whether it shows the case, or refutes it.
    pub shows: bool,
    /// Why, in a few words of printable ASCII.
    pub note: String,
}

/// By their places in the registries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum About {
    Case(u8),
    Finding(u8),
}

impl MarkedText {
    /// Looks for what counts in a request; nothing where its SDP is not whole.
    pub fn of(request: &Seen<'_>) -> Self {
        let (text, Body::Sdp(body)) = (request.bytes(), request.message().sdp()) else {
            return Self::default();
        };
        let Some(start) = place_in(text, body) else {
            return Self::default();
        };
        let offer = WrittenOffer::of(body);
        let mut marks = Vec::new();
        let mut take = |about, of: Vec<Mark>| {
            for mark in of.into_iter().take(MOST_MARKS) {
                let before = written_lines(body).take(mark.line.saturating_sub(1));
                let begin: usize = before.map(|line| line.len() + 1).sum();
                marks.push(MarkedLine {
                    about,
                    line: line_at(text, start + begin),
                    shows: mark.shows,
                    note: mark.note,
                });
            }
        };
        if !offer.description.is_unreadable() {
            for (place, case) in (0..).zip(CASES) {
                take(About::Case(place), (case.mark)(&offer));
            }
        }
        for (place, finding) in (0..).zip(FINDINGS) {
            take(About::Finding(place), (finding.mark)(&offer));
        }
        Self {
            sdp_line: Some(line_at(text, start)),
            marks,
        }
    }

    /// Goes over to another text of the message, whose SDP has as many lines, and notes with it; marks nothing where it has not.
    pub fn move_to(&mut self, before: &[u8], after: &[u8], mut note: impl FnMut(&str) -> String) {
        let (Some(before), Some(after)) = (sdp_lines(before), sdp_lines(after)) else {
            *self = Self::default();
            return;
        };
        self.sdp_line = Some(after.0);
        if before.1 - before.0 != after.1 - after.0 {
            self.marks.clear();
        }
        for mark in &mut self.marks {
            mark.line = (mark.line + after.0).saturating_sub(before.0);
            mark.note = note(&mark.note);
        }
    }

    /// The lines that count for what was decided: those of the case, else those of the finding.
    pub fn deciding(&self, diagnosis: &Diagnosis) -> impl Iterator<Item = &MarkedLine> {
        let case = diagnosis.case.map(About::Case);
        let about = case.or(diagnosis.finding.map(About::Finding));
        self.marks
            .iter()
            .filter(move |mark| Some(mark.about) == about)
    }
}

/// Where a part of a text begins.
fn place_in(text: &[u8], part: &[u8]) -> Option<usize> {
    let start = (part.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
    (start + part.len() <= text.len()).then_some(start)
}

/// The first and the last line of the SDP in a message.
fn sdp_lines(text: &[u8]) -> Option<(u32, u32)> {
    let message = Message::parse(text, Wholeness::Whole)?;
    let Body::Sdp(body) = message.sdp() else {
        return None;
    };
    let start = place_in(text, body)?;
    let end = start + body.trim_ascii_end().len();
    Some((line_at(text, start), line_at(text, end)))
}

/// The number of the line that a place is in.
fn line_at(text: &[u8], place: usize) -> u32 {
    let before = text.get(..place).unwrap_or(text);
    let ends = (0..before.len()).filter(|&at| match before[at] {
        b'\n' => true,
        b'\r' => text.get(at + 1) != Some(&b'\n'),
        _ => false,
    });
    u32::try_from(ends.count() + 1).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::line_at;

    #[test]
    fn lines_end_in_any_of_three_ways() {
        let text = b"a\r\nb\nc\rd\r\n\r\ne";
        let at = |letter| text.iter().position(|&byte| byte == letter).unwrap();
        let told: Vec<u32> = b"abcde"
            .iter()
            .map(|&letter| line_at(text, at(letter)))
            .collect();
        assert_eq!(told, [1, 2, 3, 4, 6]);
    }
}
