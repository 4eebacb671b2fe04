//! `x-c` in Microsoft's Contact: `<Call-ID>/d/8/<GUID>`.

use memchr::memchr_iter;
use memchr::memmem;

use crate::pairing::mark::Found;
use crate::pairing::mark::Kind;
use crate::pairing::mark::is_trivial;
use crate::pairing::number::unescaped;
use crate::sip::HeaderName;

use super::Evidence;
use super::Ground;
use super::Rule;
use super::naming;

pub(super) const GROUND: Ground = Ground {
    name: "x-c",
    meaning: "the parameter x-c of a Contact begins with the other leg's Call-ID, or both legs have the same x-c",
    trivial: "the leg's own Call-ID, which says nothing of another",
    rule: Rule::Strong(naming(&[Kind::ContactNames], read)),
};

fn read(evidence: &Evidence<'_, '_>, found: &mut Found) {
    for seen in &evidence.spoken {
        let contacts = seen.message().headers(HeaderName::Contact);
        for contact in contacts.take(2) {
            let Some(written) = x_c(contact.as_bytes()) else {
                continue;
            };
            let named = unescaped(written);
            let call_id = call_id_in(&named);
            // Microsoft puts the Call-ID of its own leg there: only what another leg bears, too, tells something.
            if call_id != evidence.call_id {
                found.add(Kind::ContactNames, &[call_id], is_trivial(call_id, 0));
            }
        }
    }
}

/// The value of the parameter. No other stands before it that may hold its name.
fn x_c(contact: &[u8]) -> Option<&[u8]> {
    let (at, _) = memchr_iter(b';', contact)
        .filter_map(|at| Some((at, contact.get(at + 1..at + 5)?)))
        .find(|(_, name)| name.eq_ignore_ascii_case(b"x-c="))?;
    let value = contact.get(at + 5..)?;
    let is_end = |byte: &u8| matches!(byte, b';' | b'>' | b'?' | b',' | b' ' | b'\t');
    let end = value.iter().position(is_end).unwrap_or(value.len());
    value.get(..end)
}

/// What stands before `/d/`.
fn call_id_in(value: &[u8]) -> &[u8] {
    let end = memmem::find(value, b"/d/");
    end.and_then(|end| value.get(..end)).unwrap_or(value)
}
