//! Text with placeholders: `{seq}` stands for the sequence number, and `{{` for a brace. A closing brace
//! stands for itself.

/// Text with placeholders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Field(&'static str),
}

/// What is wrong with a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadTemplate {
    /// A brace is opened and not closed.
    Open,
    /// There is no placeholder of this name.
    Unknown(String),
}

impl Template {
    /// A text without placeholders, whatever is in it.
    pub fn literal(text: impl Into<String>) -> Self {
        Self(vec![Part::Text(text.into())])
    }

    /// Reads a text, in which these placeholders may be.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong.
    pub fn parse(mut text: &str, known: &[&'static str]) -> Result<Self, BadTemplate> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        while let Some((before, after)) = text.split_once('{') {
            plain.push_str(before);
            if let Some(rest) = after.strip_prefix('{') {
                plain.push('{');
                text = rest;
                continue;
            }
            let (name, rest) = after.split_once('}').ok_or(BadTemplate::Open)?;
            let field = known.iter().find(|field| **field == name);
            let field = field.ok_or_else(|| BadTemplate::Unknown(name.to_owned()))?;
            if !plain.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut plain)));
            }
            parts.push(Part::Field(field));
            text = rest;
        }
        plain.push_str(text);
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Ok(Self(parts))
    }

    /// The text with the values of the placeholders in it. One that has no value is empty.
    #[must_use]
    pub fn fill(&self, values: &[(&'static str, String)]) -> String {
        let parts = self.0.iter().map(|part| match part {
            Part::Text(text) => text.as_str(),
            Part::Field(field) => values
                .iter()
                .find(|(name, _)| name == field)
                .map_or("", |(_, value)| value),
        });
        parts.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KNOWN: [&str; 2] = ["seq", "dma-bytes"];

    #[test]
    fn placeholders_are_filled() {
        let check = |text: &str, expected: &str| {
            let values = [("seq", "7".to_owned())];
            let template = Template::parse(text, &KNOWN);
            assert_eq!(template.map(|it| it.fill(&values)), Ok(expected.to_owned()));
        };
        check("", "");
        check("plain", "plain");
        check("{seq}", "7");
        check("a{seq}b{seq}", "a7b7");
        check("{dma-bytes}", "");
        check("{{seq}", "{seq}");
        check("{{{seq}}", "{7}");
        check("}", "}");
    }

    #[test]
    fn wrong_placeholders_are_told() {
        let check = |text: &str, expected| {
            assert_eq!(Template::parse(text, &KNOWN), Err(expected), "{text}");
        };
        check("{seq", BadTemplate::Open);
        check("{", BadTemplate::Open);
        check("{}", BadTemplate::Unknown(String::new()));
        check("{sec}", BadTemplate::Unknown("sec".to_owned()));
        check(
            "{seq} { print $1 }",
            BadTemplate::Unknown(" print $1 ".to_owned()),
        );
    }

    proptest! {
        /// With its braces doubled, any text stands for itself.
        #[test]
        fn any_text_can_be_written(text in any::<String>()) {
            let template = Template::parse(&text.replace('{', "{{"), &KNOWN);
            prop_assert_eq!(template.map(|it| it.fill(&[])), Ok(text));
        }
    }
}
