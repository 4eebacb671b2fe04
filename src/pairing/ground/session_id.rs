//! Session-ID (RFC 7989): each end's name for the session, which a back-to-back user agent passes on.

use crate::pairing::leg::Leg;
use crate::pairing::mark::Found;
use crate::pairing::mark::Kind;
use crate::pairing::mark::is_trivial;

use super::Evidence;
use super::Ground;
use super::Rule;
use super::Strong;
use super::naming;

pub(super) const GROUND: Ground = Ground {
    name: "session-id",
    meaning: "both legs have the same Session-ID (RFC 7989, and its older form of RFC 7329): the caller's half, or the callee's where a leg lacks the caller's",
    trivial: "the nil UUID, and what is no UUID",
    rule: Rule::Strong(Strong {
        holds: is_same_session,
        ..naming(&[Kind::SessionOfCaller, Kind::SessionOfCallee], read)
    }),
};

/// The callee's half alone may be that of a conference, which many callers share: it counts where the callers' halves
/// don't say otherwise.
fn is_same_session(a: &Leg, b: &Leg) -> bool {
    let of_caller = |leg: &Leg| {
        let mut marks = leg.marks.iter();
        marks
            .find(|mark| mark.kind() == Some(Kind::SessionOfCaller))
            .copied()
    };
    match (of_caller(a), of_caller(b)) {
        (Some(of_a), Some(of_b)) => of_a == of_b,
        _ => true,
    }
}

/// A sender puts its own half first and the other's behind `remote` (RFC 7989 §5); of the older form there is one.
fn read(evidence: &Evidence<'_, '_>, found: &mut Found) {
    let mut callees = Vec::new();
    for (value, is_of_request) in evidence.headers_and_whose("Session-ID") {
        let mut parts = value.split(|&byte| byte == b';');
        let local = parts.next().and_then(uuid);
        let remote = parts.find_map(|part| {
            let (name, value) = part.split_at_checked(part.iter().position(|&b| b == b'=')?)?;
            let is_remote = name.trim_ascii().eq_ignore_ascii_case(b"remote");
            is_remote.then(|| value.get(1..).and_then(uuid))
        });
        let (of_caller, theirs) = match (is_of_request, remote) {
            (true, remote) => (local, remote.flatten()),
            (false, Some(remote)) => (remote, local),
            (false, None) => (local, None),
        };
        if let Some(half) = of_caller {
            found.add(Kind::SessionOfCaller, &[&half], is_trivial(&half, UUID));
        }
        callees.extend(theirs);
    }
    // The caller's half first: it decides where both are there.
    for half in callees {
        found.add(Kind::SessionOfCallee, &[&half], is_trivial(&half, UUID));
    }
}

/// Hexadecimal digits of a UUID.
const UUID: usize = 32;

/// The digits in lower case; hyphens, which some write, are none.
fn uuid(written: &[u8]) -> Option<Vec<u8>> {
    let digits: Vec<u8> = written
        .trim_ascii()
        .iter()
        .filter(|&&byte| byte != b'-')
        .map(u8::to_ascii_lowercase)
        .collect();
    (digits.len() == UUID && digits.iter().all(u8::is_ascii_hexdigit)).then_some(digits)
}
