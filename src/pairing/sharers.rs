//! Which legs bear a value: a look-up from each mark to those that have it, as long as they are held.

use rustc_hash::FxHashMap;

use super::leg::Leg;
use super::mark::Kind;
use super::mark::Mark;

/// Legs that may share a value and still be one call: one leg, and one for each of up to five data centres or routes that
/// were tried. More of them in one window show that it names no call.
pub const FEW: usize = 6;

/// The place of a leg among all that were fed.
pub(super) type Place = u64;

#[derive(Debug, Default)]
struct Bearers {
    places: [Place; FEW],
    kinds: [u8; FEW],
    count: u8,
    /// The last that bore it, of a value that too many bear.
    last: Place,
    is_void: bool,
}

/// The legs by what they bear.
#[derive(Debug, Default)]
pub(super) struct Sharers {
    by_value: FxHashMap<u64, Bearers>,
}

/// Everything that a leg is found by: its marks, and its own Call-ID as others may name it.
pub(super) fn marks_of(leg: &Leg) -> impl Iterator<Item = (Kind, u64)> {
    let own = (Kind::OwnCallId, leg.call);
    let marks = leg.marks.iter();
    marks
        .filter_map(|mark: &Mark| Some((mark.kind()?, mark.value())))
        .chain(std::iter::once(own))
}

impl Sharers {
    pub(super) fn add(&mut self, place: Place, leg: &Leg) {
        for (kind, value) in marks_of(leg) {
            let bearers = self.by_value.entry(value).or_default();
            bearers.last = place;
            let count = usize::from(bearers.count);
            match (bearers.places.get_mut(count), bearers.kinds.get_mut(count)) {
                (Some(free), Some(its)) => {
                    (*free, *its) = (place, kind as u8);
                    bearers.count += 1;
                }
                _ => bearers.is_void = true,
            }
        }
    }

    pub(super) fn remove(&mut self, place: Place, leg: &Leg) {
        for (_, value) in marks_of(leg) {
            let Some(bearers) = self.by_value.get_mut(&value) else {
                continue;
            };
            let count = usize::from(bearers.count);
            // What too many bear stays void until the last of them is gone.
            let is_gone = if bearers.is_void {
                bearers.last == place
            } else {
                let here = bearers
                    .places
                    .iter()
                    .take(count)
                    .position(|&its| its == place);
                if let Some(here) = here {
                    bearers.places.copy_within(here + 1..count, here);
                    bearers.kinds.copy_within(here + 1..count, here);
                    bearers.count -= 1;
                }
                bearers.count == 0
            };
            if is_gone {
                self.by_value.remove(&value);
            }
        }
    }

    /// Those that bear the value of a mark, with what it is to them; none where too many do.
    pub(super) fn of(&self, value: u64) -> Option<impl Iterator<Item = (Place, Kind)>> {
        let bearers = self.by_value.get(&value)?;
        let both = bearers.places.iter().zip(&bearers.kinds);
        (!bearers.is_void).then(|| {
            both.take(usize::from(bearers.count))
                .filter_map(|(&place, &kind)| Some((place, Kind::from_number(kind)?)))
        })
    }

    /// True for a value that too many bear.
    pub(super) fn is_void(&self, value: u64) -> bool {
        self.by_value
            .get(&value)
            .is_some_and(|bearers| bearers.is_void)
    }
}

#[cfg(test)]
mod tests {
    use super::FEW;
    use super::Leg;
    use super::Sharers;
    use crate::pairing::mark::Kind;
    use crate::pairing::mark::Mark;

    fn leg(call: u64) -> Leg {
        Leg {
            call,
            marks: Box::new([Mark::new(Kind::CiscoGuid, &[b"value"])]),
            ..Leg::default()
        }
    }

    #[test]
    fn a_value_that_more_than_a_few_bear_is_void_until_they_are_gone() {
        let value = Mark::new(Kind::CiscoGuid, &[b"value"]).value();
        let mut sharers = Sharers::default();
        for place in 0..FEW as u64 {
            sharers.add(place, &leg(place));
        }
        assert_eq!(sharers.of(value).map(Iterator::count), Some(FEW));
        sharers.add(99, &leg(99));
        assert!(sharers.is_void(value) && sharers.of(value).is_none());
        for place in 0..FEW as u64 {
            sharers.remove(place, &leg(place));
        }
        assert!(sharers.is_void(value));
        sharers.remove(99, &leg(99));
        assert!(!sharers.is_void(value) && sharers.by_value.is_empty());
    }

    #[test]
    fn nothing_remains_of_legs_that_left() {
        let mut sharers = Sharers::default();
        sharers.add(1, &leg(1));
        sharers.add(2, &leg(2));
        sharers.remove(1, &leg(1));
        let value = Mark::new(Kind::CiscoGuid, &[b"value"]).value();
        let left = sharers
            .of(value)
            .map(|of| of.map(|(place, _)| place).collect::<Vec<_>>());
        assert_eq!(left, Some(vec![2]));
        sharers.remove(2, &leg(2));
        assert!(sharers.by_value.is_empty());
    }
}
