//! Reported and observed → a verdict. Knows no case by name.

use serde::{Deserialize, Serialize};

use crate::call::OfferUnderTest;
use crate::call::Rejection;
use crate::trunk::Bypass;
use crate::trunk::Refusal;
use crate::trunk::Refuser;

use super::Diagnosis;
use super::Verdict;
use super::case::CASES;
use super::case::Observation;
use super::finding::FINDINGS;
use super::phrase::Reported;
use super::show_long;

/// The code that Microsoft's report shows where the SBC refused Teams' offer: 560, and the SBC's status.
const REFUSED_BY_SBC: u32 = 560_488;

/// What one call tells of a rejection. The verdict may need the whole run: see [`Observed::judge`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed {
    /// Place of the case that the response reports.
    reported: Option<u8>,
    /// What the offer shows, case by case.
    cases: Vec<Observation>,
    /// Whether all of the offer is there.
    offer: Known,
    /// Place of the finding that the response names.
    named: Option<u8>,
    /// Place of the finding that the request shows, and what was seen.
    shown: Option<(u8, String)>,
    /// What the response says, fit to be shown.
    said: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Known {
    Whole,
    Cut,
    Missing,
}

impl Observed {
    /// Looks at one rejection with each case and each finding.
    pub fn of(rejection: &Rejection<'_, '_>, reported: &Reported) -> Self {
        let is_unreadable = matches!(&rejection.offer, OfferUnderTest::Whole(description) if description.is_unreadable());
        let cases: Vec<Observation> = CASES
            .iter()
            .map(|case| {
                if is_unreadable {
                    Observation::Unseen
                } else {
                    (case.observe)(rejection)
                }
            })
            .collect();
        let says = |place: &usize| {
            CASES
                .get(*place)
                .is_some_and(|case| reported.says(case.phrases))
        };
        // Where a response reports two, the one that the offer shows.
        let of_both = (0..CASES.len())
            .filter(says)
            .min_by_key(|&place| !cases[place].is_observed());
        let offer = match rejection.offer {
            OfferUnderTest::Whole(_) | OfferUnderTest::Nothing => Known::Whole,
            OfferUnderTest::Cut(_) => Known::Cut,
            OfferUnderTest::Missing => Known::Missing,
        };
        Self {
            reported: of_both.map(place_of),
            cases,
            offer,
            named: FINDINGS
                .iter()
                .position(|finding| reported.says_all(finding.words))
                .map(place_of),
            shown: FINDINGS.iter().enumerate().find_map(|(place, finding)| {
                Some((place_of(place), (finding.observe)(rejection)?))
            }),
            said: show_long(reported.phrase.as_bytes()),
        }
    }

    /// The diagnosis, with who refused and what is known of the trunk.
    pub fn judge(&self, refusal: Refusal, refuser: Option<Refuser>, bypass: Bypass) -> Diagnosis {
        let is_teams_refused = refusal == Refusal::By(Refuser::Sbc);
        let mut diagnosis = match self.reported.filter(|_| !is_teams_refused) {
            Some(case) => self.judge_reported(case),
            None if self.offer != Known::Whole => {
                self.say(None, Verdict::Insufficient, self.why_unknown())
            }
            None if refuser == Some(Refuser::Teams) => self.judge_offer(bypass),
            None => self.say(None, Verdict::Undocumented, no_microsoft(refuser)),
        };
        if is_teams_refused {
            diagnosis.microsoft_code = Some(REFUSED_BY_SBC);
        }
        self.add_finding(&mut diagnosis, refuser);
        diagnosis
    }

    fn judge_reported(&self, case: u8) -> Diagnosis {
        let observation = self
            .cases
            .get(usize::from(case))
            .unwrap_or(&Observation::Unseen);
        let (verdict, seen) = match observation {
            Observation::Proves(text) | Observation::Suggests(text) => {
                (Verdict::Confirmed, format!("offer: {text}"))
            }
            Observation::Refutes(text) => (Verdict::Contradicted, format!("but {text}")),
            Observation::Unseen if self.offer == Known::Whole => {
                (Verdict::Reported, "the SDP can't be read".to_owned())
            }
            Observation::Unseen => (Verdict::Reported, self.why_unknown().to_owned()),
        };
        self.say(Some(case), verdict, &seen)
    }

