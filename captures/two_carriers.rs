//! One night of a site with two carriers: both sides of its SBC, Microsoft's report of the night, and names for trunks.
//!
//! What happens stands in `two_carriers_plan.rs`, the report in `pstn_report.rs`. The SBC is a back-to-back user agent:
//! each call is written as two ladders, the carrier's leg into one file and the Teams leg into another, whose clock is
//! 1.7 s ahead.

use std::fmt::Write;
use std::path::PathBuf;

use super::Sample;
use super::captures;
use super::pstn_report;
use super::pstn_report::Reported;
use super::support::call::Call;
use super::support::generator::Generator;
use super::support::ladder::MORNING;
use super::two_carriers_plan::Carrier;
use super::two_carriers_plan::Fate;
use super::two_carriers_plan::Plan;
use super::two_carriers_plan::Side;
use super::two_carriers_plan::plans;

/// Tuesday, 3 March 2026, 22:00:00 UTC, in nanoseconds since 1970.
const BEGIN: u64 = MORNING + 37 * 3_600_000_000_000;
/// How far the clock of the Teams side is ahead, in nanoseconds.
const AHEAD: u64 = 1_700_000_000;
/// Between the beginnings of two calls, in milliseconds.
const APART: u64 = 140_000;

/// The four files, and where they go.
pub(crate) fn samples() -> Vec<Sample> {
    let night = Night::played();
    let mut samples = Vec::new();
    for (side, stem, start) in [
        (Side::Carrier, "two-carriers/carrier-side", BEGIN),
        (Side::Teams, "two-carriers/teams-side", BEGIN + AHEAD),
    ] {
        samples.extend(captures(&night.ladder(side), stem, start));
    }
    for (name, text) in [
        ("pstn-report.csv", pstn_report::export(&night.reported)),
        ("trunks.toml", TRUNKS.to_owned()),
    ] {
        samples.push((PathBuf::from("two-carriers").join(name), text.into_bytes()));
    }
    samples
}

const TRUNKS: &str = r#"# Names for the trunks of the two-carrier site.
#
#     sip488 analyze captures/two-carriers --config captures/two-carriers/trunks.toml -o calls.csv

[[trunk]]
name = "Carrier A"
addresses = ["203.0.113.20", "203.0.113.21"]

[[trunk]]
name = "Carrier B"
addresses = ["203.0.113.40"]

[[trunk]]
name = "Teams, Munich"
hosts = ["sbc-muc.contoso.example"]
bypass = false
"#;

/// Who takes part, and their bodies. `ORIGIN` is what each call has of its own.
const SETTINGS: &str = "
format pcap
party a 203.0.113.20:5060 host=203.0.113.20 like=carrier
party clear 203.0.113.21:5060 host=203.0.113.21 like=carrier
party b 203.0.113.40:5060 host=203.0.113.40 like=carrier
party inside 192.0.2.30:5060 host=192.0.2.30 like=audiocodes
party outside 192.0.2.30:5061 host=sbc-muc.contoso.example like=audiocodes
party hub 52.114.75.24:5061 host=sip.pstnhub.microsoft.com like=teams
party hub2 52.114.7.24:5061 host=sip2.pstnhub.microsoft.com like=teams
offer carrier
  v=0
  o=ORIGIN IN $IP
  s=-
  c=IN $IP
  t=0 0
  m=audio $PORT RTP/AVP 8 0 101
  a=rtpmap:101 telephone-event/8000
  a=ptime:20
offer secure
  v=0
  o=ORIGIN IN $IP
  s=Phone-Call
  c=IN $IP
  t=0 0
  m=audio $PORT RTP/SAVP 8 0 101
  a=rtpmap:101 telephone-event/8000
  a=ptime:20
  a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:$KEY|2^31
offer unencrypted = secure
  drop a=crypto
  replace RTP/SAVP => RTP/AVP
offer compressed = unencrypted
  replace RTP/AVP 8 0 101 => RTP/AVP 96 101
  add a=rtpmap:96 AMR-WB/16000
