//! tar archives (POSIX ustar and pax, GNU, and those from before): where each member lies.
//!
//! The headers are read here and not by a crate: a member must be found again by its place, the crate reads a long name
//! or a pax header whole however long it claims to be, and it ends at the first damaged header.

use std::io;

/// The unit of an archive.
pub(super) const BLOCK: usize = 512;
const BLOCK_LEN: u64 = 512;

/// The longest name or pax header that is read: names are at most 4 KiB, and a few other keys stand beside.
const LONGEST_EXTENSION: u64 = 64 << 10;

const CUT: &str = "the archive is cut here: was it copied whole?";

/// Reads bytes of the archive at an offset, 0 at the end alone. The offsets only grow.
pub(super) type ReadAt<'r> = dyn FnMut(u64, &mut [u8]) -> io::Result<usize> + 'r;

/// Something in an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    /// Its name, as it is written there: foreign, and nothing to open.
    pub(super) name: Vec<u8>,
    /// Where its bytes begin.
    pub(super) start: u64,
    /// How many there are.
    pub(super) len: u64,
    pub(super) kind: Kind,
}

/// What a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A file.
    File,
    /// A file of which only some parts are stored.
    Sparse,
    /// A folder, or another name of something.
    Nothing,
    /// A device and the like.
    Special,
}

/// What comes next in an archive.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    Member(Member),
    /// Something that is no header; the next is looked for behind it.
    Damaged(Damage),
    End,
}

/// A place that can't be read, and what is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Damage {
    pub(super) offset: u64,
    pub(super) what: String,
}

/// True where an archive can begin with this block.
pub(super) fn is_tar(block: &[u8]) -> bool {
    block.first_chunk().and_then(Header::of).is_some()
}

/// The members of an archive, in their order.
#[derive(Debug, Default)]
pub(super) struct Members {
    /// The next header.
    at: u64,
    /// Where the bytes of the last member end.
    end: u64,
    /// The next header, where it had to be looked for.
    found: Option<[u8; BLOCK]>,
    is_over: bool,
}

/// What stands before a member's header and belongs to it.
#[derive(Default)]
struct Extension {
    name: Option<Vec<u8>>,
    len: Option<u64>,
    is_sparse: bool,
}

impl Members {
    /// Reads on to the next member.
    pub(super) fn next(&mut self, read_at: &mut ReadAt<'_>) -> Next {
        if self.is_over {
            return Next::End;
        }
        let next = self.read(read_at);
        next.unwrap_or_else(|what| {
            self.is_over = true;
            let offset = self.at;
            Next::Damaged(Damage { offset, what })
        })
    }

    fn read(&mut self, read_at: &mut ReadAt<'_>) -> Result<Next, String> {
        let mut extension = Extension::default();
        loop {
            let Some(block) = self.block(read_at)? else {
                self.is_over = true;
                return Ok(Next::End);
            };
            let Some(header) = Header::of(&block) else {
                return self.pass_damage(read_at).map(Next::Damaged);
            };
            let start = self.at.saturating_add(BLOCK_LEN);
            let len = header.stored_len(extension.len);
            match header.kind {
                b'L' => extension.name = Some(read_extension(read_at, start, len)?),
                b'x' => extension.take_pax(&read_extension(read_at, start, len)?),
                // Long names of links, and what holds for all members that follow: no name among it.
                b'K' | b'g' => {}
                _ => {
                    let start = Self::pass_sparse_map(&header, &block, read_at, start)?;
                    self.pass(start, len)?;
                    return Ok(Next::Member(header.member(extension, start, len)));
                }
            }
            self.pass(start, len)?;
        }
    }

    /// The next header; none at the end. Two blocks of zeros end an archive, but some writers leave out the second, or
    /// both.
    fn block(&mut self, read_at: &mut ReadAt<'_>) -> Result<Option<[u8; BLOCK]>, String> {
        if let Some(block) = self.found.take() {
            return Ok(Some(block));
        }
        if self.end > 0 && fill(read_at, self.end.saturating_sub(1), &mut [0])? == 0 {
            return Err(CUT.to_owned());
        }
        let mut block = [0; BLOCK];
        match fill(read_at, self.at, &mut block)? {
            0 => Ok(None),
            BLOCK => Ok(Some(block).filter(|block| *block != [0; BLOCK])),
            _ => Err(CUT.to_owned()),
        }
    }

