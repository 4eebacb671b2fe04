//! Outputs that can't be written: a full disk, a folder that vanishes, a standard output that is full or closed.

use std::fs;
use std::io::Write;
use std::process::Command;
use std::process::Output;

use super::LADDER;
use super::assert_nothing_half;
use super::busy;
use super::capture;
use super::make_pipe;
use super::place::Place;
use super::place::code;
use super::place::err;
use super::place::out;
use super::place::rows;

/// Runs a line of shell in the folder; `$SIP488` is the program.
fn shell(place: &Place, line: &str) -> Output {
    Command::new("bash")
        .args(["-c", line])
        .current_dir(place.path(""))
        .env("SIP488", assert_cmd::cargo::cargo_bin("sip488"))
        .output()
        .expect("bash runs")
}

#[test]
fn a_file_that_outgrows_the_disk_is_status_2_and_leaves_the_old_one() {
    let place = Place::new();
    place.put("a.pcap", &capture(&busy(60)));
    place.put("calls.csv", b"yesterday's");
    // No more than 8 KiB in a file, as a full disk would have it; the program is told by an error, not by a signal.
    let output = shell(
        &place,
        "trap '' XFSZ; ulimit -f 8; $SIP488 analyze -q a.pcap -o calls.csv",
    );
    assert_eq!(code(&output), Some(2), "{}", err(&output));
    assert!(
        err(&output).contains("calls.csv: can't be written whole"),
        "{}",
        err(&output)
    );
    assert!(
        err(&output).contains("is the disk full?"),
        "{}",
        err(&output)
    );
    assert_eq!(place.read("calls.csv"), "yesterday's");
    assert_nothing_half(&place.path(""));
}

#[test]
fn where_one_output_finds_no_room_none_is_replaced() {
    let place = Place::new();
    place.put("a.pcap", &capture(&busy(60)));
    place.put("trunks.csv", b"yesterday's");
    let output = shell(
        &place,
        "trap '' XFSZ; ulimit -f 8; $SIP488 analyze -q a.pcap -o calls.csv --trunk-report trunks.csv",
    );
    assert_eq!(code(&output), Some(2), "{}", err(&output));
    assert_eq!(place.read("trunks.csv"), "yesterday's");
    assert_eq!(place.names(), ["a.pcap", "trunks.csv"]);
}

#[test]
fn a_full_file_system_is_status_2_and_leaves_nothing() {
    let place = Place::new();
    place.put("a.pcap", &capture(&busy(200)));
    fs::create_dir(place.path("small")).expect("a folder");
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=32k", "tmpfs"])
        .arg(place.path("small"))
        .output();
    if !mounted.is_ok_and(|mounted| mounted.status.success()) {
        println!("skipped: file systems can't be mounted here");
        return;
    }
    let output = place.run(&["analyze", "-q", "a.pcap", "-o", "small/calls.csv"]);
    let left = fs::read_dir(place.path("small"))
        .expect("the folder")
        .count();
    let unmounted = Command::new("umount").arg(place.path("small")).status();
    assert!(unmounted.expect("umount runs").success());
    assert_eq!(code(&output), Some(2), "{}", err(&output));
    assert!(err(&output).contains("small/calls.csv"), "{}", err(&output));
    assert!(err(&output).contains("No space left"), "{}", err(&output));
    assert_eq!(left, 0);
}

#[test]
fn a_full_device_is_named() {
    let place = Place::new();
    place.put("a.pcap", &capture(LADDER));
    let output = place.run(&["analyze", "-q", "a.pcap", "-o", "/dev/full"]);
    assert_eq!(code(&output), Some(2));
    assert!(
        err(&output).contains("/dev/full: can't be written whole"),
        "{}",
        err(&output)
    );
}

