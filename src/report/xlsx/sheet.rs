//! What stands before and behind the rows of a sheet (ECMA-376 part 1, §18.3.1.99; its elements have a fixed order).

use std::fmt::Write;

use super::XML;
use super::cells::letters;
use super::look::RATE_COLOURS;
use super::look::RATES;

/// Characters that a printed page is wide, at a size that can be read.
const PAGE: usize = 260;

/// The namespaces of a sheet.
const SPACES: &str = "xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" \
     xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"";

/// What a sheet shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shows {
    /// Lines about the run: the sheet that is seen first.
    Lines,
    /// A table: its first row stays in sight, and filters the others.
    Table,
}

/// Up to the first row.
pub(super) fn head(shows: Shows, widths: &[usize]) -> String {
    let mut out = format!(
        "{XML}<worksheet {SPACES}><sheetPr><pageSetUpPr fitToPage=\"1\"/></sheetPr><sheetViews>"
    );
    out.push_str(match shows {
        Shows::Lines => "<sheetView showGridLines=\"0\" tabSelected=\"1\" workbookViewId=\"0\"/>",
        Shows::Table => {
            "<sheetView workbookViewId=\"0\"><pane ySplit=\"1\" topLeftCell=\"A2\" activePane=\"bottomLeft\" state=\"frozen\"/>\
             <selection pane=\"bottomLeft\" activeCell=\"A2\" sqref=\"A2\"/></sheetView>"
        }
    });
    out.push_str("</sheetViews><sheetFormatPr defaultRowHeight=\"15\"/><cols>");
    for (place, width) in (1..).zip(widths) {
        // A digit more, and the margin of a cell (§18.3.1.13). Writing to a `String` can't fail.
        let _ = write!(
            out,
            "<col min=\"{place}\" max=\"{place}\" width=\"{}.7109375\" customWidth=\"1\"/>",
            width + 1
        );
    }
    out.push_str("</cols><sheetData>");
    out
}

/// From the last row on. The names are those of a table's columns.
pub(super) fn foot(
    shows: Shows,
    names: &[&str],
    rows: u32,
    widths: &[usize],
    has_charts: bool,
) -> String {
    let mut out = String::from("</sheetData>");
    let last = names.len().max(widths.len()).saturating_sub(1);
    if shows == Shows::Table {
        let _ = write!(out, "<autoFilter ref=\"{}\"/>", range(0, 1, last, rows));
    }
    let rates = (0..).zip(names).filter(|(_, name)| RATES.contains(name));
    for (priority, (place, _)) in (1..).zip(rates.filter(|_| rows > 1)) {
        let cells = range(place, 2, place, rows);
        let _ = write!(
            out,
            "<conditionalFormatting sqref=\"{cells}\"><cfRule type=\"colorScale\" priority=\"{priority}\">{RATE_COLOURS}</cfRule></conditionalFormatting>"
        );
    }
    let pages = widths.iter().sum::<usize>().div_ceil(PAGE).max(1);
    let _ = write!(
        out,
        "<pageMargins left=\"0.4\" right=\"0.4\" top=\"0.5\" bottom=\"0.6\" header=\"0.3\" footer=\"0.3\"/>\
         <pageSetup paperSize=\"9\" fitToWidth=\"{pages}\" fitToHeight=\"0\" orientation=\"landscape\"/>\
         <headerFooter><oddFooter>&amp;Lsip488: &amp;A&amp;RPage &amp;P of &amp;N</oddFooter></headerFooter>"
    );
    // A telephone number is a text: nothing is to be put right.
    let _ = write!(
        out,
        "<ignoredErrors><ignoredError sqref=\"{}\" numberStoredAsText=\"1\"/></ignoredErrors>",
        range(0, 1, last, rows.max(1))
    );
    if has_charts {
        out.push_str("<drawing r:id=\"rId1\"/>");
    }
    out.push_str("</worksheet>");
    out
}

/// A range of cells: `A1:C7`.
fn range(left: usize, top: u32, right: usize, bottom: u32) -> String {
    let mut out = String::new();
    letters(left, &mut out);
    let _ = write!(out, "{top}:");
    letters(right, &mut out);
    let _ = write!(out, "{bottom}");
    out
}

/// The same, as other parts name it.
pub(super) fn range_of(sheet: &str, column: usize, top: u32, bottom: u32) -> String {
    let mut letter = String::new();
    letters(column, &mut letter);
    format!("'{sheet}'!${letter}${top}:${letter}${bottom}")
}
