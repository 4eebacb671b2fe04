//! The command line's words.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;
use clap::Parser;
use clap::Subcommand;
use clap::ValueEnum;

const EXAMPLES: &str = "\
Examples:
  sip488 analyze trace.pcapng -o calls.csv
      one capture, a row per call
  sip488 analyze trace.pcapng --only-488 --rejections refused.csv -o calls.csv
      the refused calls, and a row for each refused request, re-INVITEs too
  sip488 analyze -q /var/captures -o calls.csv --trunk-report trunks.csv --summary run.json
      a night of ring files from cron: silent unless something could not be read
  tcpdump -i any -s 0 -w - port 5060 | sip488 analyze - -o calls.csv
      from standard input
  sip488 config init trace.pcapng -o trunks.toml
      draft names for trunks, ready to be edited
  sip488 explain srtp-encryption-required
      what it means, what confirms it, what to do";

const EXIT_STATUS: &str = "\
Exit status:
  0  everything was read
  1  a capture is damaged or unreadable, or a named file is missing or no capture;
     the results of all the rest are written
  2  nothing could be done: bad usage, none of the named paths readable, output not writable
  130  stopped by Ctrl-C, 143 by SIGTERM; nothing is written";

/// Reads captures of Microsoft Teams Direct Routing trunks and tells why each call was refused with SIP 488.
#[derive(Debug, Parser)]
#[command(name = "sip488", version, after_help = EXAMPLES, after_long_help = EXAMPLES)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Read captures and write a CSV row per call
    Analyze(Box<Analyze>),
    /// Put two trunk reports beside each other: which trunks got worse, and is it more than chance
    Compare(Compare),
    /// Show one call: its messages as a ladder, what their SDP says, and why it was refused
    #[cfg(feature = "show")]
    Show(Box<Show>),
    /// Copy the packets of some calls into a capture of their own, without SRTP keys
    #[cfg(feature = "extract")]
    Extract(Box<Extract>),
    /// Tell what a case means, what confirms it, and what to do
    Explain(Explain),
    /// Draft a configuration file from captures, or tell what is wrong with one
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print the completions for a shell
    #[cfg(feature = "manual")]
    Completions(Completions),
    /// Print a page of the manual, for man -l -
    #[cfg(feature = "manual")]
    Man(ManualPage),
}

#[cfg(feature = "show")]
const SHOW_EXAMPLES: &str = "\
Examples:
  sip488 show 2499519644907@192.0.2.30 captures/
      the call's messages as a ladder, its other leg too, and why it was refused
  sip488 show --raw 2499519644907@192.0.2.30 captures/ | less
      and the messages, without their keys";

#[cfg(feature = "show")]
const SHOW_STATUS: &str = "\
Exit status:
  0  the call is shown, and everything was read
  1  there is no call with this Call-ID; or it is shown, and a capture is damaged or unreadable,
     or a named file is missing or no capture
  2  nothing could be done: bad usage, none of the named paths readable
  130  stopped by Ctrl-C, 143 by SIGTERM";

/// Shows one call.
#[cfg(feature = "show")]
#[derive(Debug, Args)]
#[command(after_help = SHOW_EXAMPLES, after_long_help = format!("{SHOW_EXAMPLES}\n\n{SHOW_STATUS}"))]
pub struct Show {
    /// The Call-ID, exactly as in the calls CSV
    #[arg(value_name = "CALL-ID")]
    pub call_id: String,
    /// Show the messages too, as they were but for their keys; control characters are made visible
    #[arg(long)]
    pub raw: bool,
    /// TOML: trunk names, what counts as Teams
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Zone of the times, such as Europe/Berlin
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    pub time_zone: String,
    /// What is read, and with what.
    #[command(flatten)]
    pub reading: Reading,
}

