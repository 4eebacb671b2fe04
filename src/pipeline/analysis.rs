//! What a run ends with: rows in order, and the sums.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::capture::inventory::NotRead;
use crate::capture::inventory::SetAside;
use crate::packet::Fate;
use crate::report::row::Order;
use crate::report::row::Row;
use crate::report::spill::Sorted;
use crate::report::spill::Sorter;
use crate::report::summary::FileStatus;
use crate::report::summary::FileSummary;
use crate::report::summary::Limits;
use crate::report::summary::RunSummary;
use crate::report::trunks::TrunkCounts;
use crate::report::trunks::TrunkTable;
use crate::text::Text;

use super::Error;
use super::advance::Learned;
use super::advance::Rows;
use super::advance::Totals;
use super::settle::Settlement;
use super::settle::join;
use super::window::Readings;

/// Rows of calls that are over, while the run goes on.
#[derive(Debug, Default)]
pub struct Gathering {
    calls: Sorter<Order, Row>,
    rejections: Sorter<Order, Row>,
    count: u64,
    rejection_count: u64,
    /// Call-IDs that went on after they were closed.
    resumed: BTreeSet<Text>,
}

impl Gathering {
    /// Takes the rows of calls that are over.
    pub fn take(&mut self, rows: Rows) -> Result<(), Error> {
        self.count += rows.calls.len() as u64;
        self.rejection_count += rows.rejections.len() as u64;
        self.resumed.extend(rows.resumed);
        self.calls.append(rows.calls)?;
        self.rejections.append(rows.rejections)?;
        Ok(())
    }

    /// The result of the run.
    pub fn finish(
        self,
        readings: &Readings<'_>,
        others: &[SetAside],
        late: &Totals,
        learned: &Learned,
        settlement: Settlement,
    ) -> Result<Analysis, Error> {
        let mut totals = Totals::default();
        totals.join(&readings.totals.ledger, &readings.totals.sip);
        totals.join(&late.ledger, &late.sip);
        let is_damaged = readings
            .all()
            .iter()
            .any(|reading| !reading.damage.is_empty());
        let is_lacking = others
            .iter()
            .any(|other| other.named || other.status == NotRead::Unreadable);
        let mut analysis = Analysis {
            is_whole: !is_damaged && !is_lacking,
            is_nothing: readings.all().is_empty()
                && !others.is_empty()
                && others.iter().all(|other| other.named),
            summary: summary(readings, others, &totals, learned),
            file_names: readings
                .all()
                .iter()
                .map(super::window::Reading::path)
                .collect(),
            calls: self.calls.finish()?,
            rejections: self.rejections.finish()?,
            settlement,
            joined: BTreeMap::new(),
        };
        analysis.join_resumed(&self.resumed)?;
        let fewer: usize = analysis.joined.values().map(|parts| parts.parts - 1).sum();
        analysis.summary.calls = self.count - fewer as u64;
        analysis.summary.rejections = self.rejection_count;
        Ok(analysis)
    }
}

/// The rows of a run in order, each to be completed as it is read.
#[derive(Debug)]
pub struct Analysis {
    /// What was read, and what became of it. The counts by case and verdict are complete after [`Analysis::each_rejection`].
    pub summary: RunSummary,
    /// True where everything was read: no capture is damaged, no file unreadable, and what was named is there and a capture.
    pub is_whole: bool,
    /// True where none of the named paths could be read.
    pub is_nothing: bool,
    /// The captures by inventory number.
    pub file_names: Vec<PathBuf>,
    calls: Sorted<Order, Row>,
    rejections: Sorted<Order, Row>,
    settlement: Settlement,
    joined: BTreeMap<Key, Joined>,
}

/// Call-ID and caller's tag.
type Key = (Text, Text);

/// A call that was closed and went on.
#[derive(Debug)]
struct Joined {
    row: Row,
    parts: usize,
}

