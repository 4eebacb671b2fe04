use std::sync::Arc;

use proptest::prelude::*;

use super::Claims;
use super::Error;
use super::Ground;
use super::Known;
use super::PstnReport;
use crate::capture::record::Nanos;
use crate::trunk::Numbering;

const ID: &str = "7c059a01-bdf8-4b21-ae6a-890d8b478827";

const ADMIN_CENTRE: &str = "\u{feff}CorrelationId,Invite time,Caller Number,Callee Number,Final SIP code,Final Microsoft subcode,Final SIP Phrase\r\n\
7C059A01-BDF8-4B21-AE6A-890D8B478827,2026-03-03T22:02:25.6590000+00:00,+49301234567,+498912345678,488,531000,\"InternalDiagCode: SrtpEncryptionRequired, no\"\r\n\
,2026-03-03T22:12:50.8960000+00:00,+49301234567,+498912345678,486,0,User is busy\r\n";

const GRAPH: &str = r#"{"@odata.count": 1, "value": [{"correlationId": "7c059a01-bdf8-4b21-ae6a-890d8b478827", "inviteDateTime": "2026-03-03T22:02:25.659Z",
"callerNumber": "+49301234567", "calleeNumber": "+4989123****", "finalSipCode": 488, "callEndSubReason": 531027, "finalSipCodePhrase": "no ICE", "duration": null}]}
{"correlationId": "", "inviteDateTime": "2026-03-03T22:12:50", "callerNumber": "+49301234567", "calleeNumber": "+4989123****", "finalSipCode": 486, "callEndSubReason": 0}"#;

fn report(text: &[u8]) -> Arc<PstnReport> {
    let mut report = PstnReport::default();
    report.read(text, &Numbering::default()).unwrap();
    Arc::new(report)
}

/// Seconds after 22:00.
fn call(secs: i64, id: &'static str) -> Known<'static> {
    let start = Nanos::from_secs(1_772_575_200 + secs);
    Known {
        tap: 0,
        start,
        correlation_id: id.as_bytes(),
        caller: b"+49301234567",
        callee: b"+498912345678",
    }
}

/// What is told of each call: code and ground.
fn told(report: &Arc<PstnReport>, calls: &[Known<'_>]) -> Vec<Option<(Option<u32>, Ground)>> {
    let mut claims = Claims::new(Arc::clone(report), Numbering::default());
    for call in calls {
        claims.measure(*call);
    }
    claims.settle();
    for call in calls {
        claims.note(*call);
    }
    let record = |call: &Known<'_>| {
        claims
            .record_of(*call)
            .map(|(record, ground)| (record.code, ground))
    };
    calls.iter().map(record).collect()
}

#[test]
fn a_correlation_id_in_any_case_finds_its_record_and_the_clock_finds_the_others() {
    // The capture's clock is 40 seconds ahead, which the first call tells.
    let calls = [call(185, ID), call(811, ""), call(771, "")];
    let expected = [
        Some((Some(531_000), Ground::CorrelationId)),
        Some((Some(486), Ground::Numbers)),
        None,
    ];
    assert_eq!(told(&report(ADMIN_CENTRE.as_bytes()), &calls), expected);
}

#[test]
fn graph_is_read_in_pages_and_lines_and_masked_numbers_by_what_they_show() {
    let expected = [
        Some((Some(531_027), Ground::CorrelationId)),
        Some((Some(486), Ground::Numbers)),
    ];
    assert_eq!(
        told(&report(GRAPH.as_bytes()), &[call(145, ID), call(770, "")]),
        expected
    );
}

#[test]
fn two_calls_that_could_be_a_record_have_none() {
    let report = report(ADMIN_CENTRE.as_bytes());
    assert_eq!(told(&report, &[call(770, ""), call(771, "")]), [None, None]);
}

#[test]
fn two_records_that_could_be_a_calls_are_not_guessed_between() {
    let second = ADMIN_CENTRE
        .lines()
        .last()
        .unwrap()
        .replace("50.896", "51.896");
    let report = report(format!("{ADMIN_CENTRE}{second}\r\n").as_bytes());
    assert_eq!(report.len(), 3);
    assert_eq!(told(&report, &[call(770, "")]), [None]);
}

#[test]
fn semicolons_other_spellings_and_utf_16_are_read() {
    let spelt = ADMIN_CENTRE
        .trim_start_matches('\u{feff}')
        .replace("required, no", "required")
        .replace(',', ";")
        .replace("Final SIP", "final_sip");
    let utf16: Vec<u8> = std::iter::once(0xFEFF)
        .chain(spelt.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(report(&utf16).len(), 2);
}

#[test]
fn a_file_without_codes_says_what_it_has() {
    let mut report = PstnReport::default();
    let error = report
        .read(b"Date,Cost\r\n1,2\r\n", &Numbering::default())
        .unwrap_err();
    assert!(
        matches!(&error, Error::Lacking { found, .. } if found == "cost, date"),
        "{error}"
    );
}

#[test]
fn a_row_that_tells_of_no_call_is_counted() {
    let mut text = ADMIN_CENTRE.to_owned();
    text.push_str("none,yesterday,a,b,,,\r\n");
    let report = report(text.as_bytes());
    assert_eq!((report.len(), report.unreadable), (2, 1));
}

proptest! {
    #[test]
    fn any_bytes_are_a_report_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = PstnReport::default().read(&bytes, &Numbering::default());
    }

    #[test]
    fn damage_costs_what_is_damaged(at in 0_usize..600, byte in any::<u8>()) {
        for text in [ADMIN_CENTRE, GRAPH] {
            let mut bytes = text.as_bytes().to_vec();
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
            let _ = PstnReport::default().read(&bytes, &Numbering::default());
        }
    }
}
