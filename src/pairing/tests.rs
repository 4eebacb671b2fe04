//! The rules of pairing, one by one, on legs that are made up.

use std::net::IpAddr;
use std::net::Ipv4Addr;

use super::FEW;
use super::HELD;
use super::Kind;
use super::Leg;
use super::LegId;
use super::LegSide;
use super::Mark;
use super::Measured;
use super::Number;
use super::Pairing;
use super::Related;
use super::Why;
use super::pair;
use crate::capture::record::Nanos;
use crate::trunk::Numbering;

const CARRIER: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7));
const SBC: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const TEAMS: IpAddr = IpAddr::V4(Ipv4Addr::new(52, 114, 7, 24));

/// A leg between two addresses that begins so many milliseconds after midnight, and is answered after half a second.
fn leg(id: u64, from: IpAddr, to: IpAddr, start: i64) -> Leg {
    let number = |text: &str| Number::read(text.as_bytes(), &Numbering::default());
    Leg {
        id: LegId(id),
        start: Nanos(start * 1_000_000),
        call: id,
        decided_after: Some(500),
        talked: Some(60_000),
        ended_after: 60_500,
        status: 200,
        side: match (from, to) {
            (TEAMS, _) => LegSide::FromTeams,
            (_, TEAMS) => LegSide::ToTeams,
            _ => LegSide::Unknown,
        },
        has_invite: true,
        caller: number("+493012345678"),
        callee: number("+494087654321"),
        caller_address: Some(from),
        callee_address: Some(to),
        ..Leg::default()
    }
}

fn incoming(id: u64, start: i64) -> Leg {
    leg(id, CARRIER, SBC, start)
}

fn outgoing(id: u64, start: i64) -> Leg {
    leg(id, SBC, TEAMS, start)
}

fn refused(leg: Leg, status: u16, after: u32) -> Leg {
    Leg {
        status,
        decided_after: Some(after),
        talked: None,
        ended_after: after,
        ..leg
    }
}

/// With a Session-ID.
fn named(leg: Leg, name: &str) -> Leg {
    marked(leg, Kind::SessionOfCaller, name)
}

fn marked(leg: Leg, kind: Kind, value: &str) -> Leg {
    let mark = Mark::new(kind, &[value.as_bytes()]);
    let mut marks = leg.marks.into_vec();
    marks.push(mark);
    Leg {
        marks: marks.into(),
        ..leg
    }
}

fn paired(legs: impl Into<Vec<Leg>>) -> Vec<Related> {
    pair(legs.into(), Measured::default()).0
}

fn groups(legs: impl Into<Vec<Leg>>) -> Vec<Vec<u64>> {
    let mut groups: Vec<Vec<u64>> = paired(legs)
        .iter()
        .filter(|one| !one.others.is_empty())
        .map(|one| {
            let mut ids: Vec<u64> = one.others.iter().map(|id| id.0).collect();
            ids.push(one.leg.0);
            ids.sort_unstable();
            ids
        })
        .collect();
    groups.sort();
    groups.dedup();
    groups
}

fn why(legs: impl Into<Vec<Leg>>) -> Vec<Option<Why>> {
    let reason = |one: &Related| one.left_out.map(|left_out| left_out.why);
    paired(legs).iter().map(reason).collect()
}

#[test]
fn two_candidates_of_equal_standing_are_not_guessed_between() {
    let legs = [
        named(incoming(1, 0), "a"),
        named(incoming(2, 10), "a"),
        named(outgoing(3, 50), "a"),
    ];
    assert_eq!(why(legs), [Some(Why::EqualStanding); 3]);
}

#[test]
fn two_candidates_on_weak_grounds_are_not_guessed_between() {
    let legs = [incoming(1, 0), incoming(2, 10), outgoing(3, 50)];
    assert_eq!(groups(legs), Vec::<Vec<u64>>::new());
}

#[test]
fn a_strong_ground_decides_between_two_that_the_weak_ones_do_not_tell_apart() {
    let legs = [
        named(incoming(1, 0), "a"),
        named(incoming(2, 10), "b"),
        named(outgoing(3, 50), "b"),
        named(outgoing(4, 55), "a"),
    ];
    assert_eq!(groups(legs), [[1, 4], [2, 3]]);
}