#[test]
fn a_full_standard_output_is_status_2_and_replaces_no_other_output() {
    let place = Place::new();
    place.put("a.pcap", &capture(LADDER));
    let output = shell(
        &place,
        "$SIP488 analyze -q a.pcap --summary s.json >/dev/full",
    );
    assert_eq!(code(&output), Some(2));
    assert!(err(&output).contains("standard output"), "{}", err(&output));
    assert!(err(&output).contains("No space left"), "{}", err(&output));
    assert_eq!(place.names(), ["a.pcap"]);
}

#[test]
fn a_closed_standard_output_harms_no_file() {
    let place = Place::new();
    place.put("a.pcap", &capture(&busy(60)));
    let expected = place.run(&["analyze", "-q", "a.pcap", "--rejections", "expected.csv"]);
    assert_eq!(code(&expected), Some(0));
    let output = shell(
        &place,
        "$SIP488 analyze -q a.pcap --rejections found.csv >&-",
    );
    assert_eq!(code(&output), Some(0), "{}", err(&output));
    assert_eq!(place.read("found.csv"), place.read("expected.csv"));
}

#[test]
fn a_folder_for_temporary_files_that_is_not_there_is_named() {
    let place = Place::new();
    place.put("a.pcap", &capture(&busy(1)));
    // Only rows that don't fit in memory go there: for these few it is not asked for.
    let output = shell(&place, "TMPDIR=/nowhere $SIP488 analyze -q a.pcap");
    assert_eq!((code(&output), rows(&out(&output))), (Some(0), 3));
}

#[test]
fn no_room_for_rows_that_go_through_temporary_files_is_status_2() {
    let place = Place::new();
    place.put("a.pcap", &capture(&busy(9_000)));
    let output = shell(
        &place,
        "TMPDIR=/nowhere $SIP488 analyze -q a.pcap -o calls.csv",
    );
    assert_eq!(code(&output), Some(2), "{}", err(&output));
    assert!(err(&output).contains("/nowhere"), "{}", err(&output));
    let output = shell(
        &place,
        "trap '' XFSZ; ulimit -f 64; $SIP488 analyze -q a.pcap -o calls.csv",
    );
    assert_eq!(code(&output), Some(2), "{}", err(&output));
    assert!(err(&output).contains("temporary"), "{}", err(&output));
    assert_eq!(place.names(), ["a.pcap"]);
}

#[test]
fn an_output_folder_that_vanishes_during_the_run_is_status_2() {
    let place = Place::new();
    make_pipe(&place, "in");
    fs::create_dir(place.path("out")).expect("a folder");
    let child = place
        .command(&["analyze", "-q", "in", "-o", "out/calls.csv"])
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the program starts");
    // Opening waits for the program, which has tried its outputs by then.
    let mut pipe = fs::OpenOptions::new()
        .write(true)
        .open(place.path("in"))
        .expect("the pipe");
    fs::remove_dir_all(place.path("out")).expect("it was there");
    pipe.write_all(&capture(LADDER)).expect("it is read");
    drop(pipe);
    let output = child.wait_with_output().expect("the program ends");
    assert_eq!(code(&output), Some(2), "{}", err(&output));
    assert!(err(&output).contains("out/calls.csv"), "{}", err(&output));
    assert!(
        err(&output).contains("its folder must exist"),
        "{}",
        err(&output)
    );
}

#[test]
fn two_runs_to_one_output_leave_one_of_the_two_whole() {
    let place = Place::new();
    place.put("a.pcap", &capture(&busy(300)));
    place.put("b.pcap", &capture(LADDER));
    let of = |name| out(&place.run(&["analyze", "-q", name]));
    let results = [of("a.pcap"), of("b.pcap")];
    for _ in 0..10 {
        let start = |name| {
            let mut command = place.command(&["analyze", "-q", name, "-o", "calls.csv"]);
            command.spawn().expect("the program starts")
        };
        let runs = ["a.pcap", "b.pcap"].map(start);
        for mut run in runs {
            assert_eq!(run.wait().expect("it ends").code(), Some(0));
        }
        assert!(results.contains(&place.read("calls.csv")));
        assert_eq!(place.names(), ["a.pcap", "b.pcap", "calls.csv"]);
    }
}
