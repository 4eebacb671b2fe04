//! What a case means, what confirms it, what to do: printed from the registries.

use std::fmt::Write;

use crate::diagnosis::CASES;
use crate::diagnosis::Case;
use crate::diagnosis::FINDINGS;
use crate::diagnosis::Finding;

use super::paragraph::paragraph;

/// There is nothing of that name to explain.
#[derive(Debug, thiserror::Error)]
#[error("no case or finding is called `{0}`; there are: {names}", names = names().join(", "))]
pub struct UnknownName(String);

/// All cases and findings, a line each.
pub fn list() -> String {
    let mut out =
        String::from("The four causes of 488 that Microsoft documents for Direct Routing:\n\n");
    for case in CASES {
        let _ = writeln!(
            out,
            "  {:<26} {}  {}",
            case.name, case.microsoft_code, case.meaning
        );
    }
    out.push_str("\nKnown patterns that are none of the four:\n\n");
    for finding in FINDINGS {
        let first = finding
            .meaning
            .split(". ")
            .next()
            .unwrap_or_default()
            .trim_end_matches('.');
        let _ = writeln!(out, "  {:<26} {first}.", finding.name);
    }
    out.push_str("\nsip488 explain NAME tells what it means, what confirms it, and what to do.\n");
    out
}

/// One case or finding, by name, or the cases of one of Microsoft's codes.
pub fn page(name: &str) -> Result<String, UnknownName> {
    let cases: Vec<&Case> = CASES
        .iter()
        .filter(|case| {
            case.name.eq_ignore_ascii_case(name) || case.microsoft_code.to_string() == name
        })
        .collect();
    if !cases.is_empty() {
        return Ok(cases
            .into_iter()
            .map(case_page)
            .collect::<Vec<_>>()
            .join("\n"));
    }
    let finding = FINDINGS
        .iter()
        .find(|finding| finding.name.eq_ignore_ascii_case(name));
    finding.map(finding_page).ok_or_else(|| {
        UnknownName(
            name.chars()
                .filter(|character| !character.is_control())
                .take(64)
                .collect(),
        )
    })
}

fn case_page(case: &Case) -> String {
    let mut out = format!("{}\n\n", case.name);
    for (title, text) in [
        ("What it means", case.meaning),
        ("What the response says", case.reported_as),
        ("What in the offer confirms it", case.confirmed_by),
        ("What to do", case.remedy),
    ] {
        section(&mut out, title, text);
    }
    let code = format!(
        "{} in Microsoft's PSTN usage report; the number is not on the wire.",
        case.microsoft_code
    );
    section(&mut out, "Code", &code);
    let _ = writeln!(out, "Microsoft's page\n  {}", case.page);
    out
}

fn finding_page(finding: &Finding) -> String {
    let mut out = format!("{}\n\n", finding.name);
    section(
        &mut out,
        "A known pattern, none of the four documented causes",
        finding.meaning,
    );
    out
}

fn section(out: &mut String, title: &str, text: &str) {
    let _ = writeln!(out, "{title}");
    out.push_str(&paragraph(text, "  "));
    out.push('\n');
}

fn names() -> Vec<&'static str> {
    CASES
        .iter()
        .map(|case| case.name)
        .chain(FINDINGS.iter().map(|finding| finding.name))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::list;
    use super::names;
    use super::page;

    #[test]
    fn everything_that_is_listed_has_a_page() {
        for name in names() {
            assert!(list().contains(name));
            assert!(page(name).unwrap().starts_with(name));
        }
    }

    #[test]
    fn a_code_tells_all_its_cases() {
        let text = page("531000").unwrap();
        assert!(
            text.contains("srtp-encryption-required\n")
                && text.contains("cannot-support-any-media\n")
        );
    }

    #[test]
    fn a_wrong_name_is_told_the_right_ones() {
        assert!(
            page("srtp")
                .unwrap_err()
                .to_string()
                .contains("srtp-encryption-required")
        );
    }
}
