//! Reads durations, which are written as text with a unit.

use super::problem::Problems;
use super::table::Value;
use std::ops::RangeInclusive;
use std::time::Duration;

/// A duration of `range`, such as `"250ms"`.
pub fn duration(
    value: &Value<'_, '_>,
    range: RangeInclusive<Duration>,
    problems: &mut Problems<'_>,
) -> Option<Duration> {
    let text = value.string(problems)?;
    let Ok(duration) = humantime::parse_duration(text) else {
        problems.add_with_hint(
            &value.span,
            format!("{text:?} is no duration"),
            "write a number with its unit, such as \"250ms\", \"10s\", \"5min\" or \"1h 30min\""
                .to_owned(),
        );
        return None;
    };
    if !range.contains(&duration) {
        problems.add(
            &value.span,
            format!(
                "`{}` must be from {} to {}, not {text}",
                value.key(),
                humantime::format_duration(*range.start()),
                humantime::format_duration(*range.end()),
            ),
        );
        return None;
    }
    Some(duration)
}

/// The same, or `"none"`, which is `Some(None)`.
#[expect(clippy::option_option, reason = "wrong and none are two")]
pub fn duration_or_none(
    value: &Value<'_, '_>,
    range: RangeInclusive<Duration>,
    problems: &mut Problems<'_>,
) -> Option<Option<Duration>> {
    match value.string(problems)? {
        "none" => Some(None),
        _ => duration(value, range, problems).map(Some),
    }
}