#[test]
fn a_name_that_differs_speaks_against_the_weak_grounds() {
    let legs = [named(incoming(1, 0), "a"), named(outgoing(2, 50), "b")];
    assert_eq!(why(legs), [Some(Why::NoCandidate); 2]);
}

#[test]
fn two_legs_of_teams_and_two_of_carriers_are_never_paired() {
    let other = IpAddr::V4(Ipv4Addr::new(52, 114, 7, 99));
    let mut from_teams = leg(1, other, SBC, 0);
    from_teams.side = LegSide::FromTeams;
    assert!(groups([named(from_teams, "a"), named(outgoing(2, 50), "a")]).is_empty());
    let carriers = [incoming(1, 0), leg(2, SBC, CARRIER, 50)].map(|leg| Leg {
        side: LegSide::Carrier,
        ..named(leg, "a")
    });
    assert!(groups(carriers).is_empty());
}

#[test]
fn where_no_side_is_known_one_comes_to_the_sbc_and_the_other_leaves_it() {
    let peer = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 7));
    assert_eq!(groups([incoming(1, 0), leg(2, SBC, peer, 50)]), [[1, 2]]);
    assert!(groups([leg(1, SBC, CARRIER, 0), leg(2, SBC, peer, 50)]).is_empty());
    assert!(groups([leg(1, CARRIER, SBC, 0), leg(2, peer, SBC, 50)]).is_empty());
    let both_leave = [leg(1, SBC, CARRIER, 0), leg(2, SBC, peer, 50)];
    assert!(groups(both_leave.map(|leg| named(leg, "a"))).is_empty());
}

#[test]
fn the_leg_beside_the_sbc_goes_before_one_a_hop_further() {
    // Switch, carrier and SBC are back-to-back user agents that all pass one Session-ID on.
    let switch = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 7));
    let legs = [
        named(leg(1, switch, CARRIER, 0), "a"),
        named(incoming(2, 20), "a"),
        named(outgoing(3, 50), "a"),
    ];
    assert_eq!(groups(legs.clone()), [[2, 3]]);
    assert_eq!(why(legs)[0], Some(Why::Outranked));
}

#[test]
fn the_call_on_another_tap_is_the_same_leg_and_no_other() {
    let again = Leg {
        id: LegId(9),
        tap: 1,
        ..named(incoming(1, 5), "a")
    };
    let legs = [
        named(incoming(1, 0), "a"),
        named(outgoing(2, 50), "a"),
        again,
    ];
    assert_eq!(groups(legs.clone()), [[1, 2]]);
    assert_eq!(why(legs)[2], Some(Why::SeenTwice));
}

#[test]
fn a_value_that_many_share_in_one_window_proves_nothing() {
    let many = i64::try_from(FEW).unwrap() + 1;
    let legs: Vec<Leg> = (0..many)
        .map(|at| {
            let id = u64::try_from(at).unwrap();
            let mut leg = named(incoming(id, at * 2_000), "campaign");
            leg.callee_address = None;
            leg
        })
        .collect();
    let (told, counts) = pair(legs, Measured::default());
    assert!(told.iter().all(|one| one.others.is_empty()));
    assert_eq!(counts.left_out_by(Why::SharedByMany), FEW as u64 + 1);
    assert_eq!(counts.shared_by_many, FEW as u64 + 1);
}

#[test]
fn the_next_data_centre_belongs_to_the_same_call() {
    let name = |leg| named(leg, "a");
    let legs = [
        incoming(1, 0),
        refused(outgoing(2, 50), 503, 100),
        refused(outgoing(3, 170), 503, 100),
        outgoing(4, 290),
    ];
    assert_eq!(groups(legs.clone().map(name)), [[1, 2, 3, 4]]);
}

#[test]
fn a_route_that_failed_slowly_belongs_to_the_call_on_weak_grounds_too() {
    let legs = [
        Leg {
            decided_after: Some(4_800),
            ..incoming(1, 0)
        },
        refused(outgoing(2, 50), 503, 4_000),
        outgoing(3, 4_100),
    ];
    assert_eq!(groups(legs.clone()), [[1, 2, 3]]);
    let told = paired(legs);
    assert_eq!(told[0].by, told[2].by);
    assert!(!told[0].by.is_strong());
}

#[test]
fn an_attempt_that_may_be_another_calls_is_not_grouped() {
    let legs = [
        Leg {
            decided_after: Some(4_800),
            ..incoming(1, 0)
        },
        refused(outgoing(2, 50), 503, 4_000),
        outgoing(3, 4_100),
        refused(incoming(4, 4_050), 404, 20),
    ];
    assert!(groups(legs).is_empty());
}

