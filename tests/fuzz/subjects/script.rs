//! Bytes as a script: what a state machine is fed, step by step. Any bytes are a script.

/// What is left of a script.
pub(crate) struct Script<'a>(&'a [u8]);

impl<'a> Script<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next byte; none at the end.
    pub(crate) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// The next two bytes, the less significant first, with zeros for what is missing.
    pub(crate) fn short(&mut self) -> u16 {
        u16::from_le_bytes([
            self.byte().unwrap_or_default(),
            self.byte().unwrap_or_default(),
        ])
    }

    /// The next `count` bytes, or those that are left.
    pub(crate) fn bytes(&mut self, count: usize) -> &'a [u8] {
        let (some, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        some
    }

    /// A length in two bytes, and so many bytes.
    pub(crate) fn counted(&mut self) -> &'a [u8] {
        let count = self.short();
        self.bytes(count.into())
    }
}

/// A piece as [`Script::counted`] reads it.
pub(crate) fn counted(bytes: &[u8]) -> Vec<u8> {
    let bytes = bytes.get(..0xFFFF).unwrap_or(bytes);
    let count = u16::try_from(bytes.len()).expect("cut above");
    [&count.to_le_bytes()[..], bytes].concat()
}
