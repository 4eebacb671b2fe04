//! The lines of a description with their numbers: for who shows it and marks what counts in it.

use super::attribute::Attribute;
use super::connection::ConnectionData;
use super::crypto::Crypto;
use super::format::RtpMap;
use super::session::MAX_LINE;
use super::session::SessionDescription;

/// A line that was read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Line<'a> {
    /// Its number, from 1, as defects count.
    pub number: usize,
    /// The section that it belongs to: a place in [`SessionDescription::media`]; none before the first `m=` line.
    pub section: Option<usize>,
    /// The letter before the `=`.
    pub kind: u8,
    /// What stands behind it. It may hold a key.
    value: &'a [u8],
}

impl<'a> Line<'a> {
    fn attribute(&self) -> Option<Attribute<'a>> {
        (self.kind == b'a').then(|| Attribute::parse(self.value))?
    }

    /// True for an attribute of this name, in any case.
    pub fn is_attribute(&self, name: &str) -> bool {
        self.attribute().is_some_and(|attribute| attribute.is(name))
    }

    /// What an `a=crypto` line offers, where it can be read.
    pub fn crypto(&self) -> Option<Crypto<'a>> {
        let attribute = self.attribute().filter(|written| written.is("crypto"))?;
        Crypto::parse(attribute.written())
    }

    /// What an `a=rtpmap` line says, where it can be read.
    pub fn rtpmap(&self) -> Option<RtpMap<'a>> {
        let attribute = self.attribute().filter(|written| written.is("rtpmap"))?;
        RtpMap::parse(attribute.written())
    }

    /// What a `c=` line says, where it can be read.
    pub fn connection(&self) -> Option<ConnectionData<'a>> {
        (self.kind == b'c').then(|| ConnectionData::parse(self.value))?
    }
}

/// All lines of a body, the CR before an LF kept: they end in LF, or, where there is none, in CR.
pub fn written_lines(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    // As the description is read: blank lines and NULs at the end are no lines.
    let is_text = |byte: &u8| *byte != 0 && !byte.is_ascii_whitespace();
    let text_end = body.iter().rposition(is_text).map_or(0, |last| last + 1);
    let has_line_feed = body
        .get(..text_end)
        .is_some_and(|text| text.contains(&b'\n'));
    let end = if has_line_feed { b'\n' } else { b'\r' };
    body.split(move |&byte| byte == end)
}

/// The lines of a body that count for the description that was read from it: none of a section that was left out.
pub fn lines<'a>(body: &'a [u8], description: &SessionDescription<'_>) -> Vec<Line<'a>> {
    let mut found = Vec::new();
    let (mut section, mut is_lost, mut media) = (None, false, 0);
    for (number, written) in (1..).zip(written_lines(body)) {
        let written = written.strip_suffix(b"\r").unwrap_or(written);
        let [kind, b'=', value @ ..] = written else {
            continue;
        };
        if written.len() > MAX_LINE {
            continue;
        }
        if *kind == b'm' {
            is_lost = description
                .media
                .get(media)
                .is_none_or(|known| known.line != number);
            if !is_lost {
                section = Some(media);
                media += 1;
            }
        }
        if !is_lost {
            found.push(Line {
                number,
                section,
                kind: *kind,
                value,
            });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::lines;
    use crate::sdp::SessionDescription;

    const SDP: &str = "v=0\no=- 1 1 IN IP4 192.0.2.7\ns=-\n\nc=IN IP4 192.0.2.7\nt=0 0\nm=audio 4000 RTP/SAVP 8\n\
                       a=rtpmap:8 PCMA/8000\nm=lost\na=rtpmap:9 X/8000\nm=video 4002 RTP/AVP 34\nc=IN IP4 0.0.0.0\n";

    #[test]
    fn each_line_is_in_the_section_that_the_description_has_it_in() {
        for end in ["\n", "\r\n", "\r"] {
            let body = SDP.replace('\n', end);
            let description = SessionDescription::parse(body.as_bytes());
            let lines = lines(body.as_bytes(), &description);
            let told: Vec<_> = lines
                .iter()
                .filter(|line| line.kind == b'm' || line.section.is_some())
                .map(|line| (line.number, line.section, char::from(line.kind)))
                .collect();
            let expected = [
                (7, Some(0), 'm'),
                (8, Some(0), 'a'),
                (11, Some(1), 'm'),
                (12, Some(1), 'c'),
            ];
            assert_eq!(told, expected, "{end:?}");
            for (line, media) in lines
                .iter()
                .filter(|line| line.kind == b'm')
                .zip(&description.media)
            {
                assert_eq!(line.number, media.line);
                let written = super::written_lines(body.as_bytes()).nth(line.number - 1);
                assert!(written.unwrap().starts_with(b"m="));
            }
            let connections: Vec<_> = lines.iter().filter_map(super::Line::connection).collect();
            assert!(!connections[0].is_unspecified() && connections[1].is_unspecified());
        }
    }
}
