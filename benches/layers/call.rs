//! Messages → calls.

use divan::Bencher;
use divan::counter::ItemsCount;
use sip488::call::Calls;
use sip488::call::Gathered;
use sip488::call::Glance;
use sip488::sip::Outline;
use sip488::sip::Wholeness;

use crate::traffic;
use crate::traffic::Heard;

/// Calls that are open at once.
pub(crate) const CALLS: usize = 1_000;

fn glance(heard: &Heard) -> Glance {
    Glance::of(&Outline::of(&heard.bytes, Wholeness::Whole).expect("it is a message"))
}

fn gather(messages: &[(Heard, Glance)]) -> Vec<Gathered> {
    let (mut calls, mut closed) = (Calls::default(), Vec::new());
    for (heard, glance) in messages {
        let call_id = glance.call_id(&heard.bytes);
        calls.feed(call_id, &heard.sighting(), glance, &mut closed);
    }
    calls.finish(&mut closed);
    assert_eq!(closed.len(), CALLS);
    for gathered in &mut closed {
        calls.unpack(gathered);
    }
    closed
}

fn glanced_at() -> Vec<(Heard, Glance)> {
    let messages = traffic::messages(CALLS).into_iter();
    let glanced_at = messages.map(|heard| {
        let glance = glance(&heard);
        (heard, glance)
    });
    glanced_at.collect()
}

/// The messages of [`CALLS`] calls, by call.
pub(crate) fn gathered() -> Vec<Gathered> {
    gather(&glanced_at())
}

#[divan::bench]
fn feed_messages_and_close(bencher: Bencher<'_, '_>) {
    let messages = glanced_at();
    bencher
        .counter(ItemsCount::new(messages.len()))
        .bench_local(|| gather(&messages));
}

#[divan::bench]
fn find_transactions_and_dialogs(bencher: Bencher<'_, '_>) {
    let gathered = gathered();
    let calls = || -> usize { gathered.iter().map(|one| one.calls().len()).sum() };
    assert_eq!(calls(), CALLS);
    bencher.counter(ItemsCount::new(CALLS)).bench_local(calls);
}