#[cfg(feature = "extract")]
const EXTRACT_EXAMPLES: &str = "\
Examples:
  sip488 extract captures/ -o refused.pcapng --only-488
      the packets of the calls that met a 488, for Wireshark and for support
  sip488 extract captures/ -o call.pcapng --call-id 2499519644907@192.0.2.30 --with-legs
      those of one call, and of its leg on the SBC's other side
  sip488 extract tls.pcap -o call.pcapng --call-id 2499519644907@192.0.2.30 --with-keys
      TLS connections come whole; with their keys, whoever gets the file reads all that is in them";

#[cfg(feature = "extract")]
const EXTRACT_STATUS: &str = "\
Exit status:
  0  everything was read, and the calls' packets are written
  1  there is no such call, or some of its packets can't be copied: the others are written, if there
     are any; or a capture is damaged or unreadable, or a named file is missing or no capture, and
     the packets of all the rest are written
  2  nothing could be done: bad usage, none of the named paths readable, output not writable
  130  stopped by Ctrl-C, 143 by SIGTERM; nothing is written";

/// Copies the packets of some calls.
#[cfg(feature = "extract")]
#[derive(Debug, Args)]
#[command(after_help = EXTRACT_EXAMPLES, after_long_help = format!("{EXTRACT_EXAMPLES}\n\n{EXTRACT_STATUS}"))]
#[command(group = clap::ArgGroup::new("calls").args(["call_id", "only_488"]).required(true).multiple(true))]
pub struct Extract {
    /// The capture to be written (pcapng)
    #[arg(short, long, value_name = "FILE.pcapng")]
    pub output: PathBuf,
    /// A Call-ID, exactly as in the calls CSV (repeatable)
    #[arg(long, value_name = "ID")]
    pub call_id: Vec<String>,
    /// All calls with at least one rejection
    #[arg(long)]
    pub only_488: bool,
    /// The other legs of these calls too
    #[arg(long)]
    pub with_legs: bool,
    /// The key log lines of their TLS connections too: whoever gets the file can read all that is in these connections
    #[arg(long, conflicts_with = "redact")]
    pub with_keys: bool,
    /// What is replaced: each message is then a packet of its own, made anew.
    #[command(flatten)]
    pub redaction: Redacted,
    /// TOML: trunk names, what counts as Teams
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// What is read, and with what.
    #[command(flatten)]
    pub reading: Reading,
}

const COMPARE_EXAMPLES: &str = "\
Examples:
  sip488 compare monday.csv tuesday.csv -o moved.csv
      the trunk reports of two nights (--trunk-report), a row per trunk
  sip488 compare -q yesterday.csv today.csv -o moved.csv --fail-if-worse 5; [ $? -eq 1 ] && mail -s 'trunks got worse' noc < moved.csv
      from cron: say something only where it is worth it

Exit status:
  0  compared
  1  --fail-if-worse: a trunk's 488 rate rose by more than that, and by more than chance
  2  nothing could be done: bad usage, a report can't be read, output not writable";

/// Compares two trunk reports.
#[derive(Debug, Args)]
#[command(after_help = COMPARE_EXAMPLES, after_long_help = COMPARE_EXAMPLES)]
pub struct Compare {
    /// The trunk report of before
    #[arg(value_name = "BEFORE.csv")]
    pub before: PathBuf,

    /// The trunk report of after
    #[arg(value_name = "AFTER.csv")]
    pub after: PathBuf,

    /// CSV, one row per trunk; standard output when absent
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Exit status 1 where a trunk's rate of calls with a 488 rose by more than so many percentage points, and by more
    /// than chance
    #[arg(long, value_name = "PERCENT", value_parser = percentage)]
    pub fail_if_worse: Option<f64>,

    /// Nothing on standard error but errors
    #[arg(short, long)]
    pub quiet: bool,
}

fn percentage(written: &str) -> Result<f64, String> {
    let number = written.trim_end_matches('%').parse::<f64>();
    let is_possible = |number: &f64| (0.0..=100.0).contains(number);
    number
        .ok()
        .filter(is_possible)
        .ok_or_else(|| "it must be a number from 0 to 100".to_owned())
}

