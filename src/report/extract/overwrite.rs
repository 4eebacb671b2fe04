//! Keys in packets, overwritten so that everything else stays as it was: lengths, the alphabet, and each checksum.
//!
//! A checksum of IP, UDP and TCP is the sum of 16-bit words (RFC 1071), so it stays right where the bytes at even and
//! those at odd places keep their sums, in whatever tunnel the packet is and wherever its words begin. What is written
//! depends on these two sums, and of each character on which it was not: what a key was can't be made of it. (A key of nothing but
//! `z`, or but `+`, has no other of its sums, and stays.)

use std::ops::Range;

use memchr::memmem;

use super::super::keyless::keys;
use crate::sip::begins_like_sip;

/// The characters of Base64 in ascending order: what a key is written in, and what is written over it.
const ALPHABET: &[u8; 64] = b"+/0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The shortest part of a key that is looked for at the border of a packet: one that is shorter may be there by chance,
/// and tells nothing.
const SHORTEST_PART: usize = 4;

/// Keys of a message that came in several packets, each of which may hold a part of one.
pub type Secrets = [Vec<u8>];

/// How the payloads begin that are known by it, apart from SIP: capture agents and proxies.
const BEGINNINGS: [&[u8]; 5] = [b"HEP3", b"PROXY ", b"CONNECT ", b"HTTP/", b"GET "];

/// How the start lines of SIP begin that are looked for within a line.
const STARTS: [&[u8]; 15] = [
    b"SIP/",
    b"INVITE ",
    b"ACK ",
    b"BYE ",
    b"CANCEL ",
    b"OPTIONS ",
    b"REGISTER ",
    b"PRACK ",
    b"UPDATE ",
    b"INFO ",
    b"REFER ",
    b"NOTIFY ",
    b"SUBSCRIBE ",
    b"MESSAGE ",
    b"PUBLISH ",
];

/// The first line of a payload, as far as it is text: it may be the end of one that began before, even in a key. Empty where it
/// begins something that is known.
pub fn head(payload: &[u8]) -> &[u8] {
    if BEGINNINGS.iter().any(|known| payload.starts_with(known)) {
        return &[];
    }
    let is_end = |&byte: &u8| byte != b'\t' && !(b' '..=b'~').contains(&byte);
    let end = payload.iter().position(is_end).unwrap_or(payload.len());
    let line = &payload[..end];
    // A body needs no line end before the message that follows; and the end of a key is no part of its method.
    let starts = STARTS.iter().filter_map(|start| memmem::rfind(line, start));
    let starts = starts.filter(|&at| begins_like_sip(&payload[at..]));
    &line[..starts.min().unwrap_or(end)]
}

/// Overwrites the first line of a payload: of the message before it nothing is known, not even whether this is its key.
pub fn overwrite_head(payload: &mut [u8]) {
    let length = head(payload).len();
    overwrite(&mut payload[..length], false);
}

/// The keys of a message, as they stand in it.
pub fn secrets_of(message: &[u8]) -> Vec<Vec<u8>> {
    let found = keys(message).into_iter();
    found.map(|range| message[range].to_vec()).collect()
}

/// Overwrites all keys in a packet. `payloads` are the parts of it that hold pieces of streams and datagrams; a key of
/// `secrets` may begin before one, or end behind it. Returns how many there were.
pub fn overwrite_keys(packet: &mut [u8], payloads: &[Range<usize>], secrets: &Secrets) -> usize {
    let mut found: Vec<(Range<usize>, bool)> = keys(packet).into_iter().map(whole).collect();
    for payload in payloads {
        let Some(bytes) = packet.get(payload.clone()) else {
            continue;
        };
        let inside = keys(bytes).into_iter().map(whole);
        let parts = secrets.iter().flat_map(|secret| parts_of(secret, bytes));
        let moved = |(range, ends): (Range<usize>, bool)| {
            (range.start + payload.start..range.end + payload.start, ends)
        };
        found.extend(inside.chain(parts).map(moved));
    }
    found.sort_unstable_by_key(|(range, _)| (range.start, range.end));
    let mut merged: Vec<(Range<usize>, bool)> = Vec::new();
    for (range, ends) in found {
        match merged.last_mut() {
            Some((last, is_end)) if range.start < last.end => {
                if range.end >= last.end {
                    (last.end, *is_end) = (range.end, ends);
                }
            }
            _ => merged.push((range, ends)),
        }
    }
    for (range, has_end) in &merged {
        if let Some(key) = packet.get_mut(range.clone()) {
            overwrite(key, *has_end);
        }
    }
    merged.len()
}

