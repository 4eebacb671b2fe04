//! What Microsoft's own report says of the calls, and how often it says what the rows say.

use std::io;
use std::sync::Arc;

use crate::diagnosis::Agreement;
use crate::diagnosis::agreement;
use crate::pstn_report::Claims;
use crate::pstn_report::Ground;
use crate::pstn_report::Known;
use crate::pstn_report::PstnReport;
use crate::report::row::Row;
use crate::report::spill::Sorted;
use crate::report::spill::decode;
use crate::report::summary::Difference;
use crate::report::summary::PstnSummary;
use crate::text::Text;
use crate::trunk::Numbering;

use super::relations::Relations;

/// Differences told in the summary at most; all are in the rows.
const DIFFERENCES: usize = 100;

/// The reports of a run, and which of their records is which call's.
#[derive(Debug)]
pub struct Reported {
    claims: Claims,
    taps: Vec<u32>,
    /// What the summary tells of it.
    pub summary: PstnSummary,
}

impl Reported {
    /// Finds the record of each call. `settle` completes a row.
    pub fn find(
        report: &Arc<PstnReport>,
        numbers: &Numbering,
        calls: &Sorted,
        relations: &Relations,
        taps: Vec<u32>,
        settle: impl Fn(&mut Row<'_>),
    ) -> io::Result<Self> {
        let mut reported = Self {
            claims: Claims::new(Arc::clone(report), numbers.clone()),
            taps,
            summary: PstnSummary {
                records: report.len() as u64,
                unreadable: report.unreadable,
                left_out: report.left_out,
                ..PstnSummary::default()
            },
        };
        for row in calls.read()? {
            let row = row?;
            if let Some(call) = reported.known(&decode(&row)?) {
                reported.claims.measure(call);
            }
        }
        reported.claims.settle();
        for row in calls.read()? {
            let row = row?;
            if let Some(call) = reported.known(&decode(&row)?) {
                reported.claims.note(call);
            }
        }
        reported.count(calls, relations, settle)?;
        Ok(reported)
    }

    /// Completes a row by what is reported of it.
    pub fn tell(&self, row: &mut Row<'_>) {
        let record = self.known(row).and_then(|call| self.claims.record_of(call));
        if let Some((record, _)) = record {
            row.reported_code = record.code;
            row.reported_phrase = Text::from(record.phrase.as_bytes().to_vec());
        }
    }

    /// What a call with Teams is found by: Microsoft reports no other.
    fn known<'k>(&self, row: &'k Row<'_>) -> Option<Known<'k>> {
        let file = row.file.or(row.response_file).unwrap_or(0);
        row.has_teams.then(|| Known {
            tap: self.taps.get(file as usize).copied().unwrap_or(file),
            start: row.start_time,
            correlation_id: row.correlation_id.as_bytes(),
            caller: row.caller.as_bytes(),
            callee: row.callee.as_bytes(),
        })
    }

    fn count(
        &mut self,
        calls: &Sorted,
        relations: &Relations,
        settle: impl Fn(&mut Row<'_>),
    ) -> io::Result<()> {
        let mut beside = relations.read()?;
        for (place, encoded) in (0..).zip(calls.read()?) {
            let encoded = encoded?;
            let relation = beside.of(place)?;
            let mut row: Row<'_> = decode(&encoded)?;
            row.relation = relation.as_deref().map(decode).transpose()?;
            let Some(call) = self.known(&row) else {
                continue;
            };
            match self.claims.record_of(call) {
                None => self.summary.calls_not_found += 1,
                Some((_, Ground::CorrelationId)) => self.summary.by_correlation_id += 1,
                Some((_, Ground::Numbers)) => self.summary.by_numbers += 1,
            }
            settle(&mut row);
            self.tell(&mut row);
            self.compare(&row);
        }
        self.summary.records_not_found = self.summary.records - self.claims.found();
        Ok(())
    }

    /// A 488 that is passed on to Teams is told by the carrier's, and none of Microsoft's codes may stand beside it.
    fn compare(&mut self, row: &Row<'_>) {
        let Some(diagnosis) = &row.diagnosis else {
            return;
        };
        match agreement(diagnosis, row.reported_code, row.reported_phrase.as_bytes()) {
            Agreement::Untold => {}
            Agreement::Agrees => self.summary.agreed += 1,
            Agreement::Differs => {
                self.summary.differed += 1;
                if self.summary.differences.len() < DIFFERENCES {
                    let text =
                        |text: &Text<'_>| String::from_utf8_lossy(text.as_bytes()).into_owned();
                    self.summary.differences.push(Difference {
                        call_id: text(&row.call_id),
                        case: diagnosis.case().map(|case| case.name),
                        verdict: diagnosis.verdict.name(),
                        reported_code: row.reported_code,
                        reported_phrase: text(&row.reported_phrase),
                    });
                }
            }
        }
    }
}
