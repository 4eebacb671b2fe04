//! `--html`: the night as one page that needs nothing but itself.
//!
//! In: rows as they stream by, and at the end the sums. Out: HTML with its style, its script and its data inside. What is
//! foreign is text: [`escape`](super::escape) makes what stands in the page, and the script puts what it gets as text nodes.
//! The page's policy (Content Security Policy, level 3) lets run only that script, and load nothing.
//!
//! To be read in this order: `listing` (the table), `rejection` (one that is opened), `chart` (488s over time),
//! `side_by_side`, `overview` (what stands first), this.

mod chart;
mod listing;
mod overview;
mod rejection;
mod side_by_side;

use std::fmt::Write as _;
use std::io;
use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use sha2::Digest;
use sha2::Sha256;

use super::columns::Column;
use super::columns::Print;
use super::escape::html;
use super::row::Row;
use super::spill::Spool;

use self::chart::Timeline;
pub use self::overview::Overview;

/// Rejections in a page: more than anybody reads, and as many as a browser opens in a moment. All of them are counted.
const MOST_REJECTIONS: u64 = 50_000;

/// Rejections whose details are compressed together.
const TOGETHER: usize = 64;

/// Rejections that a page shows without its script, and on one of its pages.
const ON_A_PAGE: usize = 50;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// What some rejections are in the page.
#[derive(Debug)]
pub struct Part {
    count: u64,
    /// Rows of the table, as far as the page may show them without its script.
    first: Vec<String>,
    /// The data, as blocks that stand in the page.
    blocks: io::Result<String>,
    timeline: Timeline,
}

