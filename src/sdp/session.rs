//! The whole description, read line by line (RFC 8866 §5).

use memchr::memchr_iter;

use super::connection::ConnectionData;
use super::crypto::Crypto;
use super::defect::Defect;
use super::defect::Fault;
use super::direction::Direction;
use super::format::RtpMap;
use super::format::number;
use super::ice::Candidate;
use super::media::KEPT;
use super::media::MediaDescription;

/// Longest line that is read: a fingerprint or candidate is far shorter.
const LONGEST_LINE: usize = 4096;

/// m= sections kept.
const MEDIA: usize = 64;

/// Defects kept.
const DEFECTS: usize = 64;

/// `o=` (RFC 8866 §5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin<'a> {
    /// User name, mostly `-`.
    pub username: &'a [u8],
    /// Session id, as written.
    pub session_id: &'a [u8],
    /// Session version, as written.
    pub version: &'a [u8],
    /// The address of the creator. It says nothing of where media goes.
    pub address: &'a [u8],
}

/// What a body says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionDescription<'a> {
    /// `o=`.
    pub origin: Option<Origin<'a>>,
    /// `s=`.
    pub name: Option<&'a [u8]>,
    /// The session's `c=`.
    pub connection: Option<ConnectionData<'a>>,
    /// The session's attributes that a stream may take over.
    pub defaults: MediaDescription<'a>,
    /// The m= sections in order.
    pub media: Vec<MediaDescription<'a>>,
    /// What could not be read.
    pub defects: Vec<Defect>,
    has_ice_lite: bool,
    has_version: bool,
    has_timing: bool,
}

impl<'a> SessionDescription<'a> {
    /// Reads a body. Never fails.
    pub fn parse(body: &'a [u8]) -> Self {
        let mut description = Self::default();
        for (place, line) in lines(body).enumerate() {
            description.read(place + 1, line);
        }
        description.note_missing();
        description
    }

    fn read(&mut self, place: usize, line: &'a [u8]) {
        let line = line.trim_ascii_end();
        if line.is_empty() || line.iter().all(|&byte| byte == 0) {
            return;
        }
        let &[letter, b'=', ref value @ ..] = line else {
            return self.note(place, Fault::NotALine);
        };
        if line.len() > LONGEST_LINE {
            return self.note(place, Fault::LongLine);
        }
        match letter {
            b'v' => self.has_version |= value.trim_ascii() == b"0",
            b'o' => self.read_origin(place, value),
            b's' => self.name = self.name.or(Some(value)),
            b't' => self.has_timing = true,
            b'c' => self.read_connection(place, value),
            b'm' => self.read_media(place, value),
            b'b' => self.part().bandwidth.push_bounded(value),
            b'a' => self.read_attribute(place, value),
            _ => {}
        }
    }

    fn note(&mut self, line: usize, fault: Fault) {
        if self.defects.len() < DEFECTS {
            self.defects.push(Defect { line, fault });
        }
    }

