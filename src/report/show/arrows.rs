//! The ladder: a line for each message, below it what its SDP says.

use std::fmt::Write;

use crate::capture::record::Nanos;

use super::super::columns::Print;
use super::super::ladder::Arrow;
use super::super::row::Ice;
use super::super::row::OfferFacts;
use super::super::row::Srtp;
use super::Screen;
use super::Step;
use super::lanes::Lane;
use super::lanes::Lanes;
use super::letter;
use super::lines;
use super::places::Places;
use super::seconds;
use super::shown;

/// Number, time, offset and leg stand before the columns.
const GUTTER: usize = 30;

/// What stands above the frames.
const FRAME: &str = "frame";

/// Between two columns: less has no room for `200 OK (1 INVITE)`, and more only makes arrows long.
const NARROW: usize = 22;
const WIDE: usize = 40;

/// What is told below a message begins here.
const BELOW: usize = 6;

/// A message that was met again this much later was sent again; sooner, a second tap saw it.
const SENT_AGAIN: Nanos = Nanos(100_000_000);

/// Where the columns are.
struct Layout {
    between: usize,
    /// Columns of the frame's place at the end of the line; 0 where it has no room.
    behind: usize,
}

/// Draws all messages.
pub(super) fn draw(
    out: &mut String,
    has_legs: bool,
    lanes: &Lanes,
    steps: &[Step<'_, '_>],
    print: &Print<'_>,
    screen: Screen,
) {
    let Some(first) = steps.first() else { return };
    let places = Places::of(steps, print);
    let behind = steps.iter().map(|step| places.of_frame(step.arrow.frame));
    let behind = behind.map(|place| columns(&place)).max().unwrap_or(0);
    let behind = behind.max(columns(FRAME)) + 2;
    let layout = Layout::of(lanes.all.len(), behind, screen.width);
    match &layout {
        Some(layout) => head(out, lanes, layout, FRAME),
        None => legend(out, lanes),
    }
    for (number, step) in (1..).zip(steps) {
        let gutter = gutter(number, step, first.arrow.time, has_legs, print);
        let place = places.of_frame(step.arrow.frame);
        let labels = labels(step.arrow);
        let (line, is_short) = match &layout {
            Some(layout) => line(lanes, layout, step.arrow, &labels),
            None => listed(lanes, step.arrow, &labels),
        };
        let is_behind = layout.as_ref().is_none_or(|layout| layout.behind > 0);
        let line = format!("{line}  {}", if is_behind { &place } else { "" });
        let line = if step.is_of_refusal {
            screen.style.warning(line.trim_end())
        } else {
            line.trim_end().to_owned()
        };
        let _ = writeln!(out, "{gutter}{line}");
        let full = if is_short { &labels[0] } else { "" };
        let place = if is_behind { "" } else { &place };
        below(out, [full, place], step.arrow, screen.width);
    }
}

impl Layout {
    /// None where there are more columns than a line has room for.
    fn of(lanes: usize, behind: usize, width: usize) -> Option<Self> {
        let lanes = lanes.max(2);
        let of_width = |behind: usize| {
            let between = width.checked_sub(GUTTER + behind)? / lanes;
            (between >= NARROW).then(|| Self {
                between: between.min(WIDE),
                behind,
            })
        };
        of_width(behind).or_else(|| of_width(0))
    }

    /// Where a column's line is.
    const fn line_of(&self, lane: usize) -> usize {
        self.between * lane + self.between / 2
    }
}

/// The names and addresses above the columns.
fn head(out: &mut String, lanes: &Lanes, layout: &Layout, heading: &str) {
    let names = |what: fn(&Lane) -> String| {
        let mut line = " ".repeat(GUTTER);
        for lane in &lanes.all {
            let name = shortened(&what(lane), layout.between - 1);
            let _ = write!(line, "{name:^width$}", width = layout.between);
        }
        line
    };
    let _ = writeln!(out, "{}", names(|lane| lane.name.clone()).trim_end());
    let addresses = names(Lane::address);
    let heading = if layout.behind > 0 { heading } else { "" };
    let _ = writeln!(out, "{}", format!("{addresses}  {heading}").trim_end());
}

/// The names of the addresses, where there are too many for columns.
fn legend(out: &mut String, lanes: &Lanes) {
    for lane in lanes.all.iter().filter(|lane| !lane.name.is_empty()) {
        let _ = writeln!(out, "  {} is {}", lane.address(), lane.name);
    }
}

fn gutter(
    number: usize,
    step: &Step<'_, '_>,
    begun: Nanos,
    has_legs: bool,
    print: &Print<'_>,
) -> String {
    let mut time = String::new();
    print.zone.write(step.arrow.time, &mut time);
    let time = time.split_once(' ').map_or("", |(_, time)| time);
    let offset = format!("+{}", seconds(step.arrow.time.since(begun)));
    let leg = if has_legs { letter(step.leg) } else { ' ' };
    format!("{number:>3} {time:>12} {offset:>9} {leg}  ")
}

