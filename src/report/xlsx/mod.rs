//! The workbook (Office Open XML, ECMA-376): the tables of the CSVs as sheets, with what the run read before them.
//!
//! It is written from its beginning to its end, so that it takes no more memory, and no temporary file, for a million calls than
//! for one. That is why it is not made with a crate: those hold the sheets, or keep them uncompressed in temporary files.

mod archive;
mod cells;
mod charts;
mod look;
mod overview;
mod package;
mod serial;
mod sheet;
#[cfg(test)]
mod tests;
mod text;

use std::fmt::Write as _;
use std::io;
use std::io::Write;

use super::columns;
use super::columns::Column;
use super::columns::Print;
use super::offers::OfferCounts;
use super::summary::RunSummary;
use super::trunks::TrunkCounts;

use self::archive::Archive;
use self::archive::Open;
use self::cells::ROW_NUMBER;
use self::cells::header;
use self::charts::Charts;
use self::sheet::Shows;

pub use self::cells::Rows;
pub use self::cells::rows;

/// What begins each part.
const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";

/// The rows of a sheet, its header among them: all that spreadsheets have.
pub const LONGEST_SHEET: u32 = 1_048_576;

/// Bytes of a sheet before it is compressed, about: more than 4 GiB would take ZIP64.
const MOST_OF_SHEET: u64 = 4_000_000_000;

/// Bytes of the file before its last rows, about, for the same reason.
const MOST_OF_FILE: u64 = 4_000_000_000;

/// Rows by which the widths of columns are chosen: they stand before the rows.
const MEASURED: usize = 2048;

/// How high a line is, in points.
const LINE: usize = 15;

/// Rows that are rendered together where they are in memory already.
const TOGETHER: usize = 128;

/// What a sheet is about, in the order in which sheets are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// What was read, and what became of it.
    Overview,
    /// A row per trunk.
    Trunks,
    /// A row per trunk and kind of offer.
    Offers,
    /// A row per rejection.
    Rejections,
    /// A row per call.
    Calls,
}

impl Subject {
    /// The name of its first sheet.
    const fn name(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Trunks => "Trunks",
            Self::Offers => "Offers",
            Self::Rejections => "Rejections",
            Self::Calls => "Calls",
        }
    }
}

/// A sheet that is written.
#[derive(Debug)]
struct Sheet {
    subject: Subject,
    /// The first of its subject, the second, and so on.
    part: u32,
    shows: Shows,
    columns: usize,
    rows: u32,
}

impl Sheet {
    fn name(&self) -> String {
        match self.part {
            1 => self.subject.name().to_owned(),
            part => format!("{} {part}", self.subject.name()),
        }
    }

    /// The cells of a table, its header among them.
    fn filtered(&self) -> String {
        let mut last = String::new();
        cells::letters(self.columns.saturating_sub(1), &mut last);
        format!("'{}'!$A$1:${last}${}", self.name(), self.rows)
    }
}

/// A subject whose rows are coming.
#[derive(Debug)]
struct Table {
    subject: Subject,
    shows: Shows,
    names: Vec<&'static str>,
    header: Rows,
    widths: Vec<usize>,
    /// Rows that came before there were enough to choose the widths by.
    waiting: Vec<Rows>,
    /// The sheet that is written.
    open: Option<Open>,
    part: u32,
    /// Its last row.
    row: u32,
}

/// A workbook on its way into a file.
#[derive(Debug)]
pub struct Workbook<W: Write> {
    archive: Archive<W>,
    longest_sheet: u32,
    sheets: Vec<Sheet>,
    table: Option<Table>,
    charts: usize,
    left_out: u64,
}

impl<W: Write> Workbook<W> {
    /// A workbook of which nothing is written yet. A sheet with so many rows goes on in another: [`LONGEST_SHEET`], but in tests.
    pub const fn new(out: W, longest_sheet: u32) -> Self {
        Self {
            archive: Archive::new(out),
            longest_sheet,
            sheets: Vec::new(),
            table: None,
            charts: 0,
            left_out: 0,
        }
    }

