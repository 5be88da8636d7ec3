//! The list that the end-to-end tests print of themselves, and its order.

use std::{collections::BTreeMap, process::Command, time::Duration};

use anyhow::{Context as _, bail};
use serde::Deserialize;

use crate::{cli::Guest, prepared::Userland, process, vm::Machine};

/// The long form of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Soak {
    /// How often it does what it does, unless the person wants another count.
    count: u64,
    /// Seconds after which so many are taken to hang.
    timeout_s: u32,
}

/// A test as `irqcast-e2e --list` prints it: one JSON object a line.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Its name, without the kernel's.
    pub name: String,
    /// The machine that it needs.
    pub machine: Machine,
    /// Names of the kernels that it is for; empty for all.
    #[serde(default)]
    pub kernels: Vec<String>,
    /// Seconds after which it is taken to hang.
    timeout_s: u32,
    /// Its long form, where it has one.
    #[serde(default)]
    pub soak: Option<Soak>,
}

/// In which form a test runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The short one.
    Short,
    /// The long one, this often, or as often as it says by itself.
    Long(Option<u64>),
}

impl Case {
    /// How long it may take, and how often it is to do what it does unless it decides that itself.
    pub fn extent(&self, form: Form) -> (Duration, Option<u64>) {
        let short = Duration::from_secs(self.timeout_s.into());
        match (form, self.soak) {
            (Form::Long(count), Some(soak)) => {
                let count = count.unwrap_or(soak.count);
                let scaled =
                    u128::from(soak.timeout_s) * u128::from(count) / u128::from(soak.count.max(1));
                let scaled = Duration::from_secs(u64::try_from(scaled).unwrap_or(u64::MAX));
                (short.max(scaled), Some(count))
            }
            _ => (short, None),
        }
    }

    /// Whether it has this form.
    pub fn has(&self, form: Form) -> bool {
        form == Form::Short || self.soak.is_some()
    }

    /// Whether it runs in this guest, or the person does not mind.
    pub fn is_in(&self, guest: Option<Guest>) -> bool {
        guest.is_none_or(|guest| self.machine.guest == guest)
    }

    /// Whether it is for the kernel of that name.
    pub fn is_for(&self, kernel: &str) -> bool {
        self.kernels.is_empty() || self.kernels.iter().any(|name| name == kernel)
    }
}

/// Asks the test program, which runs on the host for that.
pub fn cases(userland: &Userland) -> anyhow::Result<Vec<Case>> {
    let mut command = Command::new(&userland.e2e);
    command.arg("--list");
    let output = process::output(command)?;
    if !output.status.success() {
        bail!(
            "{} --list failed ({}): {}",
            userland.e2e.display(),
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    parse(&String::from_utf8_lossy(&output.stdout))
}

fn parse(list: &str) -> anyhow::Result<Vec<Case>> {
    list.lines()
        .map(|line| {
            serde_json::from_str(line)
                .with_context(|| format!("the list of tests has a line that is wrong: {line}"))
        })
        .collect()
}

/// Brings together the tests that need equal machines. Both the machines and the tests of
/// each keep the order in which the list first names them.
pub fn by_machine(cases: Vec<Case>) -> Vec<(Machine, Vec<Case>)> {
    let mut groups: Vec<(Machine, Vec<Case>)> = Vec::new();
    let mut places: BTreeMap<Machine, usize> = BTreeMap::new();
    for case in cases {
        let place = *places.entry(case.machine.clone()).or_insert_with(|| {
            groups.push((case.machine.clone(), Vec::new()));
            groups.len() - 1
        });
        groups[place].1.push(case);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = r#"{"name":"a","machine":{"devices":2,"append":"","memory_mib":512,"layers":[]},"timeout_s":120}
{"name":"b","machine":{"devices":2,"extra":[],"append":"","memory_mib":512,"layers":["python"]},"kernels":["debug"],"timeout_s":5}
{"name":"c","machine":{"devices":2,"append":"","memory_mib":512,"layers":[]},"timeout_s":120,"soak":{"count":1000,"timeout_s":600}}"#;

    #[test]
    fn equal_machines_are_shared() {
        let groups = by_machine(parse(LIST).unwrap());
        let names: Vec<Vec<&str>> = groups
            .iter()
            .map(|(_, cases)| cases.iter().map(|case| case.name.as_str()).collect())
            .collect();
        assert_eq!(names, [vec!["a", "c"], vec!["b"]]);
        assert_eq!(groups[1].0.layers, ["python"]);
    }

    #[test]
    fn kernels_restrict() {
        let cases = parse(LIST).unwrap();
        for (case, kernel, expected) in
            [(0, "stock", true), (1, "stock", false), (1, "debug", true)]
        {
            assert_eq!(cases[case].is_for(kernel), expected, "{case} {kernel}");
        }
    }

    #[test]
    fn time_grows_with_the_count() {
        let cases = parse(LIST).unwrap();
        let seconds = Duration::from_secs;
        for (case, form, expected) in [
            (1, Form::Short, (seconds(5), None)),
            (2, Form::Short, (seconds(120), None)),
            (2, Form::Long(None), (seconds(600), Some(1000))),
            (2, Form::Long(Some(3000)), (seconds(1800), Some(3000))),
            (2, Form::Long(Some(1)), (seconds(120), Some(1))),
        ] {
            assert_eq!(cases[case].extent(form), expected, "{case} {form:?}");
        }
        assert!(!cases[1].has(Form::Long(None)));
    }

    #[test]
    fn a_wrong_line_is_shown() {
        let error = parse("{\"name\":\"a\",\"colour\":1}").unwrap_err();
        assert!(format!("{error:#}").contains("colour"), "{error:#}");
    }
}