/// Tells some rejections. Parts may be made in any order, on any thread, and are taken in the order of rows.
pub fn part(rows: &[Row<'_>], print: Print<'_>) -> Part {
    let mut timeline = Timeline::default();
    for row in rows {
        timeline.add(row, print.zone);
    }
    Part {
        count: rows.len() as u64,
        first: rows
            .iter()
            .take(ON_A_PAGE)
            .map(|row| listing::table_row(row, &print))
            .collect(),
        blocks: blocks(rows, &print),
        timeline,
    }
}

fn blocks(rows: &[Row<'_>], print: &Print<'_>) -> io::Result<String> {
    let mut out = String::new();
    let told: Vec<_> = rows.iter().map(|row| listing::listed(row, print)).collect();
    block("rows", told.len(), &serde_json::to_vec(&told)?, &mut out)?;
    for some in rows.chunks(TOGETHER) {
        let told: Vec<_> = some
            .iter()
            .map(|row| rejection::details(row, print))
            .collect();
        block("calls", told.len(), &serde_json::to_vec(&told)?, &mut out)?;
    }
    Ok(out)
}

/// A block of data that a browser does not run: JSON, deflated (RFC 1951), in Base64, of which no letter ends a block.
fn block(class: &str, count: usize, json: &[u8], out: &mut String) -> io::Result<()> {
    let mut deflated = DeflateEncoder::new(Vec::new(), Compression::default());
    deflated.write_all(json)?;
    let deflated = STANDARD.encode(deflated.finish()?);
    // Writing to a `String` can't fail.
    let _ = writeln!(
        out,
        "<script type=\"application/octet-stream\" class=\"{class}\" data-count=\"{count}\">{deflated}</script>"
    );
    Ok(())
}

/// A page on its way.
#[derive(Debug, Default)]
pub struct Page {
    first: Vec<String>,
    blocks: Spool,
    shown: u64,
    left_out: u64,
    timeline: Timeline,
}

impl Page {
    /// Takes the next rejections.
    pub fn take(&mut self, part: Part) -> io::Result<()> {
        self.timeline.join(part.timeline);
        if self.shown >= MOST_REJECTIONS {
            self.left_out += part.count;
            return Ok(());
        }
        self.shown += part.count;
        let room = ON_A_PAGE.saturating_sub(self.first.len());
        self.first.extend(part.first.into_iter().take(room));
        self.blocks.append(part.blocks?.as_bytes())
    }

    /// Writes the page.
    pub fn write(self, overview: &Overview<'_>, out: &mut impl Write) -> io::Result<()> {
        let words = listing::words(self.shown, self.left_out)?;
        write!(
            out,
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src '{}'; style-src '{}'; base-uri 'none'; form-action 'none'\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
             <meta name=\"referrer\" content=\"no-referrer\">\n<title>{}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
             <a class=\"skip\" href=\"#rejections\">To the rejections</a>\n{}<main>\n",
            hash(SCRIPT),
            hash(STYLE),
            html(&overview.title()),
            overview.header(),
        )?;
        out.write_all(overview.sections(&self.timeline).as_bytes())?;
        let first = self.first.concat();
        out.write_all(
            listing::section(self.shown, self.left_out, self.first.len(), &first).as_bytes(),
        )?;
        write!(out, "</main>\n{}", overview.footer())?;
        self.blocks.write_to(out)?;
        write!(
            out,
            "<script type=\"application/json\" id=\"words\">{words}</script>\n<script>{SCRIPT}</script>\n</body>\n</html>\n"
        )
    }
}

/// What a policy knows a script or a style by.
fn hash(text: &str) -> String {
    format!(
        "sha256-{}",
        STANDARD.encode(Sha256::digest(text.as_bytes()))
    )
}

/// What a column says of a row; nothing where there is no such column.
fn cell<T>(columns: &[Column<T>], name: &str, row: &T, print: &Print<'_>) -> String {
    let mut out = String::new();
    if let Some(column) = columns.iter().find(|column| column.name == name) {
        (column.write)(row, print, &mut out);
    }
    out
}

/// A count as people write it: `12,345`.
fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A count and what is counted: `1 call`, `2 calls`.
fn counted(count: u64, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {what}{plural}", grouped(count))
}

/// A bar as long as its share of the whole.
fn bar(part: u64, whole: u64) -> String {
    let width = (part.saturating_mul(1000) / whole.max(1)).min(1000);
    format!(
        "<svg class=\"bar\" viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect width=\"{width}\" height=\"10\"/></svg>"
    )
}

#[cfg(test)]
mod tests {
    use super::MOST_REJECTIONS;
    use super::Page;
    use super::Part;
    use super::SCRIPT;
    use super::STYLE;
    use super::Timeline;
    use super::grouped;

    #[test]
    fn counts_are_grouped_by_thousands() {
        assert_eq!(
            [0, 999, 1000, 1_234_567].map(grouped),
            ["0", "999", "1,000", "1,234,567"]
        );
    }

    #[test]
    fn neither_script_nor_style_ends_its_own_element() {
        for text in [SCRIPT, STYLE] {
            let lower = text.to_ascii_lowercase();
            assert!(
                !lower.contains("</script")
                    && !lower.contains("</style")
                    && !lower.contains("<!--")
            );
        }
    }

    #[test]
    fn the_script_puts_nothing_into_the_page_but_text() {
        for word in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "Function(",
            ".style",
        ] {
            assert!(!SCRIPT.contains(word), "{word}");
        }
    }

    #[test]
    fn what_is_beyond_the_bound_is_counted_and_not_kept() {
        let part = |blocks: &str| Part {
            count: MOST_REJECTIONS / 2,
            first: Vec::new(),
            blocks: Ok(blocks.to_owned()),
            timeline: Timeline::default(),
        };
        let mut page = Page::default();
        for blocks in ["a", "b", "c", "d"] {
            page.take(part(blocks)).unwrap();
        }
        assert_eq!(
            (page.shown, page.left_out),
            (MOST_REJECTIONS, MOST_REJECTIONS)
        );
        let mut kept = Vec::new();
        page.blocks.write_to(&mut kept).unwrap();
        assert_eq!(kept, b"ab");
    }
}
