//! The whole program, and the only room with threads.
//!
//! Captures are read in windows of bounded size: a window's chunks are decoded in parallel while the one before
//! advances calls in parallel. What is open carries over. The result depends on the records alone.
#![expect(clippy::disallowed_methods, reason = "threads live here")]

pub mod advance;
pub mod analysis;
pub mod chunk;
#[cfg(feature = "extract")]
pub mod extract;
pub mod flow;
pub mod ledger;
pub mod locked;
mod mail;
pub mod relations;
pub mod reported;
pub mod settle;
pub mod taps;
pub mod window;

use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use rayon::iter::IntoParallelRefIterator;
use rayon::iter::ParallelIterator;

use crate::capture::Capture;
use crate::capture::inventory;
use crate::capture::inventory::Inventory;
use crate::capture::inventory::NotRead;
use crate::capture::inventory::SetAside;
use crate::capture::key_log;
use crate::pstn_report::PstnReport;
use crate::report::encrypted::MAX_TOLD;
use crate::report::ladder::Ladders;
use crate::report::redact::Key;
use crate::report::rows::Surroundings;
use crate::transport::tls::KeyLog;
use crate::trunk::Config;
use crate::trunk::SbcAddresses;
use crate::trunk::Teams;

use self::advance::Carry;
use self::advance::Learned;
use self::advance::Totals;
use self::analysis::Gathering;
use self::chunk::Chunk;
use self::settle::Settlement;
use self::window::Readings;
use self::window::Task;

pub use self::analysis::Analysis;

/// Bytes that each thread decodes before calls are advanced.
pub const WINDOW: u64 = 2 << 20;

/// What to analyse, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// Files, folders, `-` for standard input.
    pub paths: Vec<PathBuf>,
    /// Trunk names, what counts as Teams.
    pub config: Config,
    /// Keys of TLS connections, besides those that come with the captures.
    pub keys: KeyLog,
    /// Threads; at least 1.
    pub threads: usize,
    /// Bytes that each thread decodes before calls are advanced; [`WINDOW`]. It bounds memory, and changes no result.
    pub window: u64,
    /// Microsoft's own reports of the calls.
    pub pstn_report: Option<Arc<PstnReport>>,
    /// Whether rows tell the trunk groups that calls name.
    pub tells_trunk_groups: bool,
    /// Which rows have the messages of their calls.
    pub ladders: Ladders,
    /// The key that stand-ins are made with, where results are to be redacted.
    pub redaction_key: Option<Key>,
    /// Set by whoever wants the run to end early.
    pub stop: Arc<AtomicBool>,
}

impl Options {
    /// Only what is redacted may have keys in it.
    fn ladders_of_rows(&self) -> &Ladders {
        match &self.ladders {
            Ladders::ToBeRedacted(_) if self.redaction_key.is_none() => &Ladders::None,
            ladders => ladders,
        }
    }
}

/// Is told how far the run is.
pub trait Progress: Sync {
    /// How many bytes there are in all, as far as known.
    fn total(&self, bytes: u64);
    /// So many more bytes have been read.
    fn read(&self, bytes: u64);
}

/// Why a run has no result.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It was asked to stop.
    #[error("stopped before the end")]
    Stopped,
    /// The threads could not be started.
    #[error("threads can't be started: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
    /// A temporary file failed.
    #[error("{0}")]
    Spill(#[from] std::io::Error),
}

/// Reads everything and tells every call.
pub fn analyze(options: &Options, progress: &dyn Progress) -> Result<Analysis, Error> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.threads.max(1))
        .build()?;
    let pool = Arc::new(pool);
    pool.install(|| run(options, progress, &pool))
}

/// Passes over the captures at most: a pass may learn keys that open what it could not read, and the sessions inside
/// may name others.
const PASSES: u32 = 3;

fn run(
    options: &Options,
    progress: &dyn Progress,
    pool: &Arc<rayon::ThreadPool>,
) -> Result<Analysis, Error> {
    let inventory = inventory::take(&options.paths);
    let mut keys = options.keys.clone();
    let (keys_beside, key_logs) = keys_of(&inventory);
    keys.join(&keys_beside);
    let bytes = inventory
        .captures
        .iter()
        .filter_map(Capture::len)
        .sum::<u64>();
    let is_again = inventory.captures.iter().all(Capture::can_be_read_again);
    let (mut done, mut passes) = (0, 0);
    // Only beside calls without Teams is there anything to pair: a capture that has none costs less.
    let mut pairs = !is_again;
    loop {
        progress.total(done + bytes);
        let read = read_all(options, &inventory, &keys, pairs, progress)?;
        done += read.readings.told();
        if read.must_pair {
            pairs = true;
            continue;
        }
        passes += 1;
        let late = read.learned.locked.unlock(&mut keys, &read.readings.keys);
        if late == 0 || !is_again || passes == PASSES {
            let mut analysis = read.finish(options, &inventory, pool)?;
            analysis.summary.limits.keys_too_late = late;
            analysis.keys = keys;
            analysis.inputs.extend(key_logs);
            // Where nothing was read there is nothing to be shown to others, and only its name to say what was named.
            if let Some(key) = options
                .redaction_key
                .as_ref()
                .filter(|_| !analysis.is_nothing)
            {
                analysis.redact(key, Teams::new(&options.config))?;
            }
            return Ok(analysis);
        }
    }
}

