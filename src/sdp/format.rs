//! Formats of RTP: payload types and the encodings they stand for (RFC 8866 §6.6, RFC 3551 §6).

use super::attribute::number;
use super::attribute::words;

/// `a=rtpmap`: what a payload type stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RtpMap<'a> {
    /// The payload type.
    pub payload_type: u8,
    /// The encoding name, as written.
    pub name: &'a [u8],
    /// The clock rate in hertz.
    pub clock_rate: Option<u32>,
    /// The encoding parameters: of audio, the number of channels.
    pub parameters: Option<&'a [u8]>,
}

impl<'a> RtpMap<'a> {
    /// Reads the value of the attribute; `None` where number or name is missing.
    pub(super) fn parse(value: &'a [u8]) -> Option<Self> {
        let mut words = words(value);
        let payload_type = payload_type(words.next()?)?;
        let (name, rest) = split_at_slash(words.next()?);
        let (rate, rest) = rest.map(split_at_slash).unwrap_or_default();
        (!name.is_empty()).then_some(Self {
            payload_type,
            name,
            clock_rate: number(rate).and_then(|rate| u32::try_from(rate).ok()),
            parameters: rest.map(|rest| split_at_slash(rest).0),
        })
    }

    /// True where two lines say the same: names in any case, one channel said or not.
    pub fn agrees_with(&self, other: &Self) -> bool {
        let channels = |map: &Self| {
            map.parameters
                .filter(|written| *written != b"1")
                .map(<[u8]>::len)
        };
        let same_parameters = match (self.parameters, other.parameters) {
            (Some(this), Some(that)) => this == that,
            _ => channels(self) == channels(other),
        };
        self.name.eq_ignore_ascii_case(other.name)
            && self.clock_rate == other.clock_rate
            && same_parameters
    }
}

/// What stands before the first slash, and what behind it.
fn split_at_slash(word: &[u8]) -> (&[u8], Option<&[u8]>) {
    match word.iter().position(|&byte| byte == b'/') {
        Some(slash) => (word.get(..slash).unwrap_or_default(), word.get(slash + 1..)),
        None => (word, None),
    }
}

/// `a=fmtp`: parameters of a format.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fmtp<'a> {
    /// The format, as on the `m=` line.
    pub format: &'a [u8],
    /// The parameters, as written.
    pub parameters: &'a [u8],
}

impl<'a> Fmtp<'a> {
    /// Reads the value of the attribute; `None` where it names no format.
    pub(super) fn parse(value: &'a [u8]) -> Option<Self> {
        let end = value
            .iter()
            .position(u8::is_ascii_whitespace)
            .unwrap_or(value.len());
        let (format, parameters) = value.split_at_checked(end)?;
        (!format.is_empty()).then_some(Self {
            format,
            parameters: parameters.trim_ascii(),
        })
    }
}

/// One format of an `m=` line and what it stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Codec<'a> {
    /// The format, as on the `m=` line.
    pub format: &'a [u8],
    /// The payload type, where the format is a number from 0 to 127.
    pub payload_type: Option<u8>,
    /// The encoding name: of its `a=rtpmap`, else of the static table; `None` where neither has it.
    pub name: Option<&'a [u8]>,
    /// The clock rate in hertz.
    pub clock_rate: Option<u32>,
}

impl<'a> Codec<'a> {
    /// What `format` stands for, given the `a=rtpmap` lines of its section. The first line counts.
    pub(super) fn of(format: &'a [u8], maps: &[RtpMap<'a>]) -> Self {
        let payload_type = payload_type(format);
        let map = maps
            .iter()
            .find(|map| Some(map.payload_type) == payload_type);
        let assigned = payload_type.and_then(statically_assigned);
        let (name, clock_rate) = match (map, assigned) {
            (Some(map), _) => (Some(map.name), map.clock_rate),
            (None, Some((name, clock_rate))) => (Some(name.as_bytes()), Some(clock_rate)),
            (None, None) => (None, None),
        };
        Self {
            format,
            payload_type,
            name,
            clock_rate,
        }
    }
}