offer hub
  v=0
  o=ORIGIN IN IP4 127.0.0.1
  s=session
  c=IN $IP
  b=CT:10000000
  t=0 0
  m=audio $PORT RTP/SAVP 104 9 103 18 0 8 101
  a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:$KEY|2^31
  a=sendrecv
  a=rtpmap:104 SILK/16000
  a=rtpmap:103 SILK/8000
  a=rtpmap:101 telephone-event/8000
  a=fmtp:101 0-16
  a=ptime:20
offer passed-on = hub
  replace IN IP4 127.0.0.1 => IN $IP
";

/// What Microsoft reports of a refusal for want of encryption: the phrase on the wire.
const NOT_ENCRYPTED: &str = "InternalDiagCode: SrtpEncryptionRequired, InternalErrorPhrase: Remote participant did not \
                             offer required SRTP support";
const NO_CODEC: &str = "InternalDiagCode: CannotSupportAnyMedia, InternalErrorPhrase: Invalid SDP offer: no media acceptable";

/// One leg of a call.
#[derive(Clone, Debug)]
struct Leg {
    name: String,
    side: Side,
    /// The parties that call and are called.
    ends: [&'static str; 2],
    numbers: [String; 2],
    id: String,
    /// The UUIDs of the two ends (RFC 7989), where the carrier passes them on.
    session: Option<[String; 2]>,
}

impl Leg {
    /// Microsoft's GUID for the call: the same that the ladder will put into its messages.
    fn guid(&self) -> String {
        Call::named(&self.name).guid
    }
}

/// What is being written.
struct Night {
    chance: Generator,
    /// The lines of each ladder, with the milliseconds at which they stand.
    lines: [Vec<(u64, String)>; 2],
    reported: Vec<Reported>,
    legs: u64,
}

/// A call under way: its legs, and the milliseconds at which it is.
struct Playing {
    plan: Plan,
    first: Leg,
    second: Leg,
    time: u64,
    answered: Option<u64>,
}

impl Night {
    fn played() -> Self {
        let mut night = Self {
            chance: Generator::named("two carriers"),
            lines: [Vec::new(), Vec::new()],
            reported: Vec::new(),
            legs: 0,
        };
        let mut begin = 0;
        let mut numbers: Option<([String; 2], u64)> = None;
        for plan in plans() {
            let (own, time) = numbers.take().unwrap_or_else(|| {
                begin += APART;
                (
                    night.numbers(plan.to_teams),
                    begin + night.chance.between(0, 60_000),
                )
            });
            numbers = plan.again.map(|after| (own.clone(), time + after));
            night.call(plan, &own, time);
        }
        night
    }

    /// A caller and a callee in E.164, of the ranges that are set apart for drama.
    fn numbers(&mut self, to_teams: bool) -> [String; 2] {
        let user = format!("+498999998{:03}", self.chance.between(100, 1_000));
        let last = self.chance.between(0, 1_000);
        let other = match self.chance.between(0, 10) {
            0..5 => format!("+496990009{last:03}"),
            5..8 => format!("+494066969{last:03}"),
            8 => format!("+442079460{last:03}"),
            _ => format!("+120255501{:02}", last % 100),
        };
        if to_teams {
            [other, user]
        } else {
            [user, other]
        }
    }

