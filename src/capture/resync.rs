//! Where records begin again, when nobody knows.
//!
//! After damage, and in the middle of a capture that several threads read, a record is recognised by what follows it:
//! a chain of plausible records, or one that ends where the capture ends. This is a guess. In the middle of a capture
//! the walk before it proves it or throws it away; after damage it decides, so it depends on the bytes alone.

use super::source::window::Window;

/// How far to look for a record in the middle of a capture: four times the longest usual packet.
pub(super) const GUESS_REACH: u64 = 1 << 20;

/// What is read at once, in the end, in a long search for the end of damage: chains of long records stay inside it.
pub(super) const RESUME_BUFFER: usize = 8 << 20;

/// A chain that the end of the capture cuts must have more whole records than this.
const CUT_CHAIN: u32 = 4;

/// The most of a record's head that a chain looks at.
const MOST_HEAD: usize = 32;

/// How a format's records are recognised.
pub(super) trait Chain {
    /// So many records in a row are believed.
    const LENGTH: u32;
    /// The fewest bytes by which the beginning of a record is recognised.
    const HEAD: usize;

    /// Begins a new chain.
    fn restart(&mut self);

    /// The cheap test, made at every byte: can a record begin with these [`Chain::HEAD`] bytes?
    fn may_begin(&self, head: &[u8]) -> bool;

    /// The length of the record at `offset` that begins with `head`; `None` where it does not go on with the chain.
    fn link(&mut self, window: &Window<'_>, offset: u64, head: &[u8]) -> Option<u64>;
}

/// Whether the bytes that a search has passed will be wanted again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passed {
    /// Others may still read them.
    Keep,
    /// Nobody will.
    Release,
}

/// The first place from `from` on, and before `to`, where a chain of records begins.
pub(super) fn search<C: Chain>(
    chain: &mut C,
    window: &mut Window<'_>,
    from: u64,
    to: u64,
    passed: Passed,
) -> Option<u64> {
    let mut at = from;
    while at < to {
        if passed == Passed::Release {
            window.release(at);
        }
        chain.restart();
        let held = window.hold(at, C::HEAD).ok()?;
        let mut heads = held.windows(C::HEAD);
        if heads.len() == 0 {
            return None;
        }
        let places = heads.len();
        match heads.position(|head| chain.may_begin(head)) {
            None => at = at.saturating_add(places as u64),
            Some(place) => {
                at = at.saturating_add(place as u64);
                if at < to && holds(chain, window, at) {
                    return Some(at);
                }
                at = at.saturating_add(1);
            }
        }
    }
    None
}

/// True where the records from `from` on are a chain to believe.
fn holds<C: Chain>(chain: &mut C, window: &Window<'_>, from: u64) -> bool {
    let mut offset = from;
    for links in 0..C::LENGTH {
        let mut head = [0; MOST_HEAD];
        let Ok(count) = window.peek(offset, &mut head) else {
            return false;
        };
        if count < C::HEAD {
            let is_whole = window.end() == Some(offset);
            return links > if is_whole { 0 } else { CUT_CHAIN };
        }
        match chain.link(window, offset, head.get(..count).unwrap_or_default()) {
            Some(len) => offset = offset.saturating_add(len),
            None => return false,
        }
    }
    true
}
