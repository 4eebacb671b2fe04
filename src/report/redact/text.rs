//! Phrases and sentences: what looks like an original in them is replaced.
//!
//! That is what stands elsewhere in the same row or message ([`Known`]), and by its looks: addresses, URIs, `user@host`,
//! dotted names that end in letters, long hexadecimal ids, and numbers of five digits and more, with or without
//! separators. Correlation ids stay, and Microsoft's six-digit codes.

use memchr::memmem;

use crate::diagnosis::CASES;
use crate::diagnosis::FINDINGS;
use crate::diagnosis::show;
use crate::diagnosis::show_long;
use crate::report::keyless::without_keys;
use crate::trunk::teams::address_in;

use super::Redaction;
use super::names::is_guid;
use super::names::is_host;
use super::names::longest;

/// Shorter originals are not looked for by themselves: they would be found in words.
const SHORTEST_KNOWN: usize = 3;

/// Digits that make a number by themselves, and in groups.
const DIGITS: usize = 5;
const DIGITS_IN_GROUPS: usize = 7;

/// Letters and digits in a row at most; a key has more.
const LETTERS_OF_A_WORD: usize = 32;

/// Clock rates of codecs that have so many digits.
const RATES: [&str; 5] = ["16000", "24000", "32000", "48000", "90000"];

/// Hexadecimal digits that make an id.
const ID: usize = 12;

/// Words that name nobody, whoever is called so: those of Teams' products and reports, and of machines as such.
const NOBODYS: [&str; 4] = [
    "microsoft.pstnhub.sipproxy",
    "microsoft.teams.sipsba",
    "internaldiagcode internalerrorphrase",
    "sip sbc pbx proxy server gateway",
];

/// Originals that are known from elsewhere, each with its stand-in.
#[derive(Clone, Debug, Default)]
pub(super) struct Known(Vec<(Vec<u8>, Vec<u8>)>);

impl Known {
    /// Adds one. What a phrase of a case or of a finding has in it is left out: without it the phrase would tell nothing.
    pub(super) fn add(&mut self, original: &[u8], stand_in: Vec<u8>) {
        let original = original.trim_ascii();
        let lower = original.to_ascii_lowercase();
        let phrases = CASES.iter().flat_map(|case| case.phrases);
        let words = FINDINGS.iter().flat_map(|finding| finding.words);
        let mut said = phrases.chain(words).chain(&NOBODYS);
        let is_said = said.any(|phrase| has_word(phrase.as_bytes(), &lower));
        let is_known = self.0.iter().any(|(known, _)| known == original);
        if original.len() >= SHORTEST_KNOWN && !is_said && !is_known && original != stand_in {
            // The longest first: a user may be a part of a Call-ID.
            let longer = |known: &(Vec<u8>, Vec<u8>)| known.0.len() >= original.len();
            let place = self.0.partition_point(longer);
            self.0.insert(place, (original.to_vec(), stand_in));
        }
    }

    /// The same, and as evidence shows it: what can be printed, and not all of what is long.
    pub(super) fn add_as_shown(&mut self, original: &[u8], stand_in: &[u8]) {
        self.add(original, stand_in.to_vec());
        self.add(show_long(original).as_bytes(), stand_in.to_vec());
        self.add(show(original).as_bytes(), stand_in.to_vec());
    }

    /// What begins there, as a word of its own.
    fn at<'k>(&'k self, text: &[u8], at: usize) -> Option<(usize, &'k [u8])> {
        let begins = |edge: Option<&u8>, next: Option<&u8>| {
            let is_inside = |byte: &u8| is_of_a_name(*byte);
            !(edge.is_some_and(is_inside) && next.is_some_and(is_inside))
        };
        let before = at.checked_sub(1).and_then(|before| text.get(before));
        self.0.iter().find_map(|(known, stand_in)| {
            let end = at + known.len();
            let is_it = text.get(at..end)?.eq_ignore_ascii_case(known)
                && begins(before, known.first())
                && begins(known.last(), text.get(end));
            is_it.then_some((known.len(), &stand_in[..]))
        })
    }
}

/// True where a phrase has these words in it. What is a part of one of its words only would never be found in it.
fn has_word(phrase: &[u8], word: &[u8]) -> bool {
    let is_edge = |byte: Option<&u8>| !byte.is_some_and(|byte| is_of_a_name(*byte));
    memmem::find_iter(phrase, word).any(|at| {
        let before = at.checked_sub(1).and_then(|before| phrase.get(before));
        is_edge(before) && is_edge(phrase.get(at + word.len()))
    })
}

