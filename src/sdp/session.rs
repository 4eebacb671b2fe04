//! A whole session description (RFC 8866 §5).

use memchr::memchr;

use super::attribute::Attribute;
use super::attribute::Attributes;
use super::attribute::Bandwidth;
use super::attribute::number;
use super::attribute::words;
use super::connection::ConnectionData;
use super::defect::Defect;
use super::direction::Direction;
use super::media::MediaDescription;

/// Bytes of one line. The longest seen is a fingerprint list of 700.
pub(super) const MAX_LINE: usize = 4096;

/// `m=` sections kept.
const MAX_MEDIA: usize = 64;

/// Defects kept, so that a megabyte of garbage does not become a list of as many lines.
const MAX_DEFECTS: usize = 256;

/// `o=`: who made the session, and which version of it this is (RFC 8866 §5.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Origin<'a> {
    /// The user; white space in it is kept.
    pub username: &'a [u8],
    /// Names the session together with the user and the address.
    pub session_id: &'a [u8],
    /// Grows with every change of the session (RFC 3264 §8).
    pub session_version: &'a [u8],
    /// `IN`.
    pub nettype: &'a [u8],
    /// `IP4` or `IP6`.
    pub addrtype: &'a [u8],
    /// The address of who made it: of no use for media.
    pub address: &'a [u8],
}

impl<'a> Origin<'a> {
    /// Reads the value of the line; `None` where it has fewer than six words. The words are counted
    /// from the end, since some put a user's full name first.
    pub(super) fn parse(value: &'a [u8]) -> Option<Self> {
        let mut rest = value.trim_ascii();
        let mut last = [&b""[..]; 5];
        for slot in last.iter_mut().rev() {
            let start = rest.iter().rposition(u8::is_ascii_whitespace)?;
            *slot = rest.get(start + 1..)?;
            rest = rest.get(..start)?.trim_ascii_end();
        }
        let [session_id, session_version, nettype, addrtype, address] = last;
        (!rest.is_empty()).then_some(Self {
            username: rest,
            session_id,
            session_version,
            nettype,
            addrtype,
            address,
        })
    }
}

/// A session description, as it is written. Where a stream inherits from the session, ask by the
/// methods that take a [`MediaDescription`].
#[derive(Clone, Debug, Default)]
pub struct SessionDescription<'a> {
    /// `o=`.
    pub origin: Option<Origin<'a>>,
    /// `s=`; often `-` or a blank.
    pub name: Option<&'a [u8]>,
    /// `c=` of the session.
    pub connection: Option<ConnectionData<'a>>,
    /// `b=` of the session.
    pub bandwidths: Vec<Bandwidth<'a>>,
    /// `a=` of the session.
    pub attributes: Attributes<'a>,
    /// `m=` sections, in order.
    pub media: Vec<MediaDescription<'a>>,
    /// What is wrong with it.
    pub defects: Vec<Defect>,
    has_version: bool,
    has_timing: bool,
    candidate_lines: usize,
    dropped_media: usize,
    is_section_lost: bool,
}

impl<'a> SessionDescription<'a> {
    /// Reads a body. Never fails.
    pub fn parse(body: &'a [u8]) -> Self {
        let mut session = Self {
            media: Vec::with_capacity(2),
            ..Self::default()
        };
        session.read_lines(body);
        session.note_missing();
        session
    }

    /// Splits the body into lines.
    fn read_lines(&mut self, body: &'a [u8]) {
        let nuls = body.iter().rev().take_while(|byte| **byte == 0).count();
        let text = body.get(..body.len() - nuls).unwrap_or_default();
        if nuls > 0 {
            self.defects.push(Defect::TrailingNuls { bytes: nuls });
        }
        let text_end = text.trim_ascii_end().len();
        if text_end > 0 && text.len() == text_end {
            self.defects.push(Defect::LastLineNotEnded);
        }
        // Blank lines at the end are no lines.
        let mut rest = text.get(..text_end).unwrap_or_default();
        let end_byte = if memchr(b'\n', rest).is_none() && memchr(b'\r', rest).is_some() {
            self.defects.push(Defect::CarriageReturnOnly);
            b'\r'
        } else {
            b'\n'
        };
        let mut line = 0;
        let mut has_bare_line_feed = false;
        while !rest.is_empty() {
            line += 1;
            let end = memchr(end_byte, rest);
            let written = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
            let without_return = written.strip_suffix(b"\r");
            has_bare_line_feed |= end.is_some() && end_byte == b'\n' && without_return.is_none();
            self.read_line(without_return.unwrap_or(written), line);
            rest = rest.get(written.len() + 1..).unwrap_or_default();
        }
        if has_bare_line_feed {
            self.defects.push(Defect::LineFeedOnly);
        }
        self.defects.truncate(MAX_DEFECTS);
    }

