//! One m= section (RFC 8866 §5.14): what the body says, session defaults not applied.

use super::connection::ConnectionData;
use super::crypto::Crypto;
use super::direction::Direction;
use super::format::Codec;
use super::format::RtpMap;
use super::ice::Candidate;

/// Attributes of one kind kept of one section; candidates are counted beyond it.
pub const KEPT: usize = 256;

/// One m= section.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MediaDescription<'a> {
    /// `audio`, `video`, `image` …
    pub media: &'a [u8],
    /// The port; 0 for a stream that is refused or not wanted, and where the port can't be read.
    pub port: u16,
    /// The transport profile, as `RTP/SAVP`.
    pub proto: &'a [u8],
    /// The formats as written.
    pub formats: Vec<&'a [u8]>,
    /// This section's own connection data.
    pub connection: Option<ConnectionData<'a>>,
    /// `a=rtpmap`.
    pub rtpmaps: Vec<RtpMap<'a>>,
    /// `a=fmtp`: format and parameters as written.
    pub fmtp: Vec<&'a [u8]>,
    /// `a=crypto` of this section.
    pub crypto: Vec<Crypto<'a>>,
    /// `a=candidate` of this section.
    pub candidates: Vec<Candidate<'a>>,
    /// How many `a=candidate` lines there are, readable or not.
    pub candidate_lines: usize,
    /// `a=fingerprint` (RFC 8122).
    pub fingerprint: Option<&'a [u8]>,
    /// `a=setup` (RFC 4145).
    pub setup: Option<&'a [u8]>,
    /// `a=ice-ufrag`.
    pub ufrag: Option<&'a [u8]>,
    /// `a=ice-pwd` is there. It is a secret, so it is not kept.
    pub has_pwd: bool,
    /// The direction, where this section says one.
    pub direction: Option<Direction>,
    /// `a=rtcp` (RFC 3605).
    pub rtcp: Option<&'a [u8]>,
    /// `a=mid` (RFC 5888).
    pub mid: Option<&'a [u8]>,
    /// `a=ptime`.
    pub ptime: Option<&'a [u8]>,
    /// `b=` lines.
    pub bandwidth: Vec<&'a [u8]>,
    /// All its attributes, name and value.
    pub attributes: Vec<(&'a [u8], &'a [u8])>,
}

impl<'a> MediaDescription<'a> {
    /// A live stream has a port other than 0 (RFC 3264 §5.1).
    pub fn is_live(&self) -> bool {
        self.port != 0
    }

    /// What each format stands for, in order of preference.
    pub fn codecs(&self) -> impl Iterator<Item = Codec<'a>> {
        self.formats
            .iter()
            .map(|format| Codec::of(format, &self.rtpmaps))
    }

    /// Payload types that stand twice in the m= line, or that two different rtpmaps define.
    pub fn duplicate_payload_types(&self) -> impl Iterator<Item = u32> {
        let twice = self
            .formats
            .iter()
            .enumerate()
            .filter(|(place, format)| self.formats[..*place].contains(format))
            .map(|(_, format)| *format);
        let redefined = self.rtpmaps.iter().enumerate().filter(|(place, rtpmap)| {
            let differs = |other: &RtpMap<'_>| {
                !other.name.eq_ignore_ascii_case(rtpmap.name)
                    || other.clock_rate != rtpmap.clock_rate
            };
            self.rtpmaps[..*place]
                .iter()
                .any(|other| other.payload_type == rtpmap.payload_type && differs(other))
        });
        twice
            .chain(redefined.map(|(_, rtpmap)| rtpmap.payload_type))
            .filter_map(super::format::number)
    }
}
