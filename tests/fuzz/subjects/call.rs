//! SIP messages in any order → calls → rows → CSV, read back.

use std::net::IpAddr;
use std::net::Ipv4Addr;

use sip488::call::Calls;
use sip488::call::Gathered;
use sip488::call::Glance;
use sip488::call::Sighting;
use sip488::call::Transport;
use sip488::capture::record::Frame;
use sip488::capture::record::Nanos;
use sip488::capture::record::Stamp;
use sip488::packet::Endpoint;
use sip488::pipeline::settle::Settlement;
use sip488::report::columns::Column;
use sip488::report::columns::Print;
use sip488::report::columns::calls;
use sip488::report::csv::Table;
use sip488::report::dialect::Dialect;
use sip488::report::ladder::Ladders;
use sip488::report::row::Row;
use sip488::report::rows::Surroundings;
use sip488::report::rows::rows_of;
use sip488::report::time::Zone;
use sip488::sip::Outline;
use sip488::trunk::Config;
use sip488::trunk::SbcAddresses;
use sip488::trunk::Teams;
use sip488::trunk::TrunkHistory;

use super::Subject;
use super::script::Script;
use super::script::counted;
use super::sip;

pub(crate) const SUBJECT: Subject = Subject {
    name: "call",
    dictionary: sip::WORDS,
    longest: 32 << 10,
    run,
};

/// Each step: who sends, whether the message was cut, how much time passes, and the message.
fn run(bytes: &[u8]) {
    let mut script = Script::new(bytes);
    let (mut open, mut closed) = (Calls::default(), Vec::new());
    let (mut time, mut number) = (0, 0);
    while let Some(kind) = script.byte() {
        // One step in two goes back, as clocks do.
        let passed = i64::from(script.byte().unwrap_or_default());
        time += if kind & 8 == 0 { passed } else { -passed } * 200_000_000;
        number += 1;
        let payload = script.counted();
        let Some(outline) = Outline::of_datagram(payload, kind & 4 != 0) else {
            continue;
        };
        let sighting = sighting(&outline, kind, time, number);
        let glance = Glance::of(&outline);
        open.feed(
            glance.call_id(outline.bytes),
            &sighting,
            &glance,
            &mut closed,
        );
        if kind & 16 != 0 {
            open.expire(Nanos(time), &mut closed);
        }
    }
    open.finish(&mut closed);
    for gathered in &mut closed {
        open.unpack(gathered);
    }
    tell(&closed);
}

fn sighting<'a>(outline: &Outline<'a>, kind: u8, time: i64, number: u64) -> Sighting<'a> {
    let end = |address: [u8; 4]| Endpoint {
        address: IpAddr::V4(Ipv4Addr::from(address)),
        port: 5_061,
    };
    let (sbc, teams) = (end([192, 0, 2, 10]), end([52, 114, 76, 76]));
    let (from, to) = if kind & 1 == 0 {
        (sbc, teams)
    } else {
        (teams, sbc)
    };
    Sighting {
        bytes: outline.bytes,
        wholeness: outline.wholeness,
        at: Stamp {
            time: Nanos(time),
            frame: Frame { file: 0, number },
        },
        arrived: Nanos(time),
        from,
        to,
        transport: if kind & 2 == 0 {
            Transport::Tls
        } else {
            Transport::Udp
        },
    }
}

/// Tells all calls as both CSVs.
fn tell(closed: &[Gathered]) {
    let config = Config::default();
    let (teams, paths) = (Teams::new(&config), ["night.pcap".to_owned()]);
    let with = Surroundings {
        teams: &teams,
        config: &config,
        numbers: Some(&config.numbers),
        tells_trunk_groups: true,
        ladders: &Ladders::OfRejections,
        tells_named: true,
        paths: &paths,
    };
    let settlement = Settlement {
        pstn_report: None,
        sbc: SbcAddresses::new(&config),
        history: TrunkHistory::default(),
        config: config.clone(),
    };
    let (mut of_calls, mut of_rejections) = (Vec::new(), Vec::new());
    let all: Vec<_> = closed.iter().flat_map(Gathered::calls).collect();
    for call in &all {
        let Some(mut rows) = rows_of(call, with, false) else {
            continue;
        };
        settlement.settle(&mut rows.call);
        rows.rejections
            .iter_mut()
            .for_each(|row| settlement.settle(row));
        of_calls.push(rows.call);
        of_rejections.extend(rows.rejections);
    }
    check(&calls::columns(), &of_calls, &paths);
    check(&calls::columns(), &of_rejections, &paths);
}

/// What is written is read back: as many records, each with all cells, and none that a spreadsheet would run.
fn check<'r>(columns: &[Column<Row<'r>>], rows: &[Row<'r>], paths: &[String]) {
    let zone = Zone::default();
    let print = Print {
        zone: &zone,
        paths,
        dialect: Dialect::default(),
    };
    let mut out = Vec::new();
    let mut table = Table::begin(columns, print, &mut out).expect("memory takes everything");
    for row in rows {
        table.row(row).expect("memory takes everything");
    }
    table.finish().expect("memory takes everything");
    let mut reader = csv::Reader::from_reader(out.as_slice());
    let mut records = 0;
    for record in reader.records() {
        let record = record.expect("the CSV is UTF-8, and rows have as many cells as the header");
        records += 1;
        for cell in &record {
            assert!(
                !cell.starts_with(['=', '@', '\t', '\r']),
                "a spreadsheet runs {cell:?}"
            );
        }
    }
    assert_eq!(records, rows.len());
}

/// A conversation: who sends (true: the SBC), and what.
pub(crate) fn input<'a>(messages: impl IntoIterator<Item = (bool, &'a [u8])>) -> Vec<u8> {
    let step = |(by_sbc, message): (bool, &[u8])| {
        [&[u8::from(!by_sbc), 1][..], &counted(message)].concat()
    };
    messages.into_iter().flat_map(step).collect()
}

/// True for what the SBC of the samples sends.
pub(crate) fn is_from_sbc(message: &[u8]) -> bool {
    memchr::memmem::find(message, b"52.114.").is_none()
}
