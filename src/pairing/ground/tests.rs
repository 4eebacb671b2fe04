//! What each ground finds in calls, and what of it counts for nothing.

use std::net::Ipv4Addr;

use proptest::prelude::*;

use crate::call::Calls;
use crate::call::Gathered;
use crate::call::Glance;
use crate::call::Sighting;
use crate::call::Transport;
use crate::capture::record::Frame;
use crate::capture::record::Nanos;
use crate::capture::record::Stamp;
use crate::packet::Endpoint;
use crate::pairing::Leg;
use crate::pairing::LegId;
use crate::pairing::LegSide;
use crate::pairing::Measured;
use crate::pairing::Number;
use crate::pairing::Refused;
use crate::pairing::Related;
use crate::pairing::pair;
use crate::sip::Outline;
use crate::sip::Wholeness;
use crate::trunk::Config;
use crate::trunk::Numbering;
use crate::trunk::Parties;
use crate::trunk::Teams;

use super::GROUNDS;
use super::Grounds;
use super::Rule;

const CARRIER: [u8; 4] = [203, 0, 113, 7];
const SBC: [u8; 4] = [192, 0, 2, 1];
const TEAMS: [u8; 4] = [52, 114, 7, 24];

/// Half past nine on a day of 2023.
const START: i64 = 1_700_000_000;

/// A call of one INVITE that is refused with 488.
struct Written<'w> {
    call_id: &'w str,
    from: [u8; 4],
    to: [u8; 4],
    caller: &'w str,
    callee: &'w str,
    /// Header lines of the INVITE, and of the 488.
    invite: &'w str,
    refusal: &'w str,
    sdp: &'w str,
}

const INCOMING: Written<'static> = Written {
    call_id: "7d1f0a2b9c4e48d6@203.0.113.7",
    from: CARRIER,
    to: SBC,
    caller: "03012345678",
    callee: "04087654321",
    invite: "",
    refusal: "",
    sdp: "",
};

const OUTGOING: Written<'static> = Written {
    call_id: "e3b1c5d7f9a80246@192.0.2.1",
    from: SBC,
    to: TEAMS,
    caller: "+493012345678",
    callee: "+494087654321",
    ..INCOMING
};

fn endpoint(address: [u8; 4]) -> Endpoint {
    Endpoint {
        address: Ipv4Addr::from(address).into(),
        port: 5060,
    }
}

impl Written<'_> {
    fn gathered(&self) -> Gathered {
        let common = format!(
            "Via: SIP/2.0/UDP h.example;branch=z9hG4bK1\r\nFrom: <sip:{}@a.example>;tag=a\r\nCall-ID: {}\r\nCSeq: 1 INVITE\r\n",
            self.caller, self.call_id
        );
        let kind = if self.sdp.is_empty() {
            ""
        } else {
            "Content-Type: application/sdp\r\n"
        };
        let invite = format!(
            "INVITE sip:{}@b.example SIP/2.0\r\n{common}To: <sip:b@b.example>\r\n{}{kind}Content-Length: {}\r\n\r\n{}",
            self.callee,
            self.invite,
            self.sdp.len(),
            self.sdp
        );
        let refusal = format!(
            "SIP/2.0 488 Not Acceptable Here\r\n{common}To: <sip:b@b.example>;tag=b\r\n{}Content-Length: 0\r\n\r\n",
            self.refusal
        );
        let mut calls = Calls::default();
        let mut over = Vec::new();
        let messages = [
            (&invite, self.from, self.to),
            (&refusal, self.to, self.from),
        ];
        for (number, (text, from, to)) in (1_u64..).zip(messages) {
            let bytes = text.as_bytes();
            let glance = Glance::of(&Outline::of(bytes, Wholeness::Whole).unwrap());
            let time =
                Nanos::from_secs(START).plus(Nanos(i64::try_from(number).unwrap() * 40_000_000));
            let at = Stamp {
                time,
                frame: Frame { file: 0, number },
            };
            let sighting = Sighting {
                bytes,
                wholeness: Wholeness::Whole,
                at,
                arrived: time,
                from: endpoint(from),
                to: endpoint(to),
                transport: Transport::Udp,
            };
            calls.feed(self.call_id.as_bytes(), &sighting, &glance, &mut over);
        }
        calls.finish(&mut over);
        over.remove(0)
    }

    fn leg(&self, id: u64) -> Leg {
        let gathered = self.gathered();
        let calls = gathered.calls();
        let teams = Teams::new(&Config::default());
        let parties = Parties::of(&calls[0], &teams);
        Leg::of(LegId(id), &calls[0], parties, &Numbering::default(), 0).unwrap()
    }
}

