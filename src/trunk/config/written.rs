//! The file as it is written: every value with its place, and every fault at once, so that one look is enough.

use std::ops::Range;

use toml::Spanned;
use toml::de::DeArray;
use toml::de::DeTable;
use toml::de::DeValue;

use super::numbering::Numbering;
use super::place;
use super::place::Place;
use super::setting::Setting;
use super::setting::SettingValue;

/// What the file says, with its places.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) teams: End,
    pub(super) sbc: End,
    pub(super) carrier: End,
    pub(super) numbers: Numbering,
    pub(super) trunks: Vec<WrittenTrunk>,
    /// `[analyze]`.
    pub(super) settings: Vec<Setting>,
    /// What can't be read, in the order of the file.
    pub(super) faults: Vec<Fault>,
}

/// `[teams]`, `[sbc]` or `[carrier]`.
#[derive(Debug, Default)]
pub(super) struct End {
    pub(super) addresses: Vec<Spanned<Place>>,
    pub(super) hosts: Vec<Spanned<String>>,
}

/// A `[[trunk]]`.
#[derive(Debug)]
pub(super) struct WrittenTrunk {
    /// Where its table begins.
    pub(super) at: Range<usize>,
    pub(super) name: Spanned<String>,
    pub(super) hosts: Vec<Spanned<String>>,
    pub(super) addresses: Vec<Spanned<Place>>,
    pub(super) ports: Vec<Spanned<u16>>,
    pub(super) trunk_groups: Vec<Spanned<String>>,
    pub(super) paths: Vec<Spanned<String>>,
    pub(super) bypass: Option<Spanned<bool>>,
}

/// Something that can't be read.
#[derive(Debug)]
pub(super) struct Fault {
    /// Bytes of the text.
    pub(super) at: Range<usize>,
    /// What is wrong, and what was expected.
    pub(super) what: String,
}

/// Reads the TOML text. What follows from a fault in the TOML itself is not told: the reader would look for it in vain.
pub(super) fn read(text: &str) -> Written {
    let (root, errors) = DeTable::parse_recoverable(text);
    let mut reader = Reader::default();
    let mut written = Written::default();
    if errors.is_empty() {
        reader.root(root.get_ref(), &mut written);
    }
    for error in errors {
        let at = error.span().unwrap_or_default();
        reader.fault(at, error.message().to_owned());
    }
    reader.faults.sort_by_key(|fault| fault.at.start);
    written.faults = reader.faults;
    written
}

#[derive(Default)]
struct Reader {
    faults: Vec<Fault>,
}

type Value<'i> = Spanned<DeValue<'i>>;

impl Reader {
    fn fault(&mut self, at: Range<usize>, what: String) {
        self.faults.push(Fault { at, what });
    }

    fn root(&mut self, root: &DeTable<'_>, written: &mut Written) {
        self.keys_of(
            root,
            "the file",
            &["analyze", "teams", "sbc", "carrier", "numbers", "trunk"],
        );
        for (key, end) in [
            ("teams", &mut written.teams),
            ("sbc", &mut written.sbc),
            ("carrier", &mut written.carrier),
        ] {
            if let Some(table) = root.get(key).and_then(|value| self.table(value, key)) {
                *end = self.end(table, key);
            }
        }
        if let Some(table) = root
            .get("numbers")
            .and_then(|value| self.table(value, "numbers"))
        {
            written.numbers = self.numbers(table);
        }
        if let Some(table) = root
            .get("analyze")
            .and_then(|value| self.table(value, "analyze"))
        {
            written.settings = self.settings(table);
        }
        let Some(trunks) = root.get("trunk") else {
            return;
        };
        let Some(list) = trunks.get_ref().as_array() else {
            let expected = "`trunk` is a list of tables: write [[trunk]], with two brackets";
            return self.fault(trunks.span(), expected.to_owned());
        };
        for value in list {
            if let Some(table) = self.table(value, "trunk") {
                written.trunks.extend(self.trunk(table, value.span()));
            }
        }
    }

    /// Names the keys that nobody knows, each with the one that may be meant.
    fn keys_of(&mut self, table: &DeTable<'_>, of: &str, known: &[&str]) {
        for key in table.keys() {
            let name: &str = key.get_ref();
            if known.contains(&name) {
                continue;
            }
            let expected = known.join("`, `");
            let near = known
                .iter()
                .find(|known| is_near(name, known))
                .map_or(String::new(), |known| format!("; is `{known}` meant?"));
            self.fault(
                key.span(),
                format!("unknown key `{name}` in {of}, expected one of `{expected}`{near}"),
            );
        }
    }

