//! The parts that tell a spreadsheet what else is in the file (ECMA-376 part 1, §18.2; part 2, §7 and §8).

use std::fmt::Write;

use super::Sheet;
use super::XML;
use super::sheet::Shows;

/// What says which part is the workbook.
pub(super) fn root() -> String {
    relations(&[("rId1", "officeDocument", "xl/workbook.xml")])
}

/// Which part is related to which, by what kind of relation.
pub(super) fn relations(all: &[(&str, &str, &str)]) -> String {
    let mut out = format!(
        "{XML}<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">"
    );
    for (id, kind, target) in all {
        // Writing to a `String` can't fail.
        let _ = write!(
            out,
            "<Relationship Id=\"{id}\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}\" Target=\"{target}\"/>"
        );
    }
    out.push_str("</Relationships>");
    out
}

/// The sheets and the styles of the workbook. The number of a sheet is the place at which it was written.
pub(super) fn workbook_relations(count: usize) -> String {
    let sheets: Vec<(String, String)> = (1..=count)
        .map(|number| {
            (
                format!("rId{number}"),
                format!("worksheets/sheet{number}.xml"),
            )
        })
        .collect();
    let styles = format!("rId{}", count + 1);
    let mut all: Vec<(&str, &str, &str)> = sheets
        .iter()
        .map(|(id, target)| (id.as_str(), "worksheet", target.as_str()))
        .collect();
    all.push((&styles, "styles", "styles.xml"));
    relations(&all)
}

/// The workbook: its sheets in the order in which they are shown, with what each filters by and repeats on each printed page.
pub(super) fn workbook(sheets: &[Sheet]) -> String {
    let mut shown: Vec<(usize, &Sheet)> = (1..).zip(sheets).collect();
    shown.sort_by_key(|(_, sheet)| (sheet.subject, sheet.part));
    let mut out = format!(
        "{XML}<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" \
         xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\">\
         <bookViews><workbookView xWindow=\"0\" yWindow=\"0\" windowWidth=\"28800\" windowHeight=\"15000\" tabRatio=\"800\"/></bookViews><sheets>"
    );
    for (number, sheet) in &shown {
        let _ = write!(
            out,
            "<sheet name=\"{}\" sheetId=\"{number}\" r:id=\"rId{number}\"/>",
            sheet.name()
        );
    }
    out.push_str("</sheets><definedNames>");
    // Names are sorted, then places.
    for (place, (_, sheet)) in shown.iter().enumerate() {
        if sheet.shows == Shows::Table {
            let _ = write!(
                out,
                "<definedName name=\"_xlnm._FilterDatabase\" localSheetId=\"{place}\" hidden=\"1\">{}</definedName>",
                sheet.filtered()
            );
        }
    }
    for (place, (_, sheet)) in shown.iter().enumerate() {
        if sheet.shows == Shows::Table {
            let _ = write!(
                out,
                "<definedName name=\"_xlnm.Print_Titles\" localSheetId=\"{place}\">'{}'!$1:$1</definedName>",
                sheet.name()
            );
        }
    }
    out.push_str("</definedNames></workbook>");
    out
}

/// What each part is.
pub(super) fn content_types(sheets: usize, charts: usize) -> String {
    const KIND: &str = "application/vnd.openxmlformats-officedocument";
    let mut out = format!(
        "{XML}<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">\
         <Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
         <Default Extension=\"xml\" ContentType=\"application/xml\"/>"
    );
    let mut add = |part: &str, kind: &str| {
        let _ = write!(
            out,
            "<Override PartName=\"/xl/{part}.xml\" ContentType=\"{KIND}.{kind}+xml\"/>"
        );
    };
    add("workbook", "spreadsheetml.sheet.main");
    add("styles", "spreadsheetml.styles");
    for number in 1..=sheets {
        add(
            &format!("worksheets/sheet{number}"),
            "spreadsheetml.worksheet",
        );
    }
    if charts > 0 {
        add("drawings/drawing1", "drawing");
    }
    for number in 1..=charts {
        add(&format!("charts/chart{number}"), "drawingml.chart");
    }
    out.push_str("</Types>");
    out
}
