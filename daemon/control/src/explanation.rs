//! Which rules match something, and why the others do not.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Which rules match something, and why the others do not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// The rules, in the order of the configuration.
    pub rules: Vec<RuleExplained>,
}

/// Whether one rule matches, and why not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleExplained {
    /// Name of the rule.
    pub rule: String,
    /// Whether it matches: no condition is unmet.
    pub matches: bool,
    /// The conditions that are not met.
    pub unmet: Vec<Unmet>,
}

/// A condition that is not met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unmet {
    /// Its key in the configuration.
    pub condition: String,
    /// What it asks for.
    pub wanted: String,
    /// What there is.
    pub found: String,
}

impl fmt::Display for RuleExplained {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.matches {
            return write!(formatter, "{}: matches", self.rule);
        }
        write!(formatter, "{}: does not match", self.rule)?;
        for Unmet {
            condition,
            wanted,
            found,
        } in &self.unmet
        {
            write!(
                formatter,
                "\n  {condition}: wanted is {wanted}, there is {found}"
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.rules.is_empty() {
            return formatter.write_str("the configuration has no rule");
        }
        let lines: Vec<String> = self.rules.iter().map(ToString::to_string).collect();
        formatter.write_str(&lines.join("\n"))
    }
}
