//! Sorting more rows than memory should hold: sorted runs in temporary files, merged as they are read; and text that waits for
//! what stands before it.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io;
use std::io::BufReader;
use std::io::BufWriter;
use std::io::Read;
use std::io::Seek;
use std::io::SeekFrom;
use std::io::Write;
use std::ops::Range;

use serde::Deserialize;
use serde::Serialize;

/// Encoded bytes held before a sorted run goes to a file: the rows of some 5,000 calls.
pub const HELD: usize = 4 << 20;

/// A sorted run is read through a buffer of this many bytes.
const READ_BUFFER: usize = 64 << 10;

/// Runs merged at once; more are merged into one first, so that buffers stay within 16 MiB.
const RUNS: usize = 256;

/// Items encoded where they are made, on their way to a [`Sorter`]: first the key, by whose bytes they are sorted, then the
/// item, then the key's length.
#[derive(Debug, Default)]
pub struct Batch {
    bytes: Vec<u8>,
    held: Vec<Range<usize>>,
}

impl Batch {
    /// Encodes one item. `key` appends its key, which must not be the beginning of another.
    pub fn push(&mut self, key: impl FnOnce(&mut Vec<u8>), item: &impl Serialize) {
        let start = self.bytes.len();
        key(&mut self.bytes);
        let length = u32::try_from(self.bytes.len() - start).expect("a key is a part of a message");
        self.bytes = postcard::to_extend(item, std::mem::take(&mut self.bytes))
            .expect("rows are made of types that postcard encodes, into memory");
        self.bytes.extend(length.to_le_bytes());
        self.held.push(start..self.bytes.len());
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.held.len()
    }

    /// True where there is none.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }
}

/// One item on its own, as [`decode`] reads it.
pub fn encode(item: &impl Serialize) -> Vec<u8> {
    let mut batch = Batch::default();
    batch.push(|_| {}, item);
    batch.bytes
}

/// The key of an item that [`Sorted::read`] gave.
pub fn key(item: &[u8]) -> &[u8] {
    let key = item
        .split_last_chunk()
        .and_then(|(rest, length)| rest.get(..usize::try_from(u32::from_le_bytes(*length)).ok()?));
    key.unwrap_or_default()
}

/// An item that [`encode`] made or [`Sorted::read`] gave.
pub fn decode<'b, T: Deserialize<'b>>(bytes: &'b [u8]) -> io::Result<T> {
    let item = bytes.split_last_chunk().and_then(|(rest, length)| {
        let key = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        rest.get(key..)
    });
    postcard::from_bytes(item.unwrap_or_default()).map_err(|error| failed(&io::Error::other(error)))
}

/// Takes items in any order and gives them back by key; items of equal keys by their encoding.
#[derive(Debug)]
pub struct Sorter {
    bound: usize,
    bytes: Vec<u8>,
    held: Vec<Range<usize>>,
    runs: Vec<File>,
}

impl Default for Sorter {
    fn default() -> Self {
        Self::with_bound(HELD)
    }
}

impl Sorter {
    /// A sorter that holds about this many bytes in memory.
    pub fn with_bound(bound: usize) -> Self {
        Self {
            bound,
            bytes: Vec::new(),
            held: Vec::new(),
            runs: Vec::new(),
        }
    }

    /// Takes items.
    pub fn append(&mut self, batch: &Batch) -> io::Result<()> {
        let base = self.bytes.len();
        self.bytes.extend_from_slice(&batch.bytes);
        let moved = batch
            .held
            .iter()
            .map(|range| base + range.start..base + range.end);
        self.held.extend(moved);
        if self.bytes.len() + self.held.len() * size_of::<Range<usize>>() > self.bound {
            self.spill()?;
        }
        Ok(())
    }

    /// Everything, in order.
    pub fn finish(mut self) -> io::Result<Sorted> {
        self.sort();
        Ok(Sorted {
            bytes: self.bytes,
            held: self.held,
            runs: self.runs,
        })
    }

