//! `m=` and what follows it (RFC 8866 §5.14).

use super::attribute::Attribute;
use super::attribute::Attributes;
use super::attribute::Bandwidth;
use super::attribute::number;
use super::attribute::words;
use super::connection::ConnectionData;
use super::crypto::Crypto;
use super::defect::Defect;
use super::format::Codec;
use super::format::Fmtp;
use super::format::RtpMap;
use super::format::payload_type;
use super::ice::Candidate;

/// Formats, and attributes of one kind, kept of one section: there are 128 payload types.
const MAX_OF_A_KIND: usize = 256;

/// One `m=` section, as it is written: the session's defaults are not applied here.
#[derive(Clone, Debug)]
pub struct MediaDescription<'a> {
    /// `audio`, `video`, `image`…, as written.
    pub media: &'a [u8],
    /// The port, 0 to 65535; 0 refuses the stream (RFC 3264 §5.1). One that can't be read is 0 too,
    /// and a defect.
    pub port: u32,
    /// The number of ports after the slash.
    pub port_count: Option<u32>,
    /// `RTP/AVP`, `RTP/SAVP`, `udptl`…, as written.
    pub proto: &'a [u8],
    /// The formats, as written and in order of preference.
    pub formats: Vec<&'a [u8]>,
    /// Its own `c=` line: the first.
    pub connection: Option<ConnectionData<'a>>,
    /// `b=` lines.
    pub bandwidths: Vec<Bandwidth<'a>>,
    /// All `a=` lines.
    pub attributes: Attributes<'a>,
    /// `a=rtpmap` lines.
    pub rtpmaps: Vec<RtpMap<'a>>,
    /// `a=crypto` lines that can be read.
    pub crypto: Vec<Crypto<'a>>,
    /// How many `a=candidate` lines there are, those that can't be read included.
    pub candidate_lines: usize,
    /// Number of the `m=` line.
    pub line: usize,
}

impl<'a> MediaDescription<'a> {
    /// Reads the value of an `m=` line; `None` where it has fewer than three words. `m=audio` with a
    /// port that is no number is kept: what follows belongs to it.
    pub(super) fn parse(value: &'a [u8], line: usize, defects: &mut Vec<Defect>) -> Option<Self> {
        let mut words = words(value);
        let (media, port, proto) = (words.next()?, words.next()?, words.next()?);
        let formats: Vec<_> = words.take(MAX_OF_A_KIND).collect();
        let mut ports = port.splitn(2, |&byte| byte == b'/');
        let written = ports.next().and_then(number);
        let port = written.and_then(|port| u16::try_from(port).ok());
        match (written, port) {
            (None, _) => defects.push(Defect::PortUnreadable { line }),
            (Some(_), None) => defects.push(Defect::PortOutOfRange { line }),
            (Some(_), Some(_)) => {}
        }
        if formats.is_empty() {
            defects.push(Defect::FormatsMissing { line });
        }
        let rtpmaps = Vec::with_capacity(formats.len());
        Some(Self {
            media,
            port: u32::from(port.unwrap_or(0)),
            port_count: ports
                .next()
                .and_then(number)
                .and_then(|count| u32::try_from(count).ok()),
            proto,
            formats,
            connection: None,
            bandwidths: Vec::new(),
            attributes: Attributes::default(),
            rtpmaps,
            crypto: Vec::new(),
            candidate_lines: 0,
            line,
        })
    }

    /// Takes one `a=` line of the section.
    pub(super) fn take_attribute(
        &mut self,
        value: &'a [u8],
        line: usize,
        defects: &mut Vec<Defect>,
    ) {
        let Some(attribute) = Attribute::parse(value) else {
            defects.push(Defect::AttributeUnreadable { line });
            return;
        };
        let value = attribute.written();
        if !self.attributes.push(attribute) {
            defects.push(Defect::TooManyAttributes { line });
        }
        if attribute.is("rtpmap") {
            match RtpMap::parse(value) {
                Some(map) => {
                    if map.clock_rate.is_none() {
                        defects.push(Defect::ClockRateMissing { line });
                    }
                    keep(&mut self.rtpmaps, map, MAX_OF_A_KIND);
                }
                None => defects.push(Defect::RtpMapUnreadable { line }),
            }
        } else if attribute.is("crypto") {
            match Crypto::parse(value) {
                Some(crypto) => keep(&mut self.crypto, crypto, MAX_OF_A_KIND),
                None => defects.push(Defect::CryptoUnreadable { line }),
            }
        } else if attribute.is("candidate") {
            self.candidate_lines += 1;
        }
    }

