//! Formats of a stream: payload types, their rtpmap, and the static table (RFC 3551 §6).

use std::borrow::Cow;

/// A payload type and what it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Codec<'a> {
    /// The format as the m= line writes it.
    pub format: &'a [u8],
    /// Encoding name: of the rtpmap, else of the static table; none for a dynamic payload type without rtpmap.
    pub name: Option<Cow<'a, [u8]>>,
    /// Clock rate in Hz.
    pub clock_rate: Option<u32>,
}

/// One `a=rtpmap`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RtpMap<'a> {
    /// Payload type, as written.
    pub payload_type: &'a [u8],
    /// Encoding name.
    pub name: &'a [u8],
    /// Clock rate in Hz.
    pub clock_rate: Option<u32>,
}

impl<'a> RtpMap<'a> {
    /// Reads the value of an `a=rtpmap`; none where payload type or name is missing.
    pub fn parse(value: &'a [u8]) -> Option<Self> {
        let mut fields = value
            .split(u8::is_ascii_whitespace)
            .filter(|field| !field.is_empty());
        let (payload_type, encoding) = (fields.next()?, fields.next()?);
        let mut parts = encoding.split(|&byte| byte == b'/');
        let name = parts.next().filter(|name| !name.is_empty())?;
        Some(Self {
            payload_type,
            name,
            clock_rate: parts.next().and_then(number),
        })
    }
}

/// A decimal number of 32 bits.
pub(super) fn number(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// The static payload types of RFC 3551 §6 and RFC 2250: number, name, clock rate.
const STATIC: [(u32, &str, u32); 24] = [
    (0, "PCMU", 8000),
    (3, "GSM", 8000),
    (4, "G723", 8000),
    (5, "DVI4", 8000),
    (6, "DVI4", 16_000),
    (7, "LPC", 8000),
    (8, "PCMA", 8000),
    (9, "G722", 8000),
    (10, "L16", 44_100),
    (11, "L16", 44_100),
    (12, "QCELP", 8000),
    (13, "CN", 8000),
    (14, "MPA", 90_000),
    (15, "G728", 8000),
    (16, "DVI4", 11_025),
    (17, "DVI4", 22_050),
    (18, "G729", 8000),
    (25, "CelB", 90_000),
    (26, "JPEG", 90_000),
    (28, "nv", 90_000),
    (31, "H261", 90_000),
    (32, "MPV", 90_000),
    (33, "MP2T", 90_000),
    (34, "H263", 90_000),
];

impl<'a> Codec<'a> {
    /// What a format stands for in a stream with these rtpmaps.
    pub(super) fn of(format: &'a [u8], rtpmaps: &[RtpMap<'a>]) -> Self {
        if let Some(rtpmap) = rtpmaps.iter().find(|rtpmap| rtpmap.payload_type == format) {
            return Self {
                format,
                name: Some(Cow::Borrowed(rtpmap.name)),
                clock_rate: rtpmap.clock_rate,
            };
        }
        let known =
            number(format).and_then(|number| STATIC.iter().find(|(known, ..)| *known == number));
        Self {
            format,
            name: known.map(|(_, name, _)| Cow::Borrowed(name.as_bytes())),
            clock_rate: known.map(|&(.., rate)| rate),
        }
    }
}
