//! Text for people, broken into lines.

/// Columns of a line of text.
pub const WIDTH: usize = 92;

/// A text in lines of at most [`WIDTH`] columns, but for words that are longer, each begun by `indent` and ended.
pub fn paragraph(text: &str, indent: &str) -> String {
    let mut out = String::new();
    let mut width = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if width > 0 && width + 1 + length > WIDTH {
            out.push('\n');
            width = 0;
        }
        if width == 0 {
            out.push_str(indent);
            width = indent.chars().count();
        } else {
            out.push(' ');
            width += 1;
        }
        out.push_str(word);
        width += length;
    }
    if width > 0 {
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::WIDTH;
    use super::paragraph;

    #[test]
    fn lines_are_no_longer_than_they_may_be() {
        let text = paragraph(&"every word ".repeat(40), "  ");
        assert!(
            text.lines()
                .all(|line| line.starts_with("  ") && line.chars().count() <= WIDTH)
        );
        assert_eq!(text.lines().count(), 5);
        assert_eq!(paragraph("", "  "), "");
    }
}
