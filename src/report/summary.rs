//! The run summary: what was read, and what became of every packet.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::diagnosis::CASES;
use crate::diagnosis::Diagnosis;
use crate::diagnosis::Verdict;
use crate::packet::Fate;
use crate::pairing::Counts;
use crate::pairing::Why;

use super::encrypted::EncryptedConnections;

/// The JSON of `--summary`. The order of the fields is the order in the file.
#[derive(Clone, Debug, Serialize)]
pub struct RunSummary {
    /// The program's version.
    pub version: &'static str,
    /// Every file that was looked at.
    pub files: Vec<FileSummary>,
    /// Packets by fate; `total` is the sum of the others.
    pub packets: Packets,
    /// SIP messages on the wire.
    pub sip: SipSummary,
    /// Calls.
    pub calls: u64,
    /// Rejections.
    pub rejections: u64,
    /// Rejections by case, those left out that pass on another leg's; every case is there.
    pub cases: BTreeMap<&'static str, u64>,
    /// Rejections by verdict, counted likewise; every verdict is there.
    pub verdicts: BTreeMap<&'static str, u64>,
    /// Which calls are legs of one.
    pub pairing: PairingSummary,
    /// What Microsoft's own reports say; absent where none was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pstn_report: Option<PstnSummary>,
    /// What bounds and losses took.
    pub limits: Limits,
    /// TLS connections that could not be read, those that may carry SIP first; a thousand at most.
    pub encrypted_connections: Vec<EncryptedConnections>,
}

/// One file.
#[derive(Clone, Debug, Serialize)]
pub struct FileSummary {
    /// As named, or as found below what was named.
    pub path: String,
    /// `pcap`, `pcapng`; null where it is no capture.
    pub format: Option<&'static str>,
    /// Whether it was read.
    pub status: FileStatus,
    /// What was wrong, and where.
    pub error: Option<String>,
    /// Packets read.
    pub packets: u64,
    /// The file's bytes.
    pub bytes: u64,
}

/// Whether a file was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileStatus {
    /// All of it.
    Ok,
    /// But for damage.
    Partial,
    /// Not at all.
    Unreadable,
    /// It is no capture.
    NotACapture,
}

/// Packets by fate.
#[derive(Clone, Debug, Default)]
pub struct Packets(BTreeMap<&'static str, u64>);

impl Packets {
    /// Packets of one fate.
    pub fn of(&self, fate: Fate) -> u64 {
        self.0.get(fate.name()).copied().unwrap_or_default()
    }

    /// All packets.
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }
}

impl Serialize for Packets {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fates = Fate::ALL.iter().map(|&fate| (fate.name(), self.of(fate)));
        serializer.collect_map(std::iter::once(("total", self.total())).chain(fates))
    }
}

/// SIP messages, after defragmentation and reassembly; retransmitted messages and packets captured twice included.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SipSummary {
    /// Messages.
    pub messages: u64,
    /// Those among them that lack a field that every message must have.
    pub malformed: u64,
    /// Requests by method.
    pub requests: BTreeMap<String, u64>,
    /// Responses by status code.
    pub responses: BTreeMap<String, u64>,
}

/// Which calls are legs of one.
#[derive(Clone, Debug, Default, Serialize)]
pub struct PairingSummary {
    /// Calls of which several legs were found on strong grounds.
    pub strong: u64,
    /// The same on weak grounds.
    pub weak: u64,
    /// Rejections that only pass on another leg's; they are not counted by case and verdict.
    pub relayed: u64,
    /// Legs without another, by why; empty where no leg without Teams was seen.
    pub left_out: BTreeMap<&'static str, u64>,
}

impl PairingSummary {
    /// Of what pairing counted.
    pub fn of(counts: &Counts) -> Self {
        let left_out = |why: &Why| (why.name(), counts.left_out_by(*why));
        Self {
            strong: counts.strong,
            weak: counts.weak,
            relayed: 0,
            left_out: Why::ALL
                .iter()
                .map(left_out)
                .filter(|_| counts.legs > 0)
                .collect(),
        }
    }
}

