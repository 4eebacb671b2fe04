//! Makes the sample captures, the same byte for byte whenever it is run.
//!
//! ```text
//! cargo run --example make-captures -- captures                  writes them
//! cargo run --example make-captures -- captures --check          compares them; status 1 where one differs
//! cargo run --example make-captures -- --ladder FILE.txt FOLDER  makes the captures of one ladder, to look at in Wireshark
//! ```

#![expect(
    clippy::disallowed_methods,
    reason = "this program writes files and is no part of sip488"
)]
#![expect(
    clippy::print_stderr,
    reason = "this program tells its user which sample differs"
)]

#[path = "../tests/support/mod.rs"]
mod support;

mod pstn_report;
mod two_carriers;
mod two_carriers_plan;

use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;

use support::generator::Generator;
use support::ladder::Ladder;
use support::ladder::MORNING;

/// Monday, 2 March 2026, 22:00:00 UTC.
const NIGHT: u64 = MORNING + 13 * 3_600_000_000_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["--ladder", text, folder] => {
            let text = std::fs::read_to_string(text).expect("the ladder is a text file");
            write(Path::new(folder), &captures(&text, "", MORNING));
            ExitCode::SUCCESS
        }
        [folder] => {
            write(Path::new(folder), &samples());
            ExitCode::SUCCESS
        }
        [folder, "--check"] => check(Path::new(folder), &samples()),
        _ => {
            eprintln!("usage: make-captures FOLDER [--check] | --ladder FILE.txt FOLDER");
            ExitCode::from(2)
        }
    }
}

/// A capture file: where it goes, and its bytes.
type Sample = (PathBuf, Vec<u8>);

fn write(folder: &Path, samples: &[Sample]) {
    for (path, bytes) in samples {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().expect("a file is in a folder"))
            .expect("the folder can be made");
        std::fs::write(&path, bytes).expect("the sample can be written");
    }
}

fn check(folder: &Path, samples: &[Sample]) -> ExitCode {
    let differing: Vec<&Sample> = samples
        .iter()
        .filter(|(path, bytes)| std::fs::read(folder.join(path)).ok().as_ref() != Some(bytes))
        .collect();
    for (path, _) in &differing {
        eprintln!("{} is missing or differs", folder.join(path).display());
    }
    ExitCode::from(u8::from(!differing.is_empty()))
}

/// The captures of a ladder, under `stem` where it has one, else under the names that the ladder gives.
fn captures(ladder: &str, stem: &str, start: u64) -> Vec<Sample> {
    let played = Ladder::play(ladder, start);
    let bytes = played.render();
    let names = played.files.iter().map(|name| {
        if stem.is_empty() {
            return PathBuf::from(name);
        }
        let ending = Path::new(name)
            .extension()
            .expect("a capture has an ending")
            .to_string_lossy()
            .into_owned();
        PathBuf::from(format!("{stem}.{ending}"))
    });
    names.zip(bytes).collect()
}

fn samples() -> Vec<Sample> {
    // One after the other, so that they can be analysed together.
    let mut starts = (0..).map(|place| MORNING + place * 600_000_000_000);
    let mut start = || starts.next().expect("there is always a later time");
    let mut samples = Vec::new();
    for (case, ladder) in [
        ("cannot-support-any-media", CODEC),
        ("srtp-encryption-required", SRTP),
        ("no-ice-candidates", ICE),
        ("blackhole-media", BLACKHOLE),
    ] {
        for (transport, settings) in [
            ("udp", "format pcap\nmtu 1500\n"),
            ("tcp", "format pcapng\ntransport tcp\nmss 1348\n"),
            ("vlan", "format pcap-ns\nlink vlan 120\nmtu 1500\n"),
        ] {
            let ladder = format!(
                "{settings}{}",
                ladder.replace("call ", &format!("call {transport}-"))
            );
            let stem = format!("cases/{case}.{transport}");
            samples.extend(captures(&ladder, &stem, start()));
        }
    }
    for (stem, ladder) in [
        ("verdicts", VERDICTS),
        ("re-invite-refused", RE_INVITE),
        ("sbc-refuses-teams", SBC_REFUSES),
        ("carrier-refuses", CARRIER_REFUSES),
        ("cut-by-snap-length", CUT),
    ] {
        samples.extend(captures(ladder, stem, start()));
    }
    let wrapped = support::wrapped::samples(SRTP, start);
    samples.extend(
        wrapped
            .into_iter()
            .map(|(name, bytes)| (Path::new("wrapped").join(name), bytes)),
    );
    samples.extend(captures(&night(), "", NIGHT));
    samples.extend(two_carriers::samples());
    samples
}