    fn sort(&mut self) {
        let bytes = &self.bytes;
        self.held
            .sort_unstable_by(|a, b| bytes[a.clone()].cmp(&bytes[b.clone()]));
    }

    fn spill(&mut self) -> io::Result<()> {
        self.sort();
        let mut run = RunWriter::begin()?;
        for range in self.held.drain(..) {
            run.write(&self.bytes[range])?;
        }
        self.bytes.clear();
        self.runs.push(run.finish()?);
        if self.runs.len() >= RUNS {
            self.merge()?;
        }
        Ok(())
    }

    /// All runs into one.
    fn merge(&mut self) -> io::Result<()> {
        let mut run = RunWriter::begin()?;
        let mut merge = Merge::begin(&self.runs)?;
        while let Some(item) = merge.next()? {
            run.write(&item)?;
        }
        self.runs = vec![run.finish()?];
        Ok(())
    }
}

/// Items in order; can be read more than once.
#[derive(Debug, Default)]
pub struct Sorted {
    bytes: Vec<u8>,
    held: Vec<Range<usize>>,
    runs: Vec<File>,
}

impl Sorted {
    /// The items from the first on, for [`decode`]. One reader at a time: the runs have one position each.
    pub fn read(&self) -> io::Result<impl Iterator<Item = io::Result<Cow<'_, [u8]>>>> {
        let mut spilled = Merge::begin(&self.runs)?;
        let held = self.held.iter().map(|range| &self.bytes[range.clone()]);
        let mut held = held.peekable();
        let mut ahead = spilled.next()?;
        Ok(std::iter::from_fn(move || {
            let is_first = |held: &&[u8]| ahead.as_deref().is_none_or(|ahead| *held <= ahead);
            if let Some(item) = held.next_if(is_first) {
                return Some(Ok(Cow::Borrowed(item)));
            }
            let item = ahead.take()?;
            match spilled.next() {
                Ok(next) => ahead = next,
                Err(error) => return Some(Err(error)),
            }
            Some(Ok(Cow::Owned(item)))
        }))
    }
}

/// Text that is made before what stands in front of it is known: kept in a temporary file until then.
#[derive(Debug, Default)]
pub struct Spool(Option<BufWriter<File>>);

impl Spool {
    /// Keeps what comes next.
    pub fn append(&mut self, text: &[u8]) -> io::Result<()> {
        let file = match &mut self.0 {
            Some(file) => file,
            empty => empty.insert(temporary()?),
        };
        file.write_all(text).map_err(|error| failed(&error))
    }

    /// Writes all that was kept.
    pub fn write_to(self, out: &mut impl Write) -> io::Result<()> {
        let Some(file) = self.0 else { return Ok(()) };
        let mut file = file.into_inner().map_err(|error| failed(error.error()))?;
        file.seek(SeekFrom::Start(0))
            .map_err(|error| failed(&error))?;
        let mut buffer = vec![0; READ_BUFFER];
        loop {
            match file.read(&mut buffer).map_err(|error| failed(&error))? {
                0 => return Ok(()),
                read => out.write_all(&buffer[..read])?,
            }
        }
    }
}

fn temporary() -> io::Result<BufWriter<File>> {
    let file = tempfile::tempfile().map_err(|error| failed(&error))?;
    Ok(BufWriter::with_capacity(READ_BUFFER, file))
}

fn failed(error: &io::Error) -> io::Error {
    io::Error::new(
        error.kind(),
        format!(
            "temporary file in {}: {error}",
            std::env::temp_dir().display()
        ),
    )
}

/// A sorted run on its way to a file: each item behind its length.
struct RunWriter {
    file: BufWriter<File>,
}

impl RunWriter {
    fn begin() -> io::Result<Self> {
        Ok(Self { file: temporary()? })
    }

