//! Record → datagram, segment or fate; fragments → datagrams.

use std::net::SocketAddr;

use divan::Bencher;
use divan::black_box;
use divan::counter::BytesCount;
use divan::counter::ItemsCount;
use sip488::packet::Fate;
use sip488::packet::Packet as Decoded;
use sip488::packet::decode;
use sip488::packet::defragment::Defragmenter;
use sip488::packet::defragment::Outcome;

use crate::support::wire::Flags;
use crate::support::wire::Packet;
use crate::support::wire::Wire;
use crate::traffic;
use crate::traffic::framed;
use crate::traffic::record;
use crate::traffic::stamp;

/// Packets of one kind: more than the caches nearest to a core hold.
const PACKETS: usize = 4_096;

/// Datagrams that come in fragments.
const DATAGRAMS: usize = 500;

fn ends() -> (SocketAddr, SocketAddr) {
    (
        SocketAddr::from(([192, 0, 2, 10], 5_061)),
        SocketAddr::from(([52, 114, 76, 76], 5_061)),
    )
}

fn decode_all(
    bencher: Bencher<'_, '_>,
    packets: &[Packet],
    is_expected: impl Fn(&Decoded<'_>) -> bool,
) {
    let expected = || {
        // The whole answer is wanted, not only what it is.
        let decoded = packets
            .iter()
            .map(|packet| black_box(decode(&record(packet))));
        decoded.filter(|packet| is_expected(packet)).count()
    };
    assert_eq!(expected(), packets.len());
    bencher
        .counter(ItemsCount::new(packets.len()))
        .bench_local(expected);
}

#[divan::bench]
fn turn_rtp_away(bencher: Bencher<'_, '_>) {
    let is_turned_away = |packet: &Decoded<'_>| matches!(packet, Decoded::Done(Fate::Other));
    decode_all(bencher, &traffic::audio(PACKETS), is_turned_away);
}

#[divan::bench]
fn decode_a_sip_datagram(bencher: Bencher<'_, '_>) {
    let packets = traffic::calls(PACKETS / traffic::MESSAGES_PER_CALL);
    let is_datagram = |packet: &Decoded<'_>| matches!(packet, Decoded::Datagram(_));
    decode_all(bencher, &packets, is_datagram);
}

#[divan::bench]
fn decode_a_tcp_segment(bencher: Bencher<'_, '_>) {
    let ((from, to), invite) = (ends(), traffic::invite());
    let mut wire = Wire::counting_from(1);
    let packets: Vec<Packet> = (0..PACKETS)
        .map(|_| {
            let segment = wire.segment(from, to, Flags::PushAck, 1, 1, &invite);
            framed(from, to, &segment)
        })
        .collect();
    let is_segment = |packet: &Decoded<'_>| matches!(packet, Decoded::Segment(_));
    decode_all(bencher, &packets, is_segment);
}

/// INVITEs over a link with an MTU of 576 bytes.
#[divan::bench(args = ["in order", "last first"])]
fn defragment(bencher: Bencher<'_, '_>, order: &str) {
    let ((from, to), invite) = (ends(), traffic::invite());
    let mut wire = Wire::counting_from(1);
    let mut packets = Vec::new();
    for _ in 0..DATAGRAMS {
        let mut pieces = wire.datagram(from, to, &invite, 576);
        if order == "last first" {
            pieces.reverse();
        }
        packets.extend(pieces.iter().map(|piece| framed(from, to, piece)));
    }
    let defragment = || {
        let (mut defragmenter, mut whole) = (Defragmenter::default(), 0);
        for (place, packet) in packets.iter().enumerate() {
            if let Decoded::Fragment(fragment) = decode(&record(packet)) {
                let outcome = defragmenter.feed(fragment, stamp(place, packet));
                whole += usize::from(matches!(outcome, Outcome::Complete(_)));
            }
        }
        whole
    };
    assert_eq!(defragment(), DATAGRAMS);
    bencher
        .counter(BytesCount::new(DATAGRAMS * invite.len()))
        .counter(ItemsCount::new(packets.len()))
        .bench_local(defragment);
}
