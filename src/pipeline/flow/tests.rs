use std::net::Ipv4Addr;

use super::Arrival;
use super::FlowShard;
use super::Found;
use super::With;
use crate::capture::record::Frame;
use crate::capture::record::Nanos;
use crate::capture::record::Stamp;
use crate::packet::Endpoint;
use crate::packet::Fate;
use crate::packet::Flags;
use crate::packet::Segment;
use crate::transport::tls::KeyLog;
use crate::trunk::Teams;

fn end(host: u8) -> Endpoint {
    Endpoint {
        address: Ipv4Addr::new(192, 0, 2, host).into(),
        port: 5060,
    }
}

fn stamp(number: u64) -> Stamp {
    let time = Nanos::from_secs(i64::try_from(number).unwrap());
    Stamp {
        time,
        frame: Frame { file: 0, number },
    }
}

fn segment(sequence: u32, payload: &str) -> Segment<'_> {
    let (from, to) = (end(1), end(2));
    Segment {
        from,
        to,
        sequence,
        acknowledgment: None,
        flags: Flags::default(),
        payload: payload.as_bytes(),
        cut: 0,
    }
}

fn invite(call_id: &str) -> String {
    format!(
        "INVITE sip:b@b SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK1\r\nFrom: <sip:a@a>;tag=1\r\nTo: <sip:b@b>\r\nCall-ID: {call_id}\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"
    )
}

#[test]
fn what_waited_behind_a_hole_keeps_the_frame_that_brought_it() {
    let (first, second, third) = (invite("one"), invite("two"), invite("three"));
    let place = |text: &str| u32::try_from(text.len()).unwrap();
    let (teams, mut found, mut shard) = (Teams::default(), Found::default(), FlowShard::default());
    let keys = KeyLog::default();
    // The second half of the first INVITE is not in the capture.
    let behind = 100 + place(&first);
    let segments = [
        (100, &first[..40]),
        (behind, &second),
        (behind + place(&second), &third),
    ];
    for (number, (sequence, payload)) in segments.iter().enumerate() {
        let at = stamp(number as u64 + 1);
        shard.feed(
            &Arrival {
                segment: segment(*sequence, payload),
                turn: 0,
                at,
                unless_sip: Fate::Other,
            },
            With {
                teams: &teams,
                keys: &keys,
            },
            &mut found,
        );
    }
    shard.finish(&keys, &mut found);
    let frames: Vec<u64> = found
        .sightings()
        .map(|(_, sighting, _)| sighting.at.frame.number)
        .collect();
    assert_eq!(frames, [2, 3]);
    assert_eq!((found.sip.messages, found.late), (2, 2));
}
