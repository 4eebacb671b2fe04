//! What a run ends with: rows in order, and the sums.

#![expect(clippy::disallowed_methods, reason = "threads live in pipeline")]

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use rayon::ThreadPool;
use rayon::iter::IndexedParallelIterator;
use rayon::iter::IntoParallelRefIterator;
use rayon::iter::IntoParallelRefMutIterator;
use rayon::iter::ParallelIterator;
use rayon::slice::ParallelSlice;

use crate::capture::inventory::NotRead;
use crate::capture::inventory::SetAside;
use crate::packet::Fate;
use crate::report::redact::Kept;
use crate::report::redact::Key as RedactionKey;
use crate::report::redact::Redaction;
use crate::report::row::Row;
use crate::report::spill::Sorted;
use crate::report::spill::Sorter;
use crate::report::spill::decode;
use crate::report::spill::encode;
use crate::report::summary::FileStatus;
use crate::report::summary::FileSummary;
use crate::report::summary::Limits;
use crate::report::summary::PairingSummary;
use crate::report::summary::RunSummary;
use crate::report::trunks::TrunkCounts;
use crate::report::trunks::TrunkTable;
use crate::text::Text;
use crate::transport::tls::KeyLog;
use crate::trunk::Teams;

use super::Error;
use super::advance::Learned;
use super::advance::Rows;
use super::advance::Totals;
use super::relations::Relations;
use super::relations::beside_calls;
use super::reported::Reported;
use super::settle::Settlement;
use super::settle::join;
use super::window::Readings;

/// Rows of calls that are over, while the run goes on.
#[derive(Debug, Default)]
pub struct Gathering {
    calls: Sorter,
    rejections: Sorter,
    legs: Sorter,
    without_teams: u64,
    count: u64,
    rejection_count: u64,
    /// Call-IDs that went on after they were closed; the least where there are too many.
    resumed: BTreeSet<Text<'static>>,
    has_too_many_resumed: bool,
}

/// Call-IDs at most whose calls are joined where they went on after they were closed: one in a thousand of fifty
/// million calls.
const RESUMED: usize = 50_000;

impl Gathering {
    /// Takes the rows of calls that are over.
    pub fn take(&mut self, rows: Rows) -> Result<(), Error> {
        self.count += rows.calls.len() as u64;
        self.rejection_count += rows.rejections.len() as u64;
        self.resumed.extend(rows.resumed);
        while self.resumed.len() > RESUMED {
            self.resumed.pop_last();
            self.has_too_many_resumed = true;
        }
        self.calls.append(&rows.calls)?;
        self.rejections.append(&rows.rejections)?;
        self.legs.append(&rows.legs)?;
        self.without_teams += rows.without_teams;
        Ok(())
    }

    /// True where there was a call of which no end is Teams.
    pub fn has_calls_without_teams(&self) -> bool {
        self.without_teams > 0
    }