    /// The m= section that a line belongs to; before the first, the session.
    fn part(&mut self) -> &mut MediaDescription<'a> {
        self.media.last_mut().unwrap_or(&mut self.defaults)
    }

    fn read_origin(&mut self, place: usize, value: &'a [u8]) {
        let mut fields = value
            .split(u8::is_ascii_whitespace)
            .filter(|field| !field.is_empty());
        let mut next = || fields.next().unwrap_or_default();
        let (username, session_id, version) = (next(), next(), next());
        let (_, _, address) = (next(), next(), next());
        if address.is_empty() {
            return self.note(place, Fault::BadOrigin);
        }
        self.origin = self.origin.or(Some(Origin {
            username,
            session_id,
            version,
            address,
        }));
    }

    fn read_connection(&mut self, place: usize, value: &'a [u8]) {
        let Some(connection) = ConnectionData::parse(value) else {
            return self.note(place, Fault::BadConnection);
        };
        let own = match self.media.last_mut() {
            Some(media) => &mut media.connection,
            None => &mut self.connection,
        };
        if own.is_some() {
            return self.note(place, Fault::RepeatedConnection);
        }
        *own = Some(connection);
    }

    fn read_media(&mut self, place: usize, value: &'a [u8]) {
        let mut fields = value
            .split(u8::is_ascii_whitespace)
            .filter(|field| !field.is_empty());
        let (media, port, proto) = (
            fields.next().unwrap_or_default(),
            fields.next().unwrap_or_default(),
            fields.next().unwrap_or_default(),
        );
        if proto.is_empty() {
            return self.note(place, Fault::BadMedia);
        }
        if self.media.len() >= MEDIA {
            return self.note(place, Fault::TooMany);
        }
        // `port/count` (RFC 8866 §5.14).
        let digits = port.split(|&byte| byte == b'/').next().unwrap_or_default();
        let port = number(digits).and_then(|port| u16::try_from(port).ok());
        if port.is_none() {
            self.note(place, Fault::BadPort);
        }
        let formats: Vec<&[u8]> = fields.take(KEPT).collect();
        if formats.is_empty() && port != Some(0) {
            self.note(place, Fault::NoFormat);
        }
        self.media.push(MediaDescription {
            media,
            port: port.unwrap_or_default(),
            proto,
            formats,
            ..MediaDescription::default()
        });
    }

    fn read_attribute(&mut self, place: usize, attribute: &'a [u8]) {
        let colon = attribute.iter().position(|&byte| byte == b':');
        let (name, value) = colon.map_or((attribute, &b""[..]), |colon| {
            (&attribute[..colon], &attribute[colon + 1..])
        });
        let name = name.trim_ascii();
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        if is("crypto") && self.media.is_empty() {
            return self.note(place, Fault::SessionCrypto);
        }
        self.has_ice_lite |= is("ice-lite");
        let part = self.part();
        if !is("crypto") && !is("ice-pwd") {
            part.attributes.push_bounded((name, value));
        }
        let is_read = match () {
            () if is("rtpmap") => RtpMap::parse(value)
                .map(|rtpmap| part.rtpmaps.push_bounded(rtpmap))
                .is_some(),
            () if is("crypto") => Crypto::parse(value)
                .map(|crypto| part.crypto.push_bounded(crypto))
                .is_some(),
            () if is("candidate") => {
                part.candidate_lines += 1;
                Candidate::parse(value)
                    .map(|candidate| part.candidates.push_bounded(candidate))
                    .is_some()
            }
            () => {
                part.keep(name, value);
                true
            }
        };
        if !is_read {
            self.note(place, Fault::BadAttribute);
        }
    }

    fn note_missing(&mut self) {
        for (is_there, fault) in [
            (self.has_version, Fault::NoVersion),
            (
                self.origin.is_some()
                    || self
                        .defects
                        .iter()
                        .any(|defect| defect.fault == Fault::BadOrigin),
                Fault::NoOrigin,
            ),
            (self.name.is_some(), Fault::NoSessionName),
            (self.has_timing, Fault::NoTiming),
        ] {
            if !is_there {
                self.note(0, fault);
            }
        }
        let is_read = !self
            .defects
            .iter()
            .any(|defect| defect.fault == Fault::BadConnection);
        if is_read
            && self
                .media
                .iter()
                .any(|media| media.is_live() && self.connection_of(media).is_none())
        {
            self.note(0, Fault::NoConnection);
        }
    }

    /// True where a strict peer would not read it: see [`Defect::is_serious`].
    pub fn is_malformed(&self) -> bool {
        self.defects.iter().any(Defect::is_serious)
    }

    /// True where nothing could be read that tells of media.
    pub fn is_unreadable(&self) -> bool {
        self.media.is_empty() && !self.has_version
    }

    /// The effective connection data of a section: its own, else the session's.
    pub fn connection_of<'s>(
        &'s self,
        media: &'s MediaDescription<'a>,
    ) -> Option<&'s ConnectionData<'a>> {
        media.connection.as_ref().or(self.connection.as_ref())
    }

    /// The effective direction of a section (RFC 8866 §6.7).
    pub fn direction_of(&self, media: &MediaDescription<'a>) -> Direction {
        media
            .direction
            .or(self.defaults.direction)
            .unwrap_or_default()
    }

    /// The effective fingerprint of a section (RFC 8122 §5).
    pub fn fingerprint_of(&self, media: &MediaDescription<'a>) -> Option<&'a [u8]> {
        media.fingerprint.or(self.defaults.fingerprint)
    }

    /// `a=candidate` lines in the whole body, readable or not.
    pub fn candidates(&self) -> usize {
        self.media
            .iter()
            .map(|media| media.candidate_lines)
            .sum::<usize>()
            + self.defaults.candidate_lines
    }

    /// True for `a=ice-lite` (RFC 8839 §5.3).
    pub fn ice_lite(&self) -> bool {
        self.has_ice_lite
    }
}

impl<'a> MediaDescription<'a> {
    /// Keeps an attribute that stands once; the first counts.
    fn keep(&mut self, name: &'a [u8], value: &'a [u8]) {
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        self.direction = self.direction.or(Direction::parse(name));
        self.has_pwd |= is("ice-pwd");
        if is("fmtp") {
            return self.fmtp.push_bounded(value);
        }
        let own = match () {
            () if is("fingerprint") => &mut self.fingerprint,
            () if is("setup") => &mut self.setup,
            () if is("ice-ufrag") => &mut self.ufrag,
            () if is("rtcp") => &mut self.rtcp,
            () if is("mid") => &mut self.mid,
            () if is("ptime") => &mut self.ptime,
            () => return,
        };
        *own = own.or(Some(value));
    }
}

/// Keeps what comes first.
trait Bounded<T> {
    fn push_bounded(&mut self, item: T);
}

impl<T> Bounded<T> for Vec<T> {
    fn push_bounded(&mut self, item: T) {
        if self.len() < KEPT {
            self.push(item);
        }
    }
}

/// Lines end in CRLF, LF alone, or with the body.
fn lines(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    let ends = memchr_iter(b'\n', body).chain(std::iter::once(body.len()));
    ends.scan(0, |start, end| {
        let line = body.get(*start..end).unwrap_or_default();
        *start = end + 1;
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    })
}

#[cfg(test)]
mod tests;
