//! What was copied, and what was not: for people.

use std::fmt::Write;

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// Calls whose packets were asked for.
    pub calls: u64,
    /// Packets that were written.
    pub packets: u64,
    /// Captures that they are from.
    pub files: u64,
    /// SRTP keys, and other keys of media, that were overwritten in them.
    pub overwritten: u64,
    /// TLS connections that were copied whole.
    pub tls_connections: u64,
    /// Lines of key logs that were written.
    pub key_lines: u64,
    /// Messages in WebSocket frames or compressed, whose keys can't be overwritten: not copied.
    pub garbled: u64,
    /// Whether each packet is a redacted message made anew.
    pub is_redacted: bool,
    /// Packets beyond what is remembered: not copied.
    pub too_many: u64,
}

impl Done {
    /// Whether something of the calls was not copied.
    pub const fn has_left_out(&self) -> bool {
        self.garbled > 0 || self.too_many > 0
    }
}

/// What was done, each line ended.
pub fn told(done: &Done) -> String {
    let count =
        |count: u64, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let keys = if done.is_redacted {
        "each a redacted message made anew, once however often it was sent".to_owned()
    } else {
        format!("{} overwritten", count(done.overwritten, "key"))
    };
    let mut out = format!(
        "extracted: {} of {}, from {}; {keys}\n",
        count(done.packets, "packet"),
        count(done.calls, "call"),
        count(done.files, "capture"),
    );
    if done.packets == 0 {
        out.push_str("  nothing is written\n");
    }
    if done.tls_connections > 0 {
        let connections = count(done.tls_connections, "TLS connection");
        let lines = count(done.key_lines, "line");
        let _ = match done.key_lines {
            0 => writeln!(
                out,
                "  {connections} copied whole, encrypted: without keys (--with-keys) nobody can read them"
            ),
            _ => writeln!(
                out,
                "  {connections} copied whole, with {lines} of key logs: whoever has the file can read all\n  \
                   calls of these connections, and the SRTP keys in them"
            ),
        };
    }
    if done.garbled > 0 {
        let messages = count(done.garbled, "message");
        let _ = writeln!(
            out,
            "  {messages} left out: in WebSocket frames, or compressed, so that no key in them can be overwritten;\n  \
             --redact makes them anew"
        );
    }
    if done.too_many > 0 {
        let packets = count(done.too_many, "packet");
        let _ = writeln!(out, "  {packets} left out: there are too many");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::Done;
    use super::told;

    #[test]
    fn whoever_gives_keys_away_is_told() {
        let done = Done {
            calls: 1,
            packets: 2,
            tls_connections: 1,
            key_lines: 4,
            ..Done::default()
        };
        assert!(told(&done).contains("whoever has the file can read all"));
        let locked = Done {
            key_lines: 0,
            ..done
        };
        assert!(told(&locked).contains("nobody can read them"));
        let plain = Done {
            tls_connections: 0,
            ..locked
        };
        assert!(!told(&plain).contains("TLS"));
    }
}
