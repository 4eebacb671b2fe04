//! The whole program, and the only room with threads.
//!
//! Captures are read in windows of bounded size: a window's chunks are decoded in parallel while the one before
//! advances calls in parallel. What is open carries over. The result depends on the records alone.
#![expect(clippy::disallowed_methods, reason = "threads live here")]

pub mod advance;
pub mod analysis;
pub mod chunk;
pub mod flow;
pub mod ledger;
pub mod settle;
pub mod window;

use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use rayon::iter::IntoParallelRefIterator;
use rayon::iter::ParallelIterator;

use crate::capture::inventory;
use crate::capture::inventory::Inventory;
use crate::report::rows::Surroundings;
use crate::trunk::Config;
use crate::trunk::SbcAddresses;
use crate::trunk::Teams;

use self::advance::Carry;
use self::analysis::Gathering;
use self::chunk::Chunk;
use self::settle::Settlement;
use self::window::Readings;
use self::window::Task;

pub use self::analysis::Analysis;

/// Bytes that each thread decodes before calls are advanced.
pub const WINDOW: u64 = 4 << 20;

/// What to analyse, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// Files, folders, `-` for standard input.
    pub paths: Vec<PathBuf>,
    /// Trunk names, what counts as Teams.
    pub config: Config,
    /// Threads; at least 1.
    pub threads: usize,
    /// Bytes that each thread decodes before calls are advanced; [`WINDOW`]. It bounds memory, and changes no result.
    pub window: u64,
    /// Set by whoever wants the run to end early.
    pub stop: Arc<AtomicBool>,
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

fn run(
    options: &Options,
    progress: &dyn Progress,
    pool: &Arc<rayon::ThreadPool>,
) -> Result<Analysis, Error> {
    let Inventory { captures, others } = inventory::take(&options.paths);
    progress.total(
        captures
            .iter()
            .filter_map(crate::capture::Capture::len)
            .sum(),
    );
    let teams = Teams::new(&options.config);
    let paths: Vec<String> = captures
        .iter()
        .map(|capture| capture.path.display().to_string())
        .collect();
    let mut carry = Carry::new(Surroundings {
        teams: &teams,
        config: &options.config,
        paths: &paths,
    });
    let mut readings = Readings::new(
        &captures,
        options.window.saturating_mul(options.threads.max(1) as u64),
    );
    let mut gathering = Gathering::default();
    let mut runs = Vec::new();
    while !readings.is_done() || !runs.is_empty() {
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
    let mut sbc = SbcAddresses::new(&options.config);
    sbc.join(&learned.sbc);
    sbc.join(&readings.sbc);
    let settlement = Settlement {
        config: options.config.clone(),
        sbc,
        history: learned.history.clone(),
    };
    gathering.finish(
        &readings,
        &others,
        &totals,
        &learned,
        settlement,
        Arc::clone(pool),
    )
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
