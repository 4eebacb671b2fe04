//! The picked packets, copied from the captures: what becomes of a packet is said here.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use crate::capture::Capture;
use crate::capture::Stopped;
use crate::capture::record::Frame;
use crate::capture::record::Record;
use crate::packet;
use crate::packet::Enclosed;
use crate::packet::Encoding;
use crate::packet::decode;
use crate::report::extract::Packet;
use crate::report::extract::overwrite::overwrite_head;
use crate::report::extract::overwrite::overwrite_keys;
use crate::report::extract::told::Done;
use crate::report::spill::Batch;
use crate::report::spill::Sorter;
use crate::transport::sctp::user_data;

use super::super::Error;
use super::Extract;
use super::Picked;
use super::Picks;
use super::checksum;

/// Bytes of a capture between two looks whether the run is to end.
const STRETCH: u64 = 8 << 20;

/// Copies the picked packets of all captures.
pub(super) fn copy(
    captures: &[Capture],
    picks: Picks,
    stop: &AtomicBool,
) -> Result<Extract, Error> {
    let mut copying = Copying {
        picks: &picks,
        sorter: Sorter::default(),
        files: BTreeSet::new(),
        done: Done {
            garbled: picks.garbled,
            too_many: picks.too_many,
            key_lines: picks.key_lines.len() as u64,
            tls_connections: picks.connections.values().map(Vec::len).sum::<usize>() as u64,
            ..Done::default()
        },
    };
    for (file, capture) in (0..).zip(captures) {
        copying.read(capture, file, stop)?;
    }
    copying.done.files = copying.files.len() as u64;
    Ok(Extract {
        packets: copying.sorter.finish()?,
        done: copying.done,
        key_log: picks.key_lines.into_iter().flatten().collect(),
    })
}

struct Copying<'p> {
    picks: &'p Picks,
    sorter: Sorter,
    files: BTreeSet<u32>,
    done: Done,
}

impl Copying<'_> {
    fn read(&mut self, capture: &Capture, file: u32, stop: &AtomicBool) -> Result<(), Error> {
        let (mut next, mut number) = (capture.start(), 0);
        loop {
            if stop.load(Ordering::Relaxed) {
                return Err(Error::Stopped);
            }
            let mut batch = Batch::default();
            let until = next.offset.saturating_add(STRETCH);
            let walked = capture.walk(&next, until, |record| {
                number += 1;
                self.take(&record, Frame { file, number }, &mut batch);
            });
            self.sorter.append(&batch)?;
            next = walked.end;
            match walked.stopped {
                Stopped::AtUntil => {}
                Stopped::AtEnd => return Ok(()),
                Stopped::Damaged(_) => match capture.resume(&next) {
                    Some(resumed) => next = resumed.position,
                    None => return Ok(()),
                },
            }
            capture.release(next.offset);
        }
    }

    fn take(&mut self, record: &Record<'_>, frame: Frame, batch: &mut Batch) {
        let picked = self.picks.frames.get(&frame);
        let is_whole = picked.is_none() && self.is_of_whole_connection(record);
        if picked.is_none() && !is_whole {
            return;
        }
        let Some((data, overwritten)) = without_keys(record, picked) else {
            self.done.garbled += 1;
            return;
        };
        self.done.packets += 1;
        self.done.overwritten += overwritten as u64;
        self.files.insert(frame.file);
        let packet = Packet {
            time: record.time,
            frame,
            link: record.link.0,
            original_len: record.original_len,
            data: Cow::Owned(data),
        };
        batch.push(|key| packet.order(key), &packet);
    }

    fn is_of_whole_connection(&self, record: &Record<'_>) -> bool {
        if self.picks.connections.is_empty() {
            return false;
        }
        let packet::Packet::Segment(segment) = decode(record) else {
            return false;
        };
        let ends = (segment.from.min(segment.to), segment.from.max(segment.to));
        let spans = self.picks.connections.get(&ends);
        let is_within = |(first, last)| first <= record.time && record.time <= last;
        spans.is_some_and(|spans| spans.iter().copied().any(is_within))
    }
}

/// The bytes of a packet with its keys overwritten, and how many there were; none where they are in a form in which they
/// can't be.
fn without_keys(record: &Record<'_>, picked: Option<&Picked>) -> Option<(Vec<u8>, usize)> {
    let decoded = decode(record);
    let place = |part: &[u8]| -> Range<usize> {
        let start = (part.as_ptr() as usize).saturating_sub(record.data.as_ptr() as usize);
        start..start + part.len()
    };
    let payloads: Vec<Range<usize>> = match &decoded {
        packet::Packet::Done(_) => Vec::new(),
        packet::Packet::Datagram(datagram) => vec![place(datagram.payload)],
        packet::Packet::Segment(segment) => vec![place(segment.payload)],
        packet::Packet::Fragment(fragment) => vec![place(fragment.payload)],
        packet::Packet::Sctp(sctp) => user_data(sctp).map(place).collect(),
        packet::Packet::Enclosed(first) => {
            let mut all = std::iter::successors(Some(*first), Enclosed::following);
            if all.any(|enclosed| enclosed.encoding != Encoding::Plain) {
                return None;
            }
            Vec::new()
        }
    };
    let secrets = picked.into_iter().flat_map(|picked| &picked.secrets);
    let secrets: Vec<Vec<u8>> = secrets.flat_map(|some| some.iter().cloned()).collect();
    let mut data = record.data.to_vec();
    // Fragments are picked with all that they make; and what is encrypted is not picked, but copied.
    if let (Some(picked), false) = (picked, matches!(decoded, packet::Packet::Fragment(_))) {
        for (payload, number) in payloads.iter().zip(0..) {
            if !picked.knows(number)
                && let Some(payload) = data.get_mut(payload.clone())
            {
                overwrite_head(payload);
            }
        }
    }
    let overwritten = overwrite_keys(&mut data, &payloads, &secrets);
    if let packet::Packet::Sctp(sctp) = &decoded {
        checksum::renew(record.data, &mut data, &place(sctp.chunks));
    }
    Some((data, overwritten))
}