    fn table<'v, 'i>(&mut self, value: &'v Value<'i>, key: &str) -> Option<&'v DeTable<'i>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.expected(value, key, "a table");
        }
        table
    }

    fn expected(&mut self, value: &Value<'_>, key: &str, what: &str) {
        let found = value.get_ref().type_str();
        self.fault(
            value.span(),
            format!("`{key}` is {what}, and this is of type {found}"),
        );
    }

    fn end(&mut self, table: &DeTable<'_>, name: &str) -> End {
        self.keys_of(table, &format!("[{name}]"), &["addresses", "hosts"]);
        let mut end = End {
            addresses: self.places(table),
            hosts: self.strings(table, "hosts"),
        };
        let (whole, with_port): (Vec<_>, Vec<_>) = end
            .addresses
            .into_iter()
            .partition(|place| place.get_ref().port.is_none());
        end.addresses = whole;
        for place in with_port {
            let what =
                format!("a port has no place in [{name}]: all ports of an address are one end's");
            self.fault(place.span(), what);
        }
        end
    }

    fn numbers(&mut self, table: &DeTable<'_>) -> Numbering {
        let keys = ["country_code", "national_prefix", "international_prefix"];
        self.keys_of(table, "[numbers]", &keys);
        let mut numbers = Numbering::default();
        if let Some(code) = self.digits(table, "country_code") {
            let code_digits = code.get_ref();
            if (1..=3).contains(&code_digits.len()) && !code_digits.starts_with('0') {
                numbers.country_code = Some(code.into_inner());
            } else {
                let what = "`country_code` is one to three digits without `+` and zeros before them, such as \"49\"";
                self.fault(code.span(), what.to_owned());
            }
        }
        if let Some(prefix) = self.digits(table, "national_prefix") {
            numbers.national_prefix = prefix.into_inner();
        }
        if let Some(prefix) = self.digits(table, "international_prefix") {
            numbers.international_prefix = prefix.into_inner();
        }
        numbers
    }

    fn digits(&mut self, table: &DeTable<'_>, key: &str) -> Option<Spanned<String>> {
        let value = table.get(key)?;
        let text = self.string(value, key)?;
        if text.get_ref().bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(text);
        }
        let what = format!(
            "`{key}` is \"{}\", and can be digits alone, such as \"00\"",
            text.get_ref()
        );
        self.fault(text.span(), what);
        None
    }

    /// The options of a run, whatever their names are.
    fn settings(&mut self, table: &DeTable<'_>) -> Vec<Setting> {
        let mut settings = Vec::new();
        for (key, value) in table {
            let name: &str = key.get_ref();
            let value = match value.get_ref() {
                DeValue::Boolean(is_on) => SettingValue::Switch(*is_on),
                DeValue::Integer(number) => SettingValue::One(number.as_str().to_owned()),
                DeValue::Array(_) => {
                    let several = self.strings(table, name).into_iter();
                    SettingValue::Several(several.map(Spanned::into_inner).collect())
                }
                DeValue::String(text) => SettingValue::One(text.clone().into_owned()),
                _ => {
                    let what = "text in quotes, a number, true or false, or a list of texts";
                    self.expected(value, name, what);
                    continue;
                }
            };
            settings.push(Setting {
                name: name.to_owned(),
                value,
                at: key.span().start,
            });
        }
        settings.sort_by_key(|setting| setting.at);
        settings
    }

    fn trunk(&mut self, table: &DeTable<'_>, at: Range<usize>) -> Option<WrittenTrunk> {
        let keys = [
            "name",
            "hosts",
            "addresses",
            "ports",
            "trunk_groups",
            "paths",
            "bypass",
        ];
        self.keys_of(table, "[[trunk]]", &keys);
        let name = table.get("name");
        if name.is_none() {
            let what = "this trunk has no `name`: what the CSVs are to call it";
            self.fault(at.clone(), what.to_owned());
        }
        let name = name.and_then(|value| self.string(value, "name"));
        let bypass = table.get("bypass").and_then(|value| {
            let known = value.get_ref().as_bool();
            if known.is_none() {
                let what = "true or false, or left out where it is not known";
                self.expected(value, "bypass", what);
            }
            Some(Spanned::new(value.span(), known?))
        });
        let trunk = WrittenTrunk {
            at: at.clone(),
            name: Spanned::new(at, String::new()),
            hosts: self.strings(table, "hosts"),
            addresses: self.places(table),
            ports: self.ports(table),
            trunk_groups: self.strings(table, "trunk_groups"),
            paths: self.strings(table, "paths"),
            bypass,
        };
        Some(WrittenTrunk {
            name: name?,
            ..trunk
        })
    }

    fn list<'v, 'i>(&mut self, table: &'v DeTable<'i>, key: &str) -> Option<&'v DeArray<'i>> {
        let value = table.get(key)?;
        let list = value.get_ref().as_array();
        if list.is_none() {
            self.expected(value, key, "a list in brackets");
        }
        list
    }

    fn string(&mut self, value: &Value<'_>, key: &str) -> Option<Spanned<String>> {
        let Some(text) = value.get_ref().as_str() else {
            self.expected(value, key, "text in quotes");
            return None;
        };
        Some(Spanned::new(value.span(), text.to_owned()))
    }

    fn strings(&mut self, table: &DeTable<'_>, key: &str) -> Vec<Spanned<String>> {
        let list = self.list(table, key);
        list.into_iter()
            .flatten()
            .filter_map(|value| self.string(value, key))
            .collect()
    }

    fn places(&mut self, table: &DeTable<'_>) -> Vec<Spanned<Place>> {
        let mut places = Vec::new();
        for text in self.strings(table, "addresses") {
            match Place::parse(text.get_ref()) {
                Some(place) => places.push(Spanned::new(text.span(), place)),
                None => self.fault(
                    text.span(),
                    format!(
                        "`{}` is no address and no network; expected {}",
                        text.get_ref(),
                        place::EXPECTED
                    ),
                ),
            }
        }
        places
    }

    fn ports(&mut self, table: &DeTable<'_>) -> Vec<Spanned<u16>> {
        let mut ports = Vec::new();
        for value in self.list(table, "ports").into_iter().flatten() {
            let port = value
                .get_ref()
                .as_integer()
                .and_then(|port| u16::from_str_radix(port.as_str(), port.radix()).ok())
                .filter(|port| *port != 0);
            match port {
                Some(port) => ports.push(Spanned::new(value.span(), port)),
                None => self.expected(value, "ports", "numbers from 1 to 65535 without quotes"),
            }
        }
        ports
    }
}

