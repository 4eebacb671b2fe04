//! A configuration file, told: what is wrong with it, and what was understood.

use std::fmt::Display;
use std::fmt::Write;
use std::path::Path;

use crate::trunk::Config;
use crate::trunk::config::Concern;
use crate::trunk::config::Trunk;

use super::escape::terminal;

/// Each concern on a line, as compilers write them: `trunks.toml:3:1: warning: …`.
pub fn concerns(path: &Path, concerns: &[Concern]) -> String {
    let path = terminal(&path.display().to_string());
    let mut told = String::new();
    for concern in concerns {
        let _ = writeln!(
            told,
            "{path}:{}:{}: {}: {}",
            concern.line,
            concern.column,
            concern.severity.name(),
            terminal(&concern.what)
        );
    }
    told
}

/// What a run with this configuration would know.
pub fn understood(config: &Config) -> String {
    let mut told = String::new();
    let mut say = |line: String| {
        let _ = writeln!(told, "{}", terminal(&line));
    };
    if config.trunks.is_empty() {
        say("no trunk is named: the CSVs show hosts and addresses".to_owned());
    }
    for trunk in &config.trunks {
        say(format!("trunk \"{}\": {}", trunk.name, keys_of(trunk)));
    }
    let teams = either("", &config.teams_addresses, &config.teams_hosts);
    let besides = if teams.is_empty() { "" } else { ", and " };
    say(format!(
        "Teams: what is known to be Microsoft's{besides}{teams}"
    ));
    let sbc = either("", &config.sbc_addresses, &config.sbc_hosts);
    let besides = if sbc.is_empty() { "" } else { ", and " };
    say(format!("SBC: what talks to Teams{besides}{sbc}"));
    let unnamed = "who talks to the SBC and is not Teams";
    let carrier = either(unnamed, &config.carrier_addresses, &config.carrier_hosts);
    say(format!("carriers: {carrier}"));
    let numbers = &config.numbers;
    let code = numbers.country_code.as_deref();
    say(format!(
        "numbers: country code {}, national prefix {}, international prefix {}",
        code.unwrap_or("unknown"),
        quoted(&numbers.national_prefix),
        quoted(&numbers.international_prefix)
    ));
    if !config.settings.is_empty() {
        let names = config.settings.iter().map(|setting| setting.name.as_str());
        say(format!("options: {}", names.collect::<Vec<_>>().join(", ")));
    }
    told
}

fn keys_of(trunk: &Trunk) -> String {
    let bypass = trunk.bypass.map(|bypass| {
        if bypass {
            "media bypass"
        } else {
            "no media bypass"
        }
        .to_owned()
    });
    let keys = [
        ("hosts ", list(&trunk.hosts)),
        ("addresses ", list(&trunk.addresses)),
        ("ports ", list(&trunk.ports)),
        ("trunk groups ", list(&trunk.trunk_groups)),
        ("paths ", list(&trunk.paths)),
    ];
    let told: Vec<String> = keys
        .into_iter()
        .filter(|(_, values)| !values.is_empty())
        .map(|(name, values)| format!("{name}{values}"))
        .chain(bypass)
        .collect();
    told.join("; ")
}

fn list<T: Display>(values: &[T]) -> String {
    let told: Vec<String> = values.iter().map(ToString::to_string).collect();
    told.join(", ")
}

fn either<A: Display, H: Display>(none: &str, addresses: &[A], hosts: &[H]) -> String {
    let told = [list(addresses), list(hosts)];
    let told: Vec<String> = told.into_iter().filter(|some| !some.is_empty()).collect();
    if told.is_empty() {
        none.to_owned()
    } else {
        told.join(", ")
    }
}

fn quoted(prefix: &str) -> String {
    if prefix.is_empty() {
        "none".to_owned()
    } else {
        format!("\"{prefix}\"")
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::trunk::Config;
    use crate::trunk::config::check::check;

    use super::concerns;
    use super::understood;

    #[test]
    fn a_concern_is_a_line_that_an_editor_can_jump_to() {
        let checked = check("[teams]\nadresses = []\n");
        let told = concerns(Path::new("trunks.toml"), &checked.concerns);
        assert!(
            told.starts_with("trunks.toml:2:1: error: unknown key `adresses`"),
            "{told}"
        );
    }

    #[test]
    fn nothing_in_a_file_drives_a_terminal() {
        let config = Config::parse("[[trunk]]\nname = \"\\u001b[2J\"\nports = [1]\n").unwrap();
        assert!(!understood(&config).contains('\x1b'));
    }
}