/// What Microsoft's own reports say of the calls with Teams.
#[derive(Clone, Debug, Default, Serialize)]
pub struct PstnSummary {
    /// Records in the reports.
    pub records: u64,
    /// Rows of them that tell of no call.
    pub unreadable: u64,
    /// Records beyond what is kept.
    pub left_out: u64,
    /// Calls whose record was found by its correlation id.
    pub by_correlation_id: u64,
    /// Calls whose record was found by numbers and time.
    pub by_numbers: u64,
    /// Calls with Teams of which there is no record, or not one alone.
    pub calls_not_found: u64,
    /// Records of which no call is in the captures.
    pub records_not_found: u64,
    /// Rejections of which the report says the same as the row.
    pub agreed: u64,
    /// Rejections of which it says something else.
    pub differed: u64,
    /// The first hundred of these.
    pub differences: Vec<Difference>,
}

/// A rejection of which the report says something else than the row.
#[derive(Clone, Debug, Serialize)]
pub struct Difference {
    /// The call.
    pub call_id: String,
    /// The case in the row; null where it is none.
    pub case: Option<&'static str>,
    /// The row's verdict.
    pub verdict: &'static str,
    /// What the report says.
    pub reported_code: Option<u32>,
    /// In words.
    pub reported_phrase: String,
}

/// What bounds and losses took. All zero on a healthy night.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Limits {
    /// Messages left out of calls with too many.
    pub messages_left_out: u64,
    /// Call-IDs closed early because too much was open at once.
    pub calls_evicted: u64,
    /// Connections given up for lack of room.
    pub connections_evicted: u64,
    /// Bytes of TCP connections that never came.
    pub stream_bytes_lost: u64,
    /// IP datagrams of which a fragment never came.
    pub datagrams_evicted: u64,
    /// Fragments of SCTP messages that were given up.
    pub sctp_fragments_evicted: u64,
    /// How often what TLS, WebSocket or a proxy's preface held was given up for lack of room.
    pub wrappings_given_up: u64,
    /// Key log lines and TLS handshakes beyond what is remembered.
    pub keys_left_out: u64,
    /// TLS connections whose keys came behind their packets, in what can be read only once.
    pub keys_too_late: u64,
    /// Calls that went on after they were closed and have a row of their own, as there are too many of them.
    pub calls_not_joined: u64,
    /// Accepted offers of trunks beyond those that are remembered: whether these use media bypass is not known.
    pub offers_left_out: u64,
    /// True where more addresses talked to Teams than are remembered as the SBC's.
    pub has_too_many_sbc_addresses: bool,
    /// Offers beyond those that the offer report tells apart.
    pub offers_not_told_apart: u64,
    /// Calls of trunks beyond those that the trunk report tells apart; their rows are in the calls CSV.
    pub calls_of_trunks_left_out: u64,
}

impl RunSummary {
    /// Nothing read.
    pub fn new() -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION"),
            files: Vec::new(),
            packets: Packets::default(),
            sip: SipSummary::default(),
            calls: 0,
            rejections: 0,
            cases: CASES.iter().map(|case| (case.name, 0)).collect(),
            verdicts: Verdict::ALL
                .iter()
                .map(|verdict| (verdict.name(), 0))
                .collect(),
            pairing: PairingSummary::default(),
            pstn_report: None,
            limits: Limits::default(),
            encrypted_connections: Vec::new(),
        }
    }

    /// Sets the packets of each fate.
    pub fn count_packets(&mut self, of: impl Fn(Fate) -> u64) {
        self.packets.0 = Fate::ALL
            .iter()
            .map(|&fate| (fate.name(), of(fate)))
            .collect();
    }

    /// Counts one rejection.
    pub fn count(&mut self, diagnosis: &Diagnosis) {
        *self.verdicts.entry(diagnosis.verdict.name()).or_default() += 1;
        if let Some(case) = diagnosis.case() {
            *self.cases.entry(case.name).or_default() += 1;
        }
    }

    /// The JSON, with a line end.
    pub fn json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self).map(|json| json + "\n")
    }
}

impl Default for RunSummary {
    fn default() -> Self {
        Self::new()
    }
}
