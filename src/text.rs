//! Foreign text: bytes that somebody else wrote.
//!
//! [`Text`] compares, hashes and searches, and has no `Display`: only the report layer turns it into
//! a cell or a terminal line, so that nothing from a header can run there.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Bytes from the wire, in whatever encoding they came; borrowed from where they were read, where they can be.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Text<'a>(#[serde(borrow, with = "serde_bytes")] Cow<'a, [u8]>);

impl Text<'_> {
    /// The bytes as they were on the wire.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// True where there is no byte at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same, on its own.
    pub fn into_owned(self) -> Text<'static> {
        Text(Cow::Owned(self.0.into_owned()))
    }

    /// The same, in lower case: only what has upper case is copied.
    #[must_use]
    pub fn into_ascii_lowercase(self) -> Self {
        if self.0.iter().any(u8::is_ascii_uppercase) {
            Self(Cow::Owned(self.0.to_ascii_lowercase()))
        } else {
            self
        }
    }
}

impl<'a> From<&'a [u8]> for Text<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self(Cow::Borrowed(bytes))
    }
}

impl<'a> From<Cow<'a, [u8]>> for Text<'a> {
    fn from(bytes: Cow<'a, [u8]>) -> Self {
        Self(bytes)
    }
}

impl From<Vec<u8>> for Text<'_> {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Cow::Owned(bytes))
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self(Cow::Borrowed(text.as_bytes()))
    }
}

impl fmt::Debug for Text<'_> {
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
