//! The manual pages and completions that the tool writes.

#[path = "../../irqcastd/tests/manual/mod.rs"]
mod manual;

const COMMANDS: [&str; 13] = [
    "dma",
    "explain",
    "factorial",
    "history",
    "list",
    "metrics",
    "monitor",
    "raise",
    "record",
    "reload",
    "replay",
    "set",
    "status",
];

#[test]
fn manual_pages_are_sound() {
    let pages = manual::check_pages(env!("CARGO_BIN_EXE_irqcastctl"));
    let mut expected = COMMANDS
        .map(|command| format!("irqcastctl-{command}.1"))
        .to_vec();
    expected.push("irqcastctl.1".to_owned());
    assert_eq!(pages, expected);
}

#[test]
fn completions_are_sound() {
    manual::check_completions(env!("CARGO_BIN_EXE_irqcastctl"), "irqcastctl");
}

#[test]
fn every_command_has_examples_and_exit_codes() {
    manual::check_help(env!("CARGO_BIN_EXE_irqcastctl"), &COMMANDS);
}
