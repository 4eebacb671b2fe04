//! Samples, changed: what a fuzzer without a look inside the program can do. The same in every run.

use crate::subjects::Subject;
use crate::support::generator::Generator;

/// Numbers at which something changes: lengths and counts that lie.
const EDGES: [u32; 12] = [
    0,
    1,
    2,
    0x7F,
    0x80,
    0xFF,
    0x100,
    0x7FFF,
    0xFFFF,
    0x1_0000,
    0x7FFF_FFFF,
    0xFFFF_FFFF,
];

/// Changed inputs of a subject, one after the other.
pub(crate) struct Changes<'s> {
    subject: &'s Subject,
    seeds: &'s [Vec<u8>],
    chance: Generator,
}

impl<'s> Changes<'s> {
    pub(crate) fn of(subject: &'s Subject, seeds: &'s [Vec<u8>]) -> Self {
        Self {
            subject,
            seeds,
            chance: Generator::named(subject.name),
        }
    }

    /// A seed with up to eight changes.
    pub(crate) fn next(&mut self) -> Vec<u8> {
        let mut input = self.seed().to_vec();
        for _ in 0..=self.below(8) {
            self.change(&mut input);
        }
        input.truncate(self.subject.longest);
        input
    }

    fn seed(&mut self) -> &'s [u8] {
        let place = self.below(self.seeds.len());
        &self.seeds[place]
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.chance.between(0, bound.max(1) as u64)).expect("below a length")
    }

    /// A range of some bytes, most often a short one.
    fn range(&mut self, length: usize) -> std::ops::Range<usize> {
        let start = self.below(length + 1);
        let longest = if self.below(4) == 0 { length } else { 16 };
        let count = self.below(longest + 1);
        start..(start + count).min(length)
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let range = self.range(input.len());
        match self.below(9) {
            0 if !range.is_empty() => input[range.start] ^= 1 << self.below(8),
            1 => {
                let count = range.len();
                input.splice(range, self.chance.bytes(count));
            }
            2 => {
                input.drain(range);
            }
            3 => {
                let again = input[range.clone()].to_vec();
                input.splice(range.start..range.start, again);
            }
            4 => {
                let word = self.below(self.subject.dictionary.len());
                let word = self.subject.dictionary[word].iter().copied();
                input.splice(range.start..range.start, word);
            }
            5 => {
                let word = self.below(self.subject.dictionary.len());
                let word = self.subject.dictionary[word].iter().copied();
                input.splice(range, word);
            }
            6 => self.edge(input, range.start),
            7 => {
                let other = self.seed();
                let part = self.range(other.len());
                input.splice(range.start..range.start, other[part].iter().copied());
            }
            _ if self.below(8) == 0 => input.truncate(range.start),
            _ => self.edge(input, range.start),
        }
    }

    /// Writes a number at which something changes, in one, two or four bytes, in either order.
    fn edge(&mut self, input: &mut [u8], at: usize) {
        let edge = EDGES[self.below(EDGES.len())];
        let width = [1, 2, 4][self.below(3)];
        let bytes = if self.below(2) == 0 {
            edge.to_le_bytes()[..width].to_vec()
        } else {
            edge.to_be_bytes()[4 - width..].to_vec()
        };
        for (byte, new) in input.iter_mut().skip(at).zip(bytes) {
            *byte = new;
        }
    }
}
