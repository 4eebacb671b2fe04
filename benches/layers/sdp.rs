//! Body → session description.

use divan::Bencher;
use divan::black_box;
use divan::counter::BytesCount;
use divan::counter::ItemsCount;
use sip488::sdp::SessionDescription;
use sip488::sip::Body;
use sip488::sip::Message;
use sip488::sip::Wholeness;

use crate::traffic;

#[divan::bench]
fn parse_an_offer(bencher: Bencher<'_, '_>) {
    let invite = traffic::invite();
    let message = Message::parse(&invite, Wholeness::Whole).expect("it is an INVITE");
    let Body::Sdp(offer) = message.sdp() else {
        unreachable!("the INVITE has an offer");
    };
    assert_eq!(SessionDescription::parse(offer).media.len(), 1);
    bencher
        .counter(BytesCount::new(offer.len()))
        .counter(ItemsCount::new(1_u8))
        .bench_local(|| SessionDescription::parse(black_box(offer)));
}
