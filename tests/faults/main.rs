//! What goes wrong around a run: disks, folders, pipes, permissions, signals, clocks. Each with the exit status, what
//! is said, and that nothing half is left.
#![cfg(unix)]
#![expect(
    clippy::disallowed_methods,
    reason = "these tests write the input and read the output of the program"
)]

mod clocks;
mod input;
mod outputs;
#[path = "../support/place.rs"]
mod place;
mod signals;
#[path = "../support/mod.rs"]
mod support;
mod tree;

use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use place::Place;
use support::ladder::Ladder;
use support::ladder::MORNING;

/// A refused call and an answered one.
const LADDER: &str = "\
call refused
sbc > teams  INVITE  with good
teams > sbc  100
teams > sbc  488  reason=srtp
sbc > teams  ACK
wait 5
call answered from=+442079460123
sbc > teams  INVITE  with good
teams > sbc  200  with teams-answer
sbc > teams  ACK
wait 30
sbc > teams  BYE
teams > sbc  200  BYE
";

/// The same with many refused calls before it.
fn busy(calls: usize) -> String {
    let refused = |number| {
        format!(
            "call c{number}\nsbc > teams  INVITE  with good\nteams > sbc  488  reason=srtp\nsbc > teams  ACK\n"
        )
    };
    (0..calls).map(refused).chain([LADDER.to_owned()]).collect()
}

fn capture(ladder: &str) -> Vec<u8> {
    Ladder::play(ladder, MORNING).render().remove(0)
}

/// A named pipe.
fn make_pipe(place: &Place, name: &str) {
    let made = Command::new("mkfifo").arg(place.path(name)).status();
    assert!(made.expect("mkfifo runs").success());
}

/// Waits for what another process does.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..600 {
        if is_so() {
            return;
        }
        thread::sleep(Duration::from_millis(20));
    }
    panic!("it did not happen: {what}");
}

/// No half file, by whatever name.
fn assert_nothing_half(folder: &Path) {
    for entry in std::fs::read_dir(folder).expect("the folder") {
        let name = entry.expect("an entry").file_name();
        assert!(
            !name.to_string_lossy().contains(".part"),
            "{}",
            name.display()
        );
    }
}