/// The strong grounds on which the two are paired.
fn strong(incoming: &Written<'_>, outgoing: &Written<'_>) -> String {
    let legs = [incoming.leg(1), outgoing.leg(2)];
    let (forward, _) = pair(legs.to_vec(), Measured::default());
    let (backward, _) = pair(legs.into_iter().rev().collect(), Measured::default());
    assert_eq!(forward, backward);
    assert_eq!(forward[0].others.is_empty(), forward[1].others.is_empty());
    let by = forward[0].by;
    if by.is_strong() {
        by.to_string()
    } else {
        String::new()
    }
}

/// Both legs with these header lines in their INVITEs.
fn with_headers(incoming: &str, outgoing: &str) -> String {
    strong(
        &Written {
            invite: &format!("{incoming}\r\n"),
            ..INCOMING
        },
        &Written {
            invite: &format!("{outgoing}\r\n"),
            ..OUTGOING
        },
    )
}

fn alike(header: &str) -> String {
    with_headers(header, header)
}

fn with_call_ids(incoming: &str, outgoing: &str) -> String {
    strong(
        &Written {
            call_id: incoming,
            ..INCOMING
        },
        &Written {
            call_id: outgoing,
            ..OUTGOING
        },
    )
}

fn with_sdp(incoming: &str, outgoing: &str) -> String {
    strong(
        &Written {
            sdp: incoming,
            ..INCOMING
        },
        &Written {
            sdp: outgoing,
            ..OUTGOING
        },
    )
}

fn sdp(session_id: &str, address: &str, port: u16) -> String {
    format!(
        "v=0\r\no=- {session_id} 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\nm=audio {port} RTP/AVP 8\r\n"
    )
}

#[test]
fn what_a_leg_tells_of_its_call() {
    let leg = OUTGOING.leg(7);
    assert_eq!(leg.id, LegId(7));
    assert_eq!(leg.side, LegSide::ToTeams);
    assert_eq!(leg.status, 488);
    assert_eq!(leg.decided_after, Some(40));
    assert_eq!(
        leg.refused,
        Some(Refused {
            by_caller: false,
            is_initial: true,
            after: 40
        })
    );
    assert_eq!(leg.caller_address, Some(Ipv4Addr::from(SBC).into()));
    assert_eq!(leg.callee_address, Some(Ipv4Addr::from(TEAMS).into()));
    assert_ne!(leg.caller, Number::default());
    assert_eq!(INCOMING.leg(1).side, LegSide::Unknown);
}

#[test]
fn a_withheld_number_is_taken_from_the_networks_own_word_for_it() {
    let withheld = Written {
        caller: "anonymous",
        invite: "P-Asserted-Identity: <tel:+493012345678>\r\n",
        ..INCOMING
    };
    assert_eq!(withheld.leg(1).caller, OUTGOING.leg(1).caller);
}

#[test]
fn a_session_id_pairs_by_the_callers_half() {
    let half = "ab30317f1a784dc48ff824d0d3715d86";
    let nil = "00000000000000000000000000000000";
    let header = format!("Session-ID: {half};remote={nil}");
    assert_eq!(alike(&header), "session-id");
    assert_eq!(
        with_headers(&header, &format!("Session-ID: {half}")),
        "session-id",
        "RFC 7329"
    );
    assert_eq!(alike(&format!("Session-ID: {nil};remote={nil}")), "");
    assert_eq!(alike("Session-ID: 1;remote=2"), "");
}

#[test]
fn a_session_id_pairs_by_the_callees_half_where_the_callers_does_not_speak_against_it() {
    let nil = "00000000000000000000000000000000";
    let callee = "47755a9de7794ba387653f2099600ef2";
    let of = |half: &str| format!("Session-ID: {callee};remote={half}\r\n");
    let paired = |a: &str, b: &str| {
        strong(
            &Written {
                refusal: &of(a),
                ..INCOMING
            },
            &Written {
                refusal: &of(b),
                ..OUTGOING
            },
        )
    };
    assert_eq!(paired(nil, nil), "session-id");
    assert_eq!(
        paired(
            "ab30317f1a784dc48ff824d0d3715d86",
            "cd30317f1a784dc48ff824d0d3715d99"
        ),
        "",
        "a conference has many callers"
    );
}

#[test]
fn x_c_pairs_where_it_names_the_other_legs_call_id() {
    let of = |call_id: &str| {
        format!("Contact: <sip:api.pstnhub.microsoft.com:443;x-i=1;x-c={call_id}/d/8/8f0e77d1>")
    };
    let other = of("7d1f0a2b9c4e48d6%40203.0.113.7");
    assert_eq!(with_headers("X-Other: 1", &other), "x-c");
    assert_eq!(
        with_headers("X-Other: 1", &of(OUTGOING.call_id)),
        "",
        "its own Call-ID tells nothing"
    );
}

