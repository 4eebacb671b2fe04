//! The program from outside: exit statuses, whole files or none, the same bytes for any threads and any order.

#![expect(
    clippy::disallowed_methods,
    reason = "these tests write the input and read the output of the program"
)]

mod compressed;
mod damage;
mod outputs;
mod status;
#[path = "../support/mod.rs"]
mod support;
mod words;

use std::path::PathBuf;
use std::process::Command;
use std::process::Output;

use tempfile::TempDir;

use support::ladder::Ladder;
use support::ladder::MORNING;

/// The header line of the calls CSV and of the rejections CSV.
const CALLS_HEADER: &str = "start_time,trunk,direction,caller,callee,call_id,outcome,final_status,rejections,rejected_at,\
    rejected_by,case,verdict,microsoft_code,diag_code,diag_phrase,correlation_id,finding,evidence,suggested_action,doc_url,\
    offer_in,media,codecs,codecs_unsupported,srtp,crypto_suites,ice,ice_candidates,connection_address,setup_ms,duration_s,\
    transport,source,destination,user_agent,server,file,invite_frame,response_file,response_frame";

/// The header line of the trunk report.
const TRUNKS_HEADER: &str = "trunk,calls,answered,rejected,cancelled,unanswered,incomplete,calls_488,rate_488,\
    cannot_support_any_media,srtp_encryption_required,no_ice_candidates,blackhole_media,undocumented,asr,setup_ms_p50,\
    setup_ms_p95,first_call,last_call";

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

/// A folder with captures in it, and the program run there.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder is made");
        std::fs::write(path, bytes).expect("the file is written");
    }

    fn read(&self, name: &str) -> String {
        String::from_utf8(std::fs::read(self.path(name)).expect(name)).expect("UTF-8")
    }

    /// Runs `sip488` with these words in the folder.
    fn run(&self, words: &[&str]) -> Output {
        self.command(words).output().expect("the program runs")
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin("sip488"));
        command.current_dir(self.0.path()).args(words);
        command
    }

    /// The names of what lies in the folder.
    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(self.0.path())
            .expect("the folder")
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        names.sort();
        names
    }
}

fn capture(ladder: &str) -> Vec<u8> {
    Ladder::play(ladder, MORNING).render().remove(0)
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("standard output is UTF-8")
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The rows below the header line.
fn rows(csv: &str) -> usize {
    csv::Reader::from_reader(csv.as_bytes()).records().count()
}

/// "files": what the summary says of each, by the ending of its path.
fn file_status(place: &Place, summary: &str, name: &str) -> Option<String> {
    let summary: serde_json::Value = serde_json::from_str(&place.read(summary)).expect("JSON");
    let files = summary.get("files")?.as_array()?;
    let file = files.iter().find(|file| {
        file["path"]
            .as_str()
            .is_some_and(|path| path.ends_with(name))
    })?;
    file["status"].as_str().map(str::to_owned)
}
