//! `[analyze]`: options of a run, as the file has them.

/// One key of `[analyze]`. Which options there are, and what they mean, the command line knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The key, as it is written.
    pub name: String,
    /// Its value.
    pub value: SettingValue,
    /// Where the key is: a byte of the text.
    pub at: usize,
}

/// The value of a [`Setting`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingValue {
    /// Text, or a number.
    One(String),
    /// Several of these.
    Several(Vec<String>),
    /// `true` or `false`.
    Switch(bool),
}