fn is_of_a_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii()
}

/// True for what words are made of that are looked at as one.
fn is_of_a_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii() || b"._-@:+%[]~".contains(&byte)
}

impl Redaction {
    /// A phrase or a sentence of others without what looks like an original.
    pub fn text(&self, text: &[u8]) -> Vec<u8> {
        self.text_with(text, &Known::default())
    }

    /// The same where originals are known.
    pub(super) fn text_with(&self, text: &[u8], known: &Known) -> Vec<u8> {
        let text = &without_keys(text)[..];
        let mut shown = Vec::with_capacity(text.len());
        let (mut at, mut from) = (0, 0);
        while at < text.len() {
            if let Some((length, stand_in)) = known.at(text, at) {
                self.scan(text.get(from..at).unwrap_or_default(), &mut shown);
                shown.extend_from_slice(stand_in);
                at += length;
                from = at;
            } else {
                at += 1;
            }
        }
        self.scan(text.get(from..).unwrap_or_default(), &mut shown);
        shown
    }

    fn scan(&self, text: &[u8], out: &mut Vec<u8>) {
        let mut at = 0;
        while let Some(&byte) = text.get(at) {
            let rest = text.get(at..).unwrap_or_default();
            if let Some(length) = number_at(rest)
                && let Some(number) = self.number(rest.get(..length).unwrap_or_default())
            {
                out.extend(number);
                at += length;
            } else if let Some(rate) = text.get(..at).and_then(|before| rate_at(before, rest)) {
                out.extend_from_slice(rate);
                at += rate.len();
            } else if is_of_a_word(byte) {
                let length = rest.iter().take_while(|byte| is_of_a_word(**byte)).count();
                self.looked_at(rest.get(..length).unwrap_or_default(), out);
                at += length;
            } else {
                out.push(byte);
                at += 1;
            }
        }
    }

    /// One word with the punctuation around it.
    fn looked_at(&self, word: &[u8], out: &mut Vec<u8>) {
        if address_in(word).is_some() {
            out.extend(self.host_in_uri(word));
            return;
        }
        let is_punctuation = |byte: &u8| b".-:~".contains(byte);
        let begin = word.iter().take_while(|byte| is_punctuation(byte)).count();
        let end = word
            .iter()
            .rposition(|byte| !is_punctuation(byte))
            .map_or(begin, |end| end + 1);
        out.extend_from_slice(word.get(..begin).unwrap_or_default());
        self.whole(word.get(begin..end).unwrap_or_default(), out);
        out.extend_from_slice(word.get(end.max(begin)..).unwrap_or_default());
    }

    fn whole(&self, word: &[u8], out: &mut Vec<u8>) {
        let scheme = word
            .iter()
            .position(|&byte| byte == b':')
            .and_then(|end| word.get(..end));
        let is_scheme = |scheme: &[u8]| {
            [&b"sip"[..], b"sips", b"tel"]
                .iter()
                .any(|known| scheme.eq_ignore_ascii_case(known))
        };
        if scheme.is_some_and(is_scheme) {
            out.extend(self.uri(word));
        } else if let Some(at) = word.iter().rposition(|&byte| byte == b'@') {
            let (user, host) = word.split_at(at);
            out.extend(self.user(user));
            out.push(b'@');
            self.place(host.get(1..).unwrap_or_default(), out);
        } else {
            self.place(word, out);
        }
    }

    /// A host with its port, or words with signs between them.
    fn place(&self, word: &[u8], out: &mut Vec<u8>) {
        for chunk in word.chunk_by(|a, b| divides(*a) == divides(*b)) {
            if chunk.first().is_some_and(|byte| divides(*byte)) {
                out.extend_from_slice(chunk);
            } else {
                self.colons(chunk, out);
            }
        }
    }

    /// IPv6 addresses, whatever stands beside them, and the words between them.
    fn colons(&self, chunk: &[u8], out: &mut Vec<u8>) {
        let is_of_an_address = |byte: u8| byte.is_ascii_hexdigit() || b":.".contains(&byte);
        let (mut at, mut from) = (0, 0);
        for run in chunk.chunk_by(|a, b| is_of_an_address(*a) == is_of_an_address(*b)) {
            let end = at + run.len();
            let inner = match run {
                [b':', rest @ ..] if !rest.starts_with(b":") => rest,
                run => run,
            };
            let begin = end - inner.len();
            let inner = inner.strip_suffix(b".").unwrap_or(inner);
            if inner.contains(&b':') && address_in(inner).is_some() {
                self.pieces(chunk.get(from..begin).unwrap_or_default(), out);
                out.extend(self.host(inner));
                from = begin + inner.len();
            }
            at = end;
        }
        self.pieces(chunk.get(from..).unwrap_or_default(), out);
    }

