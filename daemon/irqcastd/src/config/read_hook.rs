//! Reads the `[rule.hook]` of a rule.

use super::duration::{duration, duration_or_none};
use super::problem::Problems;
use super::program::Programs;
use super::read_confinement;
use super::read_rule::all_or_none;
use super::table::{Table, Value};
use super::{read_terms, read_text};
use crate::rule::{Input, Match, Program, Template, Terms, field};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

/// Time limits that there may be.
const TIME_LIMITS: RangeInclusive<Duration> =
    Duration::from_millis(1)..=Duration::from_secs(7 * 24 * 3600);

/// Graces that there may be.
const GRACES: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_secs(3600);

/// Reads a hook for what `matches` is met by; `None` where that is wrong. `None` when a problem was added.
pub fn hook(
    mut table: Table<'_, '_>,
    matches: Option<&Match>,
    programs: Programs,
    problems: &mut Problems<'_>,
) -> Option<(Program, Terms)> {
    let terms = read_terms::terms(&mut table, matches, problems);
    let fields = &match (matches, &terms) {
        (Some(matches), Some(terms)) => field::of(matches, terms),
        // Nobody knows what the hook would be told.
        _ => field::all(),
    };
    let command = table
        .require("command", problems)
        .and_then(|value| command(&value, fields, programs, problems));
    let environment = table
        .get("environment")
        .map(|value| read_text::environment(value, fields, problems));
    let folder = table.get("folder").map(|value| folder(&value, problems));
    let input = table.get("input").map(|value| {
        let inputs = [Input::Json, Input::None];
        let number = value.word(&["json", "none"], problems)?;
        inputs.get(number).copied()
    });
    let time_limit = table
        .get("time-limit")
        .map(|value| duration_or_none(&value, TIME_LIMITS, problems));
    let grace = table
        .get("grace")
        .map(|value| duration(&value, GRACES, problems));
    let confine = read_confinement::confinement(&mut table, problems);
    table.finish(problems);
    let default = Program::new(command?);
    let program = Program {
        environment: all_or_none(environment)?.unwrap_or_default(),
        folder: all_or_none(folder)?,
        input: all_or_none(input)?.unwrap_or(default.input),
        time_limit: all_or_none(time_limit)?.unwrap_or(default.time_limit),
        grace: all_or_none(grace)?.unwrap_or(default.grace),
        confine,
        ..default
    };
    Some((program, terms?))
}

fn command(
    value: &Value<'_, '_>,
    fields: &[&'static str],
    programs: Programs,
    problems: &mut Problems<'_>,
) -> Option<Vec<Template>> {
    let wanted = "a list of strings: the program and its arguments, which no shell takes apart";
    let strings = value.strings(wanted, problems)?;
    let Some(((program, span), arguments)) = strings.split_first() else {
        problems.add(&value.span, "the command is empty");
        return None;
    };
    let mut command = vec![Some(Template::literal(*program))];
    for (argument, span) in arguments {
        command.push(read_text::template(
            argument,
            "an argument",
            span,
            fields,
            problems,
        ));
    }
    if !program.starts_with('/') {
        problems.add_with_hint(
            span,
            format!("the program {program:?} is not an absolute path"),
            "no folder is searched for it; write the whole path".to_owned(),
        );
        return None;
    }
    if program.contains('\0') {
        problems.add(span, "the program cannot hold a NUL character");
        return None;
    }
    let flaws = programs(program.as_ref());
    for flaw in &flaws {
        let message = format!("the program {program:?} {}", flaw.what);
        problems.add_with_hint(span, message, flaw.hint.clone());
    }
    if !flaws.is_empty() {
        return None;
    }
    command.into_iter().collect()
}

fn folder(value: &Value<'_, '_>, problems: &mut Problems<'_>) -> Option<PathBuf> {
    let text = value.string(problems)?;
    let folder = PathBuf::from(text);
    let wrong = match &folder {
        folder if !folder.is_absolute() => "is not an absolute path; write the whole path",
        folder if text.contains('\0') || !folder.exists() => "does not exist",
        folder if !folder.is_dir() => "is not a folder",
        _ => return Some(folder),
    };
    problems.add(&value.span, format!("the folder {text:?} {wrong}"));
    None
}
