//! How cells look (ECMA-376 part 1, §18.8). A colour never stands alone: the word or the number is in the cell.

use std::fmt::Write;

use crate::diagnosis::Verdict;

/// The look of a cell. What it is written with is in [`STYLES`], in the same order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// A word, as it is.
    Plain,
    /// The header of a table.
    Header,
    /// The title of the workbook.
    Title,
    /// What a line of the overview is about.
    Label,
    /// A foreign text: edited, it stays one.
    Text,
    /// The same below numbers.
    Right,
    /// The same, over several lines.
    Wrapped,
    /// A whole number.
    Integer,
    /// A number with three decimals.
    Decimal,
    /// A number with two decimals.
    Percent,
    /// A date with its time.
    Time,
    /// A word for what is well, or certain.
    Green,
    /// A word for what is probable.
    Blue,
    /// A word for what is in doubt.
    Amber,
    /// A word for what is bad, or contradicts itself.
    Red,
    /// A word for what is not known.
    Grey,
    /// A word for what is none of the known.
    Violet,
}

impl Style {
    /// Its place among the formats of cells.
    pub(super) const fn index(self) -> usize {
        self as usize
    }
}

/// Where font, fill, border, format of numbers, and place of a cell come from.
struct Written {
    font: u8,
    fill: u8,
    border: u8,
    number: u8,
    alignment: &'static str,
}

const fn written(fill: u8, number: u8, alignment: &'static str) -> Written {
    Written {
        font: 0,
        fill,
        border: 0,
        number,
        alignment,
    }
}

/// A text keeps off the number before it.
const LEFT: &str = "horizontal=\"left\" vertical=\"top\" indent=\"1\"";
const WRAPPED: &str = "horizontal=\"left\" vertical=\"top\" wrapText=\"1\" indent=\"1\"";
const RIGHT: &str = "horizontal=\"right\" vertical=\"top\"";

/// General, `0`, `0.00` and `@` are built into every spreadsheet (§18.8.30).
const GENERAL: u8 = 0;
const WHOLE: u8 = 1;
const TWO_DECIMALS: u8 = 2;
const TEXT: u8 = 49;
const TIME: u8 = 164;
const THREE_DECIMALS: u8 = 165;

const STYLES: [Written; 17] = [
    written(0, GENERAL, LEFT),
    Written {
        font: 1,
        border: 1,
        ..written(2, GENERAL, LEFT)
    },
    Written {
        font: 2,
        ..written(0, GENERAL, LEFT)
    },
    Written {
        font: 1,
        ..written(0, GENERAL, LEFT)
    },
    written(0, TEXT, LEFT),
    written(0, TEXT, RIGHT),
    written(0, TEXT, WRAPPED),
    written(0, WHOLE, RIGHT),
    written(0, THREE_DECIMALS, RIGHT),
    written(0, TWO_DECIMALS, RIGHT),
    written(0, TIME, RIGHT),
    written(3, GENERAL, LEFT),
    written(4, GENERAL, LEFT),
    written(5, GENERAL, LEFT),
    written(6, GENERAL, LEFT),
    written(7, GENERAL, LEFT),
    written(8, GENERAL, LEFT),
];

/// The colours of fills, from the third on: the first two are given (§18.8.20).
const FILLS: [&str; 7] = [
    "FFD9E1F2", "FFC6EFCE", "FFDDEBF7", "FFFFEB9C", "FFFFC7CE", "FFEDEDED", "FFE4DFEC",
];

/// The colour of the lines around a header.
const EDGE: &str = "<color rgb=\"FF8EA9DB\"/>";

/// Words that are coloured: the column, the word, and how it looks.
const WORDS: [(&str, &str, Style); 10] = [
    ("verdict", Verdict::Confirmed.name(), Style::Green),
    ("verdict", Verdict::Contradicted.name(), Style::Red),
    ("verdict", Verdict::Reported.name(), Style::Blue),
    ("verdict", Verdict::Inferred.name(), Style::Blue),
    ("verdict", Verdict::Possible.name(), Style::Amber),
    ("verdict", Verdict::Insufficient.name(), Style::Grey),
    ("verdict", Verdict::Undocumented.name(), Style::Violet),
    ("result", "always-refused", Style::Red),
    ("result", "mixed", Style::Amber),
    ("result", "never-refused", Style::Green),
];