    /// An offer that Teams refused without naming a case.
    fn judge_offer(&self, bypass: Bypass) -> Diagnosis {
        let excluded = self
            .shown
            .as_ref()
            .filter(|(finding, _)| FINDINGS[usize::from(*finding)].excludes_cases);
        if let Some((_, seen)) = excluded {
            return self.say(None, Verdict::Undocumented, seen);
        }
        let settled: Vec<Observation> = CASES
            .iter()
            .zip(&self.cases)
            .map(|(case, seen)| {
                case.settle
                    .map_or_else(|| seen.clone(), |settle| settle(seen.clone(), bypass))
            })
            .collect();
        let mut observed: Vec<usize> = (0..settled.len())
            .filter(|&place| settled[place].is_observed())
            .collect();
        // What only the trunk could decide, and did not, says nothing beside what the offer shows or the response names.
        if observed.len() > 1 || self.named.is_some() {
            observed.retain(|&place| {
                CASES[place].settle.is_none() || matches!(settled[place], Observation::Proves(_))
            });
        }
        let texts: Vec<&str> = observed
            .iter()
            .map(|&place| settled[place].text())
            .collect();
        let Some(&first) = observed.first() else {
            return self.say(None, Verdict::Undocumented, &refuted(&settled));
        };
        let is_proven = observed.len() == 1
            && self.named.is_none()
            && matches!(settled[first], Observation::Proves(_));
        let verdict = if is_proven {
            Verdict::Inferred
        } else {
            Verdict::Possible
        };
        let several = if observed.len() > 1 {
            "several causes in the offer: "
        } else {
            "offer: "
        };
        self.say(
            Some(place_of(first)),
            verdict,
            &format!("{several}{}", texts.join("; ")),
        )
    }

    fn why_unknown(&self) -> &'static str {
        match self.offer {
            Known::Cut => {
                "the offer is not whole in the capture (cut by the snap length, or bytes were lost)"
            }
            Known::Missing => "the refused request is not in the capture",
            Known::Whole => "the offer is known",
        }
    }

    fn say(&self, case: Option<u8>, verdict: Verdict, seen: &str) -> Diagnosis {
        let evidence = if self.said.is_empty() {
            format!("the response gives no reason; {seen}")
        } else {
            format!("response: \"{}\"; {seen}", self.said)
        };
        let microsoft_code = case
            .and_then(|place| CASES.get(usize::from(place)))
            .map(|case| case.microsoft_code);
        Diagnosis {
            case,
            verdict,
            microsoft_code,
            finding: None,
            evidence,
        }
    }

    /// Names the known pattern, unless a documented case already explains the refusal.
    fn add_finding(&self, diagnosis: &mut Diagnosis, refuser: Option<Refuser>) {
        if matches!(diagnosis.verdict, Verdict::Confirmed | Verdict::Inferred) {
            return;
        }
        let by_refuser = || {
            let refuser = refuser.filter(|_| diagnosis.case.is_none())?;
            FINDINGS
                .iter()
                .position(|finding| finding.refuser == Some(refuser))
                .map(place_of)
        };
        diagnosis.finding = self
            .named
            .or(self.shown.as_ref().map(|(place, _)| *place))
            .or_else(by_refuser);
        if let Some((place, seen)) = &self.shown
            && diagnosis.finding == Some(*place)
            && !diagnosis.evidence.contains(seen.as_str())
        {
            diagnosis.evidence.push_str("; ");
            diagnosis.evidence.push_str(seen);
        }
    }
}

fn no_microsoft(refuser: Option<Refuser>) -> &'static str {
    match refuser {
        Some(Refuser::Sbc) => "the SBC refused, so it is none of Microsoft's cases",
        Some(Refuser::Carrier) => "the carrier refused, so it is none of Microsoft's cases",
        Some(Refuser::Teams) | None => {
            "nothing shows that Microsoft sent this 488, so no case is inferred"
        }
    }
}

/// Why it is none of the cases.
fn refuted(settled: &[Observation]) -> String {
    let seen: Vec<&str> = settled.iter().map(Observation::text).collect();
    format!("none of the four cases: {}", seen.join("; "))
}