    /// Begins a table, with its header line, and ends the one before.
    pub fn begin<T>(&mut self, subject: Subject, columns: &[Column<T>]) -> io::Result<()> {
        self.end(None)?;
        let names = columns.iter().map(|column| column.name).collect();
        let header = header(columns);
        let widths = header.widths.clone();
        self.begin_sheets(subject, names, header, widths)
    }

    fn begin_sheets(
        &mut self,
        subject: Subject,
        names: Vec<&'static str>,
        header: Rows,
        widths: Vec<usize>,
    ) -> io::Result<()> {
        if self.archive.written() == 0 {
            self.archive.add("_rels/.rels", &package::root())?;
            self.archive.add("xl/styles.xml", &look::part())?;
        }
        self.table = Some(Table {
            subject,
            shows: match subject {
                Subject::Overview => Shows::Lines,
                _ => Shows::Table,
            },
            names,
            header,
            widths,
            waiting: Vec::new(),
            open: None,
            part: 0,
            row: 0,
        });
        Ok(())
    }

    /// Adds rows to the table.
    pub fn add(&mut self, rows: Rows) -> io::Result<()> {
        let Some(mut table) = self.table.take() else {
            return Ok(());
        };
        if table.open.is_some() {
            self.write_rows(&mut table, &rows)?;
        } else {
            table.waiting.push(rows);
            if table.waiting.iter().map(Rows::len).sum::<usize>() >= MEASURED {
                self.write_waiting(&mut table)?;
            }
        }
        self.table = Some(table);
        Ok(())
    }

    /// Ends the table that is written, if any.
    fn end(&mut self, charts: Option<&Charts>) -> io::Result<()> {
        let Some(mut table) = self.table.take() else {
            return Ok(());
        };
        if table.open.is_none() {
            self.write_waiting(&mut table)?;
        }
        self.end_sheet(&mut table, charts)
    }

    /// Chooses the widths by the rows that wait, and writes these.
    fn write_waiting(&mut self, table: &mut Table) -> io::Result<()> {
        let waiting = std::mem::take(&mut table.waiting);
        for rows in waiting.iter().filter(|_| table.shows == Shows::Table) {
            for (widest, width) in table.widths.iter_mut().zip(&rows.widths) {
                *widest = (*widest).max(*width);
            }
        }
        self.begin_sheet(table)?;
        waiting
            .iter()
            .try_for_each(|rows| self.write_rows(table, rows))
    }

    fn begin_sheet(&mut self, table: &mut Table) -> io::Result<()> {
        table.part += 1;
        table.row = 0;
        let name = format!("xl/worksheets/sheet{}.xml", self.sheets.len() + 1);
        let mut open = self.archive.begin(&name)?;
        let head = sheet::head(table.shows, &table.widths);
        self.archive.write(&mut open, head.as_bytes())?;
        table.open = Some(open);
        let header = std::mem::take(&mut table.header);
        for (row, lines) in header.iter() {
            self.write_row(table, row, lines)?;
        }
        table.header = header;
        Ok(())
    }

    fn write_rows(&mut self, table: &mut Table, rows: &Rows) -> io::Result<()> {
        // What comes behind the calls is small.
        let is_endless = matches!(table.subject, Subject::Rejections | Subject::Calls);
        for (row, lines) in rows.iter() {
            if is_endless && self.archive.written() >= MOST_OF_FILE {
                self.left_out += 1;
                continue;
            }
            let size = table.open.as_ref().map_or(0, Open::size);
            let is_full = table.row >= self.longest_sheet || size >= MOST_OF_SHEET;
            if is_full && table.shows == Shows::Table {
                self.end_sheet(table, None)?;
                self.begin_sheet(table)?;
            }
            self.write_row(table, row, lines)?;
        }
        Ok(())
    }

    /// Writes a row with its number.
    fn write_row(&mut self, table: &mut Table, row: &str, lines: usize) -> io::Result<()> {
        table.row += 1;
        let Some(open) = &mut table.open else {
            return Ok(());
        };
        let mut buffer = itoa::Buffer::new();
        let number = buffer.format(table.row);
        let mut numbered = String::with_capacity(row.len() + 256);
        numbered.push_str("<row r=\"");
        numbered.push_str(number);
        numbered.push('"');
        if lines > 0 {
            let height = LINE * lines;
            // Writing to a `String` can't fail.
            let _ = write!(numbered, " ht=\"{height}\" customHeight=\"1\"");
        }
        numbered.push('>');
        for (place, piece) in row.split(ROW_NUMBER).enumerate() {
            if place > 0 {
                numbered.push_str(number);
            }
            numbered.push_str(piece);
        }
        numbered.push_str("</row>");
        self.archive.write(open, numbered.as_bytes())
    }