    fn write(&mut self, item: &[u8]) -> io::Result<()> {
        let length = u32::try_from(item.len()).map_err(io::Error::other)?;
        self.file
            .write_all(&length.to_le_bytes())
            .and_then(|()| self.file.write_all(item))
            .map_err(|error| failed(&error))
    }

    fn finish(self) -> io::Result<File> {
        self.file
            .into_inner()
            .map_err(|error| failed(error.error()))
    }
}

/// Sorted runs read side by side.
struct Merge<'r> {
    readers: Vec<BufReader<&'r File>>,
    heads: BinaryHeap<Reverse<(Vec<u8>, usize)>>,
}

impl<'r> Merge<'r> {
    fn begin(runs: &'r [File]) -> io::Result<Self> {
        let mut merge = Self {
            readers: Vec::with_capacity(runs.len()),
            heads: BinaryHeap::new(),
        };
        for (place, mut run) in runs.iter().enumerate() {
            run.seek(SeekFrom::Start(0))
                .map_err(|error| failed(&error))?;
            merge
                .readers
                .push(BufReader::with_capacity(READ_BUFFER, run));
            merge.read(place)?;
        }
        Ok(merge)
    }

    fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        let Some(Reverse((item, place))) = self.heads.pop() else {
            return Ok(None);
        };
        self.read(place)?;
        Ok(Some(item))
    }

    fn read(&mut self, place: usize) -> io::Result<()> {
        let Some(reader) = self.readers.get_mut(place) else {
            return Ok(());
        };
        if let Some(item) = item(reader)? {
            self.heads.push(Reverse((item, place)));
        }
        Ok(())
    }
}

/// The next length and what it counts; none at the end.
fn item(reader: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut len = [0; 4];
    match reader.read_exact(&mut len) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other.map_err(|error| failed(&error))?,
    }
    let mut bytes = vec![0; u32::from_le_bytes(len) as usize];
    reader
        .read_exact(&mut bytes)
        .map_err(|error| failed(&error))?;
    Ok(Some(bytes))
}

#[cfg(test)]
mod tests {
    use super::Batch;
    use super::Sorter;
    use super::Spool;
    use super::decode;

    fn sorted(bound: usize, items: &[(u32, String)]) -> Vec<(u32, String)> {
        let mut sorter = Sorter::with_bound(bound);
        for item in items {
            let mut batch = Batch::default();
            batch.push(|key| key.extend(item.0.to_be_bytes()), item);
            sorter.append(&batch).unwrap();
        }
        let in_order = sorter.finish().unwrap();
        let read = || -> Vec<(u32, String)> {
            let items = in_order.read().unwrap();
            items.map(|item| decode(&item.unwrap()).unwrap()).collect()
        };
        let first = read();
        assert_eq!(first, read());
        first
    }

    #[test]
    fn a_tiny_bound_gives_what_memory_gives() {
        let items: Vec<(u32, String)> = (0..3000_u32)
            .map(|n| {
                (
                    n.wrapping_mul(2_654_435_761) % 500,
                    format!("item {}", n % 700),
                )
            })
            .collect();
        let mut expected = items.clone();
        expected.sort();
        let in_memory = sorted(1 << 20, &items);
        let spilled = sorted(200, &items);
        assert_eq!(in_memory, spilled);
        let keys = |items: &[(u32, String)]| items.iter().map(|item| item.0).collect::<Vec<_>>();
        assert_eq!(keys(&in_memory), keys(&expected));
    }

    #[test]
    fn nothing_sorted_is_nothing() {
        assert!(sorted(10, &[]).is_empty());
    }

    #[test]
    fn what_is_spooled_comes_back_in_order() {
        let (mut spool, mut out) = (Spool::default(), Vec::new());
        for part in ["a", "", "bc"] {
            spool.append(part.as_bytes()).unwrap();
        }
        spool.write_to(&mut out).unwrap();
        assert_eq!(out, b"abc");
        Spool::default().write_to(&mut out).unwrap();
        assert_eq!(out, b"abc");
    }
}