const CODEC: &str = r"
offer amr = good
  drop a=rtpmap
  drop a=fmtp
  replace RTP/SAVP 8 0 9 18 101 13 => RTP/SAVP 96 97 101
  add a=rtpmap:96 AMR-WB/16000
  add a=fmtp:96 mode-set=0,1,2; mode-change-capability=2
  add a=rtpmap:97 AMR/8000
  add a=fmtp:97 mode-set=7; octet-align=1
  add a=rtpmap:101 telephone-event/8000
  add a=fmtp:101 0-15
call codec from=+493023125417 to=+12025550142
sbc > teams  INVITE  with amr
teams > sbc  100
wait 0.2
teams > sbc  488  reason=codec
sbc > teams  ACK
";

const SRTP: &str = r"
offer unencrypted = good
  drop a=crypto
  replace RTP/SAVP => RTP/AVP
call srtp from=+442079460123 to=+12025550119
sbc > teams  INVITE  with unencrypted
teams > sbc  100
wait 0.2
teams > sbc  488  reason=srtp
sbc > teams  ACK
";

const ICE: &str = r"
call ice from=+493023125999 to=+12025550177
sbc > teams  INVITE  with ribbon
  + X-MS-UserLocation: external
teams > sbc  100
wait 0.2
teams > sbc  488  reason=ice
sbc > teams  ACK
";

const BLACKHOLE: &str = r"
offer held = good
  replace c=IN $IP => c=IN IP4 0.0.0.0
call blackhole from=+493023125222 to=+12025550188
sbc > teams  INVITE  with held
teams > sbc  100
wait 0.2
teams > sbc  488  reason=blackhole
sbc > teams  ACK
";

/// One confirmed, one contradicted, one inferred, one undocumented.
const VERDICTS: &str = r#"
format pcapng
mtu 1500
offer amr = good
  drop a=rtpmap
  drop a=fmtp
  replace RTP/SAVP 8 0 9 18 101 13 => RTP/SAVP 96 101
  add a=rtpmap:96 AMR/8000
  add a=rtpmap:101 telephone-event/8000
offer unencrypted = ice
  drop a=crypto
  replace RTP/SAVP => RTP/AVP
offer clash = ice
  replace RTP/SAVP 8 0 9 18 101 13 => RTP/SAVP 8 0 104 101 104
  add a=rtpmap:104 SILK/16000
  add a=rtpmap:104 AMR-WB/16000

call confirmed from=+493023125401 to=+12025550101
sbc > teams  INVITE  with amr
teams > sbc  100
teams > sbc  488  reason=codec
sbc > teams  ACK

wait 5
call contradicted from=+493023125402 to=+12025550102
sbc > teams  INVITE  with good
teams > sbc  100
teams > sbc  488  reason=srtp
sbc > teams  ACK

wait 5
call inferred from=+493023125403 to=+12025550103
sbc > teams  INVITE  with unencrypted
teams > sbc  100
teams > sbc  488
sbc > teams  ACK

wait 5
call undocumented from=+493023125404 to=+12025550104
sbc > teams  INVITE  with clash
teams > sbc  100
teams > sbc  488
  + REASON: Q.850;cause=88;text="$GUID;Duplicated payload type in SDP offer"
sbc > teams  ACK
"#;

/// The call survives: the refusal of a re-INVITE leaves the session as it was (RFC 3261 §14.1).
const RE_INVITE: &str = r"
mtu 1500
offer video = good
  add m=video 6300 RTP/SAVP 122
  add c=IN IP4 0.0.0.0
  add a=rtpmap:122 H264/90000
  add a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:$KEY|2^31