const CHECK_STATUS: &str = "\
Exit status:
  0  nothing is wrong; what was understood is printed
  1  warnings: the file can be used, and something in it is ambiguous, contradictory or can never match
  2  errors: the file can't be read, or no run begins with it";

const INIT_EXAMPLES: &str = "\
Examples:
  sip488 config init captures/ -o trunks.toml
      draft it from a night's captures; then give the trunks their names
  sip488 config check trunks.toml && sip488 analyze captures/ --config trunks.toml -o calls.csv
      use it";

const INIT_STATUS: &str = "\
Exit status:
  0  everything was read
  1  a capture is damaged or unreadable, or a named file is missing or no capture;
     the file is written from all the rest
  2  nothing could be done: bad usage, none of the named paths readable, output not writable
  130  stopped by Ctrl-C, 143 by SIGTERM; nothing is written";

/// What to do with a configuration file.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Tell what is wrong with a configuration file, with line and column
    Check(ConfigCheck),
    /// Draft a configuration file from what captures show, ready to be edited
    Init(Box<ConfigInit>),
}

/// Tell what is wrong with a configuration file, with line and column.
#[derive(Debug, Args)]
#[command(after_help = CHECK_STATUS, after_long_help = CHECK_STATUS)]
pub struct ConfigCheck {
    /// The configuration file (TOML)
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// Draft a configuration file from what captures show, ready to be edited.
#[derive(Debug, Args)]
#[command(after_help = INIT_EXAMPLES, after_long_help = format!("{INIT_EXAMPLES}\n\n{INIT_STATUS}"))]
pub struct ConfigInit {
    /// The configuration file; standard output when absent
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// What is read, and with what; what `--teams` adds is written into the file.
    #[command(flatten)]
    pub reading: Reading,
}

/// Read captures and write a CSV row per call.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{EXIT_STATUS}"))]
#[command(mut_arg("paths", |paths| paths.required(false).required_unless_present("config")))]
pub struct Analyze {
    /// Calls CSV; standard output when absent
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// CSV, one row per rejection
    #[arg(long, value_name = "FILE")]
    pub rejections: Option<PathBuf>,
    /// CSV, one row per trunk
    #[arg(long, value_name = "FILE")]
    pub trunk_report: Option<PathBuf>,
    /// CSV, one row per trunk and kind of offer: accepted and refused, and an example
    #[arg(long, value_name = "FILE")]
    pub offer_report: Option<PathBuf>,
    /// NDJSON, one object per rejection, call, trunk and kind of offer, with the columns of the CSVs
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Workbook (Excel, LibreOffice): overview, trunks with charts, offers, rejections and calls, each value of its kind
    #[cfg(feature = "xlsx")]
    #[arg(long, value_name = "FILE")]
    pub xlsx: Option<PathBuf>,
    /// One page to be read in a browser: the night at a glance, and each rejection with its messages and what decided
    #[cfg_attr(feature = "html", arg(long, value_name = "FILE"))]
    #[cfg_attr(not(feature = "html"), arg(skip))]
    pub html: Option<PathBuf>,
    /// JSON, what was read and what became of every packet
    #[arg(long, value_name = "FILE")]
    pub summary: Option<PathBuf>,
    /// CSVs that Excel opens with a double click and changes nothing in: byte order mark, numbers of phones kept as texts
    #[arg(long)]
    pub excel: bool,
    /// What stands between the cells of the CSVs: with --excel the list separator of your country, often ;
    #[arg(long, value_name = "CHARACTER", default_value = ",")]
    pub delimiter: Delimiter,
    /// Keep only calls with at least one rejection in the calls CSV (other outputs are not affected)
    #[arg(long)]
    pub only_488: bool,
    /// TOML: trunk names, what counts as Teams, and, in its table `analyze`, any of these options
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Microsoft's report of the calls: the admin centre's PSTN usage export, or Graph's directRoutingLogRow (CSV, JSON) (repeatable)
    #[arg(long, value_name = "FILE")]
    pub pstn_report: Vec<PathBuf>,
    /// What is replaced.
    #[command(flatten)]
    pub redaction: Redacted,
    /// Zone of the times, such as Europe/Berlin
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    pub time_zone: String,
    /// What is read, and with what.
    #[command(flatten)]
    pub reading: Reading,
}

/// What is replaced before anything is written.
#[derive(Debug, Args)]
pub struct Redacted {
    /// Replace numbers, names, hosts and addresses by consistent stand-ins in every output; trunks and Teams' hosts stay
    #[arg(long)]
    pub redact: bool,
    /// A file of 16 secret bytes or more: runs with the same one have the same stand-ins; without it each run has others
    #[arg(long, value_name = "FILE")]
    pub redact_key: Option<PathBuf>,
}

/// What is read, and with what: the same for every command that reads captures.
#[derive(Debug, Args)]
pub struct Reading {
    /// Capture file, folder (searched recursively), or - for standard input
    #[arg(value_name = "PATH", required = true)]
    pub paths: Vec<PathBuf>,
    /// TLS key log (SSLKEYLOGFILE) (repeatable); x.keys and x.keylog beside x.pcap, and keys in pcapng, are read without it
    #[arg(long, value_name = "FILE")]
    pub keylog: Vec<PathBuf>,
    /// An address or host that also counts as Teams (repeatable)
    #[arg(long, value_name = "CIDR|HOST")]
    pub teams: Vec<String>,
    /// Threads; default: all cores
    #[arg(short = 'j', long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
    /// No progress, no closing summary
    #[arg(short, long)]
    pub quiet: bool,
}

/// What stands between cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Delimiter {
    /// A comma.
    #[value(name = ",", alias = "comma")]
    Comma,
    /// A semicolon.
    #[value(name = ";", alias = "semicolon")]
    Semicolon,
    /// A horizontal tab.
    #[value(name = "tab", aliases = ["\\t", "\t"])]
    Tab,
    /// A vertical bar.
    #[value(name = "|", alias = "bar")]
    Bar,
}

