//! A ZIP file (APPNOTE.TXT 6.3.10) written from its beginning to its end, so that it may go into a pipe: the sizes of an entry,
//! which are known behind it, stand behind it (§4.3.9).

use std::io;
use std::io::Write;

use flate2::Compression;
use flate2::Crc;
use flate2::write::DeflateEncoder;

/// How hard to compress: the XML of rows shrinks to a tenth at any level, and the higher ones take several times as long.
const LEVEL: u32 = 3;

const LOCAL_HEADER: u32 = 0x0403_4b50;
const DATA_DESCRIPTOR: u32 = 0x0807_4b50;
const CENTRAL_HEADER: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;

/// 2.0: deflated (§4.4.3).
const VERSION: u16 = 20;
/// Sizes and checksum stand behind the entry (§4.4.4, bit 3).
const SIZES_BEHIND: u16 = 1 << 3;
const DEFLATED: u16 = 8;
/// The first day that ZIP knows, 1980-01-01: the same rows are the same bytes on every day.
const NO_DATE: u16 = 1 << 5 | 1;

/// Entries on their way into a file.
#[derive(Debug)]
pub(super) struct Archive<W: Write> {
    out: W,
    written: u64,
    ended: Vec<Entry>,
}

/// An entry that is written.
#[derive(Debug)]
pub(super) struct Open {
    name: String,
    offset: u64,
    deflate: DeflateEncoder<Vec<u8>>,
    crc: Crc,
    compressed: u64,
}

#[derive(Debug)]
struct Entry {
    name: String,
    offset: u32,
    crc: u32,
    compressed: u32,
    size: u32,
}

impl Open {
    /// Bytes of it so far, before they are compressed.
    pub(super) fn size(&self) -> u64 {
        self.deflate.total_in()
    }
}

impl<W: Write> Archive<W> {
    pub(super) const fn new(out: W) -> Self {
        Self {
            out,
            written: 0,
            ended: Vec::new(),
        }
    }

    /// Bytes in the file so far.
    pub(super) const fn written(&self) -> u64 {
        self.written
    }

    /// Begins an entry. One at a time: the next begins when this one is ended.
    pub(super) fn begin(&mut self, name: &str) -> io::Result<Open> {
        let offset = self.written;
        let mut header = LOCAL_HEADER.to_le_bytes().to_vec();
        for field in [VERSION, SIZES_BEHIND, DEFLATED, 0, NO_DATE] {
            header.extend(field.to_le_bytes());
        }
        header.extend([0; 12]);
        header.extend(length(name)?.to_le_bytes());
        header.extend([0; 2]);
        header.extend(name.as_bytes());
        self.put(&header)?;
        Ok(Open {
            name: name.to_owned(),
            offset,
            deflate: DeflateEncoder::new(Vec::new(), Compression::new(LEVEL)),
            crc: Crc::new(),
            compressed: 0,
        })
    }

    /// Writes some of an entry.
    pub(super) fn write(&mut self, entry: &mut Open, bytes: &[u8]) -> io::Result<()> {
        entry.crc.update(bytes);
        entry.deflate.write_all(bytes)?;
        let done = entry.deflate.get_mut();
        self.put(done)?;
        entry.compressed += done.len() as u64;
        done.clear();
        Ok(())
    }

    /// Ends an entry.
    pub(super) fn end(&mut self, mut entry: Open) -> io::Result<()> {
        let size = narrow(entry.size())?;
        let crc = entry.crc.sum();
        entry.deflate.try_finish()?;
        let rest = std::mem::take(entry.deflate.get_mut());
        self.put(&rest)?;
        let compressed = narrow(entry.compressed + rest.len() as u64)?;
        let descriptor = [DATA_DESCRIPTOR, crc, compressed, size].map(u32::to_le_bytes);
        self.put(descriptor.as_flattened())?;
        self.ended.push(Entry {
            name: entry.name,
            offset: narrow(entry.offset)?,
            crc,
            compressed,
            size,
        });
        Ok(())
    }

    /// Writes an entry that is whole already.
    pub(super) fn add(&mut self, name: &str, text: &str) -> io::Result<()> {
        let mut entry = self.begin(name)?;
        self.write(&mut entry, text.as_bytes())?;
        self.end(entry)
    }

    /// What is written to.
    pub(super) fn into_inner(self) -> W {
        self.out
    }

    /// Writes the directory of all entries: the end of the file.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        let start = narrow(self.written)?;
        let mut directory = Vec::new();
        for entry in &self.ended {
            directory.extend(CENTRAL_HEADER.to_le_bytes());
            for field in [VERSION, VERSION, SIZES_BEHIND, DEFLATED, 0, NO_DATE] {
                directory.extend(field.to_le_bytes());
            }
            for field in [entry.crc, entry.compressed, entry.size] {
                directory.extend(field.to_le_bytes());
            }
            directory.extend(length(&entry.name)?.to_le_bytes());
            // No extra field, no comment, disk 0, no attributes.
            directory.extend([0; 12]);
            directory.extend(entry.offset.to_le_bytes());
            directory.extend(entry.name.as_bytes());
        }
        let count = u16::try_from(self.ended.len()).map_err(io::Error::other)?;
        let size = narrow(directory.len() as u64)?;
        directory.extend(END.to_le_bytes());
        directory.extend([0; 4]);
        directory.extend([count, count].map(u16::to_le_bytes).as_flattened());
        directory.extend([size, start].map(u32::to_le_bytes).as_flattened());
        directory.extend([0; 2]);
        self.put(&directory)
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.written += bytes.len() as u64;
        Ok(())
    }
}

fn length(name: &str) -> io::Result<u16> {
    u16::try_from(name.len()).map_err(io::Error::other)
}

/// A size of 32 bits. Larger ones take ZIP64, which not every spreadsheet reads; the workbook ends before it is needed.
fn narrow(size: u64) -> io::Result<u32> {
    u32::try_from(size).map_err(|_| io::Error::other("the workbook is larger than 4 GiB"))
}
