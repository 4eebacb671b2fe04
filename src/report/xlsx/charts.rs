//! The charts behind the trunks (ECMA-376 part 1, §21.2): how much each refuses, and why. They draw what stands in the sheet's cells.

use std::fmt::Write;

use crate::diagnosis::CASES;
use crate::report::columns::trunks::COLUMNS;
use crate::report::trunks::TrunkCounts;

use super::XML;
use super::sheet::range_of;

/// Trunks in a chart.
const TRUNKS: u32 = 20;

/// Points of the screen, in the unit of drawings (§20.1.2.1).
const PIXEL: u32 = 9525;

/// How high the row of a sheet is, in pixels.
const ROW: u32 = 20;

/// The colours of the bars.
const COLOURS: [&str; 5] = ["C00000", "ED7D31", "4472C4", "70AD47", "7F7F7F"];

/// The charts of a sheet of trunks, which are in its order: the most 488s first.
#[derive(Debug)]
pub(super) struct Charts {
    sheet: &'static str,
    /// Trunks drawn.
    trunks: u32,
    /// Rows of the sheet.
    rows: u32,
}

impl Charts {
    /// Of these trunks; none where none of them has met a 488.
    pub(super) fn of(sheet: &'static str, trunks: &[TrunkCounts], rows: u32) -> Option<Self> {
        let refused = trunks.iter().take_while(|trunk| trunk.calls_488 > 0);
        let refused = u32::try_from(refused.take(TRUNKS as usize).count()).unwrap_or(TRUNKS);
        (refused > 0).then_some(Self {
            sheet,
            trunks: refused,
            rows,
        })
    }

    /// The row from which on they stand, as spreadsheets count.
    pub(super) const fn first_row(&self) -> u32 {
        self.rows + 3
    }

    /// Rows that one is high.
    const fn height(&self) -> u32 {
        8 + self.trunks * 5 / 4
    }

    /// Where the charts stand: one below the other, below the rows.
    pub(super) fn drawing(&self) -> String {
        let mut out = format!(
            "{XML}<xdr:wsDr xmlns:xdr=\"http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing\" \
             xmlns:a=\"http://schemas.openxmlformats.org/drawingml/2006/main\">"
        );
        for (place, name) in [(1, "488 rate by trunk"), (2, "Cases by trunk")] {
            let from = self.first_row() - 1 + (place - 1) * (self.height() + 1);
            let (width, height) = (900 * PIXEL, self.height() * ROW * PIXEL);
            // Writing to a `String` can't fail.
            let _ = write!(
                out,
                "<xdr:oneCellAnchor><xdr:from><xdr:col>0</xdr:col><xdr:colOff>0</xdr:colOff><xdr:row>{from}</xdr:row><xdr:rowOff>0</xdr:rowOff></xdr:from>\
                 <xdr:ext cx=\"{width}\" cy=\"{height}\"/><xdr:graphicFrame macro=\"\"><xdr:nvGraphicFramePr>\
                 <xdr:cNvPr id=\"{}\" name=\"{name}\"/><xdr:cNvGraphicFramePr/></xdr:nvGraphicFramePr>\
                 <xdr:xfrm><a:off x=\"0\" y=\"0\"/><a:ext cx=\"0\" cy=\"0\"/></xdr:xfrm><a:graphic>\
                 <a:graphicData uri=\"http://schemas.openxmlformats.org/drawingml/2006/chart\">\
                 <c:chart xmlns:c=\"http://schemas.openxmlformats.org/drawingml/2006/chart\" \
                 xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\" r:id=\"rId{place}\"/>\
                 </a:graphicData></a:graphic></xdr:graphicFrame><xdr:clientData/></xdr:oneCellAnchor>",
                place + 1
            );
        }
        out.push_str("</xdr:wsDr>");
        out
    }

    /// The share of calls that met a 488, by trunk.
    pub(super) fn rates(&self) -> String {
        let title = format!("488 rate, percent of calls: {}", self.which());
        let labels = "<c:dLbls><c:numFmt formatCode=\"0.00\" sourceLinked=\"0\"/><c:spPr><a:noFill/><a:ln><a:noFill/></a:ln></c:spPr>\
             <c:dLblPos val=\"outEnd\"/><c:showLegendKey val=\"0\"/><c:showVal val=\"1\"/><c:showCatName val=\"0\"/><c:showSerName val=\"0\"/>\
             <c:showPercent val=\"0\"/><c:showBubbleSize val=\"0\"/></c:dLbls>";
        let series = self.series(0, "rate_488", labels);
        chart(&title, "clustered", &series, "")
    }

    /// The calls that met a 488, by trunk and by the case of the first.
    pub(super) fn cases(&self) -> String {
        let title = format!("Calls by the case of their first 488: {}", self.which());
        let cases = CASES.iter().map(|case| case.name.replace('-', "_"));
        let series: String = cases
            .chain([String::from("undocumented")])
            .enumerate()
            .map(|(place, name)| self.series(place, &name, ""))
            .collect();
        let legend = "<c:legend><c:legendPos val=\"b\"/><c:overlay val=\"0\"/></c:legend>";
        chart(&title, "stacked", &series, legend)
    }

    fn which(&self) -> String {
        match self.trunks {
            1 => "the trunk with 488s".to_owned(),
            count => format!("the {count} trunks with the most 488s"),
        }
    }

