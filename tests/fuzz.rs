//! The fuzz targets' subjects over changed samples: a fixed number, the same in every run, without a fuzzer.
//!
//! `SIP488_FUZZ_ROUNDS` says how often each subject is tried; the gate tries more than `cargo test` does by itself. A
//! subject that fails leaves its input in a file, which is one more seed.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "a test that can not read its files has failed"
)]

#[path = "fuzz/changes.rs"]
mod changes;
#[path = "fuzz/seeds.rs"]
mod seeds;
#[path = "fuzz/subjects/mod.rs"]
mod subjects;
mod support;

use std::panic::catch_unwind;
use std::path::Path;
use std::time::Duration;
use std::time::Instant;

use changes::Changes;
use subjects::SUBJECTS;
use subjects::Subject;

/// Rounds of each subject where nothing else is asked for.
const ROUNDS: u64 = 300;

/// No input may take longer, on the slowest machine.
const LONGEST: Duration = Duration::from_secs(20);

fn rounds() -> u64 {
    std::env::var("SIP488_FUZZ_ROUNDS").map_or(ROUNDS, |rounds| {
        rounds.parse().expect("SIP488_FUZZ_ROUNDS is a number")
    })
}

fn try_out(subject: &Subject, input: &[u8], round: &str) {
    let begun = Instant::now();
    if catch_unwind(|| (subject.run)(input)).is_err() {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(subject.name);
        std::fs::write(&path, input).unwrap();
        let path = path.display();
        panic!("{} fails in round {round} on {path}", subject.name);
    }
    let took = begun.elapsed();
    assert!(
        took < LONGEST,
        "{} took {took:?} in round {round}",
        subject.name
    );
}

fn fuzz(name: &str) {
    let seeds = seeds::all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("captures"));
    let subject = SUBJECTS.iter().find(|one| one.name == name).unwrap();
    let seeds = &seeds[name];
    assert!(!seeds.is_empty(), "{name} has no seed");
    let few = usize::try_from(rounds()).unwrap();
    for (number, seed) in seeds.iter().take(few).enumerate() {
        try_out(subject, seed, &format!("seed {number}"));
    }
    let mut changes = Changes::of(subject, seeds);
    for round in 0..rounds() {
        try_out(subject, &changes.next(), &round.to_string());
    }
}

macro_rules! fuzz {
    ($($name:ident),*) => {
        $(#[test]
        fn $name() {
            fuzz(stringify!($name));
        })*

        #[test]
        fn every_subject_is_run_here_and_has_a_target() {
            let here = [$(stringify!($name)),*];
            let named: Vec<&str> = SUBJECTS.iter().map(|subject| subject.name).collect();
            assert_eq!(named, here);
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz");
            let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap();
            for name in named {
                let path = format!("targets/{name}.rs");
                assert!(folder.join(&path).is_file(), "{path} is missing");
                assert!(manifest.contains(&path), "Cargo.toml lacks {path}");
            }
        }
    };
}

fuzz!(
    capture,
    packet,
    defragment,
    tcp,
    sctp,
    wrapping,
    tls,
    key_log,
    sip,
    sdp,
    call,
    config,
    pstn_report,
    trunk_report,
    redact,
    night
);
