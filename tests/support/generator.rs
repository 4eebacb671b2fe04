//! Numbers that look random and are the same in every run.

/// A splitmix64 sequence: what a capture needs of tags, branches, keys and audio.
#[derive(Clone, Debug)]
pub(crate) struct Generator(u64);

impl Generator {
    /// The sequence that a name begins: the same name gives the same numbers.
    pub(crate) fn named(name: &str) -> Self {
        // FNV-1a, so that names which differ in one letter give unrelated sequences.
        Self(name.bytes().fold(0xcbf2_9ce4_8422_2325, |state, byte| {
            (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        }))
    }

    /// The next 64 bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from `low` up to and without `high`.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.bits() % (high - low)
    }

    /// So many bytes.
    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.bits().to_le_bytes()[0]).collect()
    }

    /// So many hexadecimal digits.
    pub(crate) fn hex(&mut self, digits: usize) -> String {
        (0..digits)
            .map(|_| {
                char::from(b"0123456789abcdef"[usize::from(self.bits().to_le_bytes()[0] & 15)])
            })
            .collect()
    }

    /// A version 4 GUID (RFC 9562 §5.4) as Microsoft writes it.
    pub(crate) fn guid(&mut self) -> String {
        let variant = ["8", "9", "a", "b"][usize::try_from(self.bits() & 3).expect("two bits")];
        format!(
            "{}-{}-4{}-{variant}{}-{}",
            self.hex(8),
            self.hex(4),
            self.hex(3),
            self.hex(3),
            self.hex(12)
        )
    }
}