#[cfg(feature = "manual")]
const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  sip488 completions bash > ~/.local/share/bash-completion/completions/sip488
  sip488 completions zsh > ~/.zfunc/_sip488
  sip488 completions fish > ~/.config/fish/completions/sip488.fish
  sip488 completions powershell >> $PROFILE";

/// Print the completions for a shell.
#[cfg(feature = "manual")]
#[derive(Debug, Args)]
#[command(after_help = COMPLETIONS_EXAMPLES, after_long_help = COMPLETIONS_EXAMPLES)]
pub struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}

/// A shell that completes words.
#[cfg(feature = "manual")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// GNU Bash.
    Bash,
    /// Z shell.
    Zsh,
    /// fish.
    Fish,
    /// PowerShell.
    Powershell,
}

#[cfg(feature = "manual")]
const MAN_EXAMPLES: &str = "\
Examples:
  sip488 man | man -l -
  sip488 man analyze | man -l -
  sip488 man config check | man -l -";

/// Print a page of the manual.
#[cfg(feature = "manual")]
#[derive(Debug, Args)]
#[command(after_help = MAN_EXAMPLES, after_long_help = MAN_EXAMPLES)]
pub struct ManualPage {
    /// The command that it is about; without it, the program
    #[arg(value_name = "COMMAND")]
    pub command: Vec<String>,
}

/// Tell what a case means, what confirms it, and what to do.
#[derive(Debug, Args)]
pub struct Explain {
    /// A case, a finding, or one of Microsoft's codes; without it, the list
    #[arg(value_name = "CASE")]
    pub case: Option<String>,
    /// What is read instead: file formats, link types, encapsulations, and what wraps TCP, as a Markdown table
    #[arg(long, conflicts_with = "case")]
    pub formats: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_definitions_are_sound() {
        super::Arguments::command().debug_assert();
    }
}