    /// Old GNU sparse files have more of their map between the header and the bytes.
    fn pass_sparse_map(
        header: &Header<'_>,
        block: &[u8; BLOCK],
        read_at: &mut ReadAt<'_>,
        mut start: u64,
    ) -> Result<u64, String> {
        let mut goes_on = header.kind == b'S' && block.get(482) == Some(&1);
        while goes_on {
            let mut more = [0; BLOCK];
            if fill(read_at, start, &mut more)? < BLOCK {
                return Err(CUT.to_owned());
            }
            start = start.saturating_add(BLOCK_LEN);
            goes_on = more.get(504) == Some(&1);
        }
        Ok(start)
    }

    fn pass(&mut self, start: u64, len: u64) -> Result<(), String> {
        let end = len
            .checked_next_multiple_of(BLOCK_LEN)
            .and_then(|len| start.checked_add(len));
        self.at = end.ok_or_else(|| format!("a member of {len} bytes"))?;
        self.end = start.saturating_add(len);
        Ok(())
    }

    /// Looks for a header behind what is none.
    fn pass_damage(&mut self, read_at: &mut ReadAt<'_>) -> Result<Damage, String> {
        let offset = self.at;
        let mut block = [0; BLOCK];
        loop {
            self.at = self.at.saturating_add(BLOCK_LEN);
            let is_whole = fill(read_at, self.at, &mut block)? == BLOCK;
            let where_on = if !is_whole {
                self.is_over = true;
                "nothing readable follows".to_owned()
            } else if is_tar(&block) {
                self.found = Some(block);
                format!("read on at byte {}", self.at)
            } else {
                continue;
            };
            let what = format!("no header of an archive's member; {where_on}");
            return Ok(Damage { offset, what });
        }
    }
}

/// Fills `into` as far as there are bytes.
fn fill(read_at: &mut ReadAt<'_>, offset: u64, into: &mut [u8]) -> Result<usize, String> {
    let mut count = 0;
    while let Some(rest) = into.get_mut(count..).filter(|rest| !rest.is_empty()) {
        match read_at(offset.saturating_add(count as u64), rest) {
            Ok(0) => break,
            Ok(more) => count = count.saturating_add(more),
            Err(error) => return Err(error.to_string()),
        }
    }
    Ok(count)
}

/// What belongs to the next header; nothing where it is too long to be that.
fn read_extension(read_at: &mut ReadAt<'_>, start: u64, len: u64) -> Result<Vec<u8>, String> {
    let Some(len) = usize::try_from(len)
        .ok()
        .filter(|_| len <= LONGEST_EXTENSION)
    else {
        return Ok(Vec::new());
    };
    let mut bytes = vec![0; len];
    if fill(read_at, start, &mut bytes)? < len {
        return Err(CUT.to_owned());
    }
    Ok(bytes)
}

impl Extension {
    /// POSIX pax: `<length> <key>=<value>\n`, the length of all of it.
    fn take_pax(&mut self, mut bytes: &[u8]) {
        while let Some((key, value, rest)) = pax_record(bytes) {
            bytes = rest;
            match key {
                b"path" => self.name = Some(value.to_vec()),
                b"size" => self.len = number(value, 10),
                _ if key.starts_with(b"GNU.sparse.") => self.is_sparse = true,
                _ => {}
            }
        }
    }
}

fn pax_record(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let blank = bytes.iter().position(|byte| *byte == b' ')?;
    let len = usize::try_from(number(bytes.get(..blank)?, 10)?).ok()?;
    let record = bytes.get(blank.checked_add(1)?..len.checked_sub(1)?)?;
    let equals = record.iter().position(|byte| *byte == b'=')?;
    let value = record.get(equals.checked_add(1)?..)?;
    Some((record.get(..equals)?, value, bytes.get(len..)?))
}

