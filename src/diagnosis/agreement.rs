//! Whether Microsoft's own report says the same as a diagnosis.

use super::CASES;
use super::Diagnosis;
use super::Verdict;
use super::phrase::normalise;

/// Whether two say the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// They do.
    Agrees,
    /// They do not.
    Differs,
    /// One of them says nothing: no six-digit code, or an offer that is not known.
    Untold,
}

/// The least code of Microsoft's own; SIP has three digits.
const LEAST: u32 = 1_000;

/// Holds a diagnosis against the code and the phrase of Microsoft's report. Two cases have one code: there the phrase
/// decides, where it names one.
pub fn agreement(diagnosis: &Diagnosis, code: Option<u32>, phrase: &[u8]) -> Agreement {
    let Some(code) = code.filter(|code| *code >= LEAST) else {
        return Agreement::Untold;
    };
    let Some(case) = diagnosis.case() else {
        let is_documented = CASES.iter().any(|case| case.microsoft_code == code);
        return match diagnosis.verdict {
            Verdict::Insufficient => Agreement::Untold,
            _ if is_documented => Agreement::Differs,
            _ => Agreement::Agrees,
        };
    };
    let said = normalise(phrase);
    let named = CASES
        .iter()
        .find(|case| case.phrases.iter().any(|phrase| said.contains(phrase)));
    let is_it = named.is_none_or(|named| named.name == case.name);
    if case.microsoft_code == code && is_it {
        Agreement::Agrees
    } else {
        Agreement::Differs
    }
}

#[cfg(test)]
mod tests {
    use super::Agreement;
    use super::CASES;
    use super::Diagnosis;
    use super::Verdict;
    use super::agreement;

    fn held(case: Option<&str>, verdict: Verdict, code: u32, phrase: &str) -> Agreement {
        let place = |name| CASES.iter().position(|case| case.name == name);
        let diagnosis = Diagnosis {
            case: case
                .and_then(place)
                .and_then(|place| u8::try_from(place).ok()),
            verdict,
            microsoft_code: None,
            finding: None,
            evidence: String::new(),
        };
        agreement(&diagnosis, Some(code), phrase.as_bytes())
    }

    #[test]
    fn the_phrase_decides_between_two_cases_of_one_code() {
        let key = Some("srtp-encryption-required");
        let of = |phrase| held(key, Verdict::Confirmed, 531_000, phrase);
        let refused = "InternalDiagCode: SrtpEncryptionRequired, InternalErrorPhrase: Remote participant did not offer required SRTP support";
        assert_eq!(of(refused), Agreement::Agrees);
        assert_eq!(of(""), Agreement::Agrees);
        assert_eq!(
            of("Invalid SDP offer: no media acceptable"),
            Agreement::Differs
        );
        assert_eq!(
            held(key, Verdict::Confirmed, 531_027, ""),
            Agreement::Differs
        );
    }

    #[test]
    fn no_case_agrees_with_a_code_that_is_none_of_the_cases() {
        assert_eq!(
            held(None, Verdict::Undocumented, 560_488, ""),
            Agreement::Agrees
        );
        assert_eq!(
            held(None, Verdict::Undocumented, 531_052, ""),
            Agreement::Differs
        );
        assert_eq!(
            held(None, Verdict::Insufficient, 531_052, ""),
            Agreement::Untold
        );
        assert_eq!(
            held(None, Verdict::Undocumented, 488, ""),
            Agreement::Untold
        );
    }
}
