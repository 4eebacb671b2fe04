//! Patterns known to cause a 488 that is none of the documented cases, one file each.

mod bypass_declined;
mod carrier_refused;
mod delayed_offer;
mod duplicate_payload_type;
mod fax_refused;
mod ipv6_offer;
mod malformed_sdp;
mod sbc_refused;

use crate::call::Rejection;
use crate::trunk::Refuser;

use super::mark::Mark;
use super::mark::WrittenOffer;

/// A known pattern.
#[derive(Debug)]
pub struct Finding {
    /// The word in the CSV.
    pub name: &'static str,
    /// What it means and what to do.
    pub meaning: &'static str,
    /// Words that a response says all of where it names this itself; empty where none does.
    pub words: &'static [&'static str],
    /// Whether the request shows it, and what was seen.
    pub observe: fn(&Rejection<'_, '_>) -> Option<String>,
    /// The refuser that by itself is the pattern.
    pub refuser: Option<Refuser>,
    /// True where a request that shows it can show no case: it is `undocumented`, unless a case is reported.
    pub excludes_cases: bool,
    /// Which lines of a known offer show it.
    pub mark: fn(&WrittenOffer<'_>) -> Vec<Mark>,
}

/// The findings in order of precedence: what keeps an offer from being read at all, what is peculiar to it, who refused.
pub const FINDINGS: &[Finding] = &[
    malformed_sdp::FINDING,
    delayed_offer::FINDING,
    fax_refused::FINDING,
    duplicate_payload_type::FINDING,
    ipv6_offer::FINDING,
    bypass_declined::FINDING,
    sbc_refused::FINDING,
    carrier_refused::FINDING,
];

/// For findings that no request shows.
fn never(_: &Rejection<'_, '_>) -> Option<String> {
    None
}

/// For findings that are in no line.
fn no_line(_: &WrittenOffer<'_>) -> Vec<Mark> {
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::FINDINGS;
    use crate::diagnosis::WrittenOffer;
    use crate::diagnosis::sample::with_media;

    /// The lines that a finding marks in an offer with these media lines.
    fn marked(name: &str, media: &str) -> Vec<String> {
        let sdp = with_media(media);
        let lines: Vec<&str> = sdp.lines().collect();
        let finding = FINDINGS
            .iter()
            .find(|finding| finding.name == name)
            .unwrap();
        let marks = (finding.mark)(&WrittenOffer::of(sdp.as_bytes()));
        assert!(marks.iter().all(|mark| mark.shows));
        marks
            .iter()
            .map(|mark| lines[mark.line - 1].to_owned())
            .collect()
    }

    #[test]
    fn the_lines_that_show_a_finding_are_marked() {
        let twice =
            "m=audio 4000 RTP/SAVP 8 96\na=rtpmap:96 SILK/8000\na=rtpmap:96 telephone-event/8000";
        assert_eq!(
            marked("duplicate-payload-type", twice),
            twice.lines().collect::<Vec<_>>()
        );
        assert_eq!(
            marked(
                "ipv6-offer",
                "m=audio 4000 RTP/SAVP 8\nc=IN IP6 2001:db8::1"
            ),
            ["c=IN IP6 2001:db8::1"]
        );
        assert_eq!(
            marked(
                "fax-refused",
                "m=audio 0 RTP/SAVP 8\nm=image 4000 udptl t38"
            ),
            ["m=image 4000 udptl t38"]
        );
        assert_eq!(
            marked("malformed-sdp", "m=audio x RTP/SAVP 8\nm=lost"),
            ["m=audio x RTP/SAVP 8", "m=lost"]
        );
        assert_eq!(
            marked("duplicate-payload-type", "m=audio 4000 RTP/SAVP 8 9"),
            [""; 0]
        );
    }
}