    /// Notes a defect, while there is room.
    fn note(&mut self, defect: Defect) {
        if self.defects.len() < MAX_DEFECTS || defect.is_malformation() && !self.is_malformed() {
            self.defects.push(defect);
        }
    }

    /// Reads one line, without its end.
    fn read_line(&mut self, written: &'a [u8], line: usize) {
        if written.trim_ascii().is_empty() {
            return self.note(Defect::LineEmpty { line });
        }
        if written.len() > MAX_LINE {
            return self.note(Defect::LineTooLong { line });
        }
        let (kind, value) = match written {
            [kind, b'=', value @ ..] if kind.is_ascii_alphabetic() => (*kind, value),
            _ => return self.note(Defect::LineUnreadable { line }),
        };
        match kind {
            b'm' => self.read_media(value, line),
            b'a' => self.read_attribute(value, line),
            b'c' => self.read_connection(value, line),
            b'b' => self.read_bandwidth(value, line),
            // What is told of a section is of no use here: i=, k= (a key), u=, e=, p=, r=, z=.
            _ if !self.media.is_empty() || self.is_section_lost => {}
            b'v' => self.read_version(value, line),
            b'o' if self.origin.is_some() => self.note(Defect::LineRepeated { line }),
            b'o' => match Origin::parse(value) {
                Some(origin) => self.origin = Some(origin),
                None => self.note(Defect::OriginUnreadable { line }),
            },
            b's' if self.name.is_some() => self.note(Defect::LineRepeated { line }),
            b's' => {
                if std::str::from_utf8(value).is_err() {
                    self.note(Defect::NotUtf8 { line });
                }
                self.name = Some(value);
            }
            b't' => {
                self.has_timing = true;
                let mut words = words(value);
                let both = words
                    .next()
                    .and_then(number)
                    .zip(words.next().and_then(number));
                if both.is_none() {
                    self.note(Defect::TimingUnreadable { line });
                }
            }
            _ => {}
        }
    }

    fn read_version(&mut self, value: &[u8], line: usize) {
        if self.has_version {
            self.note(Defect::LineRepeated { line });
        } else if value.trim_ascii() != b"0" {
            self.note(Defect::VersionUnknown { line });
        }
        self.has_version = true;
    }

    fn read_media(&mut self, value: &'a [u8], line: usize) {
        let mut defects = Vec::new();
        // What follows a section that was left out is no part of the one before it.
        self.is_section_lost = false;
        if self.media.len() >= MAX_MEDIA {
            self.dropped_media += 1;
            self.is_section_lost = true;
        } else if let Some(media) = MediaDescription::parse(value, line, &mut defects) {
            self.media.push(media);
        } else {
            defects.push(Defect::MediaUnreadable { line });
            self.is_section_lost = true;
        }
        for defect in defects {
            self.note(defect);
        }
    }

    fn read_attribute(&mut self, value: &'a [u8], line: usize) {
        if self.is_section_lost {
            return;
        }
        if let Some(media) = self.media.last_mut() {
            let mut defects = Vec::new();
            media.take_attribute(value, line, &mut defects);
            for defect in defects {
                self.note(defect);
            }
            return;
        }
        let Some(attribute) = Attribute::parse(value) else {
            return self.note(Defect::AttributeUnreadable { line });
        };
        if attribute.is("crypto") {
            self.note(Defect::CryptoAtSessionLevel { line });
        }
        if attribute.is("candidate") {
            self.candidate_lines += 1;
        }
        if !self.attributes.push(attribute) {
            self.note(Defect::TooManyAttributes { line });
        }
    }

