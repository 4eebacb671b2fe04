//! Which messages of one Call-ID are one call: the same initial From tag (RFC 3261 §12).

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::sighting::Seen;

/// The messages of one call, and the tag by which its caller is known.
#[derive(Debug, Default)]
pub struct Grouped<'a> {
    /// From tag of the initial INVITE; none where that INVITE is not in the capture.
    pub caller_tag: Option<&'a [u8]>,
    /// The call's messages.
    pub seen: Vec<Seen<'a>>,
}

/// Parts the messages of one Call-ID into calls. A message belongs to the initial INVITE whose From tag is
/// one of its two tags; what belongs to none is joined by shared tags. The order of `seen` does not matter.
pub fn calls_of<'a>(seen: Vec<Seen<'a>>) -> Vec<Grouped<'a>> {
    // Nearly always all of them are one call.
    let initial = |seen: &&Seen<'a>| seen.is_initial_invite() && !lacks_tag(seen);
    if let Some(tag) = seen.iter().find(initial).map(|invite| invite.from_tag)
        && seen
            .iter()
            .filter(initial)
            .all(|other| other.from_tag == tag)
        && seen
            .iter()
            .all(|seen| seen.from_tag == tag || seen.to_tag == tag)
    {
        return vec![Grouped {
            caller_tag: Some(tag),
            seen,
        }];
    }
    let mut calls: BTreeMap<&'a [u8], Grouped<'a>> = BTreeMap::new();
    for invite in seen.iter().filter(initial) {
        let tag = invite.from_tag;
        calls.entry(tag).or_insert_with(|| Grouped {
            caller_tag: Some(tag),
            seen: Vec::new(),
        });
    }
    let mut strays = Vec::new();
    for message in seen {
        let tag = [message.from_tag, message.to_tag]
            .into_iter()
            .find(|tag| calls.contains_key(tag));
        match tag.and_then(|tag| calls.get_mut(tag)) {
            Some(call) => call.seen.push(message),
            None => strays.push(message),
        }
    }
    let mut found: Vec<Grouped<'a>> = calls.into_values().collect();
    // A message that was cut before its From can only be of a call that is there.
    let (cut, strays): (Vec<_>, Vec<_>) = strays.into_iter().partition(lacks_tag);
    found.extend(join_by_tags(strays));
    match found.first_mut() {
        Some(call) => call.seen.extend(cut),
        None if cut.is_empty() => {}
        None => found.push(Grouped {
            caller_tag: initial_tag(&cut),
            seen: cut,
        }),
    }
    found
}

/// True where a cut took the From header, so that no tag is known.
fn lacks_tag(seen: &Seen<'_>) -> bool {
    !seen.has_from
}

fn initial_tag<'a>(seen: &[Seen<'a>]) -> Option<&'a [u8]> {
    seen.iter()
        .find(|seen| seen.is_initial_invite())
        .map(|seen| seen.from_tag)
}

/// Calls that began before the capture: messages that share a tag, directly or through others.
fn join_by_tags(strays: Vec<Seen<'_>>) -> Vec<Grouped<'_>> {
    let mut parent: Vec<usize> = (0..strays.len()).collect();
    let mut first_with: FxHashMap<&[u8], usize> = FxHashMap::default();
    for (place, seen) in strays.iter().enumerate() {
        for tag in [seen.from_tag, seen.to_tag]
            .into_iter()
            .filter(|tag| !tag.is_empty())
        {
            let other = *first_with.entry(tag).or_insert(place);
            let (a, b) = (root(&mut parent, place), root(&mut parent, other));
            parent[a.max(b)] = a.min(b);
        }
    }
    let mut joined: BTreeMap<usize, Grouped<'_>> = BTreeMap::new();
    for (place, seen) in strays.into_iter().enumerate() {
        joined
            .entry(root(&mut parent, place))
            .or_default()
            .seen
            .push(seen);
    }
    joined.into_values().collect()
}

fn root(parent: &mut [usize], mut place: usize) -> usize {
    while parent[place] != place {
        parent[place] = parent[parent[place]];
        place = parent[place];
    }
    place
}