/// A key that stands there whole.
const fn whole(range: Range<usize>) -> (Range<usize>, bool) {
    (range, true)
}

/// Where a payload holds a key, or a part of one that begins before it or ends behind it; and whether the key's end is there.
fn parts_of(secret: &[u8], payload: &[u8]) -> Vec<(Range<usize>, bool)> {
    if secret.len() < SHORTEST_PART {
        return Vec::new();
    }
    let length = secret.len();
    let mut parts: Vec<(Range<usize>, bool)> = memmem::find_iter(payload, secret)
        .map(|at| (at..at + length, true))
        .collect();
    let parts_of = SHORTEST_PART..length.min(payload.len() + 1);
    let behind = parts_of.clone().rev();
    parts.extend(
        behind
            .clone()
            .find(|&part| payload.starts_with(&secret[length - part..]))
            .map(|part| (0..part, true)),
    );
    parts.extend(
        behind
            .clone()
            .find(|&part| payload.ends_with(&secret[..part]))
            .map(|part| (payload.len() - part..payload.len(), false)),
    );
    let is_within = (SHORTEST_PART..length).contains(&payload.len());
    if is_within && memmem::find(secret, payload).is_some() {
        parts.push((0..payload.len(), false));
    }
    parts
}

/// Overwrites the characters of Base64 in a key. Others stay: padding and what makes a key malformed; and so does a last
/// character that has bits to spare, which must be zero.
fn overwrite(key: &mut [u8], has_end: bool) {
    let mut places: Vec<usize> = (0..key.len())
        .filter(|&place| ALPHABET.binary_search(&key[place]).is_ok())
        .collect();
    if has_end && !places.len().is_multiple_of(4) {
        places.pop();
    }
    for parity in 0..2 {
        let of_parity: Vec<usize> = places
            .iter()
            .copied()
            .filter(|place| place % 2 == parity)
            .collect();
        let characters: Vec<u8> = of_parity.iter().map(|&place| key[place]).collect();
        for (place, character) in of_parity.into_iter().zip(filler(&characters)) {
            key[place] = character;
        }
    }
}

/// As many other characters of the same sum, each near the average, and the one that was at its place only where there is
/// no other way.
fn filler(characters: &[u8]) -> Vec<u8> {
    let mut sum: usize = characters.iter().map(|&one| usize::from(one)).sum();
    let mut left = characters.len();
    let mut filled = Vec::with_capacity(left);
    for &original in characters {
        let fits = |candidate: &&u8| {
            let rest = sum.checked_sub(usize::from(**candidate));
            rest.is_some_and(|rest| is_sum_of(rest, left - 1))
        };
        let distance = |candidate: &&u8| {
            let is_same = **candidate == original;
            (is_same, (usize::from(**candidate) * left).abs_diff(sum))
        };
        let best = ALPHABET.iter().filter(fits).min_by_key(distance);
        let best = best.copied().unwrap_or(original);
        sum = sum.saturating_sub(usize::from(best));
        left -= 1;
        filled.push(best);
    }
    filled
}

/// Whether so many characters can have this sum. Of two and more, the least sum is that of all `+`, the next that of one `/`
/// among them, which is four more; from there on, there is a way to each up to that of all `z`.
fn is_sum_of(sum: usize, count: usize) -> bool {
    let least = usize::from(ALPHABET[0]) * count;
    let most = usize::from(ALPHABET[63]) * count;
    match count {
        0 => sum == 0,
        1 => u8::try_from(sum).is_ok_and(|sum| ALPHABET.binary_search(&sum).is_ok()),
        _ => sum == least || (least + 4..=most).contains(&sum),
    }
}

#[cfg(test)]
mod tests;