#[test]
fn x_cid_pairs_where_it_names_the_other_legs_call_id() {
    let names = |call_id: &str| format!("X-CID: {call_id}");
    assert_eq!(
        with_headers("X-Other: 1", &names(INCOMING.call_id)),
        "x-cid"
    );
    assert_eq!(
        with_headers("X-Other: 1", &names("somebody-elses@call")),
        ""
    );
    assert_eq!(alike(&names("a-third-legs-9c4e48d6@call")), "x-cid");
}

#[test]
fn cisco_guid_pairs_and_zeros_do_not() {
    assert_eq!(
        alike("Cisco-Guid: 2045678123-3301962222-2147516416-0123456789"),
        "cisco-guid"
    );
    assert_eq!(
        alike("Cisco-Guid: 0000000000-0000000000-0000000000-0000000000"),
        ""
    );
    assert_eq!(alike("Cisco-Guid: 20456781233301962222214751641601"), "");
}

#[test]
fn a_charging_vector_pairs_by_its_icid_with_and_without_quotes() {
    assert_eq!(
        with_headers(
            "P-Charging-Vector: icid-value=\"AyretyU0dm+6O2IrT5tAFrbHLso=\";icid-generated-at=192.0.2.9",
            "P-Charging-Vector: icid-value=AyretyU0dm+6O2IrT5tAFrbHLso=;orig-ioi=example.com"
        ),
        "charging-vector"
    );
    assert_eq!(alike("P-Charging-Vector: icid-value=0"), "");
    assert_eq!(alike("P-Charging-Vector: icid-value=\"1234\""), "");
}

#[test]
fn a_call_id_made_from_the_other_pairs() {
    let own = "7d1f0a2b9c4e48d6b0a1c2d3";
    for other in [
        format!("{own}@192.0.2.1"),
        format!("{own}_b2b-1@192.0.2.1"),
        format!("b2b-{own}"),
        format!("{own};leg=2"),
    ] {
        assert_eq!(
            with_call_ids(&format!("{own}@203.0.113.7"), &other),
            "call-id",
            "{other}"
        );
    }
}

#[test]
fn call_ids_that_only_begin_alike_or_are_short_do_not_pair() {
    for (a, b) in [
        ("1-12345@203.0.113.7", "1-12345@192.0.2.1"),
        (
            "sbc-frankfurt-node-01-77d1@203.0.113.7",
            "sbc-frankfurt-node-01-77d2@192.0.2.1",
        ),
        ("0000000000000001@203.0.113.7", "0000000000000001@192.0.2.1"),
    ] {
        assert_eq!(with_call_ids(a, b), "", "{a} {b}");
    }
}

#[test]
fn two_legs_of_one_call_id_are_never_paired() {
    assert_eq!(with_call_ids(INCOMING.call_id, INCOMING.call_id), "");
}

#[test]
fn an_sdp_origin_pairs_and_counters_and_clock_readings_do_not() {
    let (a, b) = ("198.51.100.9", "198.51.100.10");
    let origin = |id: &str| with_sdp(&sdp(id, a, 4_000), &sdp(id, b, 5_000));
    assert_eq!(origin("8837152904617"), "sdp-origin");
    for trivial in ["0", "1", "91249", "1111111111"] {
        assert_eq!(origin(trivial), "", "{trivial}");
    }
    assert_eq!(origin(&START.to_string()), "", "seconds since 1970");
    assert_eq!(origin(&(START + 2_208_988_800).to_string()), "", "NTP");
}

#[test]
fn the_same_media_address_pairs_and_nowhere_does_not() {
    let media = |address: &str, port: u16| {
        with_sdp(
            &sdp("1", address, port),
            &sdp("2", address, port).replace("RTP/AVP", "RTP/SAVP"),
        )
    };
    assert_eq!(media("198.51.100.9", 40_000), "media-address");
    assert_eq!(media("2001:db8::9", 40_000), "media-address");
    for (address, port) in [
        ("0.0.0.0", 40_000),
        ("127.0.0.1", 40_000),
        ("198.51.100.9", 9),
        ("198.51.100.9", 0),
        ("media.example", 40_000),
    ] {
        assert_eq!(media(address, port), "", "{address} {port}");
    }
}

#[test]
fn what_a_later_call_may_use_again_needs_like_numbers() {
    let sdp = sdp("1", "198.51.100.9", 40_000);
    let other = Written {
        sdp: &sdp,
        callee: "+494000000000",
        ..OUTGOING
    };
    assert_eq!(
        strong(
            &Written {
                sdp: &sdp,
                ..INCOMING
            },
            &other
        ),
        ""
    );
}

