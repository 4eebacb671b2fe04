//! One call for people: its messages as a ladder, what was found about its refusals, and on demand the messages themselves.
//!
//! This page puts the parts together; `lanes` says which column is whose, `places` where a message is; `arrows` draws;
//! `raw` has the messages.

mod arrows;
mod lanes;
mod places;
mod raw;

use std::fmt::Write;

use crate::capture::record::Nanos;
use crate::diagnosis::Diagnosis;
use crate::text::Text;

use super::closing::Style;
use super::columns::Print;
use super::escape::terminal;
use super::ladder::Arrow;
use super::row::Direction;
use super::row::Outcome;
use super::row::RejectedAt;
use super::row::Row;
use super::row::Transport;

use self::lanes::Lanes;

/// What a page is made for.
#[derive(Clone, Copy, Debug)]
pub struct Screen {
    /// Columns of a line; what does not fit is put otherwise, or shortened.
    pub width: usize,
    /// Whether to colour.
    pub style: Style,
    /// Whether the messages follow, as they were.
    pub is_raw: bool,
}

/// A call, or another leg of it, and its refusals in order.
#[derive(Clone, Debug)]
pub struct Leg<'a> {
    /// The call's row, with its ladder.
    pub call: Row<'a>,
    /// The rows of its rejections.
    pub rejections: Vec<Row<'a>>,
}

/// A message, and which leg's it is.
#[derive(Clone, Copy, Debug)]
struct Step<'l, 'a> {
    leg: usize,
    arrow: &'l Arrow<'a>,
    /// True for a request that was refused, and for its 488.
    is_of_refusal: bool,
}

/// The page of one call; its other legs stand behind it. Nothing in it drives a terminal, and no key is in it.
pub fn page(legs: &[Leg<'_>], print: &Print<'_>, screen: Screen) -> String {
    let steps = steps(legs);
    let mut out = String::new();
    for (place, leg) in legs.iter().enumerate() {
        describe_call(&mut out, legs, place, &leg.call, print, screen);
    }
    if legs.iter().any(|leg| leg.call.file != legs[0].call.file) {
        out.push_str("  times are those of each capture, whose clocks may differ\n");
    }
    out.push('\n');
    let lanes = Lanes::of(legs, &steps);
    arrows::draw(&mut out, legs.len() > 1, &lanes, &steps, print, screen);
    for (place, leg) in legs.iter().enumerate() {
        for rejection in &leg.rejections {
            out.push('\n');
            describe_rejection(&mut out, legs.len(), place, rejection, print, screen);
        }
    }
    if screen.is_raw {
        raw::messages(&mut out, &steps, screen);
    }
    out
}

/// The messages of all legs in order of time.
fn steps<'l, 'a>(legs: &'l [Leg<'a>]) -> Vec<Step<'l, 'a>> {
    let mut steps = Vec::new();
    for (leg, of) in legs.iter().enumerate() {
        let Some(ladder) = of.call.ladder.as_deref() else {
            continue;
        };
        for arrow in &ladder.arrows {
            let is_at = |frame: Option<u64>, file: Option<u32>| {
                (frame, file) == (Some(arrow.frame.number), Some(arrow.frame.file))
            };
            let is_of_refusal = of.rejections.iter().any(|row| {
                is_at(row.invite_frame, row.file) || is_at(row.response_frame, row.response_file)
            });
            steps.push(Step {
                leg,
                arrow,
                is_of_refusal,
            });
        }
    }
    steps.sort_by_key(|step| step.arrow.time);
    steps
}

/// What a leg is called in the ladder: A, B and so on.
fn letter(leg: usize) -> char {
    u8::try_from(leg).map_or('*', |leg| char::from(b'A'.saturating_add(leg).min(b'Z')))
}

