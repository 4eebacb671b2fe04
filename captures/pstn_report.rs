//! Microsoft's report of the two-carrier night, as the Teams admin centre exports it.

use std::fmt::Write;

use super::support::generator::Generator;

/// A row of the report: a call that has a Teams leg.
pub(crate) struct Reported {
    /// Microsoft's GUID for the call.
    pub(crate) guid: String,
    /// Milliseconds into the night.
    pub(crate) invite: u64,
    /// When it was answered, or failed.
    pub(crate) start: u64,
    /// When it was over.
    pub(crate) end: u64,
    /// Whether it was answered.
    pub(crate) answered: bool,
    /// Caller and callee in E.164.
    pub(crate) numbers: [String; 2],
    /// Whether Teams was called.
    pub(crate) to_teams: bool,
    /// The SIP status; 0 where it was answered.
    pub(crate) code: u16,
    /// Microsoft's own code.
    pub(crate) subcode: u32,
    /// Its description.
    pub(crate) phrase: &'static str,
}

/// The export of the PSTN usage report for Direct Routing (RFC 4180).
///
/// Some rows have no correlation id, a call here and there has no row, and one row is another site's.
pub(crate) fn export(reported: &[Reported]) -> String {
    let mut rows: Vec<&Reported> = reported.iter().collect();
    rows.sort_by_key(|row| row.invite);
    let mut text = format!("{}\r\n", HEADS.join(","));
    for (place, row) in rows.iter().enumerate() {
        if place == OTHER_SITE {
            let _ = write!(text, "{ELSEWHERE}\r\n");
        }
        if place % LEFT_OUT != LEFT_OUT - 1 {
            text.push_str(&row.line(place % WITHOUT_ID != WITHOUT_ID - 1));
        }
    }
    text
}

/// Each such row of the report has no correlation id.
const WITHOUT_ID: usize = 6;
/// Each such call has no row.
const LEFT_OUT: usize = 19;
/// Where the row of another site stands.
const OTHER_SITE: usize = 7;

/// The columns of the export (Microsoft's page on the PSTN usage report, "Exported Direct Routing usage report").
const HEADS: [&str; 22] = [
    "CorrelationId",
    "AAD ObjectId",
    "UPN",
    "Display Name",
    "User country",
    "Invite time",
    "Start time",
    "Failure time",
    "End time",
    "Duration (seconds)",
    "Success",
    "Caller Number",
    "Callee Number",
    "Call type",
    "Azure region for Media",
    "Azure region for Signaling",
    "Final SIP code",
    "Final Microsoft subcode",
    "Final SIP Phrase",
    "SBC FQDN",
    "Media bypass",
    "Shared correlation ID",
];

const ELSEWHERE: &str = "5d0e1f4c-7a31-4be0-9c55-2f6b8f1d9a04,0b6a4f7e-2c1d-4e8b-a5f0-9d3c7e210b66,user900@contoso.example,\
                         User 900,DE,2026-03-03T22:19:02.4410000+00:00,2026-03-03T22:19:02.9020000+00:00,\
                         2026-03-03T22:19:02.9020000+00:00,,0,No,+493023125900,+12025550142,dr_out,EUNO,EUNO,488,560488,\
                         Not Acceptable Here,sbc-zrh.contoso.example,No,";

impl Reported {
    fn line(&self, with_id: bool) -> String {
        let [from, to] = &self.numbers;
        let user = if self.to_teams { to } else { from };
        let user = user.trim_start_matches("+498999998");
        let end = moment(self.end);
        let [failed, ended] = if self.answered {
            ["", &end]
        } else {
            [&end, ""]
        };
        let cells = [
            if with_id { &self.guid } else { "" }.to_owned(),
            Generator::named(user).guid(),
            format!("user{user}@contoso.example"),
            format!("User {user}"),
            "DE".to_owned(),
            moment(self.invite),
            moment(self.start),
            failed.to_owned(),
            ended.to_owned(),
            ((self.end - self.invite) / 1_000).to_string(),
            if self.answered { "Yes" } else { "No" }.to_owned(),
            from.clone(),
            to.clone(),
            if self.to_teams { "dr_in" } else { "dr_out" }.to_owned(),
            "EUNO".to_owned(),
            "EUNO".to_owned(),
            self.code.to_string(),
            self.subcode.to_string(),
            quoted(self.phrase),
            "sbc-muc.contoso.example".to_owned(),
            "No".to_owned(),
            String::new(),
        ];
        format!("{}\r\n", cells.join(","))
    }
}

fn quoted(cell: &str) -> String {
    if cell.contains(',') {
        format!("\"{cell}\"")
    } else {
        cell.to_owned()
    }
}

/// Milliseconds into the night as ISO 8601, by Microsoft's clock, which is right.
fn moment(milliseconds: u64) -> String {
    let seconds = 22 * 3_600 + milliseconds / 1_000;
    assert!(seconds < 86_400, "the night ends before midnight");
    format!(
        "2026-03-03T{:02}:{:02}:{:02}.{:03}0000+00:00",
        seconds / 3_600,
        seconds / 60 % 60,
        seconds % 60,
        milliseconds % 1_000
    )
}