/// Registries have a dozen entries.
fn place_of(place: usize) -> u8 {
    u8::try_from(place).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use crate::diagnosis::CASES;
    use crate::diagnosis::Diagnosis;
    use crate::diagnosis::FINDINGS;
    use crate::diagnosis::Verdict;
    use crate::diagnosis::sample::KEY;
    use crate::diagnosis::sample::diagnose;
    use crate::diagnosis::sample::diagnose_by;
    use crate::diagnosis::sample::diagnose_cut;
    use crate::diagnosis::sample::good;
    use crate::diagnosis::sample::with_media;
    use crate::trunk::Bypass;
    use crate::trunk::Refuser;

    const SAYS_SRTP: &str = "Q.850;cause=88;text=\"c586066f-0000-4000-8000-000000000000;InternalDiagCode: SrtpEncryptionRequired, InternalErrorPhrase: Remote participant did not offer required SRTP support\"";

    fn plain() -> String {
        good()
            .replace("RTP/SAVP", "RTP/AVP")
            .replace(&format!("{KEY}\r\n"), "")
    }

    fn told(diagnosis: &Diagnosis) -> (&str, Verdict, Option<u32>, &str) {
        let case = diagnosis.case().map_or("", |case| case.name);
        let finding = diagnosis.finding().map_or("", |finding| finding.name);
        (case, diagnosis.verdict, diagnosis.microsoft_code, finding)
    }

    #[test]
    fn reported_and_observed_is_confirmed() {
        let diagnosis = diagnose(Some(&plain()), SAYS_SRTP, Bypass::Unknown);
        assert_eq!(
            told(&diagnosis),
            (
                "srtp-encryption-required",
                Verdict::Confirmed,
                Some(531_000),
                ""
            )
        );
    }

    #[test]
    fn reported_and_refuted_is_contradicted() {
        assert_eq!(
            diagnose(Some(&good()), SAYS_SRTP, Bypass::Unknown).verdict,
            Verdict::Contradicted
        );
    }

    #[test]
    fn of_two_that_a_response_reports_the_one_that_the_offer_shows_is_told() {
        // No codec and no key are both said to be missing; the offer has codecs.
        let both = format!("{SAYS_SRTP}, SIP;cause=488;text=\"CannotSupportAnyMedia\"");
        for reason in [both.as_str(), SAYS_SRTP] {
            let diagnosis = diagnose(Some(&plain()), reason, Bypass::Unknown);
            assert_eq!(told(&diagnosis).0, "srtp-encryption-required");
        }
        let no_codec = good().replace("RTP/SAVP 8 101", "RTP/SAVP 3");
        let diagnosis = diagnose(Some(&no_codec), &both, Bypass::Unknown);
        assert_eq!(told(&diagnosis).0, "cannot-support-any-media");
    }

    #[test]
    fn evidence_says_why_the_offer_shows_nothing() {
        let unreadable = diagnose(Some("garbage"), SAYS_SRTP, Bypass::Unknown);
        assert_eq!(unreadable.verdict, Verdict::Reported);
        assert!(
            unreadable.evidence.contains("the SDP can't be read"),
            "{}",
            unreadable.evidence
        );
        let cut = diagnose_cut(SAYS_SRTP);
        assert_eq!(cut.verdict, Verdict::Reported);
        assert!(!cut.evidence.contains("can't be read"), "{}", cut.evidence);
    }

    #[test]
    fn observed_alone_is_inferred() {
        let diagnosis = diagnose(Some(&plain()), "", Bypass::Unknown);
        assert_eq!(
            told(&diagnosis),
            (
                "srtp-encryption-required",
                Verdict::Inferred,
                Some(531_000),
                ""
            )
        );
    }

    #[test]
    fn several_observed_are_possible_and_the_evidence_names_each() {
        let sdp = with_media("m=audio 4000 RTP/AVP 3");
        let diagnosis = diagnose(Some(&sdp), "", Bypass::Unknown);
        assert_eq!(
            told(&diagnosis),
            (
                "srtp-encryption-required",
                Verdict::Possible,
                Some(531_000),
                ""
            )
        );
        assert!(
            diagnosis.evidence.contains("SRTP is off") && diagnosis.evidence.contains("GSM"),
            "{}",
            diagnosis.evidence
        );
    }

    #[test]
    fn a_missing_candidate_counts_beside_another_case_only_on_a_bypass_trunk() {
        let sdp = with_media("m=audio 4000 RTP/AVP 8");
        assert_eq!(
            diagnose(Some(&sdp), "", Bypass::Unknown).verdict,
            Verdict::Inferred
        );
        assert_eq!(
            diagnose(Some(&sdp), "", Bypass::Configured).verdict,
            Verdict::Possible
        );
    }

    #[test]
    fn an_offer_without_fault_is_undocumented() {
        assert_eq!(
            told(&diagnose(Some(&good()), "", Bypass::Unknown)),
            ("", Verdict::Undocumented, None, "")
        );
    }

    #[test]
    fn no_sdp_is_a_delayed_offer_unless_a_case_is_reported() {
        assert_eq!(
            told(&diagnose(None, "", Bypass::Unknown)),
            ("", Verdict::Undocumented, None, "delayed-offer")
        );
        assert_eq!(
            diagnose(None, SAYS_SRTP, Bypass::Unknown)
                .case()
                .unwrap()
                .name,
            "srtp-encryption-required"
        );
    }

    #[test]
    fn image_alone_is_fax() {
        let sdp = with_media("m=image 4000 udptl t38");
        assert_eq!(
            told(&diagnose(Some(&sdp), "", Bypass::Unknown)),
            ("", Verdict::Undocumented, None, "fax-refused")
        );
        let beside = with_media("m=audio 0 RTP/AVP 8\nm=image 4000 udptl t38");
        assert_eq!(
            told(&diagnose(Some(&beside), "", Bypass::Unknown)).3,
            "fax-refused"
        );
    }

    #[test]
    fn what_can_not_be_parsed_observes_nothing() {
        let sdp = plain().replace("m=audio 4000", "m=audio port");
        assert_eq!(
            told(&diagnose(Some(&sdp), "", Bypass::Unknown)),
            ("", Verdict::Undocumented, None, "malformed-sdp")
        );
    }

    #[test]
    fn a_payload_type_used_twice_is_named() {
        let sdp = good().replace("RTP/SAVP 8 101", "RTP/SAVP 8 101 101");
        assert_eq!(
            told(&diagnose(Some(&sdp), "", Bypass::Unknown)).3,
            "duplicate-payload-type"
        );
        assert_eq!(
            told(&diagnose(
                Some(&good()),
                "Q.850;cause=0;text=\"Duplicated payload type\"",
                Bypass::Unknown
            ))
            .3,
            "duplicate-payload-type"
        );
    }

    #[test]
    fn an_ipv6_address_is_named() {
        let sdp = good().replace("c=IN IP4 192.0.2.7", "c=IN IP6 2001:db8::7");
        assert_eq!(
            told(&diagnose(Some(&sdp), "", Bypass::Unknown)),
            ("", Verdict::Undocumented, None, "ipv6-offer")
        );
    }

    #[test]
    fn declined_bypass_is_named() {
        let reason = "Q.850;cause=0;text=\"5a0345d0-0000-4000-8000-000000000000;BackToBackBypass offer was declined by Peer\"";
        assert_eq!(
            told(&diagnose(Some(&good()), reason, Bypass::Unknown)),
            ("", Verdict::Undocumented, None, "bypass-declined")
        );
    }

    #[test]
    fn the_sbc_refusing_teams_is_560488_and_no_case() {
        assert_eq!(
            told(&diagnose_by(
                Refuser::Sbc,
                Some(&plain()),
                SAYS_SRTP,
                Bypass::Unknown
            )),
            ("", Verdict::Undocumented, Some(560_488), "sbc-refused")
        );
    }

    #[test]
    fn a_refusal_by_the_carrier_is_never_inferred_to_be_a_case() {
        assert_eq!(
            told(&diagnose_by(
                Refuser::Carrier,
                Some(&plain()),
                "",
                Bypass::Unknown
            )),
            ("", Verdict::Undocumented, None, "carrier-refused")
        );
    }

    #[test]
    fn names_and_phrases_of_the_registries_are_unique_and_normalised() {
        let mut names: Vec<&str> = CASES
            .iter()
            .map(|case| case.name)
            .chain(FINDINGS.iter().map(|finding| finding.name))
            .collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), CASES.len() + FINDINGS.len());
        for phrase in CASES
            .iter()
            .flat_map(|case| case.phrases)
            .chain(FINDINGS.iter().flat_map(|finding| finding.words))
        {
            assert_eq!(
                crate::diagnosis::phrase::normalise(phrase.as_bytes()),
                *phrase
            );
        }
        for case in CASES {
            let said = crate::diagnosis::phrase::normalise(case.reported_as.as_bytes());
            assert!(
                case.phrases.iter().all(|phrase| said.contains(phrase)),
                "{}",
                case.name
            );
        }
    }
}
