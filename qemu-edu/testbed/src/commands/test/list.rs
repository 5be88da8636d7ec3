//! The list that the end-to-end tests print of themselves, and its order.

use std::{collections::BTreeMap, process::Command, time::Duration};

use anyhow::{Context as _, bail};
use serde::Deserialize;

use crate::{prepared::Userland, process, vm::Machine};

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
}

impl Case {
    /// How long it may take.
    pub fn limit(&self) -> Duration {
        Duration::from_secs(self.timeout_s.into())
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
{"name":"c","machine":{"devices":2,"append":"","memory_mib":512,"layers":[]},"timeout_s":120}"#;

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
        assert_eq!(cases[1].limit(), Duration::from_secs(5));
    }

    #[test]
    fn a_wrong_line_is_shown() {
        let error = parse("{\"name\":\"a\",\"colour\":1}").unwrap_err();
        assert!(format!("{error:#}").contains("colour"), "{error:#}");
    }
}
