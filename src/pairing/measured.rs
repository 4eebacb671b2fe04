//! What the pairs on strong grounds show of a site: how its clocks differ, and which addresses are one SBC's.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::capture::record::Nanos;

use super::leg::Leg;

/// What was measured in the first pass, for the second.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// By how much the clocks differ.
    pub clocks: Clocks,
    links: BTreeMap<(IpAddr, IpAddr), u32>,
    named: BTreeSet<(IpAddr, IpAddr)>,
}

/// Pairs of addresses remembered as one SBC's at most: a site has a few.
const LINKS: usize = 10_000;

/// Pairs on strong grounds that must show two addresses to be one SBC's.
const ENOUGH_LINKS: u32 = 3;

impl Measured {
    /// Says that two addresses are the same SBC's: a configuration may know.
    pub fn name_sbc(&mut self, a: IpAddr, b: IpAddr) {
        if self.named.len() < LINKS {
            self.named
                .insert(ordered(a.to_canonical(), b.to_canonical()));
        }
    }

    /// Notes a pair on strong grounds: its incoming leg ends at the SBC, and its outgoing one begins there.
    pub(super) fn note(&mut self, incoming: &Leg, outgoing: &Leg) {
        self.clocks.note(incoming, outgoing, true);
        if let (Some(a), Some(b)) = (incoming.callee_address, outgoing.caller_address)
            && a != b
        {
            let known = self.links.len();
            match self.links.entry(ordered(a, b)) {
                std::collections::btree_map::Entry::Occupied(mut link) => {
                    *link.get_mut() = link.get().saturating_add(1);
                }
                std::collections::btree_map::Entry::Vacant(place) if known < LINKS => {
                    place.insert(1);
                }
                std::collections::btree_map::Entry::Vacant(_) => {}
            }
        }
    }

    /// Whether two addresses are known to be one SBC's.
    pub fn is_one_sbc(&self, a: Option<IpAddr>, b: Option<IpAddr>) -> bool {
        let (Some(a), Some(b)) = (a, b) else {
            return false;
        };
        let pair = ordered(a, b);
        a == b
            || self
                .links
                .get(&pair)
                .is_some_and(|&seen| seen >= ENOUGH_LINKS)
            || self.named.contains(&pair)
    }
}

fn ordered(a: IpAddr, b: IpAddr) -> (IpAddr, IpAddr) {
    (a.min(b), a.max(b))
}

/// How long one clock is trusted to go like another, in seconds: two that drift apart by 100 millionths are 60 ms apart
/// after ten minutes.
const PERIOD: i64 = 600;

/// Differences kept of one period, so that a night has no more than fit; the first are kept.
const SAMPLES: usize = 256;

/// Periods measured at most, over all pairs of taps: ten thousand of them are ten weeks.
const PERIODS: usize = 10_000;

/// Differences from which on a period speaks for itself.
const ENOUGH: usize = 8;

/// Differences of pairs on weak grounds alone that count, and how narrowly they must agree, in milliseconds.
const ENOUGH_WEAK: usize = 20;
const NARROW: i64 = 250;

/// The narrowest and the widest half of a window, in milliseconds: what an SBC's work varies by, and what still tells two
/// calls apart.
const NARROWEST: i64 = 40;
const WIDEST: i64 = 1_000;

/// Half of a window that few differences measured.
const FEW: i64 = 500;

/// Where both legs have one clock and nothing was measured: an SBC passes an INVITE on within a second.
const ONE_CLOCK: Window = Window {
    from: -20,
    to: 1_000,
};

/// How much earlier the outgoing leg may seem on the same clock: two interfaces are not read at the same moment.
const READ_LATE: i64 = 20;

/// When the outgoing leg begins after the incoming one, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The earliest.
    pub from: i64,
    /// The latest.
    pub to: i64,
}

/// An incoming leg's tap and an outgoing one's.
type Taps = (u32, u32);

/// By how much the start of an outgoing leg follows that of the incoming one, for each two taps and each ten minutes:
/// the difference of their clocks, and the time that the SBC takes.
#[derive(Clone, Debug, Default)]
pub struct Clocks {
    strong: Samples,
    weak: Samples,
    by_period: BTreeMap<(Taps, i64), Spread>,
    medians: BTreeMap<Taps, Spread>,
    weak_medians: BTreeMap<Taps, Spread>,
}

#[derive(Clone, Debug, Default)]
struct Samples {
    of: BTreeMap<Taps, BTreeMap<i64, Vec<i64>>>,
    periods: usize,
}

