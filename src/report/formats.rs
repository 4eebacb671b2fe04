//! What is read, printed from the registries: file formats, link types, encapsulations, and what wraps TCP.

use std::fmt::Write;

use crate::capture::formats;
use crate::packet::link::LINKS;
use crate::packet::tunnel::Announcement;
use crate::packet::tunnel::TUNNELS;
use crate::transport::TRANSPORTS;
use crate::transport::wrapping::WRAPPINGS;

/// The table of everything that is read, in Markdown, each line ended.
pub fn table() -> String {
    let mut out = String::from("| what | is known by | described in |\n|---|---|---|\n");
    group(
        &mut out,
        "Files",
        formats().map(|format| (format.name, format.known_by.to_owned(), format.source)),
    );
    let links = LINKS.iter().map(|link| {
        let types: Vec<String> = link.types.iter().map(|link| link.0.to_string()).collect();
        (link.name, numbered("link type", &types), link.source)
    });
    group(&mut out, "Link types", links);
    let tunnels = TUNNELS.iter().map(|tunnel| {
        (
            tunnel.name,
            announcement(tunnel.announced_by),
            tunnel.source,
        )
    });
    group(&mut out, "Encapsulations, nested up to eight deep", tunnels);
    let transports = TRANSPORTS
        .iter()
        .map(|kind| (kind.name, kind.known_by.to_owned(), kind.source));
    group(&mut out, "Transports", transports);
    let wrappings = WRAPPINGS
        .iter()
        .map(|wrapping| (wrapping.name, wrapping.known_by.to_owned(), wrapping.source));
    group(&mut out, "Inside TCP", wrappings);
    out
}

fn group<'a>(
    out: &mut String,
    title: &str,
    rows: impl Iterator<Item = (&'a str, String, &'a str)>,
) {
    let _ = writeln!(out, "| **{title}** | | |");
    for (name, known_by, source) in rows {
        let _ = writeln!(out, "| {name} | {known_by} | {source} |");
    }
}

fn announcement(announced_by: Announcement) -> String {
    match announced_by {
        Announcement::EtherTypes(types) => {
            let types: Vec<String> = types
                .iter()
                .map(|number| format!("0x{number:04X}"))
                .collect();
            numbered("EtherType", &types)
        }
        Announcement::Protocols(protocols) => {
            let protocols: Vec<String> = protocols.iter().map(u8::to_string).collect();
            numbered("IP protocol", &protocols)
        }
        Announcement::UdpPorts(ports) => {
            let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
            numbered("UDP port", &ports)
        }
        Announcement::UdpPayload(_) => "its first bytes, on any UDP port".to_owned(),
    }
}

fn numbered(what: &str, numbers: &[String]) -> String {
    let plural = if numbers.len() == 1 { "" } else { "s" };
    format!("{what}{plural} {}", numbers.join(", "))
}

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn every_line_has_three_cells_and_none_is_there_twice() {
        let table = table();
        let mut lines: Vec<&str> = table.lines().collect();
        assert!(
            lines.iter().all(|line| line.matches('|').count() == 4),
            "{table}"
        );
        let all = lines.len();
        lines.sort_unstable();
        lines.dedup();
        assert_eq!(lines.len(), all);
    }
}
