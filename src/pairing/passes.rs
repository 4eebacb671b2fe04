//! The two passes over the legs, from outside.

use super::horizon::Window;
use super::leg::Leg;
use super::measured::Measured;
use super::related::Counts;
use super::related::Related;

/// The first pass: measures how the clocks differ and which addresses are one SBC's.
#[derive(Debug)]
pub struct Measuring(Window);

impl Default for Measuring {
    fn default() -> Self {
        Self::new(Measured::default())
    }
}

impl Measuring {
    /// With what is known already.
    pub fn new(known: Measured) -> Self {
        Self(Window::new(known, true))
    }

    /// Takes the next leg, in order of [`Leg::order`].
    pub fn feed(&mut self, leg: Leg) {
        self.0.feed(leg, &mut Vec::new());
    }

    /// What was measured.
    pub fn finish(mut self) -> Measured {
        self.0.advance(None, &mut Vec::new());
        let mut measured = self.0.into_measured();
        measured.clocks.settle();
        measured
    }
}

/// The second pass: tells which legs are one call.
#[derive(Debug)]
pub struct Pairing(Window);

impl Pairing {
    /// With what the first pass measured.
    pub fn new(measured: Measured) -> Self {
        Self(Window::new(measured, false))
    }

    /// Takes the next leg, in order of [`Leg::order`]. What is known of earlier legs goes to `out`: each leg once, in no
    /// order that means anything.
    pub fn feed(&mut self, leg: Leg, out: &mut Vec<Related>) {
        self.0.feed(leg, out);
    }

    /// Tells the rest.
    pub fn finish(mut self, out: &mut Vec<Related>) -> Counts {
        self.0.advance(None, out);
        self.0.counts()
    }
}

/// Both passes over legs that fit in memory, in any order. What is told is in the order of the legs' names.
pub fn pair(mut legs: Vec<Leg>, known: Measured) -> (Vec<Related>, Counts) {
    legs.sort_unstable_by_key(Leg::order);
    let mut measuring = Measuring::new(known);
    for leg in &legs {
        measuring.feed(leg.clone());
    }
    let mut pairing = Pairing::new(measuring.finish());
    let mut told = Vec::with_capacity(legs.len());
    for leg in legs {
        pairing.feed(leg, &mut told);
    }
    let counts = pairing.finish(&mut told);
    told.sort_unstable_by_key(|related| related.leg);
    (told, counts)
}
