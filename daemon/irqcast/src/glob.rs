//! Patterns for addresses: `*` stands for any text, `?` for one character.

use std::fmt;

/// A pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob(String);

impl fmt::Display for Glob {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Glob {
    /// Any text is a pattern.
    #[must_use]
    pub fn new(pattern: impl Into<String>) -> Self {
        Self(pattern.into())
    }

    /// Whether the whole of `text` fits the pattern. Takes at most the product of the two lengths.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let (pattern, text) = (self.0.as_bytes(), text.as_bytes());
        let (mut at_pattern, mut at_text) = (0, 0);
        // Where to go on when what follows the last star does not fit: the star takes one byte more.
        let mut star: Option<(usize, usize)> = None;
        while at_text < text.len() {
            match pattern.get(at_pattern) {
                Some(b'*') => {
                    star = Some((at_pattern, at_text));
                    at_pattern += 1;
                }
                Some(&byte) if byte == b'?' || byte == text[at_text] => {
                    at_pattern += 1;
                    at_text += 1;
                }
                _ => match star {
                    Some((star_pattern, star_text)) => {
                        at_pattern = star_pattern + 1;
                        at_text = star_text + 1;
                        star = Some((star_pattern, at_text));
                    }
                    None => return false,
                },
            }
        }
        pattern[at_pattern..].iter().all(|&byte| byte == b'*')
    }
}

#[cfg(test)]
mod tests {
    use super::Glob;

    #[test]
    fn patterns() {
        let check = |pattern: &str, text, expected| {
            assert_eq!(
                Glob::new(pattern).matches(text),
                expected,
                "{pattern} {text}"
            );
        };
        check("0000:00:02.0", "0000:00:02.0", true);
        check("0000:00:02.0", "0000:00:02.1", false);
        check("0000:00:02", "0000:00:02.0", false);
        check("0000:00:02.*", "0000:00:02.0", true);
        check("*:02.?", "0000:00:02.0", true);
        check("*:02.?", "0000:00:02.", false);
        check("*", "", true);
        check("", "", true);
        check("", "0", false);
        check("**0*", "0000:00:02.0", true);
        check("*a*b*c", "aabbcc", true);
        check("*a*b*d", "aabbcc", false);
        // A dot is a dot, and patterns that look like expressions are not.
        check("0000.00.02.0", "0000:00:02.0", false);
        check(&"*a".repeat(30), &"a".repeat(29), false);
    }
}
