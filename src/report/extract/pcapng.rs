//! Packets as a pcapng file (draft-ietf-opsawg-pcapng): one section, an interface for each link type, nanoseconds.

use std::io;
use std::io::Write;

use super::Packet;

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const BYTE_ORDER_MAGIC: u32 = 0x1a2b_3c4d;
const INTERFACE_DESCRIPTION: u32 = 1;
const ENHANCED_PACKET: u32 = 6;
const DECRYPTION_SECRETS: u32 = 10;

/// Decryption secrets that are a TLS key log: "TLSK".
const TLS_KEY_LOG: u32 = 0x544c_534b;

/// Options: their end, a comment, of a section the program that wrote it, of an interface its resolution.
const END_OF_OPTIONS: u16 = 0;
const COMMENT: u16 = 1;
const USER_APPLICATION: u16 = 4;
const TIME_RESOLUTION: u16 = 9;

/// A file that is being written.
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
    /// The link types of the interfaces so far.
    links: Vec<u16>,
}

impl<W: Write> Writer<W> {
    /// Begins a file. `key_log` has the lines of a TLS key log; where there are any, they stand before all packets. Fails as
    /// `out` does.
    pub fn begin(out: W, key_log: &[u8]) -> io::Result<Self> {
        let links = Vec::new();
        let mut writer = Self { out, links };
        let mut section = BYTE_ORDER_MAGIC.to_le_bytes().to_vec();
        // Version 1.0, of a length that is not told.
        section.extend([1, 0, 0, 0]);
        section.extend(u64::MAX.to_le_bytes());
        let program = concat!("sip488 ", env!("CARGO_PKG_VERSION"));
        option(USER_APPLICATION, program.as_bytes(), &mut section);
        option(END_OF_OPTIONS, b"", &mut section);
        writer.block(SECTION_HEADER, &section)?;
        if !key_log.is_empty() {
            let length = length(key_log)?;
            let mut secrets = [TLS_KEY_LOG.to_le_bytes(), length.to_le_bytes()].concat();
            padded(key_log, &mut secrets);
            writer.block(DECRYPTION_SECRETS, &secrets)?;
        }
        Ok(writer)
    }

    /// Writes a packet, with a comment for people. Fails as `out` does.
    pub fn packet(&mut self, packet: &Packet<'_>, comment: &str) -> io::Result<()> {
        let known = self.links.iter().position(|&link| link == packet.link);
        let interface = match known {
            Some(interface) => interface,
            None => self.interface(packet.link)?,
        };
        // What was before 1970 has no time here.
        let time = u64::try_from(packet.time.0).unwrap_or(0);
        let mut body = u32::try_from(interface)
            .unwrap_or(u32::MAX)
            .to_le_bytes()
            .to_vec();
        let halves = time.to_le_bytes();
        // The high half stands first, each half in the section's byte order.
        let (low, high) = halves.split_at(4);
        body.extend_from_slice(high);
        body.extend_from_slice(low);
        body.extend(length(&packet.data)?.to_le_bytes());
        body.extend(packet.original_len.to_le_bytes());
        padded(&packet.data, &mut body);
        option(COMMENT, comment.as_bytes(), &mut body);
        option(END_OF_OPTIONS, b"", &mut body);
        self.block(ENHANCED_PACKET, &body)
    }

    /// Writes what is still held back.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }

    /// Describes an interface of this link type, without a snap length; returns its number.
    fn interface(&mut self, link: u16) -> io::Result<usize> {
        let mut body = link.to_le_bytes().to_vec();
        body.extend([0; 6]);
        option(TIME_RESOLUTION, &[9], &mut body);
        option(END_OF_OPTIONS, b"", &mut body);
        self.block(INTERFACE_DESCRIPTION, &body)?;
        self.links.push(link);
        Ok(self.links.len() - 1)
    }