    /// The result of the run.
    pub fn finish(
        self,
        readings: &Readings<'_>,
        others: &[SetAside],
        late: &Totals,
        learned: &Learned,
        settlement: Settlement,
        pool: Arc<ThreadPool>,
    ) -> Result<Analysis, Error> {
        let mut totals = Totals::default();
        totals.join(&readings.totals.ledger, &readings.totals.sip);
        totals.join(&late.ledger, &late.sip);
        let is_damaged = readings
            .all()
            .iter()
            .any(|reading| !reading.damage.is_empty());
        let is_lacking = others.iter().any(|other| {
            other.named || matches!(other.status, NotRead::Damaged | NotRead::Unreadable)
        });
        let calls = self.calls.finish()?;
        let relations = if self.without_teams == 0 {
            // Without a carrier there is nobody to pair with.
            Relations::default()
        } else {
            let legs = self.legs.finish()?;
            Relations::find(&legs, &calls, &readings.taps(), |row| {
                settlement.settle(row);
            })?
        };
        let rejections = beside_calls(&self.rejections.finish()?, &calls, &relations)?;
        let find = |report| {
            let numbers = &settlement.config.numbers;
            Reported::find(
                report,
                numbers,
                &calls,
                &relations,
                readings.taps(),
                |row| {
                    settlement.settle(row);
                },
            )
        };
        let reported = settlement.pstn_report.as_ref().map(find).transpose()?;
        let mut analysis = Analysis {
            is_whole: !is_damaged && !is_lacking,
            is_nothing: readings.all().is_empty()
                && !others.is_empty()
                && others.iter().all(|other| other.named),
            keys: KeyLog::default(),
            can_be_read_again: readings.can_be_read_again(),
            summary: summary(readings, others, &totals, learned),
            file_names: readings
                .all()
                .iter()
                .map(super::window::Reading::path)
                .collect(),
            inputs: readings
                .all()
                .iter()
                .map(super::window::Reading::file)
                .collect::<BTreeSet<_>>(),
            calls,
            rejections,
            relations,
            reported,
            settlement,
            joined: BTreeMap::new(),
            redaction: None,
            pool,
        };
        let reported = analysis.reported.as_ref();
        analysis.summary.pstn_report = reported.map(|reported| reported.summary.clone());
        analysis.summary.pairing = PairingSummary::of(&analysis.relations.counts);
        analysis.join_resumed(&self.resumed)?;
        if self.has_too_many_resumed {
            analysis.summary.limits.calls_not_joined = analysis.not_joined(&self.resumed)?;
        }
        let fewer: usize = analysis.joined.values().map(|parts| parts.parts - 1).sum();
        analysis.summary.calls = self.count - fewer as u64;
        analysis.summary.rejections = self.rejection_count;
        Ok(analysis)
    }
}

/// Rows held decoded at once.
const TOLD_AT_ONCE: usize = 2048;

/// Rows rendered by one thread at a time.
const RENDERED_AT_ONCE: usize = 128;

/// The rows of a run in order, each to be completed as it is read.
#[derive(Debug)]
pub struct Analysis {
    /// What was read, and what became of it. The counts by case and verdict are complete after [`Analysis::each_rejection`].
    pub summary: RunSummary,
    /// True where everything was read: no capture is damaged, no file unreadable, and what was named is there and a capture.
    pub is_whole: bool,
    /// True where none of the named paths could be read.
    pub is_nothing: bool,
    /// All keys of TLS connections that were known in the end.
    pub keys: KeyLog,
    /// True where all captures could be read again: none is a pipe.
    pub can_be_read_again: bool,
    /// The captures by inventory number, as they are told.
    pub file_names: Vec<PathBuf>,
    /// The files that were read: those that captures are in, of which an archive has several, and key logs beside them.
    pub inputs: BTreeSet<PathBuf>,
    calls: Sorted,
    rejections: Sorted,
    relations: Relations,
    reported: Option<Reported>,
    settlement: Settlement,
    joined: BTreeMap<Key, Joined>,
    redaction: Option<Redaction>,
    pool: Arc<ThreadPool>,
}

/// Call-ID and caller's tag.
type Key = (Text<'static>, Text<'static>);

/// A call that was closed and went on.
#[derive(Debug)]
struct Joined {
    /// Encoded as it was.
    row: Vec<u8>,
    parts: usize,
}

impl Analysis {
    /// From now on all that is told is redacted: rows, the summary, the captures' paths. The trunks' names stay, which
    /// only all rows together tell.
    pub(super) fn redact(&mut self, key: &RedactionKey, teams: Teams) -> Result<(), Error> {
        let names = |rows: &[Row<'_>]| {
            let mut kept = Kept::default();
            for row in rows {
                kept.add(&row.trunk);
                kept.add(&row.carrier_trunk);
            }
            kept
        };
        let mut kept = Kept::default();
        self.each_call::<_, Error>(names, |some| {
            kept.join(some);
            Ok(())
        })?;
        let redaction = Redaction::new(key, teams, kept);
        redaction.summary(&mut self.summary);
        for path in &mut self.file_names {
            *path = redaction.path(path).into();
        }
        self.redaction = Some(redaction);
        Ok(())
    }