impl Samples {
    fn note(&mut self, taps: Taps, period: i64, difference: i64) {
        let periods = self.of.entry(taps).or_default();
        if !periods.contains_key(&period) {
            if self.periods >= PERIODS {
                return;
            }
            self.periods += 1;
        }
        let samples = periods.entry(period).or_default();
        if samples.len() < SAMPLES {
            samples.push(difference);
        }
    }

    fn by_period(&self) -> BTreeMap<(Taps, i64), Spread> {
        let of = self.of.iter().flat_map(|(&taps, periods)| {
            periods
                .iter()
                .map(move |(&period, samples)| (taps, period, samples))
        });
        of.filter(|(_, _, samples)| samples.len() >= ENOUGH)
            .filter_map(|(taps, period, samples)| {
                Some(((taps, period), Spread::of(&mut samples.clone())?))
            })
            .collect()
    }

    fn medians(&self) -> BTreeMap<Taps, Spread> {
        let all = |periods: &BTreeMap<i64, Vec<i64>>| {
            let mut all: Vec<i64> = periods.values().flatten().copied().collect();
            Spread::of(&mut all)
        };
        let of = self.of.iter();
        of.filter_map(|(&taps, periods)| Some((taps, all(periods)?)))
            .collect()
    }
}

/// The middle of some differences, and how far the middle one of them is from it. Neither minds a few that are wrong.
#[derive(Clone, Copy, Debug)]
struct Spread {
    median: i64,
    deviation: i64,
    count: usize,
}

impl Spread {
    fn of(differences: &mut [i64]) -> Option<Self> {
        let count = differences.len();
        let middle = |of: &mut [i64]| {
            of.sort_unstable();
            of.get(of.len() / 2).copied()
        };
        let median = middle(differences)?;
        let mut apart: Vec<i64> = differences
            .iter()
            .map(|difference| difference.saturating_sub(median).saturating_abs())
            .collect();
        Some(Self {
            median,
            deviation: middle(&mut apart)?,
            count,
        })
    }

    /// Six times the middle deviation are four standard ones.
    fn window(self) -> Window {
        let half = if self.count < ENOUGH {
            FEW
        } else {
            self.deviation.saturating_mul(6).clamp(NARROWEST, WIDEST)
        };
        Window {
            from: self.median.saturating_sub(half),
            to: self.median.saturating_add(half),
        }
    }
}

/// Milliseconds from the start of the incoming leg to that of the outgoing one, by their own clocks.
fn difference(incoming: &Leg, outgoing: &Leg) -> i64 {
    outgoing.start.since(incoming.start).0.div_euclid(1_000_000)
}

fn period(at: Nanos) -> i64 {
    at.0.div_euclid(PERIOD * 1_000_000_000)
}

impl Clocks {
    pub(super) fn note(&mut self, incoming: &Leg, outgoing: &Leg, is_strong: bool) {
        if incoming.has_invite && outgoing.has_invite {
            let samples = if is_strong {
                &mut self.strong
            } else {
                &mut self.weak
            };
            samples.note(
                (incoming.tap, outgoing.tap),
                period(incoming.start),
                difference(incoming, outgoing),
            );
        }
    }

    /// Has all been noted: now the middle of it can be told.
    pub(super) fn settle(&mut self) {
        self.by_period = self.strong.by_period();
        self.medians = self.strong.medians();
        self.weak_medians = self.weak.medians();
    }

    /// When an outgoing leg follows an incoming one that begins at `at`; none where that is not known.
    pub fn window(&self, incoming: u32, outgoing: u32, at: Nanos) -> Option<Window> {
        let taps = (incoming, outgoing);
        let window = self
            .by_period
            .get(&(taps, period(at)))
            .or_else(|| self.medians.get(&taps))
            .map(|spread| spread.window())
            .or_else(|| self.reversed(incoming, outgoing))
            .or_else(|| self.by_weak(taps));
        if incoming != outgoing {
            return window;
        }
        // On one clock nothing leaves before it came.
        let window = window.unwrap_or(ONE_CLOCK);
        Some(Window {
            from: window.from.max(-READ_LATE),
            to: window.to,
        })
    }

    /// Calls the other way show the difference of the clocks, too, with the SBC's time on the other side of it.
    fn reversed(&self, incoming: u32, outgoing: u32) -> Option<Window> {
        let spread = self.medians.get(&(outgoing, incoming))?;
        let clocks = spread.median.saturating_neg();
        Some(Window {
            from: clocks.saturating_sub(READ_LATE),
            to: clocks.saturating_add(FEW),
        })
    }

    fn by_weak(&self, taps: Taps) -> Option<Window> {
        let spread = self.weak_medians.get(&taps)?;
        (spread.count >= ENOUGH_WEAK && spread.deviation <= NARROW).then(|| spread.window())
    }