    /// A block: its type, its length before and behind the body.
    fn block(&mut self, kind: u32, body: &[u8]) -> io::Result<()> {
        let length = length(body)?.saturating_add(12).to_le_bytes();
        for part in [&kind.to_le_bytes()[..], &length, body, &length] {
            self.out.write_all(part)?;
        }
        Ok(())
    }
}

fn length(bytes: &[u8]) -> io::Result<u32> {
    u32::try_from(bytes.len()).map_err(io::Error::other)
}

/// Appends bytes, and zeros up to a multiple of four.
fn padded(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(bytes);
    out.resize(out.len().next_multiple_of(4), 0);
}

/// Appends an option; a value that is too long for one ends where it must.
fn option(code: u16, value: &[u8], out: &mut Vec<u8>) {
    let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
    out.extend(code.to_le_bytes());
    out.extend(length.to_le_bytes());
    padded(&value[..length.into()], out);
}

#[cfg(test)]
mod tests {
    use super::Writer;
    use crate::capture::record::Frame;
    use crate::capture::record::Nanos;
    use crate::report::extract::Packet;

    fn packet(time: i64, link: u16, data: &[u8]) -> Packet<'_> {
        Packet {
            time: Nanos(time),
            frame: Frame::default(),
            link,
            original_len: 99,
            data: data.into(),
        }
    }

    /// Blocks by their lengths: type and body. Both lengths of each agree.
    fn blocks(mut bytes: &[u8]) -> Vec<(u32, Vec<u8>)> {
        let word =
            |bytes: &[u8], at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
        let mut blocks = Vec::new();
        while !bytes.is_empty() {
            let length = word(bytes, 4) as usize;
            assert_eq!((length % 4, word(bytes, length - 4) as usize), (0, length));
            blocks.push((word(bytes, 0), bytes[8..length - 4].to_vec()));
            bytes = &bytes[length..];
        }
        blocks
    }

    #[test]
    fn there_is_an_interface_for_each_link_type_before_its_first_packet() {
        let mut writer = Writer::begin(Vec::new(), b"").unwrap();
        for link in [1, 101, 1] {
            writer.packet(&packet(5, link, b"abcde"), "x:1").unwrap();
        }
        let blocks = blocks(&writer.finish().unwrap());
        let kinds: Vec<u32> = blocks.iter().map(|(kind, _)| *kind).collect();
        assert_eq!(kinds, [0x0a0d_0d0a, 1, 6, 1, 6, 6]);
        let interfaces: Vec<u8> = blocks
            .iter()
            .filter(|(kind, _)| *kind == 6)
            .map(|(_, body)| body[0])
            .collect();
        assert_eq!(interfaces, [0, 1, 0]);
    }

    #[test]
    fn times_are_nanoseconds_the_high_half_first_and_lengths_are_kept() {
        let mut writer = Writer::begin(Vec::new(), b"").unwrap();
        writer
            .packet(&packet(0x0102_0304_0506_0708, 1, b"abcde"), "")
            .unwrap();
        let blocks = blocks(&writer.finish().unwrap());
        let body = &blocks[2].1;
        assert_eq!(body[4..12], [4, 3, 2, 1, 8, 7, 6, 5]);
        assert_eq!(body[12..20], [5, 0, 0, 0, 99, 0, 0, 0]);
        assert_eq!(&body[20..28], b"abcde\0\0\0");
    }

    #[test]
    fn keys_stand_before_all_packets() {
        let mut writer = Writer::begin(Vec::new(), b"CLIENT_RANDOM x").unwrap();
        writer.packet(&packet(5, 1, b""), "").unwrap();
        let blocks = blocks(&writer.finish().unwrap());
        assert_eq!(blocks[1].0, 10);
        assert_eq!(&blocks[1].1[..8], b"KSLT\x0f\0\0\0");
        assert_eq!(&blocks[1].1[8..], b"CLIENT_RANDOM x\0");
    }
}
