//! Trunks side by side, and the offers that always fail.

use std::fmt::Write;

use crate::diagnosis::CASES;
use crate::report::columns::offers;
use crate::report::columns::trunks;
use crate::report::escape::html;
use crate::report::offers::OfferCounts;
use crate::report::trunks::FEW;
use crate::report::trunks::TrunkCounts;

use super::Overview;
use super::bar;
use super::cell;
use super::chart::label;
use super::grouped;

/// Trunks in the page: those with the most 488s.
const MOST_TRUNKS: usize = 100;

/// Offers that always fail in the page: those refused most often.
const MOST_OFFERS: usize = 50;

impl Overview<'_> {
    /// The trunks, the most 488s first.
    pub(super) fn trunk_table(&self) -> String {
        if self.trunks.is_empty() {
            return String::new();
        }
        let has_unknown = self.trunks.iter().any(|trunk| trunk.calls < FEW);
        let mut out = String::from("<p>By calls: a call counts with the case of its first 488.");
        if has_unknown {
            let _ = write!(
                out,
                " A rate of fewer than {FEW} calls tells little, and says so."
            );
        }
        out += "</p>\n<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Table of trunks\"><table><thead><tr><th scope=\"col\">trunk</th>";
        for name in ["calls", "with 488", "488 %", "", "ASR %"] {
            let _ = write!(
                out,
                "<th scope=\"col\" class=\"number\">{name}{}</th>",
                if name.is_empty() {
                    "<span class=\"unseen\">488 rate as a bar</span>"
                } else {
                    ""
                }
            );
        }
        for case in CASES {
            let _ = write!(
                out,
                "<th scope=\"col\" class=\"number\">{}</th>",
                case.name.replace('-', "-<wbr>")
            );
        }
        out += "<th scope=\"col\" class=\"number\">none of the four</th><th scope=\"col\" class=\"number\">setup ms, median</th></tr></thead><tbody>\n";
        for trunk in self.trunks.iter().take(MOST_TRUNKS) {
            out += &self.trunk_row(trunk);
        }
        out += "</tbody></table></div>\n";
        if self.trunks.len() > MOST_TRUNKS {
            let _ = writeln!(
                out,
                "<p>The {MOST_TRUNKS} with the most 488s; {} more are in --trunk-report.</p>",
                grouped((self.trunks.len() - MOST_TRUNKS) as u64)
            );
        }
        out
    }

    fn trunk_row(&self, trunk: &TrunkCounts) -> String {
        let told = |name| html(&cell(trunks::COLUMNS, name, trunk, &self.print));
        let name = label(&String::from_utf8_lossy(trunk.trunk.as_bytes()), trunk.side);
        let few = if trunk.calls < FEW {
            " <small>few calls</small>"
        } else {
            ""
        };
        let mut out = format!(
            "<tr><th scope=\"row\"><bdi>{}</bdi>{few}</th><td class=\"number\">{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td><td class=\"bars\">{}</td><td class=\"number\">{}</td>",
            html(&name),
            grouped(trunk.calls),
            grouped(trunk.calls_488),
            told("rate_488"),
            bar(trunk.calls_488, trunk.calls),
            told("asr"),
        );
        for count in trunk.cases.iter().chain([&trunk.undocumented]) {
            let _ = write!(
                out,
                "<td class=\"number\">{}</td>",
                if *count == 0 {
                    "·".to_owned()
                } else {
                    grouped(*count)
                }
            );
        }
        let _ = writeln!(
            out,
            "<td class=\"number\">{}</td></tr>",
            told("setup_ms_p50")
        );
        out
    }

    /// The offers that were never accepted, the most refused first.
    pub(super) fn offer_table(&self) -> String {
        let fails = |offer: &&OfferCounts| {
            offer.accepted == 0
                && offer.refused > offer.passed_on
                && !offer.signature.offer.is_empty()
        };
        let failing: Vec<_> = self.offers.iter().filter(fails).collect();
        if failing.is_empty() {
            return String::new();
        }
        let mut out = String::from(
            "<p>Offers of one kind that were refused each time, and never accepted. What only passes on another leg's 488 is not counted.</p>\n\
             <div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Table of offers\"><table><thead><tr>",
        );
        for name in [
            "refused",
            "trunk",
            "direction",
            "cases",
            "media",
            "codecs",
            "SRTP",
            "ICE",
            "address",
            "example",
        ] {
            let class = if name == "refused" {
                " class=\"number\""
            } else {
                ""
            };
            let _ = write!(out, "<th scope=\"col\"{class}>{name}</th>");
        }
        out += "</tr></thead><tbody>\n";
        for offer in failing.iter().take(MOST_OFFERS) {
            out += &self.offer_row(offer);
        }
        out += "</tbody></table></div>\n";
        if failing.len() > MOST_OFFERS {
            let _ = writeln!(
                out,
                "<p>The {MOST_OFFERS} refused most often; {} more are in --offer-report.</p>",
                grouped((failing.len() - MOST_OFFERS) as u64)
            );
        }
        out
    }

    fn offer_row(&self, offer: &OfferCounts) -> String {
        let told = |name| html(&cell(offers::COLUMNS, name, offer, &self.print));
        let list = |name| told(name).replace(';', ", ");
        let trunk = label(&String::from_utf8_lossy(offer.trunk.as_bytes()), offer.side);
        let media = match offer.signature.offer {
            "none" => "no SDP".to_owned(),
            _ => list("media"),
        };
        let suites = list("crypto_suites");
        format!(
            "<tr><td class=\"number\">{}</td><td><bdi>{}</bdi></td><td>{}</td><td>{}</td><td>{media}</td><td class=\"long\">{}</td><td>{}{}</td><td>{}</td><td>{}</td><td class=\"code\"><a class=\"find\" href=\"#find={}\"><bdi>{}</bdi></a></td></tr>\n",
            grouped(offer.refused - offer.passed_on),
            html(&trunk),
            told("direction"),
            list("causes"),
            list("codecs"),
            told("srtp"),
            if suites.is_empty() {
                suites
            } else {
                format!(": {suites}")
            },
            told("ice"),
            told("connection"),
            in_address(offer.example()),
            html(&String::from_utf8_lossy(offer.example())),
        )
    }
}

/// Bytes as a part of an address (RFC 3986 §2.1).
fn in_address(bytes: &[u8]) -> String {
    let mut out = String::new();
    for character in String::from_utf8_lossy(bytes).bytes() {
        match character {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(character));
            }
            // Writing to a `String` can't fail.
            other => drop(write!(out, "%{other:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::in_address;

    #[test]
    fn a_call_id_in_an_address_is_one_word() {
        assert_eq!(in_address(b"a-1@b&\"\xff"), "a-1%40b%26%22%EF%BF%BD");
    }
}