/// A header, whose checksum is right.
struct Header<'b> {
    name: &'b [u8],
    prefix: &'b [u8],
    len: u64,
    kind: u8,
}

impl<'b> Header<'b> {
    fn of(block: &'b [u8; BLOCK]) -> Option<Self> {
        let written = number(block.get(148..156)?, 8)?;
        if checksum(block) != written && signed_checksum(block) != i64::try_from(written).ok() {
            return None;
        }
        // GNU writes times where POSIX has the rest of the name.
        let is_posix = block.get(257..263)? == b"ustar\0";
        let prefix = if is_posix { block.get(345..500)? } else { &[] };
        Some(Self {
            name: until_nul(block.get(..100)?),
            prefix: until_nul(prefix),
            len: length(block.get(124..136)?)?,
            kind: *block.get(156)?,
        })
    }

    /// How many bytes follow the header. Links, devices and folders have none, whatever their header says.
    fn stored_len(&self, pax: Option<u64>) -> u64 {
        match self.kind {
            b'1'..=b'6' => 0,
            // An extension's own length is never in another.
            b'L' | b'K' | b'x' | b'g' => self.len,
            _ => pax.unwrap_or(self.len),
        }
    }

    fn member(&self, extension: Extension, start: u64, len: u64) -> Member {
        let name = match extension.name {
            Some(name) => until_nul(&name).to_vec(),
            None if self.prefix.is_empty() => self.name.to_vec(),
            None => [self.prefix, b"/", self.name].concat(),
        };
        let kind = match self.kind {
            // A name that ends so is a folder's in archives from before there were types.
            0 if name.ends_with(b"/") => Kind::Nothing,
            b'0' | 0 | b'7' if extension.is_sparse => Kind::Sparse,
            b'0' | 0 | b'7' => Kind::File,
            b'S' => Kind::Sparse,
            b'1' | b'2' | b'5' | b'V' => Kind::Nothing,
            _ => Kind::Special,
        };
        Member {
            name,
            start,
            len,
            kind,
        }
    }
}

/// The sum of all bytes, with blanks for those of the sum itself.
fn checksum(block: &[u8; BLOCK]) -> u64 {
    let all: u64 = block.iter().copied().map(u64::from).sum();
    let own: u64 = block.iter().skip(148).take(8).copied().map(u64::from).sum();
    all.saturating_sub(own).saturating_add(8 * u64::from(b' '))
}

/// The sum as some old writers made it, whose bytes had a sign.
fn signed_checksum(block: &[u8; BLOCK]) -> Option<i64> {
    let signed = |byte: &u8| i64::from(byte.cast_signed());
    let all: i64 = block.iter().map(signed).sum();
    let own: i64 = block.iter().skip(148).take(8).map(signed).sum();
    all.checked_sub(own)?.checked_add(8 * i64::from(b' '))
}

/// A length: octal, or where it is too long for that, binary with the first bit set.
fn length(field: &[u8]) -> Option<u64> {
    let (first, rest) = field.split_first()?;
    if first & 0x80 == 0 {
        return number(field, 8);
    }
    // 0xff begins a negative number.
    let first = u64::from(first & 0x7f);
    rest.iter().try_fold(first, |length, byte| {
        length.checked_mul(256)?.checked_add(u64::from(*byte))
    })
}

/// Digits between blanks and NULs; nothing is 0.
fn number(field: &[u8], base: u32) -> Option<u64> {
    let is_blank = |byte: &u8| matches!(byte, b' ' | 0);
    let digits = field
        .iter()
        .skip_while(|byte| is_blank(byte))
        .take_while(|byte| !is_blank(byte));
    digits.into_iter().try_fold(0_u64, |number, byte| {
        let digit = char::from(*byte).to_digit(base)?;
        number
            .checked_mul(u64::from(base))?
            .checked_add(u64::from(digit))
    })
}

fn until_nul(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == 0).next().unwrap_or_default()
}

#[cfg(test)]
pub(super) mod made;

#[cfg(test)]
mod tests;
