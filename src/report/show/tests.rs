use std::net::Ipv4Addr;

use super::Leg;
use super::Screen;
use super::page;
use crate::capture::record::Frame;
use crate::capture::record::Nanos;
use crate::packet::Endpoint;
use crate::report::closing::Style;
use crate::report::columns::Print;
use crate::report::dialect::Dialect;
use crate::report::ladder::Arrow;
use crate::report::ladder::Ladder;
use crate::report::row::Row;
use crate::report::row::Transport;
use crate::report::time::Zone;
use crate::text::Text;
use crate::trunk::party::End;

fn end(host: u8, port: u16) -> Endpoint {
    Endpoint {
        address: Ipv4Addr::new(192, 0, 2, host).into(),
        port,
    }
}

fn arrow(from: Endpoint, to: Endpoint, number: u64) -> Arrow<'static> {
    let time = Nanos::from_secs(i64::try_from(number).unwrap());
    Arrow {
        time,
        frame: Frame { file: 0, number },
        from,
        to,
        transport: Transport::Udp,
        teams: None,
        method: Text::from("INVITE"),
        status: None,
        cseq: 7,
        times: 1,
        until: time,
        is_cut: false,
        sdp: None,
        bytes: 5,
        message: Text::from("a\x1b\r\nb"),
    }
}

fn shown(arrows: Vec<Arrow<'static>>, screen: Screen) -> String {
    let call = Row {
        call_id: Text::from("id"),
        trunk: Text::from("sbc.example"),
        ladder: Some(Box::new(Ladder {
            arrows,
            ..Ladder::default()
        })),
        ..Row::default()
    };
    let zone = Zone::default();
    let print = Print {
        zone: &zone,
        paths: &["night/a.pcap".to_owned()],
        dialect: Dialect::default(),
    };
    let legs = [Leg {
        call,
        rejections: Vec::new(),
    }];
    page(&legs, &print, screen)
}

const SCREEN: Screen = Screen {
    width: 100,
    style: Style::Plain,
    is_raw: false,
};

#[test]
fn columns_are_addresses_and_have_ports_only_where_both_ends_share_one() {
    let page = shown(vec![arrow(end(1, 5060), end(2, 5061), 1)], SCREEN);
    assert!(
        page.contains("192.0.2.1 ") && !page.contains(":5060"),
        "{page}"
    );
    let page = shown(vec![arrow(end(1, 5060), end(1, 5080), 1)], SCREEN);
    assert!(
        page.contains("192.0.2.1:5060") && page.contains("192.0.2.1:5080"),
        "{page}"
    );
}

#[test]
fn teams_and_its_trunk_are_named() {
    let to_teams = Arrow {
        teams: Some(End::Receiver),
        ..arrow(end(1, 5060), end(2, 5061), 1)
    };
    let page = shown(vec![to_teams], SCREEN);
    let names = page.lines().find(|line| line.contains("Teams")).unwrap();
    assert!(names.find("sbc.example") < names.find("Teams"), "{page}");
}

#[test]
fn what_was_sent_again_is_told_from_what_a_second_tap_saw() {
    let again = |millis: i64| Arrow {
        times: 3,
        until: Nanos(1_000_000_000 + millis * 1_000_000),
        ..arrow(end(1, 5060), end(2, 5061), 1)
    };
    assert!(shown(vec![again(1500)], SCREEN).contains("x3, last +1.500 s"));
    assert!(shown(vec![again(99)], SCREEN).contains("seen 3 times"));
}

#[test]
fn no_line_is_wider_than_the_screen_however_many_ends_there_are() {
    for ends in 2..9 {
        for width in [60, 80, 100, 140] {
            let arrows = (1..ends)
                .map(|host| Arrow {
                    status: Some((488, Text::from("Not Acceptable Here, and more of that"))),
                    is_cut: true,
                    ..arrow(end(host, 5060), end(host + 1, 5060), host.into())
                })
                .collect();
            let page = shown(arrows, Screen { width, ..SCREEN });
            let widest = page.lines().map(|line| line.chars().count()).max();
            // A list has no columns to be shortened: its lines may wrap.
            let is_list = page.contains(" -> 192");
            assert!(
                is_list || widest.unwrap() <= width,
                "{ends} in {width}:\n{page}"
            );
            assert!(page.contains("Not Acceptable Here, and more"), "{page}");
        }
    }
}

#[test]
fn messages_are_lines_and_control_characters_are_visible() {
    let screen = Screen {
        is_raw: true,
        ..SCREEN
    };
    let page = shown(vec![arrow(end(1, 5060), end(2, 5061), 1)], screen);
    assert!(
        page.ends_with("message 1, 5 bytes\n  a\\u{1b}\n  b\n"),
        "{page}"
    );
}

#[test]
fn colour_is_there_only_when_asked_for() {
    let coloured = Screen {
        style: Style::Coloured,
        ..SCREEN
    };
    let arrows = || vec![arrow(end(1, 5060), end(2, 5061), 1)];
    assert!(shown(arrows(), coloured).contains('\x1b'));
    assert!(!shown(arrows(), SCREEN).contains('\x1b'));
}