    /// What replaces originals, where they are to be replaced.
    pub const fn redaction(&self) -> Option<&Redaction> {
        self.redaction.as_ref()
    }

    /// Every call, in the order of the calls CSV: `render` makes something of some of them at a time, on any thread, and `each`
    /// gets it in order. Returns the trunks' counts in the order of the trunk report, and counts in the summary what that lacks.
    pub fn each_call<R: Send, E: From<Error>>(
        &mut self,
        render: impl Fn(&[Row<'_>]) -> R + Sync,
        mut each: impl FnMut(R) -> Result<(), E>,
    ) -> Result<Vec<TrunkCounts>, E> {
        let mut trunks = TrunkTable::default();
        let mut told = BTreeSet::new();
        let mut rows = self.calls.read().map_err(Error::from)?;
        let mut relations = self.relations.read().map_err(Error::from)?;
        let mut place = 0;
        loop {
            let encoded = next(&mut rows)?;
            let beside = relations
                .of_all(place, encoded.len())
                .map_err(Error::from)?;
            place += encoded.len() as u64;
            let whole = |row, at: usize| {
                if let Some(joined) = self.joined(&row)? {
                    return Ok(joined);
                }
                let relation = beside.get(&(at as u64)).map(|relation| decode(relation));
                let relation = relation.transpose()?;
                Ok(Row { relation, ..row })
            };
            let mut some = self.settled(&encoded, whole)?;
            if some.is_empty() {
                break;
            }
            if !self.joined.is_empty() {
                some.retain(|row| {
                    self.joined_with(row)
                        .is_none_or(|(key, _)| told.insert(key.clone()))
                });
            }
            self.redacted(&mut some);
            for row in &some {
                trunks.add(row);
            }
            self.rendered(&some, &render)
                .into_iter()
                .try_for_each(&mut each)?;
        }
        drop((rows, relations));
        self.summary.limits.calls_of_trunks_left_out = trunks.left_out;
        Ok(trunks.into_rows())
    }

    /// Every rejection, in the order of the rejections CSV, as [`Analysis::each_call`] gives the calls. Counts them by case and
    /// verdict in the summary.
    pub fn each_rejection<R: Send, E: From<Error>>(
        &mut self,
        render: impl Fn(&[Row<'_>]) -> R + Sync,
        mut each: impl FnMut(R) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut summary = self.summary.clone();
        let mut rows = self.rejections.read().map_err(Error::from)?;
        loop {
            let encoded = next(&mut rows)?;
            let mut some = self.settled(&encoded, |row, _| Ok(row))?;
            if some.is_empty() {
                break;
            }
            self.redacted(&mut some);
            let passes_on = |row: &&Row<'_>| row.relation.as_ref().is_some_and(|of| of.relayed);
            summary.pairing.relayed += some.iter().filter(passes_on).count() as u64;
            some.iter()
                .filter(|row| !passes_on(row))
                .filter_map(|row| row.diagnosis.as_ref())
                .for_each(|diagnosis| summary.count(diagnosis));
            self.rendered(&some, &render)
                .into_iter()
                .try_for_each(&mut each)?;
        }
        drop(rows);
        self.summary = summary;
        Ok(())
    }

    /// Rows, complete.
    fn settled<'r>(
        &self,
        encoded: &'r [Cow<'_, [u8]>],
        whole: impl Fn(Row<'r>, usize) -> io::Result<Row<'r>> + Sync,
    ) -> Result<Vec<Row<'r>>, Error> {
        let settled = |(at, bytes): (usize, &'r Cow<'_, [u8]>)| {
            let mut row = whole(decode(bytes)?, at)?;
            self.settlement.settle(&mut row);
            if let Some(reported) = &self.reported {
                reported.tell(&mut row);
            }
            Ok(row)
        };
        self.pool
            .install(|| encoded.par_iter().enumerate().map(settled).collect())
    }

    /// The last thing that is done to rows before anybody sees them.
    fn redacted(&self, rows: &mut [Row<'_>]) {
        if let Some(redaction) = &self.redaction {
            self.pool
                .install(|| rows.par_iter_mut().for_each(|row| redaction.row(row)));
        }
    }

    fn rendered<R: Send>(
        &self,
        rows: &[Row<'_>],
        render: &(impl Fn(&[Row<'_>]) -> R + Sync),
    ) -> Vec<R> {
        self.pool
            .install(|| rows.par_chunks(RENDERED_AT_ONCE).map(render).collect())
    }

    /// The row of the whole call with what is told of it, where it was closed and went on.
    fn joined<'r>(&'r self, row: &Row<'_>) -> io::Result<Option<Row<'r>>> {
        if self.joined.is_empty() {
            return Ok(None);
        }
        let joined = self.joined_with(row).map(|(_, joined)| decode(&joined.row));
        joined.transpose()
    }

    /// Puts the parts of calls that went on after they were closed together. Such calls are few.
    fn join_resumed(&mut self, resumed: &BTreeSet<Text<'static>>) -> Result<(), Error> {
        if resumed.is_empty() {
            return Ok(());
        }
        let mut relations = self.relations.read()?;
        for (place, row) in (0..).zip(self.calls.read()?) {
            let encoded = row?;
            let relation = relations.of(place)?;
            let mut row: Row<'_> = decode(&encoded)?;
            if !resumed.contains(&row.call_id) {
                continue;
            }
            row.relation = relation.as_deref().map(decode).transpose()?;
            let key = self.joined_with(&row).map(|(key, _)| key.clone());
            let key = key.unwrap_or_else(|| key_of(&row));
            let joined = match self.joined.remove(&key) {
                None => Joined {
                    row: encode(&row),
                    parts: 1,
                },
                Some(earlier) => Joined {
                    row: encode(&join(decode(&earlier.row)?, row)),
                    parts: earlier.parts + 1,
                },
            };
            self.joined.insert(key, joined);
        }
        Ok(())
    }

    /// How many calls went on after they were closed and are told as calls of their own.
    fn not_joined(&self, resumed: &BTreeSet<Text<'static>>) -> Result<u64, Error> {
        let mut count = 0;
        for row in self.calls.read()? {
            let encoded = row?;
            let row: Row<'_> = decode(&encoded)?;
            count += u64::from(row.is_resumed && !resumed.contains(&row.call_id));
        }
        Ok(count)
    }

    /// The call that a row is a part of: the one with its caller's tag, or, where one of the two lacks the initial INVITE,
    /// the first of its Call-ID.
    fn joined_with(&self, row: &Row<'_>) -> Option<(&Key, &Joined)> {
        let key = key_of(row);
        self.joined.get_key_value(&key).or_else(|| {
            let without_tag = (key.0, Text::default());
            if row.caller_tag.is_empty() {
                let mut behind = self.joined.range(without_tag..);
                behind
                    .next()
                    .filter(|((call_id, _), _)| *call_id == row.call_id)
            } else {
                self.joined.get_key_value(&without_tag)
            }
        })
    }
}

fn key_of(row: &Row<'_>) -> Key {
    (
        row.call_id.clone().into_owned(),
        row.caller_tag.clone().into_owned(),
    )
}

/// The next rows as they were encoded; none at the end.
fn next<'r>(
    rows: &mut impl Iterator<Item = io::Result<Cow<'r, [u8]>>>,
) -> Result<Vec<Cow<'r, [u8]>>, Error> {
    Ok(rows.take(TOLD_AT_ONCE).collect::<io::Result<_>>()?)
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
                NotRead::Damaged => FileStatus::Partial,
                NotRead::KeyLog | NotRead::NotACapture => FileStatus::NotACapture,
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
        sctp_fragments_evicted: learned.sctp_fragments_evicted,
        wrappings_given_up: learned.wrappings_given_up,
        keys_left_out: learned.keys_left_out,
        keys_too_late: 0,
        calls_not_joined: 0,
        offers_left_out: learned.history.left_out,
        has_too_many_sbc_addresses: learned.sbc.has_left_out,
        calls_of_trunks_left_out: 0,
        offers_not_told_apart: 0,
    };
    summary
}
