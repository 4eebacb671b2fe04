//! `sip488 compare`: two trunk reports beside each other, from outside.

#[path = "support/place.rs"]
mod place;

use std::collections::BTreeMap;

use place::Place;
use place::code;
use place::err;
use place::out;

const HEADER: &str = "trunk,calls,answered,incomplete,calls_488,cannot_support_any_media,srtp_encryption_required,no_ice_candidates,blackhole_media,undocumented,side\r\n";

const BEFORE: &str = "steady,1000,900,0,10,0,10,0,0,0,teams\r\nworse,1000,900,0,10,0,10,0,0,0,teams\r\n\
    better,1000,500,0,400,400,0,0,0,0,teams\r\nsmall,12,3,0,9,9,0,0,0,0,teams\r\ngone,50,50,0,0,0,0,0,0,0,teams\r\n\
    both,100,90,0,0,0,0,0,0,0,teams\r\nboth,100,90,0,0,0,0,0,0,0,carrier\r\n";

const AFTER: &str = "steady,1000,890,0,12,0,12,0,0,0,teams\r\nworse,1000,800,0,120,0,20,100,0,0,teams\r\n\
    better,1000,880,0,20,20,0,0,0,0,teams\r\nsmall,1000,3,0,900,900,0,0,0,0,teams\r\nnew,50,50,0,0,0,0,0,0,0,teams\r\n\
    both,100,90,0,0,0,0,0,0,0,teams\r\nboth,100,40,0,50,0,0,0,50,0,carrier\r\n";

fn place() -> Place {
    let place = Place::new();
    place.put("before.csv", format!("{HEADER}{BEFORE}").as_bytes());
    place.put("after.csv", format!("{HEADER}{AFTER}").as_bytes());
    place
}

/// The rows by trunk and side, cells by column.
fn rows(text: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names = reader.headers().expect("a header").clone();
    let row = |row: Result<csv::StringRecord, csv::Error>| {
        let row = row.expect("a row");
        let cells = names.iter().zip(row.iter());
        let cells: BTreeMap<_, _> = cells
            .map(|(name, cell)| (name.into(), cell.into()))
            .collect();
        (format!("{}/{}", &row[0], &row[1]), cells)
    };
    reader.records().map(row).collect()
}

#[test]
fn each_trunk_has_a_row_that_says_what_became_of_it() {
    let place = place();
    let output = place.run(&["compare", "before.csv", "after.csv"]);
    assert_eq!(code(&output), Some(0), "{}", err(&output));
    let rows = rows(&out(&output));
    let became: Vec<_> = rows
        .iter()
        .map(|(name, cells)| (name.as_str(), cells["became"].as_str()))
        .collect();
    assert_eq!(
        became,
        [
            ("better/teams", "better"),
            ("both/carrier", "worse"),
            ("both/teams", "same"),
            ("gone/teams", "went"),
            ("new/teams", "came"),
            ("small/teams", "few"),
            ("steady/teams", "same"),
            ("worse/teams", "worse"),
        ]
    );
    let worse = &rows["worse/teams"];
    let cell = |name: &str| worse[name].as_str();
    assert_eq!(
        [
            "rate_488_before",
            "rate_488_after",
            "rate_488_change",
            "rate_488_change_low",
            "rate_488_change_high",
            "asr_change",
            "asr_more_than_chance",
            "no_ice_candidates_before",
            "no_ice_candidates_after",
            "few",
        ]
        .map(cell),
        [
            "1.00", "12.00", "11.00", "8.95", "13.21", "-10.00", "yes", "0", "100", ""
        ]
    );
    assert_eq!(rows["small/teams"]["few"], "calls;attempts");
    assert_eq!(rows["new/teams"]["rate_488_change"], "");
    assert_eq!(rows["steady/teams"]["asr_more_than_chance"], "no");
}

#[test]
fn what_got_worse_stands_first_and_is_said() {
    let place = place();
    let output = place.run(&["compare", "before.csv", "after.csv", "-o", "moved.csv"]);
    let table = place.read("moved.csv");
    let second = table.lines().nth(1).expect("a row");
    assert!(second.starts_with("both,carrier,worse,"), "{second}");
    assert_eq!(
        err(&output),
        "  2 trunks got worse:\n      both: 488 on 0.00 % of 100 calls, then 50.00 % of 100; +50.00 points, between +39.70 and +59.62 at 95 %\n      \
         worse: 488 on 1.00 % of 1000 calls, then 12.00 % of 1000; +11.00 points, between +8.95 and +13.21 at 95 %\n  \
         1 trunk got better:\n      better: 488 on 40.00 % of 1000 calls, then 2.00 % of 1000; -38.00 points, between -41.15 and -34.82 at 95 %\n  \
         2 trunks moved no more than chance does\n  1 trunk had under 30 calls on one side and can't be judged\n  1 trunk came\n  1 trunk went\n"
    );
}

#[test]
fn a_job_can_fail_where_a_trunk_got_worse_by_more_than_it_allows() {
    let place = place();
    let status = |points| {
        let words = [
            "compare",
            "-q",
            "before.csv",
            "after.csv",
            "--fail-if-worse",
            points,
        ];
        code(&place.run(&words))
    };
    assert_eq!(
        ["0", "10", "49.9%", "50", "60"].map(status),
        [1, 1, 1, 0, 0].map(Some)
    );
    assert_eq!(status("much"), Some(2));
    let same = place.run(&[
        "compare",
        "-q",
        "before.csv",
        "before.csv",
        "--fail-if-worse",
        "0",
    ]);
    assert_eq!((code(&same), err(&same)), (Some(0), String::new()));
}

#[test]
fn what_is_no_trunk_report_is_named() {
    let place = place();
    place.put("calls.csv", b"start_time,trunk\r\n");
    let output = place.run(&["compare", "before.csv", "calls.csv", "-o", "moved.csv"]);
    assert_eq!(code(&output), Some(2));
    assert!(
        err(&output).contains("calls.csv: there is no column calls"),
        "{}",
        err(&output)
    );
    let output = place.run(&["compare", "before.csv", "nowhere.csv"]);
    assert!(err(&output).contains("nowhere.csv"), "{}", err(&output));
    assert!(!place.path("moved.csv").exists());
}

#[test]
fn it_reads_what_the_trunk_report_is() {
    let place = Place::new();
    let captures = concat!(env!("CARGO_MANIFEST_DIR"), "/captures");
    let run = place.run(&[
        "analyze",
        "-q",
        captures,
        "-o",
        "calls.csv",
        "--trunk-report",
        "trunks.csv",
    ]);
    assert_eq!(code(&run), Some(0), "{}", err(&run));
    let output = place.run(&["compare", "trunks.csv", "trunks.csv"]);
    assert_eq!(code(&output), Some(0), "{}", err(&output));
    let rows = rows(&out(&output));
    assert!(rows.len() > 3);
    assert!(
        rows.values()
            .all(|cells| ["same", "few"].contains(&cells["became"].as_str()))
    );
}