    /// Words with colons between them. What follows a host is its port.
    fn pieces(&self, chunk: &[u8], out: &mut Vec<u8>) {
        let mut rest = chunk;
        let mut is_port = false;
        loop {
            let end = rest.iter().position(|&byte| byte == b':');
            let (part, behind) = rest.split_at(end.unwrap_or(rest.len()));
            if is_port && part.len() <= DIGITS && part.iter().all(u8::is_ascii_digit) {
                out.extend_from_slice(part);
            } else {
                self.part(part, out);
            }
            let Some(behind) = behind.get(1..) else {
                return;
            };
            is_port = part.is_empty() || address_in(part).is_some() || is_host(part);
            out.push(b':');
            rest = behind;
        }
    }

    fn part(&self, part: &[u8], out: &mut Vec<u8>) {
        let has_key = longest(part, u8::is_ascii_alphanumeric) > LETTERS_OF_A_WORD;
        let is_code = CASES
            .iter()
            .any(|case| part == case.microsoft_code.to_string().as_bytes());
        if is_code || part == b"560488" || is_guid(part) || self.teams.has_agent(part) {
            out.extend_from_slice(part);
        } else if address_in(part).is_some() || is_host(part) {
            out.extend(self.host(part));
        } else if is_id(part) || has_key {
            out.extend(self.token(part));
        } else {
            self.digits(part, out);
        }
    }

    /// Addresses and numbers among other signs.
    fn digits(&self, part: &[u8], out: &mut Vec<u8>) {
        let is_of_an_address = |byte: u8| byte.is_ascii_digit() || byte == b'.';
        for run in part.chunk_by(|a, b| is_of_an_address(*a) == is_of_an_address(*b)) {
            let inner = run.strip_suffix(b".").unwrap_or(run);
            if address_in(inner).is_some() {
                out.extend(self.host(inner));
                out.extend_from_slice(run.get(inner.len()..).unwrap_or_default());
                continue;
            }
            for digits in run.chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit()) {
                let is_long = digits.len() >= DIGITS && digits.iter().all(u8::is_ascii_digit);
                match is_long.then(|| self.number(digits)) {
                    Some(Some(number)) => out.extend(number),
                    Some(None) => out.extend(self.token(digits)),
                    None => out.extend_from_slice(digits),
                }
            }
        }
    }
}

/// Where a part of a word ends that can be a host or an id.
fn divides(byte: u8) -> bool {
    b"@+%[]~".contains(&byte)
}

/// Hexadecimal digits, letters and figures among them, as ids are written.
fn is_id(part: &[u8]) -> bool {
    let is_of_an_id = |byte: &u8| byte.is_ascii_hexdigit() || *byte == b'-';
    part.len() >= ID
        && part.iter().all(is_of_an_id)
        && part.iter().any(u8::is_ascii_digit)
        && part.iter().any(u8::is_ascii_alphabetic)
}

/// A clock rate of five digits, as it stands behind a codec and a slash; or a port, behind its name.
fn rate_at<'t>(before: &[u8], text: &'t [u8]) -> Option<&'t [u8]> {
    let (rate, rest) = text.split_at_checked(5)?;
    let is_port = before.ends_with(b"port ") && rate.iter().all(u8::is_ascii_digit);
    let is_rate =
        is_port || before.ends_with(b"/") && RATES.iter().any(|known| rate == known.as_bytes());
    (is_rate && !rest.first().is_some_and(|byte| is_of_a_word(*byte))).then_some(rate)
}

/// Length of a number with separators that begins there, and does not go on as something else. Blanks and full stops
/// separate where it begins as a number does: by `+`, a bracket or a zero.
fn number_at(text: &[u8]) -> Option<usize> {
    let first = *text.first()?;
    if !first.is_ascii_digit() && first != b'+' && first != b'(' {
        return None;
    }
    let group = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let is_spoken = first == b'+' || first == b'(' || first == b'0' && group > 1;
    let is_separator = |byte: u8| b"-/".contains(&byte) || is_spoken && b" .()".contains(&byte);
    let (mut digits, mut length, mut blanks) = (0, 0, 0);
    for (at, &byte) in text.iter().enumerate() {
        if byte.is_ascii_digit() {
            (digits, length, blanks) = (digits + 1, at + 1, 0);
        } else if byte == b'+' && at == 0 || is_separator(byte) && blanks < 2 {
            blanks += 1;
        } else {
            break;
        }
    }
    let number = text.get(..length)?;
    let goes_on = text
        .get(length)
        .is_some_and(|byte| is_of_a_word(*byte) && !b".-:".contains(byte));
    let goes_on_behind = text.get(length).is_some_and(|byte| b".-:".contains(byte))
        && text.get(length + 1).is_some_and(u8::is_ascii_alphanumeric);
    let inner = number.strip_prefix(b"(").unwrap_or(number);
    let is_address = address_in(inner).is_some();
    (digits >= DIGITS_IN_GROUPS && !goes_on && !goes_on_behind && !is_address).then_some(length)
}

