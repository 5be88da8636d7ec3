//! `irqcastctl` on a machine where the driver is not loaded: messages and exit codes.

use std::process::{Command, Output};

fn irqcastctl(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_irqcastctl"))
        .args(arguments)
        .output()
        .expect("the tool starts")
}

#[test]
fn every_command_says_what_to_do() {
    for arguments in [
        &["list"][..],
        &["list", "--json"],
        &["monitor", "--count", "1"],
        &["record", "/dev/null"],
        &["raise"],
        &["factorial", "5"],
        &["dma", "64"],
    ] {
        let output = irqcastctl(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{arguments:?}: {said}");
        assert_eq!(
            said,
            "irqcastctl: the generic netlink family \"irqcast\" is not registered\n\
             Load the driver: modprobe irqcast_edu\n"
        );
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn family_that_is_named_is_the_one_that_is_missed() {
    for command in ["list", "monitor", "history", "raise"] {
        let output = irqcastctl(&[command, "--family", "irqcast-other"]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{command}: {said}");
        assert_eq!(
            said,
            "irqcastctl: the generic netlink family \"irqcast-other\" is not registered\n\
             Load the driver that has this family: modprobe NAME\n"
        );
    }
}

#[test]
fn family_that_is_not_on_the_core_is_refused() {
    // Each kernel has the controller, and that multicasts no events.
    let output = irqcastctl(&["monitor", "--family", "nlctrl"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("\"nlctrl\" has no multicast group \"events\""),
        "{said}"
    );
}

#[test]
fn family_of_another_device_has_no_factorial() {
    let output = irqcastctl(&["factorial", "5", "--family", "irqcast-other"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("irqcast-other") && said.contains("edu device only"),
        "{said}"
    );
}

#[test]
fn wrong_command_line_exits_with_2() {
    for arguments in [
        &["dma", "4097"][..],
        &["raise", "--bits", "0"],
        &["jump"],
        &[],
    ] {
        assert_eq!(
            irqcastctl(arguments).status.code(),
            Some(2),
            "{arguments:?}"
        );
    }
}

#[test]
fn help_documents_the_exit_codes() {
    let help = irqcastctl(&["--help"]);
    assert!(help.status.success());
    let help = String::from_utf8_lossy(&help.stdout);
    for part in ["Examples:", "Exit codes:", "  3  the driver is not loaded"] {
        assert!(help.contains(part), "{part:?} is not in {help}");
    }
}