    fn end_sheet(&mut self, table: &mut Table, charts: Option<&Charts>) -> io::Result<()> {
        let Some(mut open) = table.open.take() else {
            return Ok(());
        };
        let foot = sheet::foot(
            table.shows,
            &table.names,
            table.row,
            &table.widths,
            charts.is_some(),
        );
        self.archive.write(&mut open, foot.as_bytes())?;
        self.archive.end(open)?;
        self.sheets.push(Sheet {
            subject: table.subject,
            part: table.part,
            shows: table.shows,
            columns: table.names.len(),
            rows: table.row,
        });
        match charts {
            Some(charts) => self.write_charts(charts),
            None => Ok(()),
        }
    }

    /// The charts of the sheet that was written last.
    fn write_charts(&mut self, charts: &Charts) -> io::Result<()> {
        let sheet = format!("xl/worksheets/_rels/sheet{}.xml.rels", self.sheets.len());
        let drawing = [("rId1", "drawing", "../drawings/drawing1.xml")];
        let both = [
            ("rId1", "chart", "../charts/chart1.xml"),
            ("rId2", "chart", "../charts/chart2.xml"),
        ];
        self.charts = both.len();
        let parts = [
            (sheet.as_str(), package::relations(&drawing)),
            ("xl/drawings/drawing1.xml", charts.drawing()),
            (
                "xl/drawings/_rels/drawing1.xml.rels",
                package::relations(&both),
            ),
            ("xl/charts/chart1.xml", charts.rates()),
            ("xl/charts/chart2.xml", charts.cases()),
        ];
        parts
            .iter()
            .try_for_each(|(name, text)| self.archive.add(name, text))
    }

    /// Writes what is known of the whole run once all calls are told: the trunks with their charts, the offers, and the overview.
    pub fn finish(
        &mut self,
        print: Print<'_>,
        summary: &RunSummary,
        trunks: &[TrunkCounts],
        offers: &[OfferCounts],
    ) -> io::Result<()> {
        let charts = self.write_trunks(print, trunks)?;
        self.begin(Subject::Offers, columns::offers::COLUMNS)?;
        for some in offers.chunks(TOGETHER) {
            self.add(rows(columns::offers::COLUMNS, print, some.iter()))?;
        }
        self.end(None)?;
        let lines = overview::lines(print, summary, trunks, charts.as_ref(), self.left_out);
        self.begin_sheets(
            Subject::Overview,
            Vec::new(),
            Rows::default(),
            overview::WIDTHS.to_vec(),
        )?;
        self.add(lines)?;
        self.end(None)?;
        let count = self.sheets.len();
        let parts = [
            ("xl/workbook.xml", package::workbook(&self.sheets)),
            (
                "xl/_rels/workbook.xml.rels",
                package::workbook_relations(count),
            ),
            (
                "[Content_Types].xml",
                package::content_types(count, self.charts),
            ),
        ];
        for (name, text) in &parts {
            self.archive.add(name, text)?;
        }
        self.archive.finish()
    }

    /// What was written to. Before [`Workbook::finish`] it is no workbook.
    pub fn into_inner(self) -> W {
        self.archive.into_inner()
    }

    fn write_trunks(
        &mut self,
        print: Print<'_>,
        trunks: &[TrunkCounts],
    ) -> io::Result<Option<Charts>> {
        self.begin(Subject::Trunks, columns::trunks::COLUMNS)?;
        for some in trunks.chunks(TOGETHER) {
            self.add(rows(columns::trunks::COLUMNS, print, some.iter()))?;
        }
        let count = u32::try_from(trunks.len() + 1).unwrap_or(LONGEST_SHEET);
        let is_one_sheet = count <= self.longest_sheet;
        let charts = Charts::of(Subject::Trunks.name(), trunks, count).filter(|_| is_one_sheet);
        self.end(charts.as_ref())?;
        Ok(charts)
    }
}
