//! Patterns of capture paths: `*` stands for any characters, `/` too, `?` for one.

/// Whether a pattern fits the path of a capture. A path is relative to where the program was started, and `*/carrier-a/*`
/// is meant to fit `carrier-a/1.pcap` too.
pub(super) fn fits(pattern: &str, path: &str) -> bool {
    let from_here = format!("./{path}");
    [path, &from_here]
        .iter()
        .any(|path| matches(pattern.as_bytes(), path.as_bytes()))
}

/// Whether a pattern of `*` and `?` fits a whole text. Takes time of pattern × text at most.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut place) = (0, 0);
    // Where the last `*` stands, and how far it has reached.
    let mut star: Option<(usize, usize)> = None;
    while place < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, place));
                at += 1;
            }
            Some(&byte) if byte == b'?' || byte == text[place] => {
                at += 1;
                place += 1;
            }
            _ => match &mut star {
                Some((star_at, reached)) => {
                    *reached += 1;
                    (at, place) = (*star_at + 1, *reached);
                }
                None => return false,
            },
        }
    }
    pattern[at.min(pattern.len())..]
        .iter()
        .all(|&byte| byte == b'*')
}

#[cfg(test)]
mod tests {
    use proptest::prop_assert;
    use proptest::proptest;

    use super::fits;
    use super::matches;

    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, text) in [
            ("*", ""),
            ("*a*", "bab"),
            ("a?c", "abc"),
            ("*.pcap", "x/y.pcap"),
            ("a*b*c", "aXbYbZc"),
        ] {
            assert!(
                matches(pattern.as_bytes(), text.as_bytes()),
                "{pattern} {text}"
            );
        }
        for (pattern, text) in [
            ("", "a"),
            ("a", ""),
            ("a?c", "ac"),
            ("*.pcap", "x.pcapng"),
            ("a*b", "aXbY"),
        ] {
            assert!(
                !matches(pattern.as_bytes(), text.as_bytes()),
                "{pattern} {text}"
            );
        }
    }

    #[test]
    fn a_folder_named_from_here_fits_too() {
        assert!(fits("*/carrier-a/*", "carrier-a/1.pcap"));
        assert!(fits("*/carrier-a/*", "/night/carrier-a/1.pcap"));
        assert!(!fits("*/carrier-a/*", "carrier-b/1.pcap"));
    }

    proptest! {
        #[test]
        fn a_path_fits_itself_and_what_a_star_leaves_of_it(path in "[a-z/.]{0,20}", cut in 0_usize..20) {
            let cut = cut.min(path.len());
            let (start, end) = (&path[..cut], &path[cut..]);
            let patterns = [path.clone(), format!("{start}*"), format!("*{end}"), format!("{start}*{end}")];
            for pattern in patterns {
                prop_assert!(fits(&pattern, &path));
            }
        }
    }
}