    fn read_connection(&mut self, value: &'a [u8], line: usize) {
        if self.is_section_lost {
            return;
        }
        let Some(connection) = ConnectionData::parse(value) else {
            return self.note(Defect::ConnectionUnreadable { line });
        };
        if connection.is_malformed() {
            self.note(Defect::ConnectionUnreadable { line });
        }
        let slot = match self.media.last_mut() {
            Some(media) => &mut media.connection,
            None => &mut self.connection,
        };
        if slot.is_some() {
            self.note(Defect::ConnectionRepeated { line });
        } else {
            *slot = Some(connection);
        }
    }

    fn read_bandwidth(&mut self, value: &'a [u8], line: usize) {
        let Some(bandwidth) = Bandwidth::parse(value) else {
            return self.note(Defect::BandwidthUnreadable { line });
        };
        match self.media.last_mut() {
            _ if self.is_section_lost => {}
            Some(media) => media.take_bandwidth(bandwidth),
            None if self.bandwidths.len() < MAX_MEDIA => self.bandwidths.push(bandwidth),
            None => {}
        }
    }

    /// Notes what should be there and isn't.
    fn note_missing(&mut self) {
        let is_origin_there = self.origin.is_some()
            || self
                .defects
                .iter()
                .any(|defect| matches!(defect, Defect::OriginUnreadable { .. }));
        let missing = [
            (self.has_version, Defect::VersionMissing),
            (is_origin_there, Defect::OriginMissing),
            (self.name.is_some(), Defect::NameMissing),
            (self.has_timing, Defect::TimingMissing),
            (!self.media.is_empty(), Defect::MediaMissing),
        ];
        for (is_there, defect) in missing {
            if !is_there {
                self.note(defect);
            }
        }
        if self.dropped_media > 0 {
            self.note(Defect::TooManyMedia {
                dropped: self.dropped_media,
            });
        }
        for at in 0..self.media.len() {
            if let Some(media) = self.media.get(at)
                && media.is_live()
                && self.connection_of(media).is_none()
            {
                self.note(Defect::ConnectionMissing { line: media.line });
            }
        }
    }

    /// True where a strict peer would refuse the whole: see [`Defect::is_malformation`].
    pub fn is_malformed(&self) -> bool {
        self.defects.iter().any(|defect| defect.is_malformation())
    }

    /// True where nothing can be made of it: no `v=` line and no `m=` line that can be read.
    pub fn is_unreadable(&self) -> bool {
        !self.has_version && self.media.is_empty()
    }

    /// The number of `a=candidate` lines in the whole description.
    pub fn candidates(&self) -> usize {
        let in_media: usize = self.media.iter().map(|media| media.candidate_lines).sum();
        self.candidate_lines.saturating_add(in_media)
    }

    /// True where the sender answers checks and sends none (RFC 8839 §5.3).
    pub fn ice_lite(&self) -> bool {
        self.attributes.has("ice-lite")
            || self
                .media
                .iter()
                .any(|media| media.attributes.has("ice-lite"))
    }

    /// Where the media of a stream is to be sent: its own `c=` line, else the session's.
    pub fn connection_of<'s>(
        &'s self,
        media: &'s MediaDescription<'a>,
    ) -> Option<&'s ConnectionData<'a>> {
        media.connection.as_ref().or(self.connection.as_ref())
    }

    /// The direction of a stream: its own, else the session's, else both ways.
    pub fn direction_of(&self, media: &MediaDescription<'a>) -> Direction {
        Direction::of(&media.attributes)
            .or_else(|| Direction::of(&self.attributes))
            .unwrap_or_default()
    }

    /// The value of an attribute of a stream, else of the session.
    pub fn attribute_of(&self, media: &MediaDescription<'a>, name: &str) -> Option<&'a [u8]> {
        media
            .attributes
            .get(name)
            .or_else(|| self.attributes.get(name))
    }

    /// The user name for checks (RFC 8839 §5.4).
    pub fn ufrag_of(&self, media: &MediaDescription<'a>) -> Option<&'a [u8]> {
        self.attribute_of(media, "ice-ufrag")
    }

    /// The fingerprint of the certificate for DTLS (RFC 8122 §5).
    pub fn fingerprint_of(&self, media: &MediaDescription<'a>) -> Option<&'a [u8]> {
        self.attribute_of(media, "fingerprint")
    }

    /// The groups of streams, as written: `BUNDLE 1 2` (RFC 5888 §5).
    pub fn groups(&self) -> impl Iterator<Item = &'a [u8]> {
        self.attributes.all("group")
    }
}

#[cfg(test)]
mod tests;
