//! Ctrl-C and SIGTERM: the run ends soon, with the status that shells know, and nothing half is left.

use std::fs;
use std::io::Write;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use super::assert_nothing_half;
use super::busy;
use super::capture;
use super::make_pipe;
use super::place::Place;
use super::place::code;
use super::place::err;

fn send(signal: &str, to: &Child) {
    let sent = Command::new("kill")
        .args(["-s", signal, &to.id().to_string()])
        .status();
    assert!(sent.expect("kill runs").success());
}

/// A run that has read half a capture from a pipe that brings no more; it is sent a signal.
fn stopped_while_it_waits(signal: &str) -> (Option<i32>, Duration) {
    let place = Place::new();
    make_pipe(&place, "in");
    place.put("calls.csv", b"yesterday's");
    let child = place
        .command(&[
            "analyze",
            "-q",
            "in",
            "-o",
            "calls.csv",
            "--summary",
            "s.json",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut pipe = fs::OpenOptions::new()
        .write(true)
        .open(place.path("in"))
        .expect("the pipe");
    let bytes = capture(&busy(20));
    pipe.write_all(&bytes[..bytes.len() / 2])
        .expect("it is read");
    let begun = Instant::now();
    send(signal, &child);
    let output = child.wait_with_output().expect("the program ends");
    assert_eq!(err(&output), "");
    assert_eq!(place.read("calls.csv"), "yesterday's");
    assert_eq!(place.names(), ["calls.csv", "in"]);
    (code(&output), begun.elapsed())
}

#[test]
fn ctrl_c_ends_a_run_that_waits_for_a_pipe_with_status_130() {
    let (status, took) = stopped_while_it_waits("INT");
    assert_eq!(status, Some(130));
    assert!(took < Duration::from_secs(20), "{took:?}");
}

#[test]
fn sigterm_ends_a_run_that_waits_for_a_pipe_with_status_143() {
    assert_eq!(stopped_while_it_waits("TERM").0, Some(143));
}

#[test]
fn a_signal_while_rows_are_written_leaves_nothing_half() {
    let place = Place::new();
    place.put("a.pcap", &capture(&busy(3_000)));
    make_pipe(&place, "out");
    let mut child = place
        .command(&[
            "analyze",
            "-q",
            "a.pcap",
            "-o",
            "out",
            "--rejections",
            "rejections.csv",
        ])
        .spawn()
        .expect("the program starts");
    // The program waits at the pipe once it has filled it: the rejections are written by then, beside their place.
    let pipe = fs::File::open(place.path("out")).expect("the pipe");
    super::until("the rejections are under way", || {
        place.names().iter().any(|name| name.contains(".part"))
    });
    send("TERM", &child);
    drop(pipe);
    assert_eq!(child.wait().expect("it ends").code(), Some(143));
    assert_nothing_half(&place.path(""));
    assert!(!place.path("rejections.csv").exists());
}
