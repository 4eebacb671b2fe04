//! The files that `sip488 analyze` writes: all of them, or none.

use std::io;
use std::io::BufWriter;
use std::io::ErrorKind;
use std::io::IsTerminal;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

use anyhow::Context;

use crate::pipeline::Analysis;
use crate::pipeline::Error;
use crate::report::columns;
use crate::report::columns::Column;
use crate::report::columns::Print;
use crate::report::csv::Table;
use crate::report::csv::lines;
use crate::report::escape::table_on_terminal;
use crate::report::offers::OfferTable;
use crate::report::publish::Publication;
use crate::report::row::Row;
use crate::report::time::Zone;
use crate::report::trunks::TrunkCounts;

use super::arguments::Analyze;
use super::stop::Stop;

/// Where the results go.
pub(super) struct Outputs {
    calls: Calls,
    rejections: Option<Publication>,
    trunks: Option<Publication>,
    offers: Option<Publication>,
    summary: Option<Publication>,
}

enum Calls {
    File(Publication),
    Stdout(BufWriter<io::Stdout>),
}

impl Outputs {
    /// Begins the files that are asked for.
    pub(super) fn begin(arguments: &Analyze) -> anyhow::Result<Self> {
        let begin = |path: &Option<PathBuf>| {
            path.as_deref()
                .map(|path: &Path| Publication::begin(path))
                .transpose()
        };
        Ok(Self {
            calls: match begin(
                &arguments
                    .output
                    .clone()
                    .filter(|path| path != Path::new("-")),
            )? {
                Some(file) => Calls::File(file),
                None => Calls::Stdout(BufWriter::with_capacity(64 << 10, io::stdout())),
            },
            rejections: begin(&arguments.rejections)?,
            trunks: begin(&arguments.trunk_report)?,
            offers: begin(&arguments.offer_report)?,
            summary: begin(&arguments.summary)?,
        })
    }

    /// Writes everything, unless a signal stops it.
    pub(super) fn write(
        &mut self,
        analysis: &mut Analysis,
        zone: &Zone,
        only_488: bool,
        stop: &Stop,
    ) -> anyhow::Result<Vec<TrunkCounts>> {
        let paths: Vec<String> = analysis
            .file_names
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        let print = Print {
            zone,
            paths: &paths,
        };
        let mut offers = self.write_rejections(analysis, print, stop)?;
        let trunks = self.write_calls(analysis, print, only_488, stop, &mut offers)?;
        analysis.summary.limits.offers_not_told_apart = offers.left_out;
        let offers = offers.into_rows();
        write_table(&mut self.trunks, columns::trunks::COLUMNS, print, &trunks)?;
        write_table(&mut self.offers, columns::offers::COLUMNS, print, &offers)?;
        if let Some(file) = &mut self.summary {
            file.write_all(analysis.summary.json()?.as_bytes())?;
        }
        go_on(stop)?;
        Ok(trunks)
    }

    /// Writes the rejections, where they are asked for, and counts their offers.
    fn write_rejections(
        &mut self,
        analysis: &mut Analysis,
        print: Print<'_>,
        stop: &Stop,
    ) -> anyhow::Result<OfferTable> {
        let counts_offers = self.offers.is_some();
        let mut offers = OfferTable::default();
        let mut file = self.rejections.as_mut();
        if let Some(file) = &mut file {
            file.write_all(&render_header(print)?)?;
        }
        let render = |rows: &[Row<'_>]| {
            let lines = lines(&columns::calls::columns(), print, rows.iter());
            let offers = offers_of(rows, counts_offers, OfferTable::add_rejection);
            (lines, offers)
        };
        analysis.each_rejection::<_, anyhow::Error>(render, |(lines, some)| {
            go_on(stop)?;
            offers.join(some);
            match &mut file {
                Some(file) => Ok(file.write_all(&lines?)?),
                None => Ok(()),
            }
        })?;
        Ok(offers)
    }

    /// Writes the calls, and counts the offers of those that met no 488.
    fn write_calls(
        &mut self,
        analysis: &mut Analysis,
        print: Print<'_>,
        only_488: bool,
        stop: &Stop,
        offers: &mut OfferTable,
    ) -> anyhow::Result<Vec<TrunkCounts>> {
        let counts_offers = self.offers.is_some();
        let is_wanted = |row: &&Row<'_>| !only_488 || row.rejections > 0;
        let render = |rows: &[Row<'_>]| {
            let wanted = rows.iter().filter(is_wanted);
            let lines = lines(&columns::calls::columns(), print, wanted);
            (lines, offers_of(rows, counts_offers, OfferTable::add_call))
        };
        let mut calls = CallsOut {
            calls: &mut self.calls,
            is_closed: false,
        };
        calls.write(&render_header(print)?)?;
        let trunks = analysis.each_call::<_, anyhow::Error>(render, |(lines, some)| {
            go_on(stop)?;
            offers.join(some);
            calls.write(&lines?)
        })?;
        calls.finish()?;
        Ok(trunks)
    }

    /// Puts all files in place; none where one of them can't be written whole.
    pub(super) fn publish(self) -> anyhow::Result<()> {
        let mut files: Vec<Publication> = [self.rejections, self.trunks, self.offers, self.summary]
            .into_iter()
            .flatten()
            .collect();
        if let Calls::File(file) = self.calls {
            files.push(file);
        }
        for file in &mut files {
            file.complete()?;
        }
        for file in files {
            file.publish()?;
        }
        Ok(())
    }
}

/// An error where the run is to end.
fn go_on(stop: &Stop) -> Result<(), Error> {
    (!stop.is_asked()).then_some(()).ok_or(Error::Stopped)
}

/// The offers of some rows, where they are asked for.
fn offers_of(rows: &[Row<'_>], are_wanted: bool, add: fn(&mut OfferTable, &Row<'_>)) -> OfferTable {
    let mut table = OfferTable::default();
    for row in rows.iter().filter(|_| are_wanted) {
        add(&mut table, row);
    }
    table
}

/// Writes a whole table, where one is asked for.
fn write_table<T>(
    file: &mut Option<Publication>,
    columns: &[Column<T>],
    print: Print<'_>,
    rows: &[T],
) -> io::Result<()> {
    let Some(file) = file else { return Ok(()) };
    let mut table = Table::begin(columns, print, file)?;
    rows.iter().try_for_each(|row| table.row(row))?;
    table.finish()
}

fn render_header(print: Print<'_>) -> anyhow::Result<Vec<u8>> {
    let mut header = Vec::new();
    Table::begin(&columns::calls::columns(), print, &mut header)?.finish()?;
    Ok(header)
}

/// The calls CSV on its way out.
struct CallsOut<'o> {
    calls: &'o mut Calls,
    is_closed: bool,
}

impl CallsOut<'_> {
    fn write(&mut self, lines: &[u8]) -> anyhow::Result<()> {
        match self.calls {
            Calls::File(file) => Ok(file.write_all(lines)?),
            Calls::Stdout(_) if self.is_closed => Ok(()),
            Calls::Stdout(out) => {
                let written = if out.get_ref().is_terminal() {
                    out.write_all(table_on_terminal(&String::from_utf8_lossy(lines)).as_bytes())
                } else {
                    out.write_all(lines)
                };
                self.check(written)
            }
        }
    }

    fn finish(&mut self) -> anyhow::Result<()> {
        match self.calls {
            Calls::Stdout(out) if !self.is_closed => {
                let written = out.flush();
                self.check(written)
            }
            _ => Ok(()),
        }
    }

    /// A reader that has seen enough closes the pipe: that is no error, and the other outputs are still written.
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
