//! Which rows are legs of one call, and what they tell each other.
//!
//! Legs are sorted as the calls' rows are, so that the place of a leg is the place of its row and names it. Three passes
//! over what lies sorted outside of memory: legs are paired; each row that has others tells them what it knows; and what
//! was told is put together, to be read beside the rows.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;
use std::iter::Peekable;

use serde::Deserialize;
use serde::Serialize;

use crate::diagnosis::Diagnosis;
use crate::pairing::Counts;
use crate::pairing::Leg;
use crate::pairing::LegId;
use crate::pairing::Measured;
use crate::pairing::Measuring;
use crate::pairing::Pairing;
use crate::pairing::Related;
use crate::report::redact::Named;
use crate::report::relation::Ends;
use crate::report::relation::RefusedFirst;
use crate::report::relation::Relation;
use crate::report::row::Row;
use crate::report::spill::Batch;
use crate::report::spill::Sorted;
use crate::report::spill::Sorter;
use crate::report::spill::decode;
use crate::report::spill::key;
use crate::text::Text;
use crate::trunk::Direction;

/// Legs of one start that are put in their order before they are paired; of more, the order of their rows counts.
const TIES: usize = 1 << 16;

/// What the rows of paired legs tell of each other, by the place of the row.
#[derive(Debug, Default)]
pub struct Relations {
    told: Sorted,
    /// What became of the legs.
    pub counts: Counts,
}

/// What one leg tells another.
#[derive(Debug, Serialize, Deserialize)]
struct Word<'a> {
    from: LegId,
    #[serde(borrow)]
    call_id: Text<'a>,
    /// Which way it goes, where it is Teams'.
    teams: Option<Direction>,
    /// Who its ends are, where none is Teams.
    #[serde(borrow)]
    ends: Option<Ends<'a>>,
    /// Of the leg that refused first.
    diagnosis: Option<Diagnosis>,
    /// Whom that one names, in a run that is to be redacted.
    #[serde(borrow)]
    named: Option<Box<Named<'a>>>,
}

impl Relations {
    /// Pairs legs. `legs` and `calls` have the same order; `taps` says for each capture by whose clock its times are, and
    /// `settle` completes a row.
    pub fn find(
        legs: &Sorted,
        calls: &Sorted,
        taps: &[u32],
        settle: impl Fn(&mut Row<'_>),
    ) -> io::Result<Self> {
        let (related, counts) = pair(legs, taps)?;
        let words = ask(&related, calls, settle)?;
        let told = put_together(&related, &words)?;
        Ok(Self { told, counts })
    }

    /// What is told, from the first row on.
    pub(super) fn read(&self) -> io::Result<Beside<'_>> {
        Beside::begin(&self.told)
    }
}

/// Reads what is sorted by place, beside rows that are read in order.
pub(super) struct Beside<'b> {
    items: Peekable<Box<dyn Iterator<Item = Encoded<'b>> + 'b>>,
}

/// An item as it was encoded.
type Encoded<'b> = io::Result<Cow<'b, [u8]>>;

impl<'b> Beside<'b> {
    pub(super) fn begin(sorted: &'b Sorted) -> io::Result<Self> {
        let items: Box<dyn Iterator<Item = Encoded<'b>> + 'b> = Box::new(sorted.read()?);
        Ok(Self {
            items: items.peekable(),
        })
    }

    /// The next item of this place. Places are asked for in ascending order.
    pub(super) fn of(&mut self, place: u64) -> io::Result<Option<Cow<'b, [u8]>>> {
        let is_of = |item: &Encoded<'b>| match item {
            Ok(item) => item.starts_with(&place.to_be_bytes()),
            Err(_) => true,
        };
        self.items.next_if(is_of).transpose()
    }

    /// The items of so many places from one on, by how far behind it they are.
    pub(super) fn of_all(
        &mut self,
        from: u64,
        count: usize,
    ) -> io::Result<BTreeMap<u64, Cow<'b, [u8]>>> {
        let mut all = BTreeMap::new();
        for behind in 0..count as u64 {
            if let Some(item) = self.of(from + behind)? {
                all.insert(behind, item);
            }
        }
        Ok(all)
    }
}

/// The rejections in their own order, each with what is told of its call. They come in the order of their calls.
pub(super) fn beside_calls(
    rejections: &Sorted,
    calls: &Sorted,
    relations: &Relations,
) -> io::Result<Sorted> {
    let mut sorter = Sorter::default();
    let mut told = relations.read()?;
    let mut rejections = rejections.read()?.peekable();
    for (place, call) in (0..).zip(calls.read()?) {
        if rejections.peek().is_none() {
            break;
        }
        let call = call?;
        let relation = told.of(place)?;
        let is_of = |rejection: &Encoded<'_>| match rejection {
            Ok(rejection) => rejection.starts_with(key(&call)),
            Err(_) => true,
        };
        let mut batch = Batch::default();
        let mut is_first = true;
        while let Some(rejection) = rejections.next_if(is_of) {
            let rejection = rejection?;
            let mut row: Row<'_> = decode(&rejection)?;
            row.relation = relation.as_deref().map(decode).transpose()?;
            if let Some(of) = &mut row.relation {
                // Of a call's 488s the first is the one that its legs are compared by.
                of.relayed &= is_first;
            }
            is_first = false;
            batch.push(|key| row.rejection_order(key), &row);
        }
        sorter.append(&batch)?;
    }
    sorter.finish()
}

