//! `sip488 extract`: the packets of some calls, as a capture of their own.

use std::collections::BTreeSet;
use std::io;
use std::io::IsTerminal;
use std::io::Write;
use std::path::Path;

use anyhow::Context;

use crate::pipeline::Analysis;
use crate::pipeline::Error;
use crate::pipeline::Options;
use crate::pipeline::analyze;
use crate::pipeline::extract;
use crate::pipeline::extract::Extract;
use crate::report::closing::unread;
use crate::report::escape::terminal;
use crate::report::extract::Packet;
use crate::report::extract::anew::packet;
use crate::report::extract::pcapng::Writer;
use crate::report::extract::told::Done;
use crate::report::extract::told::told;
use crate::report::ladder::Ladders;
use crate::report::publish::Publication;
use crate::report::redact::Kept;
use crate::report::redact::Key;
use crate::report::redact::Redaction;
use crate::report::row::Row;
use crate::report::spill::Batch;
use crate::report::spill::Sorter;
use crate::report::spill::decode;
use crate::trunk::Teams;

use super::arguments;
use super::exit::Exit;
use super::progress::Bar;
use super::reading::check_inputs_stay;
use super::reading::config;
use super::reading::nothing_read;
use super::reading::options;
use super::reading::redaction_key;
use super::reading::style;
use super::stop::Stop;

/// Why standard input won't do.
const READ_TWICE: &str = "standard input and pipes can't be read twice, as finding a call's packets takes; give the capture as a file";

/// Packets between two looks whether the run is to end.
const LOOK: usize = 4096;

/// Copies the packets.
pub fn run(arguments: &arguments::Extract) -> anyhow::Result<Exit> {
    let stop = Stop::on_signals().context("signals can't be caught")?;
    stop.exit_of(read_and_write(arguments, &stop))
}

fn read_and_write(arguments: &arguments::Extract, stop: &Stop) -> anyhow::Result<Exit> {
    let reading = &arguments.reading;
    let is_stream = |path: &std::path::PathBuf| path == Path::new("-");
    anyhow::ensure!(!reading.paths.iter().any(is_stream), READ_TWICE);
    anyhow::ensure!(
        arguments.output != Path::new("-"),
        "-: a capture is no text for standard output; name a file"
    );
    let config = config(arguments.config.as_deref(), &reading.teams)?;
    let options = options(reading, config, stop)?;
    let key = redaction_key(&arguments.redaction)?;
    let output = || std::iter::once(arguments.output.as_path());
    let one = [&arguments.config, &arguments.redaction.redact_key];
    let files = one.into_iter().flatten().chain(&reading.keylog);
    check_inputs_stay(output(), &files.cloned().collect())?;
    let mut file = Publication::begin(&arguments.output)?;
    let bar = Bar::new(reading.quiet);
    let analysis = analyze(&options, &bar);
    bar.finish();
    let mut analysis = analysis?;
    if analysis.is_nothing {
        return Err(nothing_read(&analysis.summary));
    }
    anyhow::ensure!(analysis.can_be_read_again, READ_TWICE);
    check_inputs_stay(output(), &analysis.inputs)?;
    let wanted = Wanted::in_run(&mut analysis, arguments)?;
    if !reading.quiet && !analysis.is_whole {
        let style = style(io::stderr().is_terminal());
        if let Some(key) = &key {
            let teams = Teams::new(&options.config);
            Redaction::new(key, teams, Kept::default()).summary(&mut analysis.summary);
        }
        let _ = io::stderr().write_all(unread(&analysis.summary, style).as_bytes());
    }
    let missing = wanted.missing(&arguments.call_id);
    for id in &missing {
        let _ = writeln!(
            io::stderr(),
            "sip488: no call with the Call-ID {} is in what was read",
            terminal(id)
        );
    }
    if wanted.ids.is_empty() {
        if missing.is_empty() {
            let _ = writeln!(
                io::stderr(),
                "sip488: no call met a 488: nothing is written"
            );
        }
        return Ok(Exit::Partial);
    }
    let bar = Bar::new(reading.quiet);
    let extracted = match key {
        Some(key) => made_anew(&options, &wanted.ids, key, &bar, &mut analysis),
        None => extract::extract(
            &options,
            &wanted.ids,
            &analysis.keys,
            arguments.with_keys,
            &bar,
        ),
    };
    bar.finish();
    let extracted = extracted?;
    let is_something = extracted.done.packets > 0;
    if is_something {
        write(&mut file, &extracted, &analysis, stop)?;
        stop.hold()?;
        file.publish()?;
    }
    if !reading.quiet || !is_something {
        let done = Done {
            calls: wanted.calls,
            ..extracted.done
        };
        let _ = io::stderr().write_all(told(&done).as_bytes());
    }
    let is_whole = is_something && !extracted.done.has_left_out();
    Ok(if is_whole && analysis.is_whole && missing.is_empty() {
        Exit::Whole
    } else {
        Exit::Partial
    })
}