/// A payload type is a number of seven bits (RFC 3550 §5.1).
pub(super) fn payload_type(word: &[u8]) -> Option<u8> {
    number(word)
        .and_then(|number| u8::try_from(number).ok())
        .filter(|number| *number < 128)
}

/// RFC 3551 §6, tables 4 and 5: name and clock rate.
fn statically_assigned(payload_type: u8) -> Option<(&'static str, u32)> {
    Some(match payload_type {
        0 => ("PCMU", 8_000),
        3 => ("GSM", 8_000),
        4 => ("G723", 8_000),
        5 => ("DVI4", 8_000),
        6 => ("DVI4", 16_000),
        7 => ("LPC", 8_000),
        8 => ("PCMA", 8_000),
        // The clock rate of G.722 is 8000 for historical reasons (RFC 3551 §4.5.2).
        9 => ("G722", 8_000),
        10 | 11 => ("L16", 44_100),
        12 => ("QCELP", 8_000),
        13 => ("CN", 8_000),
        14 => ("MPA", 90_000),
        15 => ("G728", 8_000),
        16 => ("DVI4", 11_025),
        17 => ("DVI4", 22_050),
        18 => ("G729", 8_000),
        25 => ("CelB", 90_000),
        26 => ("JPEG", 90_000),
        28 => ("nv", 90_000),
        31 => ("H261", 90_000),
        32 => ("MPV", 90_000),
        33 => ("MP2T", 90_000),
        34 => ("H263", 90_000),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::Codec;
    use super::RtpMap;

    fn map(value: &str) -> RtpMap<'_> {
        RtpMap::parse(value.as_bytes()).expect("readable")
    }

    #[test]
    fn an_rtpmap_goes_before_the_static_table() {
        let maps = [map("0 SILK/16000"), map("96 opus/48000/2")];
        let names: Vec<_> = [&b"0"[..], b"8", b"96", b"97", b"t38"]
            .map(|format| Codec::of(format, &maps).name)
            .into();
        assert_eq!(
            names,
            [Some(&b"SILK"[..]), Some(b"PCMA"), Some(b"opus"), None, None]
        );
        assert_eq!(Codec::of(b"9", &maps).clock_rate, Some(8000));
    }

    #[test]
    fn static_payload_types_are_those_of_rfc_3551() {
        let named = |number: u8| {
            let format = number.to_string();
            let codec = Codec::of(format.as_bytes(), &[]);
            let name = String::from_utf8(codec.name?.to_vec()).ok()?;
            Some(format!("{number} {name}/{}", codec.clock_rate?))
        };
        let all: Vec<String> = (0..=255).filter_map(named).collect();
        assert_eq!(
            all.join(", "),
            "0 PCMU/8000, 3 GSM/8000, 4 G723/8000, 5 DVI4/8000, 6 DVI4/16000, 7 LPC/8000, 8 PCMA/8000, 9 G722/8000, \
             10 L16/44100, 11 L16/44100, 12 QCELP/8000, 13 CN/8000, 14 MPA/90000, 15 G728/8000, 16 DVI4/11025, \
             17 DVI4/22050, 18 G729/8000, 25 CelB/90000, 26 JPEG/90000, 28 nv/90000, 31 H261/90000, 32 MPV/90000, \
             33 MP2T/90000, 34 H263/90000"
        );
    }

    #[test]
    fn an_rtpmap_may_lack_its_clock_rate() {
        assert_eq!(
            (map("31 LPC").name, map("31 LPC").clock_rate),
            (&b"LPC"[..], None)
        );
        assert_eq!(RtpMap::parse(b"LPC/8000"), None);
        assert_eq!(RtpMap::parse(b"128 LPC/8000"), None);
    }

    #[test]
    fn one_channel_said_or_not_is_the_same() {
        assert!(map("8 PCMA/8000/1").agrees_with(&map("8 pcma/8000")));
        assert!(!map("8 L16/8000/2").agrees_with(&map("8 L16/8000")));
        assert!(!map("8 L16/8000/2").agrees_with(&map("8 L16/8000/3")));
        assert!(!map("96 SILK/8000").agrees_with(&map("96 telephone-event/8000")));
    }
}
