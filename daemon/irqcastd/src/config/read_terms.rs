//! Reads when hooks of a rule run, and how many, from its `[rule.hook]`.

use super::duration::duration;
use super::problem::Problems;
use super::read_rule::all_or_none;
use super::table::{Table, Value};
use crate::rule::{Beyond, Gather, Match, Order, RateLimit, Retry, Terms, WhenFull};
use std::ops::{Range, RangeInclusive};
use std::time::Duration;

/// Hooks of a rule that may run at the same time; as for all of them together.
const CONCURRENCY: Range<u64> = 1..1025;

/// Hooks of a rule that may wait.
const QUEUE: Range<u64> = 1..65_537;

/// Hooks that a rate is made of.
const RATE: Range<u64> = 1..10_001;

/// Delays that there may be.
const DELAYS: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_secs(24 * 3600);

/// Times that a hook may run again.
const TIMES: Range<u64> = 1..1001;

/// Reads the terms. `None` when a problem was added.
pub fn terms(
    table: &mut Table<'_, '_>,
    matches: Option<&Match>,
    problems: &mut Problems<'_>,
) -> Option<Terms> {
    let order = table.get("order").map(|value| {
        let number = value.word(&["device", "free"], problems)?;
        [Order::Device, Order::Free].get(number).copied()
    });
    let concurrency = table
        .get("concurrency")
        .map(|value| number(&value, CONCURRENCY, problems));
    let queue = table
        .get("queue")
        .map(|value| number(&value, QUEUE, problems));
    let when_full = table.get("when-full").map(|value| {
        let policies = [
            WhenFull::HoldBack,
            WhenFull::DropOldest,
            WhenFull::DropNewest,
        ];
        let words = ["hold-back", "drop-oldest", "drop-newest"];
        policies.get(value.word(&words, problems)?).copied()
    });
    let rate_limit = table
        .get("rate-limit")
        .map(|value| rate_limit(value, problems));
    let gather = gather(table, matches, problems);
    let retry = table.get("retry").map(|value| retry(value, problems));
    Some(Terms {
        order: all_or_none(order)?.unwrap_or_default(),
        concurrency: all_or_none(concurrency)?,
        queue: all_or_none(queue)?,
        when_full: all_or_none(when_full)?.unwrap_or_default(),
        rate_limit: all_or_none(rate_limit)?,
        gather: gather?,
        retry: all_or_none(retry)?,
    })
}

fn number(value: &Value<'_, '_>, range: Range<u64>, problems: &mut Problems<'_>) -> Option<usize> {
    let number = value.integer(range, problems)?;
    usize::try_from(number).ok()
}

fn rate_limit(value: Value<'_, '_>, problems: &mut Problems<'_>) -> Option<RateLimit> {
    let mut table = value.table("a rate limit", problems)?;
    let count = table
        .require("count", problems)
        .and_then(|value| number(&value, RATE, problems));
    let per = table
        .require("per", problems)
        .and_then(|value| duration(&value, DELAYS, problems));
    let beyond = table.get("beyond").map(|value| {
        let number = value.word(&["wait", "drop"], problems)?;
        [Beyond::Wait, Beyond::Drop].get(number).copied()
    });
    table.finish(problems);
    Some(RateLimit {
        count: count?,
        per: per?,
        beyond: all_or_none(beyond)?.unwrap_or_default(),
    })
}

/// `Some(None)` where events stay apart.
#[expect(clippy::option_option, reason = "absent, right and wrong are three")]
fn gather(
    table: &mut Table<'_, '_>,
    matches: Option<&Match>,
    problems: &mut Problems<'_>,
) -> Option<Option<Gather>> {
    let values = [table.get("debounce"), table.get("coalesce")];
    if matches.is_some_and(|matches| !matches.is_for_events()) {
        for value in values.iter().flatten() {
            let key = value.key();
            let message = format!("only events become one, so this rule can have no `{key}`");
            problems.add(&value.span, message);
        }
        return values.iter().all(Option::is_none).then_some(None);
    }
    let [debounce, coalesce] = values;
    let debounce = debounce.map(|value| duration(&value, DELAYS, problems));
    let coalesce = coalesce.map(|value| coalesce_time(&value, problems));
    let debounce = all_or_none(debounce)?;
    Some(match all_or_none(coalesce)?.unwrap_or(Coalesce::No) {
        Coalesce::No => debounce.map(|_| Gather {
            debounce,
            coalesce: None,
        }),
        Coalesce::WhatWaits => Some(Gather {
            debounce,
            coalesce: None,
        }),
        Coalesce::For(time) => Some(Gather {
            debounce,
            coalesce: Some(time),
        }),
    })
}

/// What `coalesce` says.
enum Coalesce {
    No,
    WhatWaits,
    For(Duration),
}

fn coalesce_time(value: &Value<'_, '_>, problems: &mut Problems<'_>) -> Option<Coalesce> {
    if !value.is_boolean() {
        return duration(value, DELAYS, problems).map(Coalesce::For);
    }
    Some(match value.boolean(problems)? {
        true => Coalesce::WhatWaits,
        false => Coalesce::No,
    })
}

fn retry(value: Value<'_, '_>, problems: &mut Problems<'_>) -> Option<Retry> {
    let mut table = value.table("a retry", problems)?;
    let exit_statuses = table.require("exit-statuses", problems).and_then(|value| {
        let statuses = value.integers("a list of exit statuses, such as [75]", 1..256, problems)?;
        if statuses.is_empty() {
            problems.add(&value.span, "without an exit status nothing runs again");
            return None;
        }
        let statuses = statuses.into_iter().map(u8::try_from);
        statuses.collect::<Result<Vec<u8>, _>>().ok()
    });
    let times = table
        .get("times")
        .map(|value| number(&value, TIMES, problems));
    let delay = table
        .get("delay")
        .map(|value| duration(&value, DELAYS, problems));
    let max_delay = table
        .get("max-delay")
        .map(|value| duration(&value, DELAYS, problems));
    table.finish(problems);
    let delay = all_or_none(delay)?.unwrap_or(Duration::from_secs(1));
    let longest = all_or_none(max_delay)?.unwrap_or(Duration::from_secs(60));
    Some(Retry {
        exit_statuses: exit_statuses?,
        times: u32::try_from(all_or_none(times)?.unwrap_or(3)).ok()?,
        delay,
        max_delay: longest.max(delay),
    })
}