impl Analysis {
    /// Every call, in the order of the calls CSV. Returns the trunks' counts in the order of the trunk report.
    pub fn each_call<E: From<Error>>(
        &self,
        mut each: impl FnMut(&Row) -> Result<(), E>,
    ) -> Result<Vec<TrunkCounts>, E> {
        let mut trunks = TrunkTable::default();
        let mut told = BTreeSet::new();
        for row in self.calls.read().map_err(Error::from)? {
            let mut row = row.map_err(Error::from)?;
            if let Some((key, joined)) = self.joined_with(&row) {
                if !told.insert(key.clone()) {
                    continue;
                }
                row = joined.row.clone();
            }
            self.settlement.settle(&mut row);
            trunks.add(&row);
            each(&row)?;
        }
        Ok(trunks.into_rows())
    }

    /// Every rejection, in the order of the rejections CSV. Counts them by case and verdict in the summary.
    pub fn each_rejection<E: From<Error>>(
        &mut self,
        mut each: impl FnMut(&Row) -> Result<(), E>,
    ) -> Result<(), E> {
        for row in self.rejections.read().map_err(Error::from)? {
            let mut row = row.map_err(Error::from)?;
            self.settlement.settle(&mut row);
            if let Some(diagnosis) = &row.diagnosis {
                self.summary.count(diagnosis);
            }
            each(&row)?;
        }
        Ok(())
    }

    /// Puts the parts of calls that went on after they were closed together. Such calls are few.
    fn join_resumed(&mut self, resumed: &BTreeSet<Text>) -> Result<(), Error> {
        if resumed.is_empty() {
            return Ok(());
        }
        for row in self.calls.read()? {
            let row = row?;
            if !resumed.contains(&row.call_id) {
                continue;
            }
            let key = self.joined_with(&row).map(|(key, _)| key.clone());
            let key = key.unwrap_or_else(|| (row.call_id.clone(), row.caller_tag.clone()));
            let joined = match self.joined.remove(&key) {
                None => Joined { row, parts: 1 },
                Some(earlier) => Joined {
                    row: join(earlier.row, row),
                    parts: earlier.parts + 1,
                },
            };
            self.joined.insert(key, joined);
        }
        Ok(())
    }

    /// The call that a row is a part of: the one with its caller's tag, or, where one of the two lacks the initial INVITE,
    /// the first of its Call-ID.
    fn joined_with(&self, row: &Row) -> Option<(&Key, &Joined)> {
        let key = (row.call_id.clone(), row.caller_tag.clone());
        let same = self.joined.get_key_value(&key);
        same.or_else(|| {
            let of_call = self
                .joined
                .range((row.call_id.clone(), Text::default())..)
                .take_while(|((call_id, _), _)| *call_id == row.call_id);
            of_call
                .into_iter()
                .find(|((_, tag), _)| tag.is_empty() || row.caller_tag.is_empty())
        })
    }
}

fn summary(
    readings: &Readings<'_>,
    others: &[SetAside],
    totals: &Totals,
    learned: &Learned,
) -> RunSummary {
    let mut summary = RunSummary::new();
    for reading in readings.all() {
        summary.files.push(reading.summary());
    }
    for other in others {
        summary.files.push(FileSummary {
            path: other.path.display().to_string(),
            format: None,
            status: match other.status {
                NotRead::NotACapture => FileStatus::NotACapture,
                NotRead::Unreadable | NotRead::Missing => FileStatus::Unreadable,
            },
            error: other.error.clone(),
            packets: 0,
            bytes: 0,
        });
    }
    summary.count_packets(|fate: Fate| totals.ledger.of(fate));
    summary.sip.messages = totals.sip.messages;
    summary.sip.malformed = totals.sip.malformed;
    summary.sip.requests.clone_from(&totals.sip.requests);
    summary.sip.responses = totals
        .sip
        .responses
        .iter()
        .map(|(status, count)| (status.to_string(), *count))
        .collect();
    summary.limits = Limits {
        messages_left_out: learned.messages_left_out,
        calls_evicted: learned.calls_evicted,
        connections_evicted: learned.connections_evicted,
        stream_bytes_lost: learned.stream_bytes_lost,
        datagrams_evicted: learned.datagrams_evicted,
    };
    summary
}
