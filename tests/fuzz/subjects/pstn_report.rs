//! Any bytes → Microsoft's report of the calls.

use sip488::pstn_report::PstnReport;
use sip488::trunk::Numbering;

use super::Subject;

pub(crate) const SUBJECT: Subject = Subject {
    name: "pstn_report",
    dictionary: &[
        b"correlationId",
        b"Correlation ID",
        b"callerNumber",
        b"Caller Number",
        b"calleeNumber",
        b"startDateTime",
        b"finalSipCode",
        b"callEndSubReason",
        b"Final Microsoft subcode",
        b"2026-03-02T22:00:00Z",
        b"531000",
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\"",
        b";",
        b"\t",
        b"\r\n",
        b"{\"value\":[{\"",
        b"\":\"",
    ],
    longest: 8 << 10,
    run,
};

fn run(bytes: &[u8]) {
    let mut report = PstnReport::default();
    if let Err(error) = report.read(bytes, &Numbering::default()) {
        assert!(!error.to_string().is_empty());
        assert!(report.is_empty(), "a file is read, or an error is said");
    }
    assert!(report.len() <= bytes.len());
}