/// The keys that are known before the first packet is read, and the files that they are in.
fn keys_of(inventory: &Inventory) -> (KeyLog, Vec<PathBuf>) {
    let mut keys = KeyLog::default();
    for text in inventory
        .captures
        .iter()
        .flat_map(|capture| &capture.key_logs)
    {
        keys.read(text.as_bytes());
    }
    for text in &inventory.key_logs {
        keys.read(text.as_bytes());
    }
    let is_key_log = |other: &&SetAside| other.status == NotRead::KeyLog;
    let named = inventory.others.iter().filter(is_key_log);
    let mut files: Vec<PathBuf> = named.map(|other| other.path.clone()).collect();
    for (path, text) in key_log::beside(&inventory.captures) {
        if let Ok(text) = text {
            keys.read(text.as_bytes());
            files.push(path);
        }
    }
    (keys, files)
}

/// What a pass over all captures gave.
struct Read<'c> {
    readings: Readings<'c>,
    gathering: Gathering,
    learned: Learned,
    totals: Totals,
    /// True where it was given up at the first call without Teams, as legs had not been kept until then.
    must_pair: bool,
}

fn read_all<'c>(
    options: &Options,
    inventory: &'c Inventory,
    keys: &KeyLog,
    pairs: bool,
    progress: &dyn Progress,
) -> Result<Read<'c>, Error> {
    let captures = &inventory.captures;
    let teams = Teams::new(&options.config);
    let paths: Vec<String> = captures
        .iter()
        .map(|capture| capture.path.display().to_string())
        .collect();
    let with = Surroundings {
        teams: &teams,
        config: &options.config,
        numbers: pairs.then_some(&options.config.numbers),
        tells_trunk_groups: options.tells_trunk_groups,
        ladders: options.ladders_of_rows(),
        tells_named: options.redaction_key.is_some(),
        paths: &paths,
    };
    let mut carry = Carry::new(with, keys);
    let mut readings = Readings::new(
        captures,
        options.window.saturating_mul(options.threads.max(1) as u64),
    );
    let mut gathering = Gathering::default();
    let mut runs = Vec::new();
    let must_pair = |gathering: &Gathering| !pairs && gathering.has_calls_without_teams();
    while !must_pair(&gathering) && (!readings.is_done() || !runs.is_empty()) {
        if options.stop.load(Ordering::Relaxed) {
            return Err(Error::Stopped);
        }
        let tasks = readings.plan();
        // The next window is decoded while this one advances.
        let (chunks, rows) = rayon::join(|| decode(&tasks, &teams), || carry.advance(&runs));
        progress.read(readings.accept(&tasks, chunks, &teams));
        rows.into_iter().try_for_each(|rows| gathering.take(rows))?;
        runs = readings.advance();
    }
    let (rows, learned, totals) = carry.finish();
    rows.into_iter().try_for_each(|rows| gathering.take(rows))?;
    Ok(Read {
        must_pair: must_pair(&gathering),
        readings,
        gathering,
        learned,
        totals,
    })
}

impl Read<'_> {
    fn finish(
        self,
        options: &Options,
        inventory: &Inventory,
        pool: &Arc<rayon::ThreadPool>,
    ) -> Result<Analysis, Error> {
        let mut sbc = SbcAddresses::new(&options.config);
        sbc.join(&self.learned.sbc);
        sbc.join(&self.readings.sbc);
        let settlement = Settlement {
            config: options.config.clone(),
            sbc,
            history: self.learned.history.clone(),
            pstn_report: options.pstn_report.clone(),
        };
        let mut analysis = self.gathering.finish(
            &self.readings,
            &inventory.others,
            &self.totals,
            &self.learned,
            settlement,
            Arc::clone(pool),
        )?;
        let encrypted = self.learned.locked.told(&Teams::new(&options.config));
        analysis.summary.encrypted_connections = encrypted;
        analysis.summary.encrypted_connections.truncate(MAX_TOLD);
        Ok(analysis)
    }
}

fn decode(tasks: &[Task<'_>], teams: &Teams) -> Vec<Option<Chunk>> {
    tasks
        .par_iter()
        .map(|task| {
            std::panic::catch_unwind(AssertUnwindSafe(|| task.run(teams)))
                .ok()
                .flatten()
        })
        .collect()
}
