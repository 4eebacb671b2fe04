//! What lies in a tree that is no plain file: links in circles, sockets, pipes, names in no encoding, closed folders.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::process::Command;

use super::LADDER;
use super::capture;
use super::make_pipe;
use super::place::Place;
use super::place::code;
use super::place::err;
use super::place::file_status;
use super::place::out;
use super::place::rows;

#[test]
fn links_in_circles_end_and_nothing_is_read_twice() {
    let place = Place::new();
    place.put("night/a.pcap", &capture(LADDER));
    fs::create_dir(place.path("night/deeper")).expect("a folder");
    symlink("..", place.path("night/deeper/up")).expect("a link");
    symlink("self", place.path("night/self")).expect("a link");
    symlink("a.pcap", place.path("night/b.pcap")).expect("a link");
    symlink("nowhere.pcap", place.path("night/c.pcap")).expect("a link");
    let output = place.run(&["analyze", "-q", "night"]);
    assert_eq!(rows(&out(&output)), 2, "{}", err(&output));
    assert!(matches!(code(&output), Some(0 | 1)), "{}", err(&output));
}

#[test]
fn sockets_and_pipes_in_a_folder_are_passed_over() {
    let place = Place::new();
    place.put("night/a.pcap", &capture(LADDER));
    make_pipe(&place, "night/pipe.pcap");
    let _socket = UnixListener::bind(place.path("night/socket.pcap")).expect("a socket");
    let output = place.run(&["analyze", "-q", "night"]);
    assert_eq!(
        (code(&output), rows(&out(&output))),
        (Some(0), 2),
        "{}",
        err(&output)
    );
}

#[test]
fn a_socket_that_is_named_is_told_as_no_capture() {
    let place = Place::new();
    place.put("a.pcap", &capture(LADDER));
    let _socket = UnixListener::bind(place.path("socket")).expect("a socket");
    let output = place.run(&["analyze", "-q", "a.pcap", "socket", "--summary", "s.json"]);
    assert_eq!(
        (code(&output), rows(&out(&output))),
        (Some(1), 2),
        "{}",
        err(&output)
    );
    assert_eq!(
        file_status(&place, "s.json", "socket").as_deref(),
        Some("unreadable")
    );
}

#[test]
fn a_name_in_no_encoding_is_read_and_shown_as_far_as_it_can_be() {
    let place = Place::new();
    let name = place
        .path("")
        .join(OsStr::from_bytes(b"ring-\xff\xfe\x1b[2J.pcap"));
    fs::write(&name, capture(LADDER)).expect("the file is written");
    let output = place.run(&["analyze", "."]);
    assert_eq!(
        (code(&output), rows(&out(&output))),
        (Some(0), 2),
        "{}",
        err(&output)
    );
    assert!(
        out(&output).contains("ring-\u{fffd}\u{fffd}"),
        "{}",
        out(&output)
    );
    assert!(!err(&output).contains('\x1b'), "{}", err(&output));
}

#[test]
fn a_folder_that_may_not_be_read_costs_what_is_in_it() {
    let place = Place::new();
    place.put("night/a.pcap", &capture(LADDER));
    place.put("night/closed/b.pcap", &capture(LADDER));
    place.put("night/private.pcap", &capture(LADDER));
    let close =
        |name, mode| fs::set_permissions(place.path(name), fs::Permissions::from_mode(mode));
    close("", 0o755).expect("permissions");
    close("night/private.pcap", 0o000).expect("permissions");
    close("night/closed", 0o000).expect("permissions");
    // The superuser may read everything: then somebody else runs it, from where anybody may.
    let program = place.path("sip488");
    fs::copy(assert_cmd::cargo::cargo_bin("sip488"), &program).expect("a copy");
    let mut command = Command::new(program);
    command
        .current_dir(place.path(""))
        .args(["analyze", "-q", "night"]);
    if fs::read_dir(place.path("night/closed")).is_ok() {
        command.uid(65_534).gid(65_534);
    }
    let output = command.output().expect("the program runs");
    close("night/closed", 0o755).expect("permissions");
    assert_eq!(
        (code(&output), rows(&out(&output))),
        (Some(1), 2),
        "{}",
        err(&output)
    );
}

#[test]
fn a_hundred_thousand_files_are_read_with_few_open_at_once() {
    let place = Place::new();
    let header = &capture(LADDER)[..24];
    for folder in 0..100 {
        let path = place.path(&format!("night/{folder:02}"));
        fs::create_dir_all(&path).expect("a folder");
        for file in 0..1_000 {
            fs::write(path.join(format!("{file:03}.pcap")), header).expect("a file");
        }
    }
    place.put("night/50/one.pcap", &capture(LADDER));
    let output = Command::new("bash")
        .args([
            "-c",
            "ulimit -n 64; exec $SIP488 analyze -q -j 2 night --summary s.json",
        ])
        .current_dir(place.path(""))
        .env("SIP488", assert_cmd::cargo::cargo_bin("sip488"))
        .output()
        .expect("bash runs");
    assert_eq!(
        (code(&output), rows(&out(&output))),
        (Some(0), 2),
        "{}",
        err(&output)
    );
    let summary: serde_json::Value = serde_json::from_str(&place.read("s.json")).expect("JSON");
    assert_eq!(summary["files"].as_array().map(Vec::len), Some(100_001));
}
