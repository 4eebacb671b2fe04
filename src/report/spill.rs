//! Sorting more rows than memory should hold: sorted runs in temporary files, merged as they are read.

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
use std::marker::PhantomData;
use std::ops::Range;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Encoded bytes held before a sorted run goes to a file: the rows of some 5,000 calls.
pub const HELD: usize = 4 << 20;

/// A sorted run is read through a buffer of this many bytes.
const READ_BUFFER: usize = 64 << 10;

/// Runs merged at once; more are merged into one first, so that buffers stay within 16 MiB.
const RUNS: usize = 256;

/// Items encoded where they are made, on their way to a [`Sorter`].
#[derive(Debug)]
pub struct Batch<K, T> {
    bytes: Vec<u8>,
    held: Vec<(K, Range<usize>)>,
    item: PhantomData<fn(T)>,
}

impl<K, T> Default for Batch<K, T> {
    fn default() -> Self {
        Self {
            bytes: Vec::new(),
            held: Vec::new(),
            item: PhantomData,
        }
    }
}

impl<K, T: Serialize> Batch<K, T> {
    /// Encodes one item.
    pub fn push(&mut self, key: K, item: &T) {
        let start = self.bytes.len();
        self.bytes = postcard::to_extend(item, std::mem::take(&mut self.bytes))
            .expect("rows are made of types that postcard encodes, into memory");
        self.held.push((key, start..self.bytes.len()));
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

/// Takes items in any order and gives them back by key; items of equal keys by their encoding.
#[derive(Debug)]
pub struct Sorter<K, T> {
    bound: usize,
    bytes: Vec<u8>,
    held: Vec<(K, Range<usize>)>,
    runs: Vec<File>,
    item: PhantomData<T>,
}

impl<K: Ord + Serialize + DeserializeOwned + Clone, T: Serialize + DeserializeOwned> Default
    for Sorter<K, T>
{
    fn default() -> Self {
        Self::with_bound(HELD)
    }
}

impl<K: Ord + Serialize + DeserializeOwned + Clone, T: Serialize + DeserializeOwned> Sorter<K, T> {
    /// A sorter that holds about this many bytes in memory.
    pub fn with_bound(bound: usize) -> Self {
        Self {
            bound,
            bytes: Vec::new(),
            held: Vec::new(),
            runs: Vec::new(),
            item: PhantomData,
        }
    }

    /// Takes one item.
    pub fn push(&mut self, key: K, item: &T) -> io::Result<()> {
        let mut batch = Batch::default();
        batch.push(key, item);
        self.append(batch)
    }

    /// Takes items that are encoded already.
    pub fn append(&mut self, batch: Batch<K, T>) -> io::Result<()> {
        let base = self.bytes.len();
        self.bytes.extend_from_slice(&batch.bytes);
        let moved = batch
            .held
            .into_iter()
            .map(|(key, range)| (key, base + range.start..base + range.end));
        self.held.extend(moved);
        if self.bytes.len() + self.held.len() * size_of::<(K, Range<usize>)>() > self.bound {
            self.spill()?;
        }
        Ok(())
    }

    /// Everything, in order.
    pub fn finish(mut self) -> io::Result<Sorted<K, T>> {
        self.sort();
        Ok(Sorted {
            bytes: self.bytes,
            held: self.held,
            runs: self.runs,
            item: PhantomData,
        })
    }

    fn sort(&mut self) {
        let bytes = &self.bytes;
        self.held.sort_by(|(a, a_bytes), (b, b_bytes)| {
            a.cmp(b)
                .then_with(|| bytes[a_bytes.clone()].cmp(&bytes[b_bytes.clone()]))
        });
    }

    fn spill(&mut self) -> io::Result<()> {
        self.sort();
        let mut run = RunWriter::begin()?;
        for (key, range) in self.held.drain(..) {
            run.write(&key, &self.bytes[range])?;
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
        let mut merge = Merge::<K>::begin(&self.runs)?;
        while let Some((key, bytes)) = merge.next()? {
            run.write(&key, &bytes)?;
        }
        self.runs = vec![run.finish()?];
        Ok(())
    }
}

/// Items in order; can be read more than once.
#[derive(Debug)]
pub struct Sorted<K, T> {
    bytes: Vec<u8>,
    held: Vec<(K, Range<usize>)>,
    runs: Vec<File>,
    item: PhantomData<T>,
}

impl<K: Ord + Serialize + DeserializeOwned + Clone, T: DeserializeOwned> Sorted<K, T> {
    /// The items from the first on, for [`Sorted::decode`]. One reader at a time: the runs have one position each.
    pub fn read(&self) -> io::Result<impl Iterator<Item = io::Result<Cow<'_, [u8]>>>> {
        let mut spilled = Merge::<K>::begin(&self.runs)?;
        let mut held = self.held.iter().peekable();
        let mut ahead = spilled.next()?;
        Ok(std::iter::from_fn(move || {
            let is_held = match (held.peek(), &ahead) {
                (Some((key, range)), Some((other, bytes))) => {
                    (key, &self.bytes[range.clone()]) <= (other, bytes.as_slice())
                }
                (Some(_), None) => true,
                (None, _) => false,
            };
            if is_held {
                return held
                    .next()
                    .map(|(_, range)| Ok(Cow::Borrowed(&self.bytes[range.clone()])));
            }
            let (_, bytes) = ahead.take()?;
            match spilled.next() {
                Ok(next) => ahead = next,
                Err(error) => return Some(Err(error)),
            }
            Some(Ok(Cow::Owned(bytes)))
        }))
    }

    /// An item that [`Sorted::read`] gave.
    pub fn decode(bytes: &[u8]) -> io::Result<T> {
        decoded(bytes)
    }
}

fn decoded<T: DeserializeOwned>(bytes: &[u8]) -> io::Result<T> {
    postcard::from_bytes(bytes).map_err(|error| failed(&io::Error::other(error)))
}

fn failed(error: &io::Error) -> io::Error {
    io::Error::new(
        error.kind(),
        format!(
            "temporary file for sorting in {}: {error}",
            std::env::temp_dir().display()
        ),
    )
}

/// A sorted run on its way to a file: key and item, each behind its length.
struct RunWriter {
    file: BufWriter<File>,
}

impl RunWriter {
    fn begin() -> io::Result<Self> {
        let file = tempfile::tempfile().map_err(|error| failed(&error))?;
        Ok(Self {
            file: BufWriter::with_capacity(READ_BUFFER, file),
        })
    }

    fn write<K: Serialize>(&mut self, key: &K, item: &[u8]) -> io::Result<()> {
        let key = postcard::to_stdvec(key).map_err(io::Error::other)?;
        for part in [key.as_slice(), item] {
            let len = u32::try_from(part.len()).map_err(io::Error::other)?;
            self.file
                .write_all(&len.to_le_bytes())
                .and_then(|()| self.file.write_all(part))
                .map_err(|error| failed(&error))?;
        }
        Ok(())
    }

    fn finish(self) -> io::Result<File> {
        self.file
            .into_inner()
            .map_err(|error| failed(error.error()))
    }
}

/// Sorted runs read side by side.
struct Merge<'r, K> {
    readers: Vec<BufReader<&'r File>>,
    heads: BinaryHeap<Reverse<(K, Vec<u8>, usize)>>,
}

impl<'r, K: Ord + DeserializeOwned> Merge<'r, K> {
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

    fn next(&mut self) -> io::Result<Option<(K, Vec<u8>)>> {
        let Some(Reverse((key, item, place))) = self.heads.pop() else {
            return Ok(None);
        };
        self.read(place)?;
        Ok(Some((key, item)))
    }

    fn read(&mut self, place: usize) -> io::Result<()> {
        let Some(reader) = self.readers.get_mut(place) else {
            return Ok(());
        };
        if let Some(key) = part(reader)? {
            let item = part(reader)?.unwrap_or_default();
            self.heads.push(Reverse((decoded(&key)?, item, place)));
        }
        Ok(())
    }
}

/// The next length and what it counts; none at the end.
fn part(reader: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
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
    use super::Sorted;
    use super::Sorter;

    fn sorted(bound: usize, items: &[(u32, String)]) -> Vec<(u32, String)> {
        let mut sorter = Sorter::with_bound(bound);
        for item in items {
            sorter.push(item.0, item).unwrap();
        }
        let in_order = sorter.finish().unwrap();
        let read = || -> Vec<(u32, String)> {
            let items = in_order.read().unwrap();
            items
                .map(|item| Sorted::<u32, (u32, String)>::decode(&item.unwrap()).unwrap())
                .collect()
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
}
