//! The text of a ladder → its statements.

/// One line of a ladder with the indented lines under it.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    /// Where it stands, from 1.
    pub(crate) line: usize,
    /// Its words; quotes hold blanks together and are taken off.
    pub(crate) words: Vec<String>,
    /// The indented lines under it, without their indentation.
    pub(crate) block: Vec<String>,
}

impl Statement {
    /// The word at a place, from 0.
    pub(crate) fn word(&self, place: usize) -> &str {
        self.words.get(place).map_or("", String::as_str)
    }

    /// The value of `name=value`.
    pub(crate) fn option(&self, name: &str) -> Option<&str> {
        self.words
            .iter()
            .find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
    }

    /// Whether a word stands alone on it.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.words.iter().any(|word| word == name)
    }

    /// The word after this one.
    pub(crate) fn after(&self, name: &str) -> Option<&str> {
        let place = self.words.iter().position(|word| word == name)?;
        self.words.get(place + 1).map(String::as_str)
    }

    /// The value of `name=value` as a number.
    pub(crate) fn number(&self, name: &str) -> Option<usize> {
        self.option(name).map(|value| {
            value
                .parse()
                .unwrap_or_else(|_| panic!("line {}: {name}={value}", self.line))
        })
    }

    /// The value of `name=1,2,3`.
    pub(crate) fn numbers(&self, name: &str) -> Vec<usize> {
        let value = self.option(name).unwrap_or("");
        value
            .split(',')
            .filter(|number| !number.is_empty())
            .map(|number| {
                number
                    .parse()
                    .unwrap_or_else(|_| panic!("line {}: {name}={value}", self.line))
            })
            .collect()
    }
}

/// The statements of a ladder; empty lines and lines that begin with `#` are left out.
pub(crate) fn statements(text: &str) -> Vec<Statement> {
    let mut statements: Vec<Statement> = Vec::new();
    for (place, line) in text.lines().enumerate() {
        if let Some(indented) = line.strip_prefix("  ") {
            let last = statements
                .last_mut()
                .unwrap_or_else(|| panic!("line {}: indented under nothing", place + 1));
            last.block.push(indented.to_owned());
        } else if !line.trim().is_empty() && !line.starts_with('#') {
            statements.push(Statement {
                line: place + 1,
                words: words(line),
                block: Vec::new(),
            });
        }
    }
    statements
}

fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quoted = false;
    let mut begun = false;
    for letter in line.chars() {
        match letter {
            '"' => {
                quoted = !quoted;
                begun = true;
            }
            ' ' if !quoted => {
                if begun {
                    words.push(std::mem::take(&mut word));
                }
                begun = false;
            }
            _ => {
                word.push(letter);
                begun = true;
            }
        }
    }
    assert!(!quoted, "a quote is left open: {line}");
    if begun {
        words.push(word);
    }
    words
}