fn describe_call(
    out: &mut String,
    legs: &[Leg<'_>],
    place: usize,
    row: &Row<'_>,
    print: &Print<'_>,
    screen: Screen,
) {
    let say = |out: &mut String, text: &str| {
        for line in lines(text, screen.width.saturating_sub(2)) {
            let _ = writeln!(out, "  {line}");
        }
    };
    let mut heading = if place == 0 { "call" } else { "other leg" }.to_owned();
    if legs.len() > 1 {
        let _ = write!(heading, " {}", letter(place));
    }
    let heading = screen.style.bold(&heading);
    let _ = writeln!(out, "{heading} {}", shown(&row.call_id));
    let mut date = String::new();
    print.zone.write(row.start_time, &mut date);
    let words = [
        ended(row),
        row.direction.map_or("", Direction::name).to_owned(),
        row.transport.map_or("", Transport::name).to_owned(),
        format!("begun {date} {}", print.zone.name()),
    ];
    let words: Vec<String> = words.into_iter().filter(|word| !word.is_empty()).collect();
    say(out, &words.join(", "));
    let trunk = [&row.trunk, &row.carrier_trunk].map(shown);
    let trunks = match trunk {
        [trunk, carrier] if carrier.is_empty() || trunk == carrier => format!("trunk {trunk}"),
        [trunk, carrier] => format!("trunk {trunk}, carrier {carrier}"),
    };
    let numbers = [&row.caller, &row.callee].map(shown).join(" -> ");
    say(out, &format!("{numbers}, {trunks}"));
    if let Some(relation) = row.relation.as_ref().filter(|_| place == 0) {
        let (count, with) = (legs.len() - 1, shown(&relation.call_ids));
        let beside = if count == 0 {
            format!("; its other leg is {with}")
        } else {
            String::new()
        };
        say(out, &format!("legs of one call by {}{beside}", relation.by));
    }
}

/// How a call ended, in words.
fn ended(row: &Row<'_>) -> String {
    let status = row
        .final_status
        .map_or_else(String::new, |status| format!(" with {status}"));
    let after = |span: Option<Nanos>| {
        span.map_or_else(String::new, |span| format!(" after {} s", seconds(span)))
    };
    match row.outcome {
        Outcome::Incomplete => "incomplete: its initial INVITE is not in the capture".to_owned(),
        Outcome::Unanswered => "no final response in the capture".to_owned(),
        outcome => {
            let mut said = format!("{}{status}{}", outcome.name(), after(row.setup));
            if let Some(duration) = row.duration {
                let _ = write!(said, ", ended by BYE {} s later", seconds(duration));
            }
            said
        }
    }
}

fn describe_rejection(
    out: &mut String,
    legs: usize,
    place: usize,
    row: &Row<'_>,
    print: &Print<'_>,
    screen: Screen,
) {
    let mut heading = match row.rejected_at {
        Some(RejectedAt::Initial) => "488 to the initial INVITE",
        Some(RejectedAt::ReInvite) => "488 to a re-INVITE",
        Some(RejectedAt::Update) => "488 to an UPDATE",
        None => "488 to a request that is not in the capture",
    }
    .to_owned();
    if legs > 1 {
        let _ = write!(heading, " of leg {}", letter(place));
    }
    if let Some(by) = row.rejected_by {
        let _ = write!(heading, ", refused by {}", by.name());
    }
    let _ = writeln!(out, "{}", screen.style.bold(&heading));
    let mut say = |label: &str, text: &str| labelled(out, label, text, screen.width);
    let diagnosis = row.diagnosis.as_ref();
    let case = diagnosis.and_then(Diagnosis::case);
    let code = diagnosis.and_then(|of| of.microsoft_code);
    let named = case.map_or("none of the four causes", |case| case.name);
    let code = code.map_or_else(String::new, |code| {
        format!(", {code} in Microsoft's report")
    });
    say("case", &format!("{named}{code}"));
    if let Some(of) = diagnosis {
        say("verdict", of.verdict.name());
        say("finding", of.finding().map_or("", |of| of.name));
        say("evidence", &of.evidence);
    }
    say(
        "response",
        &[&row.diag_code, &row.diag_phrase].map(shown).join(" "),
    );
    say("correlation", &shown(&row.correlation_id));
    say("packets", &packets(row, print));
    if row.relation.as_ref().is_some_and(|of| of.relayed) {
        // What to do is told of the leg that refused first.
        return;
    }
    say("remedy", case.map_or("", |case| case.remedy));
    say("page", case.map_or("", |case| case.page));
}

/// Where the refused request and its 488 are.
fn packets(row: &Row<'_>, print: &Print<'_>) -> String {
    let at = |file: Option<u32>, frame: Option<u64>| {
        let path = print.paths.get(file? as usize)?;
        Some(format!("{}:{}", terminal(path), frame?))
    };
    let request = at(row.file, row.invite_frame);
    let response = at(row.response_file, row.response_frame);
    let both = [("request", request), ("488", response)];
    let told = both
        .into_iter()
        .filter_map(|(what, at)| Some(format!("{what} {}", at?)));
    told.collect::<Vec<_>>().join(", ")
}

/// A label and a text beside it, broken into lines; nothing where there is no text.
fn labelled(out: &mut String, label: &str, text: &str, width: usize) {
    const BESIDE: usize = 14;
    for (place, line) in lines(text.trim(), width.saturating_sub(BESIDE).max(24))
        .into_iter()
        .enumerate()
    {
        let label = if place == 0 { label } else { "" };
        let _ = writeln!(out, "  {label:<11} {line}");
    }
}

/// A text in lines of at most so many columns, but for words that are longer.
fn lines(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut columns = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        match lines.last_mut() {
            Some(line) if columns + 1 + length <= width => {
                line.push(' ');
                line.push_str(word);
                columns += 1 + length;
            }
            _ => {
                lines.push(word.to_owned());
                columns = length;
            }
        }
    }
    lines
}

/// Foreign text as a part of a line.
fn shown(text: &Text<'_>) -> String {
    terminal(&String::from_utf8_lossy(text.as_bytes()))
}

/// A span in seconds, with three decimals.
fn seconds(span: Nanos) -> String {
    let millis = span.0.unsigned_abs() / 1_000_000;
    let sign = if span.0 < 0 { "-" } else { "" };
    format!("{sign}{}.{:03}", millis / 1000, millis % 1000)
}

#[cfg(test)]
mod tests;