#[test]
fn two_calls_at_once_are_no_attempts_of_one() {
    let value = |leg| marked(leg, Kind::UserToUser, "agent 7 of campaign 9");
    let legs = [incoming(1, 0), outgoing(2, 50), outgoing(3, 60)];
    assert_eq!(why(legs.map(value)), [Some(Why::EqualStanding); 3]);
}

#[test]
fn a_call_tried_everywhere_at_once_is_one_where_a_name_says_so() {
    let name = |leg| named(leg, "a");
    let legs = [
        incoming(1, 0),
        refused(outgoing(2, 50), 487, 450),
        outgoing(3, 60),
    ];
    assert_eq!(groups(legs.map(name)), [[1, 2, 3]]);
}

#[test]
fn the_carriers_leg_of_several_is_the_one_that_was_answered() {
    let name = |leg| named(leg, "a");
    let legs = [
        leg(1, TEAMS, SBC, 0),
        refused(leg(2, SBC, CARRIER, 50), 503, 100),
        leg(3, SBC, CARRIER, 200),
    ];
    let told = paired(legs.map(name));
    assert!(told.iter().all(|one| one.carrier_leg == Some(LegId(3))));
}

#[test]
fn one_call_has_one_result() {
    let legs = [incoming(1, 0), refused(outgoing(2, 50), 486, 480)];
    assert!(groups(legs).is_empty());
    let longer = Leg {
        talked: Some(90_000),
        ..outgoing(2, 50)
    };
    assert!(groups([incoming(1, 0), longer]).is_empty());
}

#[test]
fn two_clocks_that_nothing_compares_are_said_to_be_unknown() {
    let other = Leg {
        tap: 1,
        ..outgoing(2, 1_750)
    };
    assert_eq!(why([incoming(1, 0), other]), [Some(Why::ClockUnknown); 2]);
}

#[test]
fn a_pair_on_strong_grounds_shows_the_clocks_to_one_on_weak_grounds() {
    let far = |leg| Leg { tap: 1, ..leg };
    let legs = [
        named(incoming(1, 0), "a"),
        far(named(outgoing(2, 1_750), "a")),
        incoming(3, 30_000),
        far(outgoing(4, 31_740)),
    ];
    assert_eq!(groups(legs), [[1, 2], [3, 4]]);
}

#[test]
fn legs_too_far_apart_share_a_value_by_chance() {
    let legs = [named(incoming(1, 0), "a"), named(outgoing(2, 61_000), "a")];
    assert!(groups(legs).is_empty());
}

#[test]
fn what_a_later_call_may_use_again_pairs_within_seconds_only() {
    let media = |leg| marked(leg, Kind::Media, "198.51.100.9:40000");
    let at = |start| [incoming(1, 0), refused(outgoing(2, start), 486, 90)].map(media);
    assert_eq!(groups(at(900)), [[1, 2]]);
    assert!(groups(at(11_000)).is_empty());
}

#[test]
fn legs_are_told_and_forgotten_while_others_are_fed() {
    let mut pairing = Pairing::new(Measured::default());
    let mut told = Vec::new();
    let seconds = HELD.0 / 1_000_000_000;
    for at in 0..2 * seconds {
        let id = u64::try_from(at).unwrap();
        let mut leg = incoming(id, at * 1_000);
        leg.callee = Number::read(format!("+4940{at:07}").as_bytes(), &Numbering::default());
        pairing.feed(leg, &mut told);
    }
    assert!(told.len() > usize::try_from(seconds).unwrap());
    let counts = pairing.finish(&mut told);
    assert_eq!(counts.legs, u64::try_from(2 * seconds).unwrap());
    assert_eq!(told.len() as u64, counts.legs);
}

#[test]
fn many_calls_of_one_pair_of_numbers_at_once_are_not_told_apart() {
    let legs: Vec<Leg> = (0..200).map(|at| incoming(at, 0)).collect();
    assert!(groups(legs).is_empty());
}

#[test]
fn a_leg_without_its_invite_is_not_paired_on_weak_grounds() {
    let late = Leg {
        has_invite: false,
        ..outgoing(2, 50)
    };
    assert!(groups([incoming(1, 0), late]).is_empty());
}
