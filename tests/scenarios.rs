//! Runs every ladder of `tests/scenarios` through the program and compares the cells that it names.

#![expect(
    clippy::disallowed_methods,
    reason = "the runner reads the ladders and writes their captures"
)]

mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;

use serde_json::Value;

use support::ladder::Ladder;
use support::ladder::MORNING;
use support::script::Statement;

/// The rows of a CSV, cells by column.
type Rows = Vec<BTreeMap<String, String>>;

/// Every file says in its first line what it proves; all mismatches of all files come in one message.
#[test]
fn every_ladder_gives_the_cells_that_it_names() {
    let mut wrong = Vec::new();
    let scenarios = scenarios();
    for path in &scenarios {
        let name = path
            .file_name()
            .expect("a file")
            .to_string_lossy()
            .into_owned();
        let text = std::fs::read_to_string(path).expect("a scenario is text");
        let claim = text
            .lines()
            .next()
            .unwrap_or_default()
            .trim_start_matches(['#', ' '])
            .to_owned();
        let mismatches = mismatches(&text);
        if !mismatches.is_empty() {
            wrong.push(format!(
                "{name}: {claim}\n    {}",
                mismatches.join("\n    ")
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {} scenarios fail\n\n{}",
        wrong.len(),
        scenarios.len(),
        wrong.join("\n\n")
    );
}

/// A ladder that nobody can read, or that names no cell, proves nothing.
#[test]
fn every_ladder_says_what_it_proves_and_expects_something() {
    for path in scenarios() {
        let text = std::fs::read_to_string(&path).expect("a scenario is text");
        assert!(
            text.starts_with("# ") && text.lines().next().is_some_and(|line| line.ends_with('.')),
            "{path:?}"
        );
        let ladder = Ladder::play(&text, MORNING);
        assert!(!ladder.packets.is_empty(), "{path:?} sends nothing");
        assert!(
            ladder
                .rest
                .iter()
                .any(|statement| statement.word(0) == "expect"),
            "{path:?} expects nothing"
        );
    }
}

/// The same ladder gives the same bytes.
#[test]
fn a_ladder_is_deterministic() {
    for path in scenarios().iter().take(5) {
        let text = std::fs::read_to_string(path).expect("a scenario is text");
        assert_eq!(
            Ladder::play(&text, MORNING).render(),
            Ladder::play(&text, MORNING).render(),
            "{path:?}"
        );
    }
}

fn scenarios() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the folder of scenarios")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    paths.sort();
    paths
}

/// Plays a ladder, runs the program over it, and says where it differs from what the ladder expects.
fn mismatches(text: &str) -> Vec<String> {
    let ladder = Ladder::play(text, MORNING);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let place = |name: &str| folder.path().join(name);
    let mut command = assert_cmd::Command::cargo_bin("sip488").expect("the program");
    command
        .args(["analyze", "-q", "-o"])
        .arg(place("calls.csv"));
    command.arg("--rejections").arg(place("rejections.csv"));
    command.arg("--trunk-report").arg(place("trunks.csv"));
    command.arg("--summary").arg(place("summary.json"));
    for statement in &ladder.rest {
        match statement.word(0) {
            "run" => {
                command.args(&statement.words[1..]);
            }
            "config" => {
                std::fs::write(place("trunks.toml"), statement.block.join("\n"))
                    .expect("the config is written");
                command.arg("--config").arg(place("trunks.toml"));
            }
            _ => {}
        }
    }
    for (name, bytes) in ladder.files.iter().zip(ladder.render()) {
        let path = place(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder is made");
        std::fs::write(&path, bytes).expect("the capture is written");
        command.arg(path);
    }
    let output = command.output().expect("the program runs");
    let mut wrong = Vec::new();
    let status = output.status.code();
    let wanted = ladder
        .rest
        .iter()
        .find(|statement| statement.word(1) == "status")
        .map_or("0", |found| found.word(2));
    if status.map(|status| status.to_string()).as_deref() != Some(wanted) {
        let said = String::from_utf8_lossy(&output.stderr);
        wrong.push(format!(
            "exit status {status:?} instead of {wanted}: {}",
            said.lines().last().unwrap_or_default()
        ));
    }
    let Some(results) = Results::read(&place) else {
        wrong.push("an output is missing or can't be read".to_owned());
        return wrong;
    };
    for statement in ladder
        .rest
        .iter()
        .filter(|statement| statement.word(0) == "expect")
    {
        results.compare(&ladder, statement, &mut wrong);
    }
    wrong
}

/// What the program wrote.
struct Results {
    calls: Rows,
    rejections: Rows,
    trunks: Rows,
    summary: Value,
}

impl Results {
    fn read(place: &dyn Fn(&str) -> PathBuf) -> Option<Self> {
        Some(Self {
            calls: rows(&place("calls.csv"))?,
            rejections: rows(&place("rejections.csv"))?,
            trunks: rows(&place("trunks.csv"))?,
            summary: serde_json::from_slice(&std::fs::read(place("summary.json")).ok()?).ok()?,
        })
    }

    /// One `expect` line: which row, then cells: `name=value` is the whole cell, `name~value` a part of it.
    fn compare(&self, ladder: &Ladder, statement: &Statement, wrong: &mut Vec<String>) {
        let line = statement.line;
        let colon = statement.words.iter().position(|word| word.ends_with(':'));
        let which = colon.map_or(String::new(), |colon| statement.words[1..=colon].join(" "));
        let which = which.trim_end_matches(':');
        let cells = colon.map_or(&[][..], |colon| &statement.words[colon + 1..]);
        match statement.word(1) {
            "status" => {}
            "calls" => count(line, "calls", &self.calls, statement.word(2), wrong),
            "rejections" => count(
                line,
                "rejections",
                &self.rejections,
                statement.word(2),
                wrong,
            ),
            "trunks" => count(line, "trunks", &self.trunks, statement.word(2), wrong),
            "summary:" => {
                for cell in cells {
                    let (path, value) = cell
                        .split_once('=')
                        .expect("a value of the summary is path=value");
                    let found = path
                        .split('.')
                        .try_fold(&self.summary, |value, key| match value {
                            Value::Array(values) => values.get(key.parse::<usize>().ok()?),
                            value => value.get(key),
                        });
                    let found = found.map_or_else(String::new, |found| match found {
                        Value::String(text) => text.clone(),
                        other => other.to_string(),
                    });
                    // What never happened may be left out of the summary.
                    if found != value && !(found.is_empty() && value == "0") {
                        wrong.push(format!(
                            "line {line}: summary {path} is `{found}` instead of `{value}`"
                        ));
                    }
                }
            }
            "sums" => self.sums(line, wrong),
            _ => {
                let mut words = which.splitn(2, ' ');
                let (kind, name) = (words.next().unwrap_or_default(), words.next());
                let row = match (kind, name) {
                    ("call", None) if self.calls.len() == 1 => self.calls.first(),
                    ("call", Some(name)) => {
                        let call = ladder
                            .calls
                            .get(name)
                            .unwrap_or_else(|| panic!("line {line}: no call `{name}`"));
                        self.calls
                            .iter()
                            .find(|row| row.get("call_id") == Some(&call.id))
                    }
                    ("rejection", None) if self.rejections.len() == 1 => self.rejections.first(),
                    ("rejection", Some(place)) => self
                        .rejections
                        .get(place.parse::<usize>().expect("rejection N counts from 1") - 1),
                    ("row", Some(place)) => self
                        .calls
                        .get(place.parse::<usize>().expect("row N counts from 1") - 1),
                    ("trunk", Some(name)) => self
                        .trunks
                        .iter()
                        .find(|row| row.get("trunk").is_some_and(|trunk| trunk == name)),
                    _ => None,
                };
                match row {
                    Some(row) => compare_cells(line, row, cells, wrong),
                    None => wrong.push(format!(
                        "line {line}: no row for `{which}` ({} calls, {} rejections, {} trunks)",
                        self.calls.len(),
                        self.rejections.len(),
                        self.trunks.len()
                    )),
                }
            }
        }
    }

    /// "Every packet has exactly one fate, and they add up: `total` is the sum of the others."
    fn sums(&self, line: usize, wrong: &mut Vec<String>) {
        let Some(packets) = self.summary.get("packets").and_then(Value::as_object) else {
            wrong.push(format!("line {line}: the summary has no packets"));
            return;
        };
        let total = packets.get("total").and_then(Value::as_u64);
        let sum = packets
            .iter()
            .filter(|(name, _)| *name != "total")
            .filter_map(|(_, count)| count.as_u64())
            .sum();
        if total != Some(sum) {
            wrong.push(format!(
                "line {line}: total is {total:?}, and the fates add up to {sum}"
            ));
        }
    }
}

fn count(line: usize, what: &str, rows: &Rows, wanted: &str, wrong: &mut Vec<String>) {
    if rows.len().to_string() != wanted {
        wrong.push(format!(
            "line {line}: {} {what} instead of {wanted}",
            rows.len()
        ));
    }
}

fn compare_cells(
    line: usize,
    row: &BTreeMap<String, String>,
    cells: &[String],
    wrong: &mut Vec<String>,
) {
    for cell in cells {
        let place = cell
            .find(['=', '~'])
            .unwrap_or_else(|| panic!("line {line}: `{cell}` is no cell"));
        let (name, value) = (&cell[..place], &cell[place + 1..]);
        let Some(found) = row.get(name) else {
            wrong.push(format!("line {line}: there is no column `{name}`"));
            continue;
        };
        let fits = if cell.as_bytes()[place] == b'=' {
            found == value
        } else {
            found.contains(value)
        };
        if !fits {
            wrong.push(format!(
                "line {line}: {name} is `{found}` instead of `{value}`"
            ));
        }
    }
}

fn rows(path: &Path) -> Option<Rows> {
    let mut reader = csv::Reader::from_path(path).ok()?;
    let names = reader.headers().ok()?.clone();
    reader
        .records()
        .map(|record| {
            let record = record.ok()?;
            Some(
                names
                    .iter()
                    .map(str::to_owned)
                    .zip(record.iter().map(str::to_owned))
                    .collect(),
            )
        })
        .collect()
}
