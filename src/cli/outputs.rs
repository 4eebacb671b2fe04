//! The files that `sip488 analyze` writes: all of them, or none.

use std::io;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

use crate::pipeline::Analysis;
use crate::pipeline::Error;
use crate::report::columns;
use crate::report::columns::Column;
use crate::report::columns::Print;
use crate::report::csv::Table;
use crate::report::csv::lines;
use crate::report::dialect::Delimiter;
use crate::report::dialect::Dialect;
#[cfg(feature = "html")]
use crate::report::html;
use crate::report::json;
use crate::report::offers::OfferTable;
use crate::report::publish::Publication;
use crate::report::row::Row;
use crate::report::time::Zone;
use crate::report::trunks::TrunkCounts;
#[cfg(feature = "xlsx")]
use crate::report::xlsx;

use super::arguments;
use super::arguments::Analyze;
use super::stdout::Stdout;
use super::stop::Stop;

/// Where the results go.
pub(super) struct Outputs {
    calls: Calls,
    rejections: Option<Publication>,
    trunks: Option<Publication>,
    offers: Option<Publication>,
    json: Option<Publication>,
    #[cfg(feature = "xlsx")]
    workbook: Option<xlsx::Workbook<Publication>>,
    html: Option<Publication>,
    summary: Option<Publication>,
    dialect: Dialect,
    only_488: bool,
}

enum Calls {
    File(Publication),
    Stdout(Stdout),
}

impl Calls {
    fn write(&mut self, lines: &[u8]) -> anyhow::Result<()> {
        match self {
            Self::File(file) => Ok(file.write_all(lines)?),
            Self::Stdout(out) => out.table(lines),
        }
    }

    fn finish(&mut self) -> anyhow::Result<()> {
        match self {
            Self::File(_) => Ok(()),
            Self::Stdout(out) => out.finish(),
        }
    }
}

/// What some rows are in each of the outputs.
struct Part {
    lines: io::Result<Vec<u8>>,
    json: Vec<u8>,
    #[cfg(feature = "xlsx")]
    workbook: Option<xlsx::Rows>,
    #[cfg(feature = "html")]
    html: Option<html::Part>,
    offers: OfferTable,
}

/// What the rejections leave for the end.
#[derive(Default)]
struct Gathered {
    offers: OfferTable,
    #[cfg(feature = "html")]
    page: html::Page,
}

impl Outputs {
    /// Begins the files that are asked for.
    pub(super) fn begin(arguments: &Analyze) -> anyhow::Result<Self> {
        let begin = |path: &Option<PathBuf>| {
            path.as_deref()
                .map(|path: &Path| Publication::begin(path))
                .transpose()
        };
        let output = &arguments.output;
        let calls = begin(&output.clone().filter(|path| path != Path::new("-")))?;
        Ok(Self {
            calls: calls.map_or_else(|| Calls::Stdout(Stdout::new()), Calls::File),
            rejections: begin(&arguments.rejections)?,
            trunks: begin(&arguments.trunk_report)?,
            offers: begin(&arguments.offer_report)?,
            json: begin(&arguments.json)?,
            #[cfg(feature = "xlsx")]
            workbook: begin(&arguments.xlsx)?
                .map(|file| xlsx::Workbook::new(file, xlsx::LONGEST_SHEET)),
            html: begin(&arguments.html)?,
            summary: begin(&arguments.summary)?,
            dialect: Dialect {
                delimiter: delimiter(arguments.delimiter),
                is_for_excel: arguments.excel,
            },
            only_488: arguments.only_488,
        })
    }