/// What an arrow is called, from the longest to the shortest.
fn labels(arrow: &Arrow<'_>) -> Vec<String> {
    let (method, cseq) = (shown(&arrow.method), arrow.cseq);
    match &arrow.status {
        None => vec![format!("{method} ({cseq})"), method],
        Some((status, phrase)) => {
            let phrase = shown(phrase);
            vec![
                format!("{status} {phrase} ({cseq} {method})"),
                format!("{status} {phrase} ({cseq})"),
                format!("{status} {phrase}"),
                format!("{status} ({cseq} {method})"),
                status.to_string(),
            ]
        }
    }
}

/// The line between the columns, and whether what it says had to be shortened.
fn line(lanes: &Lanes, layout: &Layout, arrow: &Arrow<'_>, labels: &[String]) -> (String, bool) {
    let width = layout.between * lanes.all.len();
    let mut line = vec![' '; width];
    for lane in 0..lanes.all.len() {
        line[layout.line_of(lane)] = '|';
    }
    let ends = lanes.find(arrow.from).zip(lanes.find(arrow.to));
    let Some((from, to)) = ends.filter(|(from, to)| from != to) else {
        let line: String = line.iter().collect();
        return (format!("{line} to itself: {}", labels[0]), false);
    };
    let (from, to) = (layout.line_of(from), layout.line_of(to));
    let (low, high) = (from.min(to) + 1, from.max(to));
    line[low..high].fill('-');
    if from < to {
        line[high - 1] = '>';
    } else {
        line[low] = '<';
    }
    let room = high - low - 4;
    let fits = labels.iter().position(|label| columns(label) <= room);
    let label = fits.map_or_else(
        || shortened(labels.last().map_or("", String::as_str), room),
        |place| labels[place].clone(),
    );
    let label = format!(" {label} ");
    let at = low + (high - low - columns(&label)) / 2;
    for (cell, character) in line[at..].iter_mut().zip(label.chars()) {
        *cell = character;
    }
    let has_all = |place: usize| place < 3 || labels.len() < 3;
    (line.iter().collect(), !fits.is_some_and(has_all))
}

/// The line where there are no columns.
fn listed(lanes: &Lanes, arrow: &Arrow<'_>, labels: &[String]) -> (String, bool) {
    let [from, to] = [arrow.from, arrow.to].map(|end| {
        let lane = lanes.find(end);
        lane.map_or_else(String::new, |lane| lanes.all[lane].address())
    });
    (format!("{from} -> {to}  {}", labels[0]), false)
}

/// What is told below a message: what did not fit, how often it came, what is missing, its SDP.
fn below(out: &mut String, unfit: [&str; 2], arrow: &Arrow<'_>, width: usize) {
    let unfit = unfit.into_iter().filter(|text| !text.is_empty());
    let mut told = vec![unfit.collect::<Vec<_>>().join("  ")];
    if arrow.times > 1 {
        let later = arrow.until.since(arrow.time);
        told.push(if later >= SENT_AGAIN {
            format!("x{}, last +{} s", arrow.times, seconds(later))
        } else {
            format!("seen {} times", arrow.times)
        });
    }
    if arrow.is_cut {
        told.push("cut: bytes of it are not in the capture".to_owned());
    }
    if let Some(facts) = &arrow.sdp {
        told.push(described(facts));
    }
    for text in told {
        for (place, line) in lines(&text, width.saturating_sub(BELOW + 2).max(24))
            .into_iter()
            .enumerate()
        {
            let indent = BELOW + if place == 0 { 0 } else { 2 };
            let _ = writeln!(out, "{:indent$}{line}", "");
        }
    }
}

/// What an SDP says.
fn described(facts: &OfferFacts<'_>) -> String {
    let list = |text| shown(text).replace(';', ", ");
    let mut parts = vec![list(&facts.media), list(&facts.codecs)];
    if let Some(srtp) = facts.srtp {
        let suites = list(&facts.crypto_suites);
        parts.push(match srtp {
            Srtp::None => "no SRTP".to_owned(),
            other => format!("SRTP {} {suites}", other.name()),
        });
    }
    if let Some(ice) = facts.ice {
        let count = facts.ice_candidates;
        let count = count.map_or_else(String::new, |count| format!(", {count} candidates"));
        parts.push(match ice {
            Ice::None => "no ICE".to_owned(),
            other => format!("ICE {}{count}", other.name()),
        });
    }
    let address = shown(&facts.connection_address);
    if !address.is_empty() {
        parts.push(format!("at {address}"));
    }
    parts.retain(|part| !part.trim().is_empty());
    format!("SDP: {}", parts.join(" | "))
}

fn columns(text: &str) -> usize {
    text.chars().count()
}

/// A text of at most so many columns.
fn shortened(text: &str, most: usize) -> String {
    if columns(text) <= most {
        return text.to_owned();
    }
    let kept = text.chars().take(most.saturating_sub(2));
    kept.chain("..".chars()).collect()
}
