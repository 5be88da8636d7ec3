//! Reads the `[rule.hook]` of a rule.

use super::duration::{duration, duration_or_none};
use super::problem::Problems;
use super::program::Programs;
use super::read_rule::all_or_none;
use super::table::{Table, Value};
use crate::rule::Program;
use std::ops::RangeInclusive;
use std::time::Duration;

/// Time limits that there may be.
const TIME_LIMITS: RangeInclusive<Duration> =
    Duration::from_millis(1)..=Duration::from_secs(7 * 24 * 3600);

/// Graces that there may be.
const GRACES: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_secs(3600);

/// Reads a hook. `None` when a problem was added.
pub fn hook(
    mut table: Table<'_, '_>,
    programs: Programs,
    problems: &mut Problems<'_>,
) -> Option<Program> {
    let command = table
        .require("command", problems)
        .and_then(|value| command(&value, programs, problems));
    let time_limit = table
        .get("time-limit")
        .map(|value| duration_or_none(&value, TIME_LIMITS, problems));
    let grace = table
        .get("grace")
        .map(|value| duration(&value, GRACES, problems));
    table.finish(problems);
    let default = Program::new(command?);
    Some(Program {
        time_limit: all_or_none(time_limit)?.unwrap_or(default.time_limit),
        grace: all_or_none(grace)?.unwrap_or(default.grace),
        ..default
    })
}

fn command(
    value: &Value<'_, '_>,
    programs: Programs,
    problems: &mut Problems<'_>,
) -> Option<Vec<String>> {
    let wanted = "a list of strings: the program and its arguments, which no shell takes apart";
    let strings = value.strings(wanted, problems)?;
    let Some((program, span)) = strings.first() else {
        problems.add(&value.span, "the command is empty");
        return None;
    };
    for (argument, span) in &strings {
        if argument.contains('\0') {
            problems.add(span, "an argument cannot hold a NUL character");
            return None;
        }
    }
    if !program.starts_with('/') {
        problems.add_with_hint(
            span,
            format!("the program {program:?} is not an absolute path"),
            "no folder is searched for it; write the whole path".to_owned(),
        );
        return None;
    }
    if let Err(reason) = programs(program.as_ref()) {
        problems.add(span, format!("the program {program:?} {reason}"));
        return None;
    }
    Some(strings.iter().map(|(text, _)| (*text).to_owned()).collect())
}
