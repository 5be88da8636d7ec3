//! The configuration: a TOML file with limits and rules.
//!
//! ```toml
//! [limits]                      # every key may be left out
//! processes = 16                # hooks that run at the same time, from 1 to 1024
//! queue = 1024                  # hooks that wait to run, of all rules together, from 1 to 65536
//! save-interval = 100           # milliseconds between two writes of the state, from 1 to 60000
//! stop-grace = 10               # seconds that running hooks get when the daemon stops, to 3600
//! receive-buffer = 8388608      # bytes asked for to hold events not yet read, to 1 GiB
//!
//! [[rule]]
//! name = "sum"                  # of a-z, A-Z, 0-9, '-', '_' and '.'; no two rules share it
//! [rule.match]                  # what is left out matches everything
//! device = 0                    # instance number
//! address = "0000:00:*"         # PCI address; * for any text, ? for one character
//! cause-any = 0x3               # at least one of these bits
//! cause-all = 0x1               # all of these bits
//! factorial = { min = 100 }     # result: a number, or from min to max, both included
//! dma-bytes = 64                # bytes that came back: a number or a range
//! lost = true                   # for events that are lost, with no other condition but the device's
//!                               # or for messages of another family, with none of the above:
//! # family = "nlctrl"           # one of [[family]]
//! # message = "newfamily"       # as the specification names it; without it every message
//! # attributes = { family-name = "irqcast*" }   # see docs/families.md
//! [rule.hook]
//! command = ["/usr/local/bin/on-sum", "an argument"]   # run without a shell
//!
//! [[family]]                    # another generic netlink family to listen to
//! name = "nlctrl"
//! spec = "/usr/share/irqcast/specs/nlctrl.yaml"   # its YNL specification
//! groups = ["notify"]           # its multicast groups; without it those of the specification
//! ```

mod problem;
mod program;
mod read_family;
mod read_rule;
mod table;

pub use problem::ConfigError;
pub use read_family::Family;

use crate::rule::Rule;
use problem::{Problem, Problems, position};
use program::Programs;
use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;
use table::Table;
use toml::de::DeTable;

/// What the daemon does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// What the daemon may use.
    pub limits: Limits,
    /// The rules, in the order of the file.
    pub rules: Vec<Rc<Rule>>,
    /// Other families to listen to, in the order of the file.
    pub families: Vec<Rc<Family>>,
}

/// What the daemon may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Hooks that run at the same time.
    pub processes: usize,
    /// Hooks that wait to run, of all rules together, from which on no event is taken until half of them
    /// have been started. The hooks of one event are taken together, so there may be more by as many.
    pub queue: usize,
    /// Shortest time between two writes of the state.
    pub save_interval: Duration,
    /// How long running hooks may go on when the daemon stops.
    pub stop_grace: Duration,
    /// Bytes to ask the kernel for, to hold events that are not yet read. A change takes a restart.
    pub receive_buffer: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            processes: 16,
            queue: 1024,
            save_interval: Duration::from_millis(100),
            stop_grace: Duration::from_secs(10),
            receive_buffer: irqcast::ReceiveBuffer::DEFAULT,
        }
    }
}

impl Config {
    /// Reads and checks a file.
    ///
    /// # Errors
    ///
    /// All that is wrong with it, not only the first. A syntax error may hide what comes after it.
    pub fn load(file: &Path) -> Result<Self, ConfigError> {
        let bytes = fs::read(file).map_err(|source| ConfigError::Unreadable {
            file: file.to_owned(),
            source,
        })?;
        let wrong = |problems| ConfigError::Wrong {
            file: file.to_owned(),
            problems,
        };
        let text = std::str::from_utf8(&bytes).map_err(|error| {
            let (line, column) = position(&bytes, error.valid_up_to());
            wrong(vec![Problem {
                line,
                column,
                message: "the file is not UTF-8 from here on".to_owned(),
                hint: None,
            }])
        })?;
        parse(text, program::on_this_machine).map_err(wrong)
    }
}

/// Reads a configuration. `programs` looks at the hooks' programs.
fn parse(text: &str, programs: Programs) -> Result<Config, Vec<Problem>> {
    let mut problems = Problems::new(text);
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        problems.add(&error.span().unwrap_or_default(), error.message());
    }
    // What was read in spite of a syntax error may lack a part, and then say what is not so.
    if !errors.is_empty() {
        return Err(problems.into_found());
    }
    let mut root = Table::new(root.get_ref(), 0..0, "the configuration");
    let limits = match root.get("limits") {
        None => Limits::default(),
        Some(value) => value
            .table("limits", &mut problems)
            .map_or_else(Limits::default, |table| read_limits(table, &mut problems)),
    };
    let tables = root
        .get("rule")
        .map_or_else(Vec::new, |value| value.tables("a rule", &mut problems));
    let families = root
        .get("family")
        .map_or_else(Vec::new, |value| value.tables("a family", &mut problems));
    root.finish(&mut problems);
    let families = read_family::families(families, &mut problems);
    let mut rules = Vec::new();
    let mut names = HashMap::new();
    for mut table in tables {
        let name = table.get("name").and_then(|value| {
            // Of the wrong type, read_rule says so.
            let name = value.string(&mut Problems::new(text))?;
            Some((name, value.span))
        });
        if let Some((name, span)) = name {
            let line = problems.line(&span);
            if let Some(first) = names.insert(name, line) {
                problems.add(
                    &span,
                    format!("the rule in line {first} has the name {name:?} too"),
                );
            }
        }
        rules.extend(read_rule::rule(table, programs, &families, &mut problems).map(Rc::new));
    }
    let problems = problems.into_found();
    if problems.is_empty() {
        Ok(Config {
            limits,
            rules,
            families,
        })
    } else {
        Err(problems)
    }
}

fn read_limits(mut table: Table<'_, '_>, problems: &mut Problems<'_>) -> Limits {
    let default = Limits::default();
    let mut number = |key, range| {
        let number = table
            .get(key)
            .and_then(|value| value.integer(range, problems));
        number.and_then(|number| usize::try_from(number).ok())
    };
    let limits = Limits {
        processes: number("processes", 1..1025).unwrap_or(default.processes),
        queue: number("queue", 1..65_537).unwrap_or(default.queue),
        save_interval: number("save-interval", 1..60_001)
            .map_or(default.save_interval, |milliseconds| {
                Duration::from_millis(milliseconds as u64)
            }),
        stop_grace: number("stop-grace", 0..3601).map_or(default.stop_grace, |seconds| {
            Duration::from_secs(seconds as u64)
        }),
        receive_buffer: number("receive-buffer", 4096..(1 << 30) + 1)
            .unwrap_or(default.receive_buffer),
    };
    table.finish(problems);
    limits
}

#[cfg(test)]
mod tests;