    /// Takes one `b=` line of the section.
    pub(super) fn take_bandwidth(&mut self, bandwidth: Bandwidth<'a>) {
        keep(&mut self.bandwidths, bandwidth, MAX_OF_A_KIND);
    }

    /// The `a=candidate` lines that can be read.
    pub fn candidates(&self) -> impl Iterator<Item = Candidate<'a>> {
        self.attributes
            .all("candidate")
            .filter_map(Candidate::parse)
    }

    /// True unless the stream is refused or withdrawn: its port is not 0 (RFC 3264 §5.1, §8.2).
    pub fn is_live(&self) -> bool {
        self.port != 0
    }

    /// What each format stands for, in order of preference. Meaningful where the profile is one of
    /// RTP; formats of others have no name.
    pub fn codecs(&self) -> impl Iterator<Item = Codec<'a>> {
        self.formats
            .iter()
            .map(|format| Codec::of(format, &self.rtpmaps))
    }

    /// The parameters of a format (`a=fmtp`): the first line that names it.
    pub fn fmtp(&self, format: &[u8]) -> Option<&'a [u8]> {
        self.attributes
            .all("fmtp")
            .filter_map(Fmtp::parse)
            .find(|fmtp| fmtp.format == format)
            .map(|fmtp| fmtp.parameters)
    }

    /// Payload types that stand for two things: named twice on the `m=` line, or by two `a=rtpmap`
    /// that disagree. Each once, in ascending order.
    pub fn duplicate_payload_types(&self) -> Vec<u8> {
        let mut formats: Vec<_> = self
            .formats
            .iter()
            .filter_map(|format| payload_type(format))
            .collect();
        formats.sort_unstable();
        let mut duplicates: Vec<_> = formats
            .windows(2)
            .filter_map(|pair| match pair {
                [one, other] if one == other => Some(*one),
                _ => None,
            })
            .collect();
        // The first line of each payload type, against which the others are held.
        let mut first: [Option<&RtpMap<'a>>; 128] = [None; 128];
        for map in &self.rtpmaps {
            match first.get_mut(usize::from(map.payload_type)) {
                Some(Some(known)) if !known.agrees_with(map) => duplicates.push(map.payload_type),
                Some(known @ None) => *known = Some(map),
                Some(Some(_)) | None => {}
            }
        }
        duplicates.sort_unstable();
        duplicates.dedup();
        duplicates
    }

    /// The name of the stream in groups (RFC 5888 §4).
    pub fn mid(&self) -> Option<&'a [u8]> {
        self.attributes.get("mid")
    }

    /// Milliseconds of media in a packet (RFC 8866 §6.4).
    pub fn ptime(&self) -> Option<u32> {
        let word = words(self.attributes.get("ptime")?).next()?;
        // Some write fractions.
        let whole = word.split(|&byte| byte == b'.').next()?;
        u32::try_from(number(whole)?).ok()
    }

    /// Port, and address if any, for RTCP (RFC 3605), as written.
    pub fn rtcp(&self) -> Option<&'a [u8]> {
        self.attributes.get("rtcp")
    }

    /// True where RTCP goes over the port of RTP (RFC 5761).
    pub fn has_rtcp_mux(&self) -> bool {
        self.attributes.has("rtcp-mux")
    }
}

/// Keeps one more where there is room.
fn keep<T>(list: &mut Vec<T>, item: T, limit: usize) {
    if list.len() < limit {
        list.push(item);
    }
}