#[test]
fn user_to_user_pairs_where_it_is_long_enough() {
    assert_eq!(
        with_headers(
            "User-to-User: 56a390f3d2b7310023a2;encoding=hex",
            "User-to-User: 56A390F3D2B7310023A2;encoding=hex;purpose=isdn-uui"
        ),
        "user-to-user"
    );
    assert_eq!(alike("User-to-User: 0482;encoding=hex"), "");
}

#[test]
fn x_ms_sbc_pairs_by_a_name_of_the_call_and_never_by_the_product() {
    assert_eq!(alike("X-MS-SBC: Vendor/Product/7.40A.100"), "");
    assert_eq!(
        alike("X-MS-SBC: Vendor/Product/7.40A 8f0e77d1-2b9c-4e48-d6b0-a1c2d3e4f506"),
        "x-ms-sbc"
    );
}

#[test]
fn all_that_two_legs_share_is_told_in_the_order_of_the_grounds() {
    let header = "Cisco-Guid: 2045678123-3301962222-2147516416-0123456789\r\nSession-ID: ab30317f1a784dc48ff824d0d3715d86";
    assert_eq!(alike(header), "session-id;cisco-guid");
}

#[test]
fn a_refusal_that_is_passed_on_is_told_from_the_first_one() {
    let header = "Session-ID: ab30317f1a784dc48ff824d0d3715d86\r\n";
    let incoming = Written {
        invite: header,
        ..INCOMING
    };
    let outgoing = Written {
        invite: header,
        ..OUTGOING
    };
    let (told, _) = pair(vec![incoming.leg(1), outgoing.leg(2)], Measured::default());
    let of_teams = Related {
        leg: LegId(2),
        others: vec![LegId(1)],
        by: told[0].by,
        refused_first: Some(LegId(2)),
        relayed: false,
        carrier_leg: Some(LegId(1)),
        left_out: None,
    };
    let of_carrier = Related {
        leg: LegId(1),
        others: vec![LegId(2)],
        relayed: true,
        ..of_teams.clone()
    };
    assert_eq!(told, [of_carrier, of_teams]);
}

#[test]
fn the_weak_grounds_pair_together_on_one_clock() {
    let (told, counts) = pair(vec![INCOMING.leg(1), OUTGOING.leg(2)], Measured::default());
    assert_eq!(told[0].by.to_string(), "numbers;sbc-address;start-time");
    assert_eq!((counts.strong, counts.weak), (0, 1));
    let elsewhere = Written {
        from: [198, 51, 100, 1],
        ..OUTGOING
    };
    let (told, _) = pair(vec![INCOMING.leg(1), elsewhere.leg(2)], Measured::default());
    assert!(told[0].others.is_empty(), "no SBC between them");
}

#[test]
fn a_leg_comes_back_from_its_bytes() {
    let leg = Written {
        invite: "Session-ID: ab30317f1a784dc48ff824d0d3715d86\r\n",
        ..INCOMING
    }
    .leg(3);
    assert!(!leg.marks.is_empty());
    let bytes = postcard::to_stdvec(&leg).unwrap();
    assert_eq!(postcard::from_bytes::<Leg>(&bytes).unwrap(), leg);
}

#[test]
fn a_million_legs_take_about_two_hundred_megabytes() {
    // With seven marks, which is what a call with a Session-ID, an SDP and a long Call-ID has, and the allocator's own.
    let leg = size_of::<Leg>() + 7 * 8 + 16;
    assert!(leg <= 208, "{leg} bytes");
}

#[test]
fn strong_grounds_come_before_weak_ones_and_fit_in_a_set() {
    let strength = |rule: &Rule| matches!(rule, Rule::Weak(_));
    assert!(GROUNDS.is_sorted_by_key(|ground| strength(&ground.rule)));
    assert!(GROUNDS.len() <= 16);
    assert_eq!(Grounds::weak().count(), 3);
}

proptest! {
    #[test]
    fn any_headers_make_a_leg(
        invite in "([A-Za-z-]{1,20}: [ -~]{0,80}\r\n){0,6}",
        names in prop::collection::vec(prop::sample::select(vec![
            "Session-ID", "Cisco-Guid", "P-Charging-Vector", "X-CID", "User-to-User", "X-MS-SBC", "Contact",
        ]), 0..8),
        value in "[ -~]{0,120}",
        body in "(?s).{0,200}",
    ) {
        let mut lines = invite;
        for name in names {
            lines.extend([name, ": ", &value, "\r\n"]);
        }
        let written = Written { invite: &lines, sdp: &body, ..INCOMING };
        let leg = written.leg(1);
        prop_assert!(leg.marks.len() <= crate::pairing::mark::MARKS);
    }
}