fn pair(legs: &Sorted, taps: &[u32]) -> io::Result<(Sorted, Counts)> {
    let mut measuring = Measuring::new(Measured::default());
    in_order(legs, taps, |leg| {
        measuring.feed(leg);
        Ok(())
    })?;
    let mut pairing = Pairing::new(measuring.finish());
    let (mut related, mut out) = (Sorter::default(), Vec::new());
    in_order(legs, taps, |leg| {
        pairing.feed(leg, &mut out);
        keep(&mut related, &mut out)
    })?;
    let counts = pairing.finish(&mut out);
    keep(&mut related, &mut out)?;
    Ok((related.finish()?, counts))
}

/// Keeps what is told of legs that have others.
fn keep(sorter: &mut Sorter, out: &mut Vec<Related>) -> io::Result<()> {
    let mut batch = Batch::default();
    for related in out.drain(..) {
        if !related.others.is_empty() {
            batch.push(|key| key.extend(related.leg.0.to_be_bytes()), &related);
        }
    }
    sorter.append(&batch)
}

/// Gives the legs in the order that pairing asks for. Rows of one start are in the order of their Call-IDs.
fn in_order(
    legs: &Sorted,
    taps: &[u32],
    mut each: impl FnMut(Leg) -> io::Result<()>,
) -> io::Result<()> {
    let mut ties: Vec<Leg> = Vec::new();
    let mut give = |ties: &mut Vec<Leg>| {
        ties.sort_by_key(Leg::order);
        ties.drain(..).try_for_each(&mut each)
    };
    for (place, encoded) in (0..).zip(legs.read()?) {
        let mut leg: Leg = decode(&encoded?)?;
        leg.id = LegId(place);
        leg.tap = taps.get(leg.tap as usize).copied().unwrap_or(leg.tap);
        let is_tie = ties.first().is_none_or(|tie| tie.start == leg.start);
        if !is_tie || ties.len() >= TIES {
            give(&mut ties)?;
        }
        ties.push(leg);
    }
    give(&mut ties)
}

/// Lets each row that has others tell them what it knows.
fn ask(related: &Sorted, calls: &Sorted, settle: impl Fn(&mut Row<'_>)) -> io::Result<Sorted> {
    let mut words = Sorter::default();
    let mut beside = Beside::begin(related)?;
    for (place, encoded) in (0..).zip(calls.read()?) {
        let encoded = encoded?;
        let Some(related) = beside.of(place)? else {
            continue;
        };
        let related: Related = decode(&related)?;
        let mut row: Row<'_> = decode(&encoded)?;
        settle(&mut row);
        let is_first = related.refused_first == Some(related.leg);
        let word = Word {
            from: related.leg,
            call_id: row.call_id,
            teams: row.direction,
            ends: row.ends,
            diagnosis: row.diagnosis.filter(|_| is_first),
            named: row.named.filter(|_| is_first),
        };
        let mut batch = Batch::default();
        for other in &related.others {
            let key = [other.0.to_be_bytes(), related.leg.0.to_be_bytes()];
            batch.push(|out| out.extend(key.concat()), &word);
        }
        words.append(&batch)?;
    }
    words.finish()
}

/// What each leg was told, in the order of its others.
fn put_together(related: &Sorted, words: &Sorted) -> io::Result<Sorted> {
    let mut relations = Sorter::default();
    let mut beside = Beside::begin(words)?;
    for encoded in related.read()? {
        let related: Related = decode(&encoded?)?;
        let mut heard = Vec::new();
        while let Some(word) = beside.of(related.leg.0)? {
            heard.push(word);
        }
        let mut heard = heard
            .iter()
            .map(|word| decode(word))
            .collect::<io::Result<Vec<Word<'_>>>>()?;
        heard.sort_by_key(|word| related.others.iter().position(|other| *other == word.from));
        let relation = relation(&related, heard);
        let mut batch = Batch::default();
        batch.push(|key| key.extend(related.leg.0.to_be_bytes()), &relation);
        relations.append(&batch)?;
    }
    relations.finish()
}

fn relation<'a>(related: &Related, heard: Vec<Word<'a>>) -> Relation<'a> {
    let call_ids: Vec<&[u8]> = heard.iter().map(|word| word.call_id.as_bytes()).collect();
    let mut relation = Relation {
        call_ids: Text::from(call_ids.join(&b';')),
        by: related.by,
        relayed: related.relayed,
        ..Relation::default()
    };
    for word in heard {
        relation.teams = relation.teams.or(word.teams);
        if related.refused_first == Some(word.from) {
            relation.refused_first = Some(RefusedFirst {
                call_id: word.call_id,
                diagnosis: word.diagnosis,
                named: word.named,
            });
        }
        if related.carrier_leg == Some(word.from) {
            relation.carrier = word.ends;
        }
    }
    relation
}
