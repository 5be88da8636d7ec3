//! Holds docs/reliability.md against the tests that it names.

use std::process::Command;

use irqcast_tests::table::tables;
use serde_json::Value;

const DOCUMENT: &str = include_str!("../../docs/reliability.md");

/// How each command of the tables begins.
const COMMAND: &str = "cargo testbed soak ";

/// Names of the tests that have a long form.
fn long_forms() -> Vec<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_irqcast-e2e"))
        .arg("--list")
        .output()
        .expect("the test program runs on the host, too");
    String::from_utf8(output.stdout)
        .expect("names are text")
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("a line is JSON"))
        .filter(|case| !case["soak"].is_null())
        .map(|case| case["name"].as_str().expect("a test has a name").to_owned())
        .collect()
}

/// What the commands in the tables ask for: the argument that is no option.
fn filters() -> Vec<String> {
    let mut filters = Vec::new();
    for table in tables(DOCUMENT) {
        let Some(column) = table.header.iter().position(|cell| cell == "command") else {
            continue;
        };
        for row in &table.rows {
            let command = row[column].trim_matches('`');
            let arguments = command.strip_prefix(COMMAND).unwrap_or_else(|| {
                panic!("{command:?} does not begin with {COMMAND:?}");
            });
            let mut words = arguments.split(' ').peekable();
            while let Some(word) = words.next() {
                if word.starts_with("--") {
                    words.next();
                } else {
                    filters.push(word.to_owned());
                }
            }
        }
    }
    filters
}

#[test]
fn every_command_finds_a_test() {
    let tests = long_forms();
    let filters = filters();
    assert!(!filters.is_empty());
    for filter in filters {
        assert!(
            tests.iter().any(|test| test.contains(&filter)),
            "no test with a long form has {filter:?} in its name: {tests:?}"
        );
    }
}

#[test]
fn every_long_form_has_its_figures() {
    let filters = filters();
    for test in long_forms() {
        assert!(
            filters.iter().any(|filter| test.contains(filter)),
            "docs/reliability.md has no figures of {test}"
        );
    }
}
