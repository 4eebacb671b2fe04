//! Calls → rows → CSV.

use divan::Bencher;
use divan::counter::BytesCount;
use divan::counter::ItemsCount;
use sip488::pipeline::settle::Settlement;
use sip488::report::columns::Print;
use sip488::report::columns::calls;
use sip488::report::csv::Table;
use sip488::report::dialect::Dialect;
use sip488::report::ladder::Ladders;
use sip488::report::row::Row;
use sip488::report::rows::Surroundings;
use sip488::report::rows::rows_of;
use sip488::report::time::Zone;
use sip488::trunk::Config;
use sip488::trunk::SbcAddresses;
use sip488::trunk::Teams;
use sip488::trunk::TrunkHistory;

use crate::call::CALLS;
use crate::call::gathered;

/// One row for each call.
fn rows<'a>(gathered: &'a [sip488::call::Gathered], with: Surroundings<'a>) -> Vec<Row<'a>> {
    let calls = gathered.iter().flat_map(sip488::call::Gathered::calls);
    let rows = calls.filter_map(|call| rows_of(&call, with, false));
    rows.map(|rows| rows.call).collect()
}

fn paths() -> [String; 1] {
    ["night/ring_00001_20260302220000.pcapng".to_owned()]
}

/// With what comes before it: a row is made when its call is found.
#[divan::bench]
fn find_calls_and_tell_them_as_rows(bencher: Bencher<'_, '_>) {
    let (gathered, config, paths) = (gathered(), Config::default(), paths());
    let teams = Teams::new(&config);
    let with = Surroundings {
        teams: &teams,
        config: &config,
        numbers: None,
        tells_trunk_groups: false,
        ladders: &Ladders::None,
        tells_named: false,
        paths: &paths,
    };
    assert_eq!(rows(&gathered, with).len(), CALLS);
    bencher
        .counter(ItemsCount::new(CALLS))
        .bench_local(|| rows(&gathered, with));
}

#[divan::bench]
fn write_rows_as_csv(bencher: Bencher<'_, '_>) {
    let (config, paths, zone) = (Config::default(), paths(), Zone::default());
    let teams = Teams::new(&config);
    let with = Surroundings {
        teams: &teams,
        config: &config,
        numbers: None,
        tells_trunk_groups: false,
        ladders: &Ladders::None,
        tells_named: false,
        paths: &paths,
    };
    let gathered = gathered();
    let mut rows = rows(&gathered, with);
    let settlement = Settlement {
        pstn_report: None,
        sbc: SbcAddresses::new(&config),
        history: TrunkHistory::default(),
        config: config.clone(),
    };
    for row in &mut rows {
        settlement.settle(row);
    }
    let print = Print {
        zone: &zone,
        paths: &paths,
        dialect: Dialect::default(),
    };
    let columns = calls::columns();
    let write = || {
        let mut out = Vec::new();
        let mut table = Table::begin(&columns, print, &mut out).expect("memory takes everything");
        for row in &rows {
            table.row(row).expect("memory takes everything");
        }
        table.finish().expect("memory takes everything");
        out
    };
    bencher
        .counter(BytesCount::new(write().len()))
        .counter(ItemsCount::new(rows.len()))
        .bench_local(write);
}