    /// The bars of one column of the sheet.
    fn series(&self, place: usize, column: &str, labels: &str) -> String {
        let colour = COLOURS[place % COLOURS.len()];
        let at = |name: &str| COLUMNS.iter().position(|of| of.name == name).unwrap_or(0);
        let of = |name, top, bottom| range_of(self.sheet, at(name), top, bottom);
        let last = self.trunks + 1;
        format!(
            "<c:ser><c:idx val=\"{place}\"/><c:order val=\"{place}\"/><c:tx><c:strRef><c:f>{}</c:f></c:strRef></c:tx>\
             <c:spPr><a:solidFill><a:srgbClr val=\"{colour}\"/></a:solidFill></c:spPr><c:invertIfNegative val=\"0\"/>{labels}\
             <c:cat><c:strRef><c:f>{}</c:f></c:strRef></c:cat><c:val><c:numRef><c:f>{}</c:f></c:numRef></c:val></c:ser>",
            of(column, 1, 1),
            of("trunk", 2, last),
            of(column, 2, last),
        )
    }
}

/// Horizontal bars, the first trunk at the top: names of trunks are long.
fn chart(title: &str, grouping: &str, series: &str, legend: &str) -> String {
    let overlap = if grouping == "stacked" { 100 } else { 0 };
    format!(
        "{XML}<c:chartSpace xmlns:c=\"http://schemas.openxmlformats.org/drawingml/2006/chart\" \
         xmlns:a=\"http://schemas.openxmlformats.org/drawingml/2006/main\" \
         xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><c:roundedCorners val=\"0\"/><c:chart>\
         <c:title><c:tx><c:rich><a:bodyPr/><a:p><a:pPr><a:defRPr sz=\"1200\" b=\"1\"/></a:pPr><a:r><a:rPr lang=\"en-GB\" sz=\"1200\" b=\"1\"/>\
         <a:t>{title}</a:t></a:r></a:p></c:rich></c:tx><c:overlay val=\"0\"/></c:title><c:autoTitleDeleted val=\"0\"/><c:plotArea><c:layout/>\
         <c:barChart><c:barDir val=\"bar\"/><c:grouping val=\"{grouping}\"/><c:varyColors val=\"0\"/>{series}<c:gapWidth val=\"60\"/>\
         <c:overlap val=\"{overlap}\"/><c:axId val=\"1001\"/><c:axId val=\"1002\"/></c:barChart>\
         <c:catAx><c:axId val=\"1001\"/><c:scaling><c:orientation val=\"maxMin\"/></c:scaling><c:delete val=\"0\"/><c:axPos val=\"l\"/>\
         <c:numFmt formatCode=\"General\" sourceLinked=\"0\"/><c:majorTickMark val=\"none\"/><c:minorTickMark val=\"none\"/>\
         <c:tickLblPos val=\"low\"/><c:crossAx val=\"1002\"/><c:crosses val=\"autoZero\"/><c:auto val=\"0\"/><c:lblAlgn val=\"ctr\"/>\
         <c:lblOffset val=\"100\"/><c:tickLblSkip val=\"1\"/><c:noMultiLvlLbl val=\"1\"/></c:catAx>\
         <c:valAx><c:axId val=\"1002\"/><c:scaling><c:orientation val=\"minMax\"/><c:min val=\"0\"/></c:scaling><c:delete val=\"0\"/><c:axPos val=\"b\"/>\
         <c:majorGridlines><c:spPr><a:ln><a:solidFill><a:srgbClr val=\"D9D9D9\"/></a:solidFill></a:ln></c:spPr></c:majorGridlines>\
         <c:numFmt formatCode=\"General\" sourceLinked=\"0\"/><c:majorTickMark val=\"none\"/><c:minorTickMark val=\"none\"/>\
         <c:tickLblPos val=\"nextTo\"/><c:crossAx val=\"1001\"/><c:crosses val=\"max\"/><c:crossBetween val=\"between\"/></c:valAx></c:plotArea>{legend}\
         <c:plotVisOnly val=\"1\"/><c:dispBlanksAs val=\"gap\"/></c:chart></c:chartSpace>"
    )
}

#[cfg(test)]
mod tests {
    use super::Charts;
    use crate::report::trunks::TrunkCounts;

    fn trunk(calls_488: u64) -> TrunkCounts {
        let mut trunk = TrunkCounts::default();
        trunk.calls_488 = calls_488;
        trunk
    }

    #[test]
    fn trunks_without_a_488_are_not_drawn() {
        assert!(Charts::of("Trunks", &[trunk(0)], 2).is_none());
        let charts = Charts::of("Trunks", &[trunk(2), trunk(1), trunk(0)], 4).unwrap();
        assert!(charts.rates().contains("<c:f>'Trunks'!$A$2:$A$3</c:f>"));
        assert_eq!(charts.cases().matches("<c:ser>").count(), 5);
    }

    #[test]
    fn a_chart_has_so_many_trunks_as_can_be_read() {
        let trunks: Vec<TrunkCounts> = (0..50).map(|_| trunk(1)).collect();
        let charts = Charts::of("Trunks", &trunks, 51).unwrap();
        assert!(charts.rates().contains("<c:f>'Trunks'!$I$2:$I$21</c:f>"));
    }
}
