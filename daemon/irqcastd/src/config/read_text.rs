//! Reads texts for a hook: arguments and variables, in which placeholders may be.

use super::problem::Problems;
use super::table::{Value, nearest};
use crate::rule::{BadTemplate, Template, field};
use std::collections::BTreeMap;
use std::ops::Range;

/// A text in which the placeholders `fields` may be. `what` is what it is, for messages.
pub fn template(
    text: &str,
    what: &str,
    span: &Range<usize>,
    fields: &[&'static str],
    problems: &mut Problems<'_>,
) -> Option<Template> {
    if text.contains('\0') {
        problems.add(span, format!("{what} cannot hold a NUL character"));
        return None;
    }
    let wrong = match Template::parse(text, fields) {
        Ok(template) => return Some(template),
        Err(wrong) => wrong,
    };
    let list = |fields: &[&str]| -> String {
        let braced: Vec<String> = fields.iter().map(|field| format!("{{{field}}}")).collect();
        braced.join(", ")
    };
    let (message, hint) = match wrong {
        BadTemplate::Open => (
            "a brace is not closed".to_owned(),
            "write {{ for a brace".to_owned(),
        ),
        BadTemplate::Unknown(name) if field::all().contains(&name.as_str()) => (
            format!("what this rule is for has no `{{{name}}}`"),
            format!("it has {}", list(fields)),
        ),
        BadTemplate::Unknown(name) => (
            format!("there is no placeholder `{{{name}}}`"),
            match nearest(&name, fields) {
                Some(meant) => format!("did you mean `{{{meant}}}`? Write {{{{ for a brace"),
                None => format!("there are {}; write {{{{ for a brace", list(fields)),
            },
        ),
    };
    problems.add_with_hint(span, message, hint);
    None
}

/// Variables and their values.
pub fn environment(
    value: Value<'_, '_>,
    fields: &[&'static str],
    problems: &mut Problems<'_>,
) -> Option<BTreeMap<String, Template>> {
    let entries = value.table("an environment", problems)?.entries();
    let read: Vec<_> = entries
        .map(|entry| {
            let name = name(&entry, problems);
            let text = entry.string(problems)?;
            let text = template(text, "a variable", &entry.span, fields, problems)?;
            Some((name?, text))
        })
        .collect();
    read.into_iter().collect()
}

fn name(entry: &Value<'_, '_>, problems: &mut Problems<'_>) -> Option<String> {
    let name = entry.key();
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if name.is_empty() || !name.bytes().all(allowed) || name.as_bytes()[0].is_ascii_digit() {
        problems.add_with_hint(
            &entry.span,
            format!("{name:?} is no name of a variable"),
            "it has the characters a-z, A-Z, 0-9 and _, and does not begin with a digit".to_owned(),
        );
        return None;
    }
    if name.starts_with("IRQCAST_") {
        problems.add(
            &entry.span,
            "the variables that begin with IRQCAST_ are the daemon's",
        );
        return None;
    }
    Some(name.to_owned())
}
