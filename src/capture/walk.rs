//! Where the next record is.
//!
//! Both formats are walked by the same loop: the format says what the bytes at a place are ([`Framing::step`]), the
//! loop holds enough bytes, moves on and says where and why it stopped. It is compiled once for each format, so a
//! record costs no dispatch.

use super::key_log::KeyLogText;
use super::position::Position;
use super::record::Nanos;
use super::record::Record;
use super::source::window::Window;

/// How far a walk came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walked {
    /// The first record that begins at or after the wanted end, or the place where the walk stopped.
    pub end: Position,
    /// How many packets there were.
    pub records: u64,
    /// Why the walk ended.
    pub stopped: Stopped,
    /// The TLS key logs that were met.
    pub key_logs: Vec<KeyLogText>,
}

/// Why a walk ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// The next record begins where the walk was to end, or after it.
    AtUntil,
    /// The capture ends here, with a whole record.
    AtEnd,
    /// The capture can't be read from here.
    Damaged(Damage),
}

/// What is wrong with a capture, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Where the damaged record begins, in bytes from the beginning of the capture.
    pub offset: u64,
    /// What was there, for people.
    pub what: String,
}

/// What the bytes at a place are.
#[derive(Debug)]
pub(super) enum Step<'a> {
    /// A packet, and the length of its whole record.
    Packet(Record<'a>, usize),
    /// No packet, and its length.
    Other(usize),
    /// It takes so many bytes to tell.
    Need(usize),
    /// Nothing that the format allows.
    Damaged(String),
}

/// How a format divides its bytes.
pub(super) trait Framing {
    /// How many bytes it takes to know a record's length.
    const HEAD: usize;

    /// Looks at the bytes from the beginning of a record on. `Step::Need` always asks for more than there are.
    fn step<'a>(&mut self, bytes: &'a [u8]) -> Step<'a>;

    /// Says what is missing of a record that needs `need` bytes where the capture has only `there`.
    fn cut(&self, there: usize, need: usize) -> String;
}

/// A packet is at most this long, whatever the file header says: no link has longer ones, and a damaged length must
/// not make us hold gigabytes.
pub(super) const LONGEST_PACKET: u32 = 16 << 20;

/// What every capture may hold, whatever its header says: libpcap's and Wireshark's bound.
const USUAL_LONGEST_PACKET: u32 = 262_144;

/// The longest packet to believe in where the capture announces `snaplen`.
pub(super) fn longest_packet(snaplen: u32) -> u32 {
    snaplen.clamp(USUAL_LONGEST_PACKET, LONGEST_PACKET)
}

/// Gives every record that begins before `until` to `each`: the end, the number of packets, and why it ended there.
pub(super) fn drive<P, F>(
    framing: &mut P,
    window: &mut Window<'_>,
    from: u64,
    until: u64,
    mut each: F,
) -> (u64, u64, Stopped)
where
    P: Framing,
    F: FnMut(Record<'_>),
{
    let mut offset = from;
    let mut records: u64 = 0;
    let mut need = P::HEAD;
    let stopped = loop {
        if window.end() == Some(offset) {
            break Stopped::AtEnd;
        }
        if offset >= until {
            break Stopped::AtUntil;
        }
        let held = match window.hold(offset, need) {
            Ok([]) => break Stopped::AtEnd,
            Ok(held) if held.len() < need => break damaged(offset, framing.cut(held.len(), need)),
            Ok(held) => held,
            Err(error) => break damaged(offset, error.to_string()),
        };
        let mut at = 0;
        let most = usize::try_from(until.saturating_sub(offset)).unwrap_or(usize::MAX);
        let mut damage = None;
        need = P::HEAD;
        while at < most {
            match framing.step(held.get(at..).unwrap_or_default()) {
                Step::Packet(record, len) => {
                    records = records.saturating_add(1);
                    at = at.saturating_add(len);
                    each(record);
                }
                Step::Other(len) => at = at.saturating_add(len),
                Step::Need(more) => {
                    need = more;
                    break;
                }
                Step::Damaged(what) => {
                    damage = Some(what);
                    break;
                }
            }
        }
        offset = offset.saturating_add(at as u64);
        if let Some(what) = damage {
            break damaged(offset, what);
        }
    };
    (offset, records, stopped)
}

/// Passes over what comes before the first packet, up to `until`: where that packet (or the end) is, and its time.
pub(super) fn lead<P: Framing>(
    framing: &mut P,
    window: &mut Window<'_>,
    from: u64,
    until: u64,
) -> (u64, Option<Nanos>) {
    let mut offset = from;
    let mut need = P::HEAD;
    while offset < until {
        let Ok(held) = window.hold(offset, need) else {
            break;
        };
        if held.len() < need {
            break;
        }
        match framing.step(held) {
            Step::Packet(record, _) => return (offset, Some(record.time)),
            Step::Other(len) => {
                offset = offset.saturating_add(len as u64);
                need = P::HEAD;
            }
            Step::Need(more) => need = more,
            Step::Damaged(_) => break,
        }
    }
    (offset, None)
}

fn damaged(offset: u64, what: String) -> Stopped {
    Stopped::Damaged(Damage { offset, what })
}
