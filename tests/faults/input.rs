//! Inputs that change or stall while they are read.

use std::fs;
use std::fs::File;
use std::io::Write;
use std::process::Child;
use std::process::Output;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use super::LADDER;
use super::busy;
use super::capture;
use super::make_pipe;
use super::place::Place;
use super::place::code;
use super::place::err;
use super::place::file_status;
use super::place::out;
use super::place::rows;

/// A run that has looked at `other.pcap` and waits for the pipe `in`.
fn waiting(place: &Place) -> (Child, File) {
    make_pipe(place, "in");
    let child = place
        .command(&["analyze", "-q", "other.pcap", "in", "--summary", "s.json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let pipe = fs::OpenOptions::new().write(true).open(place.path("in"));
    (child, pipe.expect("the pipe"))
}

fn finish(child: Child, mut pipe: File) -> Output {
    pipe.write_all(&capture(LADDER)).expect("it is read");
    drop(pipe);
    child.wait_with_output().expect("the program ends")
}

/// Another capture: other calls.
fn other() -> Vec<u8> {
    capture(&busy(40))
}

#[test]
fn an_input_that_vanishes_during_the_run_costs_its_own_rows() {
    let place = Place::new();
    place.put("other.pcap", &other());
    let (child, pipe) = waiting(&place);
    fs::remove_file(place.path("other.pcap")).expect("it was there");
    let output = finish(child, pipe);
    assert_eq!(code(&output), Some(1), "{}", err(&output));
    assert_eq!(rows(&out(&output)), 2);
    assert_eq!(
        file_status(&place, "s.json", "other.pcap").as_deref(),
        Some("unreadable")
    );
    assert_eq!(file_status(&place, "s.json", "in").as_deref(), Some("ok"));
}

#[test]
fn an_input_that_is_cut_during_the_run_costs_what_was_cut() {
    let place = Place::new();
    let whole = other();
    place.put("other.pcap", &whole);
    let (child, pipe) = waiting(&place);
    let file = fs::OpenOptions::new()
        .write(true)
        .open(place.path("other.pcap"))
        .expect("it is there");
    file.set_len(whole.len() as u64 / 2).expect("it is cut");
    let output = finish(child, pipe);
    assert_eq!(code(&output), Some(1), "{}", err(&output));
    assert!(
        (3..42).contains(&rows(&out(&output))),
        "{}",
        rows(&out(&output))
    );
    assert_eq!(
        file_status(&place, "s.json", "other.pcap").as_deref(),
        Some("partial")
    );
}

#[test]
fn an_input_that_grows_during_the_run_is_read_as_far_as_it_went() {
    let place = Place::new();
    let whole = other();
    place.put("other.pcap", &whole[..whole.len() / 2]);
    let (child, pipe) = waiting(&place);
    place.put("other.pcap", &whole);
    let output = finish(child, pipe);
    // Where the first half ended in the middle of a record, what follows completes it or is the damage of a cut file.
    assert!(matches!(code(&output), Some(0 | 1)), "{}", err(&output));
    assert!(
        (20..=43).contains(&rows(&out(&output))),
        "{}",
        rows(&out(&output))
    );
}

#[test]
fn a_pipe_that_stalls_is_waited_for() {
    let place = Place::new();
    let bytes = other();
    let mut child = place
        .command(&["analyze", "-q", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut input = child.stdin.take().expect("a pipe");
    for part in bytes.chunks(bytes.len() / 3) {
        input.write_all(part).expect("it is read");
        thread::sleep(Duration::from_millis(150));
    }
    drop(input);
    let output = child.wait_with_output().expect("the program ends");
    assert_eq!((code(&output), rows(&out(&output))), (Some(0), 42));
}

#[test]
fn a_pipe_that_ends_in_a_record_is_partial() {
    let place = Place::new();
    let bytes = other();
    let mut child = place
        .command(&["analyze", "-q", "-", "--summary", "s.json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut input = child.stdin.take().expect("a pipe");
    input
        .write_all(&bytes[..bytes.len() - 7])
        .expect("it is read");
    thread::sleep(Duration::from_millis(100));
    drop(input);
    let output = child.wait_with_output().expect("the program ends");
    assert_eq!((code(&output), rows(&out(&output))), (Some(1), 42));
    assert_eq!(
        file_status(&place, "s.json", "-").as_deref(),
        Some("partial")
    );
}