/// Each message of these calls as a redacted packet of its own. From then on the analysis is the redacted one.
fn made_anew(
    options: &Options,
    ids: &BTreeSet<Vec<u8>>,
    key: Key,
    bar: &Bar,
    analysis: &mut Analysis,
) -> Result<Extract, Error> {
    let options = Options {
        ladders: Ladders::ToBeRedacted(ids.clone()),
        redaction_key: Some(key),
        ..options.clone()
    };
    *analysis = analyze(&options, bar)?;
    let of_some = |rows: &[Row<'_>]| {
        let ladders = rows.iter().filter_map(|row| row.ladder.as_ref());
        let arrows = ladders.flat_map(|ladder| &ladder.arrows);
        let mut batch = Batch::default();
        let mut files = BTreeSet::new();
        for packet in arrows.filter_map(packet) {
            batch.push(|key| packet.order(key), &packet);
            files.insert(packet.frame.file);
        }
        (batch, files)
    };
    let (mut packets, mut files) = (Sorter::default(), BTreeSet::new());
    let mut done = Done {
        is_redacted: true,
        ..Done::default()
    };
    analysis.each_call::<_, Error>(of_some, |(batch, some)| {
        packets.append(&batch)?;
        done.packets += batch.len() as u64;
        files.extend(some);
        Ok(())
    })?;
    done.files = files.len() as u64;
    Ok(Extract {
        packets: packets.finish()?,
        key_log: Vec::new(),
        done,
    })
}

fn write(
    file: &mut Publication,
    extracted: &Extract,
    analysis: &Analysis,
    stop: &Stop,
) -> anyhow::Result<()> {
    let mut writer = Writer::begin(file, &extracted.key_log)?;
    for (number, packet) in extracted.packets.read()?.enumerate() {
        if number.is_multiple_of(LOOK) && stop.is_asked() {
            return Err(Error::Stopped.into());
        }
        let packet = packet?;
        let packet: Packet<'_> = decode(&packet)?;
        let path = analysis.file_names.get(packet.frame.file as usize);
        let path = path.map_or_else(String::new, |path| path.display().to_string());
        writer.packet(&packet, &format!("{path}:{}", packet.frame.number))?;
    }
    writer.finish()?;
    Ok(())
}

/// The calls whose packets are to be copied.
#[derive(Debug, Default)]
struct Wanted {
    ids: BTreeSet<Vec<u8>>,
    calls: u64,
}

impl Wanted {
    fn in_run(analysis: &mut Analysis, arguments: &arguments::Extract) -> Result<Self, Error> {
        let named: BTreeSet<&[u8]> = arguments.call_id.iter().map(String::as_bytes).collect();
        let of_some = |rows: &[Row<'_>]| -> Vec<(Vec<u8>, Vec<u8>)> {
            let is_wanted = |row: &&Row<'_>| {
                (arguments.only_488 && row.rejections > 0) || named.contains(row.call_id.as_bytes())
            };
            let told = |row: &Row<'_>| {
                let others = row.relation.as_ref().filter(|_| arguments.with_legs);
                let others = others.map(|of| of.call_ids.as_bytes().to_vec());
                (row.call_id.as_bytes().to_vec(), others.unwrap_or_default())
            };
            rows.iter().filter(is_wanted).map(told).collect()
        };
        let mut wanted = Self::default();
        analysis.each_call::<_, Error>(of_some, |some| {
            for (id, others) in some {
                wanted.calls += 1;
                wanted.ids.insert(id);
                let others = others.split(|&byte| byte == b';');
                let others = others.filter(|id| !id.is_empty()).map(<[u8]>::to_vec);
                wanted.ids.extend(others);
            }
            Ok(())
        })?;
        if arguments.with_legs {
            wanted.calls = wanted.count(analysis)?;
        }
        Ok(wanted)
    }

    /// The calls of these Call-IDs.
    fn count(&self, analysis: &mut Analysis) -> Result<u64, Error> {
        let of_some = |rows: &[Row<'_>]| {
            let is_wanted = |row: &&Row<'_>| self.ids.contains(row.call_id.as_bytes());
            rows.iter().filter(is_wanted).count() as u64
        };
        let mut calls = 0;
        analysis.each_call::<_, Error>(of_some, |some| {
            calls += some;
            Ok(())
        })?;
        Ok(calls)
    }

    /// The Call-IDs that were named and are of no call.
    fn missing<'n>(&self, named: &'n [String]) -> Vec<&'n str> {
        let is_missing = |id: &&String| !self.ids.contains(id.as_bytes());
        named
            .iter()
            .filter(is_missing)
            .map(String::as_str)
            .collect()
    }
}
