//! Any bytes → a trunk report, beside itself and beside a night without trunks.

use std::collections::BTreeMap;

use sip488::report::compare::Became;
use sip488::report::compare::compare;
use sip488::report::compare::read;

use super::Subject;

pub(crate) const SUBJECT: Subject = Subject {
    name: "trunk_report",
    dictionary: &[
        b"trunk,calls,answered,incomplete,calls_488",
        b"cannot_support_any_media",
        b"side",
        b"18446744073709551615",
        b"\xef\xbb\xbf",
        b"\"",
        b"\r\n",
        b",0,0",
    ],
    longest: 8 << 10,
    run,
};

const HEADER: &str = "trunk,calls,answered,incomplete,calls_488,cannot_support_any_media,srtp_encryption_required,no_ice_candidates,blackhole_media,undocumented,side\r\n";

fn run(bytes: &[u8]) {
    let trunks = match read(bytes) {
        Ok(trunks) => trunks,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    assert!(trunks.len() <= bytes.len());
    for one in compare(&trunks, &trunks) {
        assert!(matches!(one.became, Became::Same | Became::Few), "{one:?}");
        for moved in [one.rate_488(), one.asr()].into_iter().flatten() {
            assert!(
                moved.low <= moved.value && moved.value <= moved.high,
                "{moved:?}"
            );
        }
    }
    let came = compare(&BTreeMap::new(), &trunks);
    assert!(came.iter().all(|one| one.became == Became::Came));
    assert_eq!(came.len(), trunks.len());
}

/// Two trunks, one told twice.
pub(crate) fn inputs() -> Vec<Vec<u8>> {
    let rows = "a,1000,900,0,10,0,10,0,0,0,teams\r\nb,29,3,1,9,9,0,0,0,0,carrier\r\n\"a\",1,1,0,0,0,0,0,0,0,teams\r\n";
    vec![
        format!("{HEADER}{rows}").into_bytes(),
        HEADER.as_bytes().to_vec(),
    ]
}
