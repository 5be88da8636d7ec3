//! Rules that name other rules.

use super::problem::Problems;
use super::table::{Table, nearest};
use std::collections::HashMap;
use std::ops::Range;

/// A rule that is for what another one drops.
pub struct Reference<'a> {
    /// The name of that other one.
    to: &'a str,
    span: Range<usize>,
    /// The name of the rule, if it has one.
    by: Option<&'a str>,
}

/// The reference of a rule of this name, if it has one. That it is of the right type is seen elsewhere.
pub fn of<'a>(
    rule: &mut Table<'a, '_>,
    by: Option<&'a str>,
    unheard: &mut Problems<'_>,
) -> Option<Reference<'a>> {
    let value = rule.get("match")?;
    let dropped = value.table("a match", unheard)?.get("dropped")?;
    Some(Reference {
        to: dropped.string(unheard)?,
        span: dropped.span,
        by,
    })
}

/// Adds a problem for each reference to a rule that is not there, or to itself. `names` has the rules.
pub fn check(
    references: &[Reference<'_>],
    names: &HashMap<&str, usize>,
    problems: &mut Problems<'_>,
) {
    for Reference { to, span, by } in references {
        if !names.contains_key(to) {
            let known: Vec<&str> = names.keys().copied().collect();
            problems.add_with_hint(
                span,
                format!("there is no rule {to:?}"),
                nearest(to, &known).map(|name| format!("did you mean {name:?}?")),
            );
        } else if *by == Some(to) {
            problems.add(span, "a rule cannot be for what it drops itself");
        }
    }
}