    /// Whether the outgoing leg begins when the incoming one says.
    pub fn fits(&self, incoming: &Leg, outgoing: &Leg) -> bool {
        let between = difference(incoming, outgoing);
        self.window(incoming.tap, outgoing.tap, incoming.start)
            .is_some_and(|window| (window.from..=window.to).contains(&between))
    }

    /// The same, far less strictly; true where nothing is known.
    pub(super) fn allows(&self, incoming: &Leg, outgoing: &Leg) -> bool {
        let between = difference(incoming, outgoing);
        let window = self.window(incoming.tap, outgoing.tap, incoming.start);
        window.is_none_or(|window| {
            let (from, to) = (
                window.from.saturating_sub(WIDEST),
                window.to.saturating_add(WIDEST),
            );
            (from..=to).contains(&between)
        })
    }

    /// Whether the difference between two taps is known.
    pub fn knows(&self, incoming: &Leg, outgoing: &Leg) -> bool {
        self.window(incoming.tap, outgoing.tap, incoming.start)
            .is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::Clocks;
    use super::Measured;
    use crate::capture::record::Nanos;
    use crate::pairing::leg::Leg;

    fn leg(tap: u32, milliseconds: i64) -> Leg {
        Leg {
            tap,
            start: Nanos(milliseconds * 1_000_000),
            has_invite: true,
            ..Leg::default()
        }
    }

    fn measured(differences: &[i64]) -> Clocks {
        let mut clocks = Clocks::default();
        for &difference in differences {
            clocks.note(&leg(0, 0), &leg(1, difference), true);
        }
        clocks.settle();
        clocks
    }

    #[test]
    fn a_few_wrong_differences_do_not_move_the_median() {
        let mut differences = vec![1_700, 1_710, 1_720, 1_705, 1_715, 1_712, 1_708, 1_709];
        differences.extend([-40_000, 55_000]);
        let clocks = measured(&differences);
        assert!(clocks.fits(&leg(0, 0), &leg(1, 1_700)));
        assert!(clocks.fits(&leg(0, 0), &leg(1, 1_740)));
        assert!(!clocks.fits(&leg(0, 0), &leg(1, 1_900)));
        assert!(!clocks.fits(&leg(0, 0), &leg(1, 0)));
    }

    #[test]
    fn clocks_that_were_never_compared_are_not_known() {
        let clocks = measured(&[]);
        assert!(!clocks.fits(&leg(0, 0), &leg(1, 0)));
        assert!(!clocks.knows(&leg(0, 0), &leg(1, 0)));
    }

    #[test]
    fn on_one_clock_the_outgoing_leg_never_comes_first() {
        let clocks = measured(&[]);
        assert!(clocks.fits(&leg(0, 0), &leg(0, 30)));
        assert!(!clocks.fits(&leg(0, 0), &leg(0, -30)));
        assert!(!clocks.fits(&leg(0, 0), &leg(0, 1_500)));
    }

    #[test]
    fn calls_the_other_way_show_the_difference_too() {
        let clocks = measured(&[1_700; 10]);
        assert!(clocks.fits(&leg(1, 1_700), &leg(0, 50)));
        assert!(!clocks.fits(&leg(1, 1_700), &leg(0, 1_700)));
    }

    #[test]
    fn clocks_that_drift_are_measured_anew() {
        let mut clocks = Clocks::default();
        for at in [0, 7_200_000] {
            for _ in 0..10 {
                clocks.note(&leg(0, at), &leg(1, at + 1_000 + at / 10_000), true);
            }
        }
        clocks.settle();
        assert!(clocks.fits(&leg(0, 0), &leg(1, 1_000)));
        assert!(!clocks.fits(&leg(0, 0), &leg(1, 1_720)));
        assert!(clocks.fits(&leg(0, 7_200_000), &leg(1, 7_201_720)));
    }

    #[test]
    fn two_addresses_are_one_sbc_when_strong_pairs_have_shown_it_often_enough() {
        let (a, b) = ("192.0.2.1".parse().ok(), "198.51.100.1".parse().ok());
        let mut measured = Measured::default();
        let incoming = Leg {
            callee_address: a,
            ..leg(0, 0)
        };
        let outgoing = Leg {
            caller_address: b,
            ..leg(0, 0)
        };
        for times in 0..4 {
            assert_eq!(measured.is_one_sbc(a, b), times >= 3);
            assert_eq!(measured.is_one_sbc(b, a), times >= 3);
            measured.note(&incoming, &outgoing);
        }
        assert!(!measured.is_one_sbc(None, None));
    }
}