#[cfg(test)]
mod tests {
    use proptest::proptest;

    use super::Known;
    use super::Redaction;

    fn text(written: &str) -> String {
        String::from_utf8(Redaction::sample().text(written.as_bytes())).unwrap()
    }

    #[test]
    fn what_looks_like_an_original_is_replaced_as_it_is_elsewhere() {
        let redaction = Redaction::sample();
        let shown = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let host = shown(redaction.host(b"pbx.contoso.example"));
        let number = shown(redaction.number(b"+49301234567").unwrap());
        let address = shown(redaction.host(b"198.51.100.7"));
        let (user, six) = (
            shown(redaction.user(b"alice")),
            shown(redaction.host(b"2a02::1")),
        );
        for (written, expected) in [
            ("from pbx.contoso.example.", format!("from {host}.")),
            ("PBX.contoso.example:5060!", format!("{host}:5060!")),
            ("(198.51.100.7)", format!("({address})")),
            ("198.51.100.7:5061,", format!("{address}:5061,")),
            ("[2a02::1]:5061 2a02::1", format!("[{six}]:5061 [{six}]")),
            (
                "address:2a02::1, x2a02::1\u{e9}",
                format!("address:{six}, x{six}\u{e9}"),
            ),
            ("call +49301234567.", format!("call {number}.")),
            (
                "<sip:+49301234567@198.51.100.7:5060>",
                format!("<sip:{number}@{address}:5060>"),
            ),
            ("alice@pbx.contoso.example", format!("{user}@{host}")),
        ] {
            assert_eq!(text(written), expected, "{written}");
        }
    }

    #[test]
    fn nothing_of_a_number_is_left_however_it_is_written() {
        for written in [
            "+49 30 123 45 67",
            "(030) 1234567",
            "030/1234567",
            "1-800-555-1234",
            "x4930123",
            "%2B49301234567",
        ] {
            let shown = text(&format!("number {written} is busy"));
            for group in ["123", "555", "49301"] {
                assert!(
                    !written.contains(group) || !shown.contains(group),
                    "{shown}"
                );
            }
            assert!(
                shown.starts_with("number ") && shown.ends_with(" is busy"),
                "{shown}"
            );
        }
    }

    #[test]
    fn what_says_what_happened_stays() {
        for written in [
            "c586066f-0000-4000-8000-000000000000;InternalDiagCode: SrtpEncryptionRequired, InternalErrorPhrase: x",
            "Microsoft.PSTNHub.SIPProxy v.2026.2.1 i.EUWE.5",
            "AudiocodesGW/v.7.40A.250.001 Q.850;cause=16",
            "connection address 0.0.0.0 of audio in m= line 1",
            "531000 and 560488, RTP/SAVP, AES_CM_128_HMAC_SHA1_80, SILK/16000",
            "sbc.contoso.example sip.pstnhub.microsoft.com 52.114.75.24",
            "payload types 0 8 101 18 9 96 97",
            "the audio stream on port 49998 offers RTP/SAVP",
        ] {
            assert_eq!(text(written), written);
        }
    }

    #[test]
    fn what_is_known_is_found_where_it_looks_like_nothing() {
        let redaction = Redaction::sample();
        let mut known = Known::default();
        known.add(b"alice", b"user-1".to_vec());
        known.add(b"offer", b"user-2".to_vec());
        known.add(b"media", b"user-3".to_vec());
        known.add(b"qCDKG9_rwa", b"id".to_vec());
        let shown = redaction.text_with(b"Alice has malice, blackhole media of qCDKG9_rwa", &known);
        assert_eq!(shown, b"user-1 has malice, blackhole media of id");
    }

    proptest! {
        #[test]
        fn any_bytes_do_no_harm(written: Vec<u8>) {
            Redaction::sample().text(&written);
        }
    }
}
