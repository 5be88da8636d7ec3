//! Reads one `[[rule]]`.

use super::problem::Problems;
use super::program::Programs;
use super::read_family::{self, Family};
use super::read_hook;
use super::table::{Table, Value};
use crate::rule::{Glob, Match, Rule};
use irqcast::wire::DMA_MAX;
use std::ops::RangeInclusive;
use std::rc::Rc;

/// Longest name of a rule, in bytes.
const NAME_MAX: usize = 64;

/// One more than the largest u32.
const U32_END: u64 = 1 << 32;

/// Reads a rule. `None` when a problem was added.
pub fn rule(
    mut table: Table<'_, '_>,
    programs: Programs,
    families: &[Rc<Family>],
    problems: &mut Problems<'_>,
) -> Option<Rule> {
    let name = table
        .require("name", problems)
        .and_then(|value| name(&value, problems));
    let matches = match table.get("match") {
        None => Some(Match::default()),
        Some(value) => value
            .table("a match", problems)
            .and_then(|table| conditions(table, families, problems)),
    };
    let hook = table
        .require("hook", problems)
        .and_then(|value| value.table("a hook", problems))
        .and_then(|table| read_hook::hook(table, matches.as_ref(), programs, problems));
    table.finish(problems);
    let (program, terms) = hook?;
    Some(Rule {
        name: name?,
        matches: matches?,
        program,
        terms,
    })
}

fn name(value: &Value<'_, '_>, problems: &mut Problems<'_>) -> Option<String> {
    let name = value.string(problems)?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if name.is_empty() || name.len() > NAME_MAX || !name.bytes().all(allowed) {
        problems.add(
            &value.span,
            format!(
                "a rule's name has 1 to {NAME_MAX} of the characters a-z, A-Z, 0-9, '-', '_' and '.'"
            ),
        );
        return None;
    }
    Some(name.to_owned())
}

/// Conditions that only an event can meet.
const OF_EVENTS: [&str; 4] = ["cause-any", "cause-all", "factorial", "dma-bytes"];

fn conditions(
    mut table: Table<'_, '_>,
    families: &[Rc<Family>],
    problems: &mut Problems<'_>,
) -> Option<Match> {
    if let Some(name) = table.get("family") {
        return Some(Match {
            family: Some(read_family::conditions(name, table, families, problems)?),
            ..Match::default()
        });
    }
    let lost = table.get("lost").map(|value| value.boolean(problems));
    let dropped = table
        .get("dropped")
        .map(|value| value.string(problems).map(str::to_owned));
    let arrival = table.get("arrival").map(|value| value.boolean(problems));
    let departure = table.get("departure").map(|value| value.boolean(problems));
    let is = |value| value == Some(Some(true));
    let what: Option<(_, &[&str])> = if is(lost) {
        Some(("a loss", &["dropped", "arrival", "departure"]))
    } else if dropped.is_some() {
        Some(("a drop", &["arrival", "departure"]))
    } else if is(arrival) || is(departure) {
        Some(("a device's coming or going", &[]))
    } else {
        None
    };
    if let Some((what, others)) = what {
        for key in OF_EVENTS.iter().chain(others) {
            if let Some(value) = table.get(key) {
                problems.add_with_hint(
                    &value.span,
                    format!("{what} has no `{key}`"),
                    "leave it out, or make it a rule of its own".to_owned(),
                );
            }
        }
    }
    let device = table.get("device").map(|value| number(&value, 0, problems));
    let address = table.get("address").map(|value| address(&value, problems));
    let cause_any = table.get("cause-any").map(|value| bits(&value, problems));
    let cause_all = table.get("cause-all").map(|value| bits(&value, problems));
    let factorial = table
        .get("factorial")
        .map(|value| range(value, u32::MAX, problems));
    let dma_bytes = table
        .get("dma-bytes")
        .map(|value| range(value, DMA_MAX, problems));
    table.finish(problems);
    // A condition that is there and wrong makes the rule wrong: without it, it would match more.
    Some(Match {
        lost: all_or_none(lost)?.unwrap_or(false),
        dropped: all_or_none(dropped)?,
        arrival: all_or_none(arrival)?.unwrap_or(false),
        departure: all_or_none(departure)?.unwrap_or(false),
        device: all_or_none(device)?,
        address: all_or_none(address)?,
        cause_any: all_or_none(cause_any)?,
        cause_all: all_or_none(cause_all)?,
        factorial: all_or_none(factorial)?,
        dma_bytes: all_or_none(dma_bytes)?,
        family: None,
    })
}

/// Absent is `Some(None)`, right `Some(Some(…))`, wrong `None`.
#[expect(clippy::option_option, reason = "absent, right and wrong are three")]
pub fn all_or_none<T>(value: Option<Option<T>>) -> Option<Option<T>> {
    match value {
        None => Some(None),
        Some(None) => None,
        Some(right) => Some(right),
    }
}

fn number(value: &Value<'_, '_>, lowest: u64, problems: &mut Problems<'_>) -> Option<u32> {
    let number = value.integer(lowest..U32_END, problems)?;
    u32::try_from(number).ok()
}

fn bits(value: &Value<'_, '_>, problems: &mut Problems<'_>) -> Option<u32> {
    let bits = number(value, 0, problems)?;
    if bits == 0 {
        problems.add_with_hint(
            &value.span,
            "no bit is set, so that this can never decide",
            "name at least one, such as 0x1; without the key every cause matches".to_owned(),
        );
        return None;
    }
    Some(bits)
}

fn address(value: &Value<'_, '_>, problems: &mut Problems<'_>) -> Option<Glob> {
    let pattern = value.string(problems)?;
    let allowed =
        |character: char| matches!(character, '0'..='9' | 'a'..='f' | ':' | '.' | '*' | '?');
    if pattern.is_empty() || !pattern.chars().all(allowed) {
        problems.add_with_hint(
            &value.span,
            format!("{pattern:?} fits no PCI address"),
            "write it in lower case as 0000:00:02.0, with * for any text and ? for one character"
                .to_owned(),
        );
        return None;
    }
    Some(Glob::new(pattern))
}

/// A number, or `{ min = …, max = … }` with both ends included.
fn range(
    value: Value<'_, '_>,
    highest: u32,
    problems: &mut Problems<'_>,
) -> Option<RangeInclusive<u32>> {
    let span = value.span.clone();
    let range = if value.is_table() {
        let mut table = value.table("a range", problems)?;
        let min = table.get("min").map(|value| number(&value, 0, problems));
        let max = table.get("max").map(|value| number(&value, 0, problems));
        table.finish(problems);
        if min.is_none() && max.is_none() {
            problems.add(&span, "a range has a `min`, a `max` or both");
            return None;
        }
        all_or_none(min)?.unwrap_or(0)..=all_or_none(max)?.unwrap_or(u32::MAX)
    } else {
        let number = number(&value, 0, problems)?;
        number..=number
    };
    if range.is_empty() {
        problems.add(
            &span,
            format!("nothing is from {} to {}", range.start(), range.end()),
        );
        return None;
    }
    if *range.start() > highest {
        problems.add(&span, format!("this is never more than {highest}"));
        return None;
    }
    Some(range)
}