/// Keys longer than this are no slip of the pen, and their distance is not worth its time.
const LONGEST_KEY: usize = 32;

/// True where a slip or two made one word of the other (Levenshtein's distance).
fn is_near(written: &str, known: &str) -> bool {
    if written.len() > LONGEST_KEY {
        return false;
    }
    let known: Vec<char> = known.chars().collect();
    let mut row: Vec<usize> = (0..=known.len()).collect();
    for (at, letter) in written.chars().enumerate() {
        let mut above_left = at;
        let mut left = at + 1;
        for (other, below) in known.iter().zip(row.iter_mut().skip(1)) {
            let changed = above_left + usize::from(*other != letter);
            above_left = *below;
            left = changed.min(left + 1).min(above_left + 1);
            *below = left;
        }
        if let Some(first) = row.first_mut() {
            *first = at + 1;
        }
    }
    row.last().is_some_and(|distance| *distance <= 2)
}

#[cfg(test)]
mod tests {
    use super::is_near;
    use super::read;

    #[test]
    fn all_faults_are_told_at_once_in_the_order_of_the_file() {
        let written = read(
            "[[trunk]]\nhost = []\nports = [0, \"a\"]\naddresses = [\"x\"]\nbypass = 1\n[numbers]\ncountry_code = \"+49\"\n[sbc]\naddresses = [\"192.0.2.1:5060\"]\n",
        );
        let starts: Vec<usize> = written.faults.iter().map(|fault| fault.at.start).collect();
        assert!(starts.is_sorted() && starts.len() == 8, "{written:?}");
        assert!(
            written
                .faults
                .iter()
                .any(|fault| fault.what.contains("is `hosts` meant?"))
        );
        assert!(written.trunks.is_empty());
    }

    #[test]
    fn what_is_no_toml_is_told_alone() {
        let written = read("[teams\nadresses = 1\n");
        assert!(!written.faults.is_empty());
        assert!(
            written
                .faults
                .iter()
                .all(|fault| !fault.what.contains("adresses")),
            "{written:?}"
        );
    }

    #[test]
    fn a_slip_is_near_and_another_word_is_not() {
        assert!(is_near("adresses", "addresses") && is_near("host", "hosts"));
        assert!(!is_near("bypass", "hosts") && !is_near("", "name"));
    }

    proptest::proptest! {
        #[test]
        fn no_text_does_harm(text: String, inner in "[a-z\\[\\]{}=\", \n0-9.]{0,80}") {
            let _ = (read(&text), read(&inner));
        }
    }
}