call re-invite from=+493023125417 to=+12025550142
sbc > teams  INVITE  with good
teams > sbc  100
wait 0.4
teams > sbc  180
wait 3
teams > sbc  200  with teams-answer
sbc > teams  ACK
sbc > teams  rtp 4
teams > sbc  rtp 4
wait 20
sbc > teams  INVITE  with video
teams > sbc  100
teams > sbc  488  reason=blackhole
sbc > teams  ACK
sbc > teams  rtp 4
wait 30
teams > sbc  BYE
sbc > teams  200  BYE
";

const SBC_REFUSES: &str = r#"
mtu 1500
call sbc-refuses from=+12025550142 to=+493023125417
teams > sbc  INVITE  with teams
sbc > teams  100
wait 0.1
sbc > teams  488
  + Reason: Q.850;cause=88;text="INCOMPATIBLE_DESTINATION"
teams > sbc  ACK
"#;

/// The SBC talks to Teams first, so that its address is known for what it is.
const CARRIER_REFUSES: &str = r#"
mtu 1500
party sbc-to-carrier 192.0.2.10:5060 host=192.0.2.10
call leg-with-teams from=+12025550142 to=+493023125417
teams > sbc  INVITE  with teams
sbc > teams  100
call leg-with-carrier from=+12025550142 to=+493023125417
sbc-to-carrier > carrier  INVITE  with plain
carrier > sbc-to-carrier  100
wait 0.3
carrier > sbc-to-carrier  488
  + Warning: 305 198.51.100.20 "Incompatible media format"
sbc-to-carrier > carrier  ACK
call leg-with-teams
sbc > teams  503
teams > sbc  ACK
"#;

const CUT: &str = r"
snaplen 768
call cut from=+493023125417 to=+12025550142
sbc > teams  INVITE  with good
teams > sbc  100
teams > sbc  488
sbc > teams  ACK
";

/// Two trunks from ten to midnight, in a ring of four files of half an hour.
fn night() -> String {
    let mut chance = Generator::named("night");
    let mut lines: Vec<(u64, String)> = Vec::new();
    for file in 1..=4_u64 {
        let begin = (file - 1) * 1_800_000;
        let hour = 22 + (file - 1) / 2;
        let half = (file - 1) % 2 * 30;
        lines.push((
            begin,
            format!("file night/ring_{file:05}_20260302{hour:02}{half:02}00.pcapng"),
        ));
    }
    for number in 0..120_u64 {
        // Some 58 seconds apart, and none in the last two minutes.
        let begin = number * 58_000 + chance.between(200, 50_000);
        let trunk = if chance.between(0, 10) < 5 {
            Trunk::Frankfurt
        } else {
            Trunk::Amsterdam
        };
        night_call(number, begin, trunk, &mut chance, &mut lines);
    }
    lines.sort_by_key(|(time, _)| *time);
    let mut text = NIGHT_SETTINGS.to_owned();
    for (time, line) in lines {
        let moment = format!(
            "at {}.{:03}
",
            time / 1_000,
            time % 1_000
        );
        text.extend([
            moment,
            line,
            "
"
            .to_owned(),
        ]);
    }
    text
}

const NIGHT_SETTINGS: &str = "
format pcapng
mtu 1500
party sbc 192.0.2.10:5061 host=sbc-fra.contoso.example like=audiocodes
party ams 192.0.2.20:5061 host=sbc-ams.contoso.example like=ribbon
party teams 52.114.75.24:5061 host=sip.pstnhub.microsoft.com like=teams
party fra-inside 192.0.2.10:5060 host=192.0.2.10 like=audiocodes
party carrier 198.51.100.20:5060 host=198.51.100.20 like=carrier
offer unencrypted = good
  drop a=crypto
  replace RTP/SAVP => RTP/AVP
offer held = good
  replace c=IN $IP => c=IN IP4 0.0.0.0
offer compressed = good
  drop a=rtpmap:8
  drop a=rtpmap:0
  drop a=rtpmap:9
  drop a=rtpmap:18
  drop a=fmtp:18
  replace RTP/SAVP 8 0 9 18 101 13 => RTP/SAVP 96 101 13
  add a=rtpmap:96 AMR-WB/16000
