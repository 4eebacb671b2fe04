//! The packets of some calls: found in one pass over the captures, copied in another.
//!
//! `trace` finds which packets brought their messages: of TCP `streams` knows, of fragments and SCTP `pieces`. `copy` takes them
//! from the captures, and is the one place that says what becomes of a packet: it is copied, without the keys in it.

mod checksum;
mod copy;
mod pieces;
mod streams;
mod trace;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::capture::inventory;
use crate::capture::record::Frame;
use crate::capture::record::Nanos;
use crate::packet::Endpoint;
use crate::report::extract::told::Done;
use crate::report::spill::Sorted;
use crate::transport::tls::KeyLog;
use crate::trunk::Teams;

use super::Error;
use super::Options;
use super::Progress;
use super::decode;
use super::window::Readings;
use super::window::Run;

use self::trace::Trace;

/// Packets that are picked at most: those of some hundred thousand calls.
const MOST_PICKED: usize = 4_000_000;

/// Bytes of keys that are remembered, because the border of a packet may cut them.
const MOST_SECRETS: usize = 64 << 20;

/// What was copied.
#[derive(Debug)]
pub struct Extract {
    /// The packets in order of time: [`Packet`](crate::report::extract::Packet).
    pub packets: Sorted,
    /// The lines of key logs that open their TLS connections: secrets. None where they are not asked for.
    pub key_log: Vec<u8>,
    /// What was done.
    pub done: Done,
}

/// Copies the packets that brought messages of these Call-IDs. `keys` are those of the analysis before.
pub fn extract(
    options: &Options,
    call_ids: &BTreeSet<Vec<u8>>,
    keys: &KeyLog,
    with_keys: bool,
    progress: &dyn Progress,
) -> Result<Extract, Error> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.threads.max(1))
        .build()?;
    pool.install(|| {
        let inventory = inventory::take(&options.paths);
        let teams = Teams::new(&options.config);
        let mut trace = Trace::new(call_ids, &teams, keys, with_keys);
        let mut readings = Readings::new(
            &inventory.captures,
            options.window.saturating_mul(options.threads.max(1) as u64),
        );
        let mut runs: Vec<Run> = Vec::new();
        while !readings.is_done() || !runs.is_empty() {
            if options.stop.load(Ordering::Relaxed) {
                return Err(Error::Stopped);
            }
            let tasks = readings.plan();
            let (chunks, ()) = rayon::join(|| decode(&tasks, &teams), || trace.advance(&runs));
            progress.read(readings.accept(&tasks, chunks, &teams));
            runs = readings.advance();
        }
        let picks = trace.finish();
        copy::copy(&inventory.captures, picks, &options.stop)
    })
}

/// What has to be known of a packet, to copy it without keys.
#[derive(Debug, Default)]
struct Picked {
    /// The keys that its borders may cut.
    secrets: Vec<Arc<[Vec<u8>]>>,
    /// Of which of its payloads the first line is known to be of a message whose keys are among these: a bit each. Those beyond
    /// the last bit are never known.
    known: u64,
}

/// Which packets are to be copied.
#[derive(Debug, Default)]
struct Picks {
    /// The frames.
    frames: BTreeMap<Frame, Picked>,
    /// TLS connections that are copied whole: when each was met first and last, by its ends, the lesser first.
    connections: BTreeMap<(Endpoint, Endpoint), Vec<(Nanos, Nanos)>>,
    /// Lines of key logs, each with its end.
    key_lines: BTreeSet<Vec<u8>>,
    /// Bytes of keys in `frames`.
    secret_bytes: usize,
    garbled: u64,
    too_many: u64,
}

impl Picked {
    fn knows(&self, payload: u32) -> bool {
        self.known.checked_shr(payload).unwrap_or_default() & 1 == 1
    }
}

impl Picks {
    /// Picks a frame.
    fn pick(&mut self, frame: Frame) {
        if self.frames.len() < MOST_PICKED {
            self.frames.entry(frame).or_default();
        } else if !self.frames.contains_key(&frame) {
            self.too_many += 1;
        }
    }

    /// Remembers keys that the borders of a picked frame may cut. Without them it can't be copied.
    fn guard(&mut self, frame: Frame, secrets: &Arc<[Vec<u8>]>) {
        if secrets.is_empty() {
            return;
        }
        let Some(known) = self.frames.get_mut(&frame) else {
            return;
        };
        let known = &mut known.secrets;
        if known.iter().any(|known| Arc::ptr_eq(known, secrets)) {
            return;
        }
        let bytes: usize = secrets.iter().map(Vec::len).sum();
        if self.secret_bytes + bytes > MOST_SECRETS {
            self.frames.remove(&frame);
            self.too_many += 1;
            return;
        }
        self.secret_bytes += bytes;
        known.push(Arc::clone(secrets));
    }
    /// Remembers that the first line of this payload of a picked frame is no part of an unknown key.
    fn know(&mut self, frame: Frame, payload: u32) {
        let bit = 1_u64.checked_shl(payload).unwrap_or_default();
        if let Some(picked) = self.frames.get_mut(&frame) {
            picked.known |= bit;
        }
    }
}
