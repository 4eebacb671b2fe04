//! Foreign text: bytes that somebody else wrote.
//!
//! [`Text`] compares, hashes and searches, and has no `Display`: only the report layer turns it into
//! a cell or a terminal line, so that nothing from a header can run there.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Bytes from the wire, in whatever encoding they came.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Text(#[serde(with = "serde_bytes")] Vec<u8>);

impl Text {
    /// The bytes as they were on the wire.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// True where there is no byte at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&[u8]> for Text {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl From<Vec<u8>> for Text {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

impl fmt::Debug for Text {
    /// Escaped, so that a failing test or a log line can't drive a terminal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::Text;

    #[test]
    fn debug_of_a_text_holds_no_control_character() {
        assert_eq!(
            format!("{:?}", Text::from("a\x1b[2J\r\n")),
            r#""a\x1b[2J\r\n""#
        );
    }
}
