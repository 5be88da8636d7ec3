//! The manual pages and completions that the daemon writes.

mod manual;

#[test]
fn manual_pages_are_sound() {
    let pages = manual::check_pages(env!("CARGO_BIN_EXE_irqcastd"));
    assert_eq!(
        pages,
        [
            "irqcastd-check.8",
            "irqcastd-explain.8",
            "irqcastd-run.8",
            "irqcastd.8"
        ]
    );
}

#[test]
fn completions_are_sound() {
    manual::check_completions(env!("CARGO_BIN_EXE_irqcastd"), "irqcastd");
}

#[test]
fn every_command_has_examples_and_exit_codes() {
    manual::check_help(env!("CARGO_BIN_EXE_irqcastd"), &["run", "check", "explain"]);
}