    /// Writes everything, unless a signal stops it.
    pub(super) fn write(
        &mut self,
        analysis: &mut Analysis,
        zone: &Zone,
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
            dialect: self.dialect,
        };
        let mut gathered = self.write_rejections(analysis, print, stop)?;
        let trunks = self.write_calls(analysis, print, stop, &mut gathered.offers)?;
        analysis.summary.limits.offers_not_told_apart = gathered.offers.left_out;
        let offers = gathered.offers.into_rows();
        write_table(&mut self.trunks, columns::trunks::COLUMNS, print, &trunks)?;
        write_table(&mut self.offers, columns::offers::COLUMNS, print, &offers)?;
        if let Some(file) = &mut self.json {
            let trunks = json::lines("trunk", columns::trunks::COLUMNS, print, trunks.iter());
            file.write_all(&trunks)?;
            let offers = json::lines("offer", columns::offers::COLUMNS, print, offers.iter());
            file.write_all(&offers)?;
        }
        #[cfg(feature = "xlsx")]
        if let Some(workbook) = &mut self.workbook {
            go_on(stop)?;
            workbook.finish(print, &analysis.summary, &trunks, &offers)?;
        }
        #[cfg(feature = "html")]
        if let Some(file) = &mut self.html {
            let overview = html::Overview {
                summary: &analysis.summary,
                trunks: &trunks,
                offers: &offers,
                print,
            };
            gathered.page.write(&overview, file)?;
        }
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
    ) -> anyhow::Result<Gathered> {
        let wanted = self.wanted(OfferTable::add_rejection);
        let mut gathered = Gathered::default();
        let (mut file, mut json) = (self.rejections.as_mut(), self.json.as_mut());
        if let Some(file) = &mut file {
            file.write_all(&render_header(print)?)?;
        }
        #[cfg(feature = "xlsx")]
        let mut workbook = self.workbook.as_mut();
        #[cfg(feature = "xlsx")]
        begin_sheet(&mut workbook, xlsx::Subject::Rejections)?;
        #[cfg(feature = "html")]
        let is_page_wanted = self.html.is_some();
        let render = |rows: &[Row<'_>]| Part {
            #[cfg(feature = "html")]
            html: is_page_wanted.then(|| html::part(rows, print)),
            ..wanted.part("rejection", print, rows, |_| true)
        };
        analysis.each_rejection::<_, anyhow::Error>(render, |part| {
            go_on(stop)?;
            gathered.offers.join(part.offers);
            #[cfg(feature = "html")]
            if let Some(part) = part.html {
                gathered.page.take(part)?;
            }
            write_to(&mut file, &part.lines?)?;
            #[cfg(feature = "xlsx")]
            write_sheet(&mut workbook, part.workbook)?;
            write_to(&mut json, &part.json)
        })?;
        Ok(gathered)
    }

    /// Writes the calls, and counts the offers of those that met no 488.
    fn write_calls(
        &mut self,
        analysis: &mut Analysis,
        print: Print<'_>,
        stop: &Stop,
        offers: &mut OfferTable,
    ) -> anyhow::Result<Vec<TrunkCounts>> {
        let wanted = self.wanted(OfferTable::add_call);
        let only_488 = self.only_488;
        let is_wanted = |row: &Row<'_>| !only_488 || row.rejections > 0;
        let render = |rows: &[Row<'_>]| wanted.part("call", print, rows, is_wanted);
        let mut json = self.json.as_mut();
        #[cfg(feature = "xlsx")]
        let mut workbook = self.workbook.as_mut();
        #[cfg(feature = "xlsx")]
        begin_sheet(&mut workbook, xlsx::Subject::Calls)?;
        let calls = &mut self.calls;
        calls.write(&render_header(print)?)?;
        let trunks = analysis.each_call::<_, anyhow::Error>(render, |part| {
            go_on(stop)?;
            offers.join(part.offers);
            write_to(&mut json, &part.json)?;
            #[cfg(feature = "xlsx")]
            write_sheet(&mut workbook, part.workbook)?;
            calls.write(&part.lines?)
        })?;
        calls.finish()?;
        Ok(trunks)
    }

    fn wanted(&self, add: fn(&mut OfferTable, &Row<'_>)) -> Wanted {
        Wanted {
            json: self.json.is_some(),
            #[cfg(feature = "xlsx")]
            workbook: self.workbook.is_some(),
            offers: self.tells_offers(),
            add,
        }
    }

    /// True where an output tells of offers.
    fn tells_offers(&self) -> bool {
        #[cfg(feature = "xlsx")]
        if self.workbook.is_some() {
            return true;
        }
        self.offers.is_some() || self.json.is_some() || self.html.is_some()
    }

    /// Puts all files in place; none where one of them can't be written whole.
    pub(super) fn publish(self) -> anyhow::Result<()> {
        let others = [
            self.rejections,
            self.trunks,
            self.offers,
            self.json,
            self.html,
            self.summary,
            #[cfg(feature = "xlsx")]
            self.workbook.map(xlsx::Workbook::into_inner),
        ];
        let mut files: Vec<Publication> = others.into_iter().flatten().collect();
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

/// What rows are rendered for.
#[derive(Clone, Copy)]
struct Wanted {
    json: bool,
    #[cfg(feature = "xlsx")]
    workbook: bool,
    offers: bool,
    /// How a row is counted among the offers.
    add: fn(&mut OfferTable, &Row<'_>),
}

impl Wanted {
    fn part(
        self,
        record: &str,
        print: Print<'_>,
        rows: &[Row<'_>],
        is_in_csv: impl Fn(&Row<'_>) -> bool,
    ) -> Part {
        let columns = columns::calls::columns();
        let mut part = Part {
            lines: lines(&columns, print, rows.iter().filter(|row| is_in_csv(row))),
            json: Vec::new(),
            #[cfg(feature = "xlsx")]
            workbook: self
                .workbook
                .then(|| xlsx::rows(&columns, print, rows.iter())),
            #[cfg(feature = "html")]
            html: None,
            offers: OfferTable::default(),
        };
        if self.json {
            part.json = json::lines(record, &columns, print, rows.iter());
        }
        for row in rows.iter().filter(|_| self.offers) {
            (self.add)(&mut part.offers, row);
        }
        part
    }
}

fn write_to(file: &mut Option<&mut Publication>, bytes: &[u8]) -> anyhow::Result<()> {
    match file {
        Some(file) => Ok(file.write_all(bytes)?),
        None => Ok(()),
    }
}

/// Begins a sheet of rows, where a workbook is asked for.
#[cfg(feature = "xlsx")]
fn begin_sheet(
    workbook: &mut Option<&mut xlsx::Workbook<Publication>>,
    subject: xlsx::Subject,
) -> io::Result<()> {
    match workbook {
        Some(workbook) => workbook.begin(subject, &columns::calls::columns()),
        None => Ok(()),
    }
}

/// Adds rows to it.
#[cfg(feature = "xlsx")]
fn write_sheet(
    workbook: &mut Option<&mut xlsx::Workbook<Publication>>,
    rows: Option<xlsx::Rows>,
) -> io::Result<()> {
    match (workbook, rows) {
        (Some(workbook), Some(rows)) => workbook.add(rows),
        _ => Ok(()),
    }
}

const fn delimiter(named: arguments::Delimiter) -> Delimiter {
    match named {
        arguments::Delimiter::Comma => Delimiter::Comma,
        arguments::Delimiter::Semicolon => Delimiter::Semicolon,
        arguments::Delimiter::Tab => Delimiter::Tab,
        arguments::Delimiter::Bar => Delimiter::Bar,
    }
}

/// An error where the run is to end.
fn go_on(stop: &Stop) -> Result<(), Error> {
    (!stop.is_asked()).then_some(()).ok_or(Error::Stopped)
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
