//! The configuration: a TOML file with limits and rules.
//!
//! ```toml
//! [limits]                      # every key may be left out
//! processes = 16                # hooks that run at the same time, from 1 to 1024
//! queue = 1024                  # hooks of a rule that wait to run, from 1 to 65536
//! save-interval = 100           # milliseconds between two writes of the state, from 1 to 60000
//! stop-grace = 10               # seconds that running hooks get when the daemon stops, to 3600
//! receive-buffer = 8388608      # bytes asked for to hold events not yet read, to 1 GiB
//!
//! [control]                     # irqcastctl talks to the daemon through this socket
//! socket = "/run/irqcast/control"   # a change takes a restart
//! group = "adm"                 # whose members may read; without it only root and the daemon's user
//!
//! [metrics]                     # without it none are written
//! file = "/var/lib/prometheus/node-exporter/irqcast.prom"   # for the textfile collector
//! interval = 10                 # seconds between two writes, from 1 to 3600
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
//! dropped = "sum"               # for events that this rule's queue dropped, likewise
//! arrival = true                # for devices that come, likewise
//! departure = true              # for devices that go, likewise
//!                               # or for messages of another family, with none of the above:
//! # family = "nlctrl"           # one of [[family]]
//! # message = "newfamily"       # as the specification names it; without it every message
//! # attributes = { family-name = "irqcast*" }   # see docs/families.md
//! [rule.hook]
//! command = ["/usr/local/bin/on-sum", "event {seq}"]   # run without a shell
//! environment = { SCALE = "2" } # more variables
//! folder = "/var/lib/sums"      # it runs there, or else in /
//! input = "json"                # or "none": nothing on standard input
//! time-limit = "60s"            # then TERM to its process group; "none" for no limit
//! grace = "5s"                  # after TERM, until KILL
//! order = "device"              # one after the other for each device, or "free"
//! concurrency = 4               # hooks of this rule that run at the same time, from 1 to 1024; without it a
//!                               # quarter of `processes`
//! queue = 100                   # hooks of this rule that wait, from 1 to 65536
//! when-full = "hold-back"       # or "drop-oldest", "drop-newest"
//! rate-limit = { count = 10, per = "1min", beyond = "wait" }   # or "drop"
//! debounce = "200ms"            # waits until no more events come, and runs once for all
//! coalesce = "1s"               # waits this long for more events at most; true for those that wait anyway
//! retry = { exit-statuses = [75], times = 3, delay = "1s", max-delay = "1min" }
//! [rule.hook.confine]           # what the hook may use: see docs/confinement.md
//! user = "nobody"
//!
//! [[family]]                    # another generic netlink family to listen to
//! name = "nlctrl"
//! spec = "/usr/share/irqcast/specs/nlctrl.yaml"   # its YNL specification
//! groups = ["notify"]           # its multicast groups; without it those of the specification
//! ```

mod accounts;
mod duration;
mod problem;
mod program;
mod read_confinement;
mod read_control;
mod read_family;
mod read_hook;
mod read_metrics;
mod read_rule;
mod read_terms;
mod read_text;
mod references;
mod table;

pub use problem::ConfigError;
pub use read_family::Family;

use crate::metrics::file::Target;
use crate::rule::Rule;
use crate::trust;
use problem::{Problem, Problems, position};
use program::Programs;
use read_control::Control;
use std::collections::HashMap;
use std::fs;
use std::path::{self, Path};
use std::rc::Rc;
use std::time::Duration;
use table::Table;
use toml::de::DeTable;

/// What the daemon does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// What the daemon may use.
    pub limits: Limits,
    /// The control socket.
    pub control: Control,
    /// Where metrics are written to.
    pub metrics: Option<Target>,
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
    /// Hooks of each rule that may wait to run, where the rule does not say another number.
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

impl Limits {
    /// Hooks of one rule that run at the same time, at least 1, where the rule does not say another number: a
    /// quarter of all, so that hooks of one rule for many devices leave room for those of others.
    #[must_use]
    pub fn share(&self) -> usize {
        self.processes.div_ceil(4)
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
        let strangers = strangers(file);
        match parse(text, program::on_this_machine) {
            Ok(config) if strangers.is_empty() => Ok(config),
            Ok(_) => Err(wrong(strangers)),
            Err(problems) => Err(wrong([strangers, problems].concat())),
        }
    }
}

/// Who else can change the file, told in the place of its first byte.
fn strangers(file: &Path) -> Vec<Problem> {
    let found = path::absolute(file).map(|file| trust::findings(&file));
    let problem = |found: trust::Unsafe| Problem {
        line: 1,
        column: 1,
        message: format!("the configuration is not safe: {}", found.what),
        hint: Some(found.mend),
    };
    found.unwrap_or_default().into_iter().map(problem).collect()
}

/// Reads a configuration whose programs are not looked at, and tells problems as text.
pub fn read(text: &str) -> Result<Config, Vec<String>> {
    parse(text, |_| Vec::new()).map_err(|problems| {
        let problems = problems.iter();
        problems
            .map(|problem| format!("{}:{}: {problem}", problem.line, problem.column))
            .collect()
    })
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
    let control = root
        .get("control")
        .and_then(|value| value.table("the control socket", &mut problems))
        .map_or_else(Control::default, |table| {
            read_control::control(table, &mut problems)
        });
    let metrics = root
        .get("metrics")
        .and_then(|value| value.table("the metrics", &mut problems))
        .and_then(|table| read_metrics::metrics(table, &mut problems));
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
    let mut references = Vec::new();
    for mut table in tables {
        let name = table.get("name").and_then(|value| {
            // Of the wrong type, read_rule says so.
            let name = value.string(&mut Problems::new(text))?;
            Some((name, value.span))
        });
        let by = name.as_ref().map(|(name, _)| *name);
        references.extend(references::of(&mut table, by, &mut Problems::new(text)));
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
    references::check(&references, &names, &mut problems);
    let problems = problems.into_found();
    if problems.is_empty() {
        Ok(Config {
            limits,
            control,
            metrics,
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