    fn leg(
        &mut self,
        side: Side,
        ends: [&'static str; 2],
        numbers: [String; 2],
        session: Option<[String; 2]>,
    ) -> Leg {
        self.legs += 1;
        let id = match ends[0] {
            "inside" | "outside" => format!(
                "{}@192.0.2.30",
                self.chance.between(1_000_000_000_000, 9_000_000_000_000)
            ),
            "hub" | "hub2" => self.chance.hex(32),
            "b" => format!("{}@203.0.113.40", self.chance.hex(20)),
            _ => format!("{}@carrier-a.example", self.chance.guid()),
        };
        Leg {
            name: format!("two-carriers-{}", self.legs),
            side,
            ends,
            numbers,
            id,
            session,
        }
    }

    /// One message: `by` is 0 where the calling end sends it, 1 where the called one does.
    fn say(
        &mut self,
        playing: &Playing,
        leg: &Leg,
        time: u64,
        by: usize,
        what: &str,
        edits: &[String],
    ) {
        if playing.plan.only.is_some_and(|only| only != leg.side) {
            return;
        }
        let [from, to] = &leg.numbers;
        let mut text = format!("call {} from={from} to={to} id={}\n", leg.name, leg.id);
        if let Some((_, offer)) = what.split_once("  with ") {
            let origin = match leg.ends[by] {
                "hub" | "hub2" => format!("- {} 0", self.chance.between(10_000, 100_000)),
                "inside" | "outside" => {
                    let session = self.chance.between(100_000_000, 2_000_000_000);
                    format!("AudioCodesGW {session} {}", session - 1)
                }
                _ => format!("- {} 1", self.chance.between(1_000_000, 10_000_000)),
            };
            let _ = writeln!(text, "offer now = {offer}\n  replace ORIGIN => {origin}");
        }
        let arrow = what
            .split_once("  with ")
            .map_or_else(|| what.to_owned(), |(what, _)| format!("{what}  with now"));
        let _ = writeln!(text, "{} > {}  {arrow}", leg.ends[by], leg.ends[1 - by]);
        let method = what.split(' ').next().unwrap_or(what);
        if let Some([caller, callee]) = &leg.session {
            let nobody = "0".repeat(32);
            match method {
                "INVITE" => {
                    let _ = writeln!(text, "  + Session-ID: {caller};remote={nobody}");
                }
                "180" | "200" | "480" | "486" | "488" | "503" => {
                    let _ = writeln!(text, "  + Session-ID: {callee};remote={caller}");
                }
                _ => {}
            }
        }
        for edit in edits {
            let _ = writeln!(text, "  {edit}");
        }
        self.lines[usize::from(leg.side == Side::Teams)].push((time, text));
    }

    fn call(&mut self, plan: Plan, numbers: &[String; 2], time: u64) {
        let party = match plan.carrier {
            Carrier::A => "a",
            Carrier::Clear => "clear",
            Carrier::B => "b",
        };
        let dialled = numbers
            .each_ref()
            .map(|number| dialled(number, plan.carrier));
        let session =
            (plan.carrier != Carrier::B).then(|| [self.chance.hex(32), self.chance.hex(32)]);
        let carrier = |ends| (Side::Carrier, ends, dialled.clone());
        let teams = |ends| (Side::Teams, ends, numbers.clone());
        let ((side, ends, own), (next_side, next_ends, next_own)) = if plan.to_teams {
            (carrier([party, "inside"]), teams(["outside", "hub"]))
        } else {
            (teams(["hub", "outside"]), carrier(["inside", party]))
        };
        let first = self.leg(side, ends, own, session.clone());
        let second = self.leg(next_side, next_ends, next_own, session);
        let mut playing = Playing {
            plan,
            first,
            second,
            time,
            answered: None,
        };
        self.play(&mut playing);
    }

    fn play(&mut self, playing: &mut Playing) {
        let (fate, to_teams, begin) = (playing.plan.fate, playing.plan.to_teams, playing.time);
        let first = playing.first.clone();
        let offer = if to_teams { "carrier" } else { "hub" };
        self.say(
            playing,
            &first,
            begin,
            0,
            &format!("INVITE  with {offer}"),
            &[],
        );
        self.say(playing, &first, begin + 25, 1, "100", &[]);
        if fate == Fate::RefusedBySbc {
            let reason = "+ Reason: Q.850;cause=88;text=\"INCOMPATIBLE_DESTINATION\"".to_owned();
            self.refuse(playing, &first, begin + 70, "488", &[reason]);
            self.note(
                playing,
                [begin, begin + 70],
                488,
                560_488,
                "Not Acceptable Here",
            );
            return;
        }
        self.begin(playing);
        match fate {
            Fate::Refused
            | Fate::RefusedWithoutPhrase
            | Fate::RefusedForEither
            | Fate::RefusedByCarrier => {
                self.refused(playing, begin);
            }
            Fate::NotFound => {
                self.pass_back(playing, begin, 300, (404, 10_202, "Number not found"));
            }
            _ => self.ring(playing, begin),
        }
    }

    /// The second leg up to its 100.
    fn begin(&mut self, playing: &mut Playing) {
        let mut second = playing.second.clone();
        let offer = match playing.plan.fate {
            Fate::Refused | Fate::RefusedWithoutPhrase => "unencrypted",
            Fate::RefusedForEither => "compressed",
            Fate::RefusedByCarrier => "passed-on",
            _ if playing.plan.to_teams => "secure",
            _ => "carrier",
        };
        let invite = format!("INVITE  with {offer}");
        let mut time = playing.time + 40;
        self.say(playing, &second, time, 0, &invite, &[]);
        match playing.plan.fate {
            Fate::Challenged | Fate::ChallengedThenCancelled => {
                self.refuse(playing, &second, time + 35, "407", &[]);
                let credentials = "+ Proxy-Authorization: Digest username=\"contoso\", realm=\"carrier.example\", \
                                   nonce=\"f3a1\", uri=\"sip:203.0.113.40\", \
                                   response=\"6629fae49393a05397450978507c4ef1\"";
                time += 90;
                self.say(
                    playing,
                    &second,
                    time,
                    0,
                    &invite,
                    &[credentials.to_owned()],
                );
            }
            Fate::Failover => {
                self.say(playing, &second, time + 30, 1, "100", &[]);
                self.refuse(
                    playing,
                    &second,
                    time + 110,
                    "503",
                    &["+ Retry-After: 1".to_owned()],
                );
                let (numbers, session) = (second.numbers.clone(), second.session.clone());
                second = self.leg(Side::Teams, ["outside", "hub2"], numbers, session);
                playing.second = second.clone();
                time += 170;
                self.say(playing, &second, time, 0, &invite, &[]);
            }
            _ => {}
        }
        self.say(playing, &second, time + 30, 1, "100", &[]);
        playing.time = time + 30;
    }

    /// A response that ends an INVITE, and its ACK.
    fn refuse(&mut self, playing: &Playing, leg: &Leg, time: u64, status: &str, edits: &[String]) {
        self.say(playing, leg, time, 1, status, edits);
        self.say(playing, leg, time + 25, 0, "ACK", &[]);
    }

    /// A refusal of the called side that the SBC passes on as it is: SIP status, Microsoft's code and phrase.
    fn pass_back(
        &mut self,
        playing: &Playing,
        begin: u64,
        after: u64,
        told: (u16, u32, &'static str),
    ) {
        let time = playing.time + after;
        let (status, subcode, phrase) = told;
        self.refuse(playing, &playing.second, time, &status.to_string(), &[]);
        self.refuse(playing, &playing.first, time + 40, &status.to_string(), &[]);
        self.note(playing, [begin, time], status, subcode, phrase);
    }

    /// The 488 of Teams or of the carrier, and the same once more from the SBC.
    fn refused(&mut self, playing: &Playing, begin: u64) {
        let time = playing.time + 180;
        let guid = playing.second.guid();
        let (edits, subcode, phrase) = match playing.plan.fate {
            Fate::Refused => {
                let reason = format!("+ Reason: Q.850;cause=88;text=\"{guid};{NOT_ENCRYPTED}\"");
                (vec![reason], 531_000, NOT_ENCRYPTED)
            }
            Fate::RefusedByCarrier => {
                let warning = "+ Warning: 305 203.0.113.40 \"Incompatible media format\"";
                (vec![warning.to_owned()], 560_488, "Not Acceptable Here")
            }
            Fate::RefusedForEither => (Vec::new(), 531_000, NO_CODEC),
            _ => (Vec::new(), 531_000, NOT_ENCRYPTED),
        };
        self.refuse(playing, &playing.second, time, "488", &edits);
        self.refuse(playing, &playing.first, time + 40, "488", &edits);
        self.note(playing, [begin, time], 488, subcode, phrase);
    }

    fn ring(&mut self, playing: &mut Playing, begin: u64) {
        let to_teams = playing.plan.to_teams;
        let ringing = self.chance.between(200, 900);
        playing.time += ringing;
        self.say(playing, &playing.second, playing.time, 1, "180", &[]);
        self.say(playing, &playing.first, playing.time + 40, 1, "180", &[]);
        let patience = self.chance.between(2_000, 12_000);
        match playing.plan.fate {
            Fate::Busy => {
                let told = if to_teams {
                    (486, 10_321, "User is busy")
                } else {
                    (486, 560_486, "Busy Here")
                };
                self.pass_back(playing, begin, patience, told);
            }
            Fate::Unavailable => {
                self.pass_back(
                    playing,
                    begin,
                    patience,
                    (480, 10_037, "Temporarily Unavailable"),
                );
            }
            Fate::Cancelled | Fate::ChallengedThenCancelled => {
                let mut time = playing.time + patience;
                let subcode = if to_teams { 540_487 } else { 0 };
                self.note(playing, [begin, time], 487, subcode, "Request Terminated");
                for leg in [playing.first.clone(), playing.second.clone()] {
                    self.say(playing, &leg, time, 0, "CANCEL", &[]);
                    self.say(playing, &leg, time + 25, 1, "200  CANCEL", &[]);
                    self.say(playing, &leg, time + 50, 1, "487  INVITE", &[]);
                    self.say(playing, &leg, time + 75, 0, "ACK", &[]);
                    time += 40;
                }
            }
            _ => {
                let time = playing.time + patience;
                playing.answered = Some(time);
                self.talk(playing, begin, time);
            }
        }
    }

    fn talk(&mut self, playing: &Playing, begin: u64, mut time: u64) {
        let answers = if playing.plan.to_teams {
            ["carrier", "hub"]
        } else {
            ["secure", "carrier"]
        };
        let legs = [playing.first.clone(), playing.second.clone()];
        self.say(
            playing,
            &legs[1],
            time,
            1,
            &format!("200  with {}", answers[1]),
            &[],
        );
        self.say(
            playing,
            &legs[0],
            time + 40,
            1,
            &format!("200  with {}", answers[0]),
            &[],
        );
        self.say(playing, &legs[0], time + 70, 0, "ACK", &[]);
        self.say(playing, &legs[1], time + 100, 0, "ACK", &[]);
        time += self.chance.between(15_000, 180_000);
        let by = usize::from(self.chance.between(0, 2) == 0);
        // The leg of the one who hangs up ends first.
        for leg in [&legs[by], &legs[1 - by]] {
            self.say(playing, leg, time, by, "BYE", &[]);
            self.say(playing, leg, time + 30, 1 - by, "200  BYE", &[]);
            time += 40;
        }
        let subcode = if playing.plan.to_teams {
            540_000
        } else {
            560_000
        };
        self.note(playing, [begin, time], 0, subcode, "Call ended");
    }

    /// What Microsoft will report of the call; of a call without a Teams leg nothing.
    fn note(
        &mut self,
        playing: &Playing,
        [begin, end]: [u64; 2],
        code: u16,
        subcode: u32,
        phrase: &'static str,
    ) {
        let to_teams = playing.plan.to_teams;
        let leg = if to_teams {
            &playing.second
        } else {
            &playing.first
        };
        let no_teams = to_teams && playing.plan.fate == Fate::RefusedBySbc;
        if no_teams || playing.plan.only == Some(Side::Carrier) {
            return;
        }
        self.reported.push(Reported {
            guid: leg.guid(),
            invite: begin + if to_teams { 60 } else { 20 },
            start: playing.answered.unwrap_or(end),
            end,
            answered: code == 0,
            numbers: leg.numbers.clone(),
            to_teams,
            code,
            subcode,
            phrase,
        });
    }

    /// The ladder of one side.
    fn ladder(&self, side: Side) -> String {
        let mut lines: Vec<&(u64, String)> = self.lines[usize::from(side == Side::Teams)]
            .iter()
            .collect();
        lines.sort_by_key(|(time, _)| *time);
        let mut text = SETTINGS.to_owned();
        for (time, line) in lines {
            let _ = write!(text, "at {}.{:03}\n{line}", time / 1_000, time % 1_000);
        }
        text
    }
}

/// A number as a carrier writes it.
fn dialled(number: &str, carrier: Carrier) -> String {
    let digits = number.trim_start_matches('+');
    match (carrier, digits.strip_prefix("49")) {
        (Carrier::B, Some(national)) => format!("0{national}"),
        _ => format!("00{digits}"),
    }
}
