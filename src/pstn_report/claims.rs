//! Which record tells of which call.
//!
//! By the correlation id, where both have one; else by both numbers and the time. Clocks differ: by how much is measured
//! where ids tell. A record that several calls could claim by their numbers is nobody's, and a call that several records
//! would fit has none.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::capture::record::Nanos;
use crate::pairing::Number;
use crate::trunk::Numbering;

use super::PstnReport;
use super::Record;
use super::record::MASKED;

/// How far a call and its record may be apart where the difference of their clocks is not known.
const NEAR_UNKNOWN: i64 = 10_000_000_000;

/// The same where it is known: five times what it varies by, within these bounds.
const NEAREST: i64 = 250_000_000;
const NEAR: i64 = 2_000_000_000;

/// Calls that must tell a difference, for what it varies by to be known.
const ENOUGH: usize = 5;

/// Differences of clocks kept of one capture.
const SAMPLES: usize = 10_000;

/// Records looked at for one call.
const CANDIDATES: usize = 4096;

/// What is known of a call.
#[derive(Clone, Copy, Debug)]
pub struct Known<'k> {
    /// By whose clock it began: the capture's place.
    pub tap: u32,
    /// When it began.
    pub start: Nanos,
    /// The correlation id; empty where it is not known.
    pub correlation_id: &'k [u8],
    /// Who called.
    pub caller: &'k [u8],
    /// Who was called.
    pub callee: &'k [u8],
}

/// On what ground a record tells of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// They have one correlation id.
    CorrelationId,
    /// They are between the same numbers, at one time.
    Numbers,
}

/// A capture's clock beside Microsoft's.
#[derive(Clone, Copy, Debug)]
struct Clock {
    /// By how much it is ahead, in nanoseconds.
    ahead: i64,
    /// How far a call may be from its record.
    within: i64,
}

impl Default for Clock {
    /// Nothing is known of it.
    fn default() -> Self {
        Self {
            ahead: 0,
            within: NEAR_UNKNOWN,
        }
    }
}

fn median(samples: &mut [i64]) -> i64 {
    let middle = samples.len() / 2;
    if samples.is_empty() {
        return 0;
    }
    *samples.select_nth_unstable(middle).1
}

/// Who claims which record. All calls are noted before one is asked for: first [`Claims::measure`], then
/// [`Claims::note`], then [`Claims::record_of`].
#[derive(Debug)]
pub struct Claims {
    report: Arc<PstnReport>,
    numbers: Numbering,
    samples: BTreeMap<u32, Vec<i64>>,
    clocks: BTreeMap<u32, Clock>,
    by_id: Vec<bool>,
    by_numbers: Vec<u8>,
}

impl Claims {
    /// None yet.
    pub fn new(report: Arc<PstnReport>, numbers: Numbering) -> Self {
        Self {
            samples: BTreeMap::new(),
            clocks: BTreeMap::new(),
            by_id: vec![false; report.len()],
            by_numbers: vec![0; report.len()],
            report,
            numbers,
        }
    }

    /// Takes a call for what its id tells: whose record it is, and how the clocks differ.
    pub fn measure(&mut self, call: Known<'_>) {
        let Some(place) = self.of_id(call) else {
            return;
        };
        self.by_id[place] = true;
        let samples = self.samples.entry(call.tap).or_default();
        if let Some(invited) = self.report.records[place].invited
            && samples.len() < SAMPLES
        {
            samples.push(call.start.since(invited).0);
        }
    }

    /// Settles the clocks, once all calls were measured.
    pub fn settle(&mut self) {
        for (tap, mut samples) in std::mem::take(&mut self.samples) {
            let ahead = median(&mut samples);
            let is_enough = samples.len() >= ENOUGH;
            for sample in &mut samples {
                *sample = sample.saturating_sub(ahead).saturating_abs();
            }
            let spread = median(&mut samples).saturating_mul(5);
            let within = if is_enough {
                spread.clamp(NEAREST, NEAR)
            } else {
                NEAR
            };
            self.clocks.insert(tap, Clock { ahead, within });
        }
    }

    /// Takes a call for what its numbers tell.
    pub fn note(&mut self, call: Known<'_>) {
        if self.of_id(call).is_none()
            && let Some(place) = self.of_numbers(call)
        {
            self.by_numbers[place] = self.by_numbers[place].saturating_add(1);
        }
    }

    /// The record of a call, once all calls were noted.
    pub fn record_of(&self, call: Known<'_>) -> Option<(&Record, Ground)> {
        let record = |place: usize| self.report.records.get(place);
        if let Some(place) = self.of_id(call) {
            return Some((record(place)?, Ground::CorrelationId));
        }
        let place = self.of_numbers(call)?;
        let is_its_own = self.by_numbers.get(place) == Some(&1);
        Some((record(place).filter(|_| is_its_own)?, Ground::Numbers))
    }

    /// How many records were found to be a call's.
    pub fn found(&self) -> u64 {
        let claims = self.by_id.iter().zip(&self.by_numbers);
        claims
            .filter(|(by_id, by_numbers)| **by_id || **by_numbers == 1)
            .count() as u64
    }

    /// Several records of one id are attempts at one call: that of the same numbers, else none.
    fn of_id(&self, call: Known<'_>) -> Option<usize> {
        match self.report.of_id(call.correlation_id) {
            [] => None,
            [only] => Some(*only),
            several => self.nearest(several, call),
        }
    }

    fn of_numbers(&self, call: Known<'_>) -> Option<usize> {
        let read = |written| Number::read(written, &self.numbers).key();
        let key = (read(call.caller), read(call.callee));
        let free = |places: &[usize]| -> Vec<usize> {
            let is_free = |place: &usize| self.by_id.get(*place) == Some(&false);
            places
                .iter()
                .copied()
                .filter(is_free)
                .take(CANDIDATES)
                .collect()
        };
        let of = |key| {
            self.report
                .by_numbers
                .get(&key)
                .map(|places| free(places))
                .unwrap_or_default()
        };
        let mut places = of(key);
        places.extend(of(MASKED));
        self.nearest(&places, call)
    }

    /// The only record of these that is between the call's numbers at its time.
    fn nearest(&self, places: &[usize], call: Known<'_>) -> Option<usize> {
        let clock = self.clocks.get(&call.tap).copied().unwrap_or_default();
        let start = call.start.since(Nanos(clock.ahead));
        let fits = |place: &&usize| {
            let Some(record) = self.report.records.get(**place) else {
                return false;
            };
            let apart = record.invited.map(|invited| start.since(invited).0);
            apart.is_some_and(|apart| apart.saturating_abs() <= clock.within)
                && record.is_between(call.caller, call.callee, &self.numbers)
        };
        let mut fitting = places.iter().filter(fits);
        match (fitting.next(), fitting.next()) {
            (Some(only), None) => Some(*only),
            _ => None,
        }
    }
}