/// How a word of ours looks in its column.
pub(super) fn of_word(column: &str, word: &str) -> Style {
    let found = WORDS
        .iter()
        .find(|(of, coloured, _)| *of == column && *coloured == word);
    found.map_or(Style::Plain, |(.., style)| *style)
}

/// Columns of rates that are coloured by how high they are: white at 0, yellow at 10 percent, red from 50 percent on.
pub(super) const RATES: [&str; 2] = ["rate_488", "refused_rate"];

/// The colours of [`RATES`] as a rule for cells (§18.3.1.16).
pub(super) const RATE_COLOURS: &str = "<colorScale><cfvo type=\"num\" val=\"0\"/><cfvo type=\"num\" val=\"10\"/><cfvo type=\"num\" val=\"50\"/>\
     <color rgb=\"FFFFFFFF\"/><color rgb=\"FFFFEB84\"/><color rgb=\"FFF8696B\"/></colorScale>";

/// The part of the workbook that says how cells look.
pub(super) fn part() -> String {
    let mut out = String::from(super::XML);
    out.push_str(
        "<styleSheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">\
         <numFmts count=\"2\"><numFmt numFmtId=\"164\" formatCode=\"yyyy\\-mm\\-dd\\ hh:mm:ss.000\"/>\
         <numFmt numFmtId=\"165\" formatCode=\"0.000\"/></numFmts><fonts count=\"3\">",
    );
    for (bold, size) in [("", 11), ("<b/>", 11), ("<b/>", 16)] {
        // Writing to a `String` can't fail.
        let _ = write!(
            out,
            "<font>{bold}<sz val=\"{size}\"/><color rgb=\"FF000000\"/><name val=\"Calibri\"/><family val=\"2\"/></font>"
        );
    }
    let _ = write!(
        out,
        "</fonts><fills count=\"{}\"><fill><patternFill patternType=\"none\"/></fill><fill><patternFill patternType=\"gray125\"/></fill>",
        FILLS.len() + 2
    );
    for colour in FILLS {
        let _ = write!(
            out,
            "<fill><patternFill patternType=\"solid\"><fgColor rgb=\"{colour}\"/><bgColor indexed=\"64\"/></patternFill></fill>"
        );
    }
    let _ = write!(
        out,
        "</fills><borders count=\"2\"><border><left/><right/><top/><bottom/><diagonal/></border>\
         <border><left style=\"thin\">{EDGE}</left><right style=\"thin\">{EDGE}</right><top/><bottom style=\"thin\">{EDGE}</bottom><diagonal/></border></borders>\
         <cellStyleXfs count=\"1\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\"/></cellStyleXfs><cellXfs count=\"{}\">",
        STYLES.len()
    );
    for style in STYLES {
        let _ = write!(
            out,
            "<xf numFmtId=\"{}\" fontId=\"{}\" fillId=\"{}\" borderId=\"{}\" xfId=\"0\" applyNumberFormat=\"1\" applyFont=\"1\" applyFill=\"1\" \
             applyBorder=\"1\" applyAlignment=\"1\"><alignment {}/></xf>",
            style.number, style.font, style.fill, style.border, style.alignment
        );
    }
    out.push_str(
        "</cellXfs><cellStyles count=\"1\"><cellStyle name=\"Normal\" xfId=\"0\" builtinId=\"0\"/></cellStyles><dxfs count=\"0\"/></styleSheet>",
    );
    out
}

#[cfg(test)]
mod tests {
    use super::Style;
    use super::WORDS;
    use super::of_word;
    use crate::diagnosis::Verdict;

    #[test]
    fn each_verdict_has_a_colour() {
        for verdict in Verdict::ALL {
            assert_ne!(of_word("verdict", verdict.name()), Style::Plain);
        }
        assert_eq!(of_word("outcome", "confirmed"), Style::Plain);
    }

    #[test]
    fn each_style_is_written() {
        assert_eq!(Style::Violet.index() + 1, super::STYLES.len());
        assert!(
            WORDS
                .iter()
                .all(|(.., style)| style.index() >= Style::Green.index())
        );
    }
}