";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Trunk {
    Frankfurt,
    Amsterdam,
}

/// Adds the messages of one call, each with its time in milliseconds.
fn night_call(
    number: u64,
    begin: u64,
    trunk: Trunk,
    chance: &mut Generator,
    lines: &mut Vec<(u64, String)>,
) {
    let sbc = if trunk == Trunk::Frankfurt {
        "sbc"
    } else {
        "ams"
    };
    let good = if trunk == Trunk::Frankfurt {
        "good"
    } else {
        "ribbon"
    };
    let (abroad, at_home) = (chance.between(100, 1_000), chance.between(0, 100));
    let outward = chance.between(0, 10) < 3;
    let numbers = if outward {
        format!("from=+120255501{at_home:02} to=+493023125{abroad}")
    } else {
        format!("from=+493023125{abroad} to=+120255501{at_home:02}")
    };
    let name = format!("night-{number}");
    let mut time = begin;
    let mut say = |after: u64, line: &str| {
        time += after;
        lines.push((time, format!("call {name} {numbers}\n{line}")));
    };
    let fate = chance.between(0, 100);
    if number == 77 {
        say(0, "ams > teams  INVITE  with ribbon");
        say(30, "teams > ams  100");
        say(180, "teams > ams  488  reason=ice");
        say(25, "ams > teams  ACK");
        return;
    }
    // The carrier profile of every fourth call to Frankfurt offers media in the clear.
    if trunk == Trunk::Frankfurt && !outward && number % 4 == 1 {
        let (offer, reason) = match number / 4 % 9 {
            3 => ("held", "blackhole"),
            5 => ("compressed", "codec"),
            _ => ("unencrypted", "srtp"),
        };
        say(0, &format!("sbc > teams  INVITE  with {offer}"));
        say(30, "teams > sbc  100");
        say(180, &format!("teams > sbc  488  reason={reason}"));
        say(25, "sbc > teams  ACK");
        return;
    }
    // On the carrier's side the first attempt is challenged.
    let challenged = trunk == Trunk::Frankfurt && outward && fate < 50;
    let (from, to, offer, answer) = match (challenged, outward) {
        (true, _) => ("fra-inside", "carrier", "plain", "plain-answer"),
        (false, true) => ("teams", sbc, "teams", "answer"),
        (false, false) => (sbc, "teams", good, "teams-answer"),
    };
    say(0, &format!("{from} > {to}  INVITE  with {offer}"));
    if challenged {
        say(40, &format!("{to} > {from}  407"));
        say(20, &format!("{from} > {to}  ACK"));
        say(
            20,
            &format!(
                "{from} > {to}  INVITE  with {offer}\n  + Proxy-Authorization: Digest username=\"contoso\", \
                 realm=\"carrier.example\", nonce=\"f3a1\", uri=\"sip:198.51.100.20\", \
                 response=\"6629fae49393a05397450978507c4ef1\""
            ),
        );
    }
    say(35, &format!("{to} > {from}  100"));
    say(400, &format!("{to} > {from}  180"));
    let patience = chance.between(2_000, 12_000);
    if fate >= 90 {
        say(patience, &format!("{from} > {to}  CANCEL"));
        say(20, &format!("{to} > {from}  200  CANCEL"));
        say(20, &format!("{to} > {from}  487  INVITE"));
        say(20, &format!("{from} > {to}  ACK"));
        return;
    }
    if fate >= 80 {
        say(
            patience,
            &format!("{to} > {from}  486\n  + Reason: Q.850;cause=17;text=\"User busy\""),
        );
        say(20, &format!("{from} > {to}  ACK"));
        return;
    }
    say(patience, &format!("{to} > {from}  200  with {answer}"));
    say(30, &format!("{from} > {to}  ACK"));
    say(40, &format!("{from} > {to}  rtp 2"));
    say(60, &format!("{to} > {from}  rtp 2"));
    let (first, second) = if chance.between(0, 2) == 0 {
        (from, to)
    } else {
        (to, from)
    };
    say(
        chance.between(15_000, 400_000),
        &format!("{first} > {second}  BYE"),
    );
    say(30, &format!("{second} > {first}  200  BYE"));
}
