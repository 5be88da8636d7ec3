//! Hooks as the processes that they are.

use super::*;
use crate::hook::family_message::FamilyMessage;
use crate::hook::occasion::Occasion;
use crate::hook::output::{Room, State};
use crate::rule::{Match, Program, Template, Terms, field};
use irqcast::Event;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::wait::{WaitStatus, waitpid};
use std::os::fd::AsFd as _;
use std::rc::Rc;

fn call() -> Call {
    let occasion = Rc::new(Occasion::Event(Event {
        device: u32::MAX,
        incarnation: 0,
        address: "f".repeat(irqcast::wire::ADDRESS_MAX_LEN),
        seq: u64::MAX,
        time_ns: u64::MAX,
        cause: u32::MAX,
        factorial: Some(u32::MAX),
        dma_bytes: Some(u32::MAX),
        replayed: false,
    }));
    Call::new(&rule(&[]), &occasion, false)
}

fn rule(command: &[&str]) -> Rule {
    Rule {
        name: "test".to_owned(),
        matches: Match::default(),
        program: Program::literal(command),
        terms: Terms::default(),
    }
}

/// Runs a shell script as a hook, and returns how it ended and what it printed.
fn run(script: &str) -> (WaitStatus, Vec<String>) {
    run_rule(&rule(&["/bin/sh", "-c", script, "hook", "two words"]))
}

fn run_rule(rule: &Rule) -> (WaitStatus, Vec<String>) {
    run_call(rule, &call())
}

fn run_call(rule: &Rule, call: &Call) -> (WaitStatus, Vec<String>) {
    let spawned = spawn(rule, call, &mut Trusted::default()).unwrap();
    let mut output = spawned.output;
    output.hook_ended();
    let mut lines = Vec::new();
    loop {
        let printed = output.read(&mut Room::default()).unwrap();
        lines.extend(printed.lines.into_iter().map(|line| line.text));
        match printed.state {
            State::More => {}
            State::Ended => break,
            State::Empty => {
                let mut fds = [PollFd::new(output.as_fd(), PollFlags::POLLIN)];
                poll(&mut fds, PollTimeout::from(10_000u16)).unwrap();
            }
        }
    }
    (waitpid(spawned.child.pid, None).unwrap(), lines)
}

#[test]
fn arguments_input_and_environment_arrive() {
    let (status, lines) = run("echo \"$1\"; cat; env | sort; echo end >&2; exit 3");
    assert!(matches!(status, WaitStatus::Exited(_, 3)), "{status:?}");
    assert_eq!(lines[0], "two words");
    assert_eq!(lines[1], call().to_line().trim());
    let rule = rule(&[]);
    let mut expected: Vec<String> = environment::variables(&rule, &call().fields(&rule), None)
        .into_iter()
        .map(|variable| variable.into_string().unwrap())
        .collect();
    expected.sort();
    // The shell adds some of its own.
    let found: Vec<_> = lines[2..lines.len() - 1]
        .iter()
        .filter(|line| {
            !["PWD=", "OLDPWD=", "SHLVL=", "_="]
                .iter()
                .any(|own| line.starts_with(own))
        })
        .cloned()
        .collect();
    assert_eq!(found, expected);
    assert_eq!(lines[lines.len() - 1], "end");
}

#[test]
fn process_is_clean() {
    crate::inherited::close_on_exec().unwrap();
    let (_, lines) = run("cat /proc/self/status; ls -l /proc/self/fd; ps -o pgid= -p $$; echo $$");
    let mask = |name: &str| {
        let line = lines.iter().find_map(|line| line.strip_prefix(name));
        u64::from_str_radix(line.unwrap().trim(), 16).unwrap()
    };
    assert_eq!(mask("SigBlk:"), 0);
    assert_eq!(mask("SigIgn:"), 0);
    assert_eq!(mask("SigCgt:"), 0);
    let [.., group, own] = lines.as_slice() else {
        panic!("{lines:?}");
    };
    assert_eq!(group.trim(), own);
    // Pipes for the three standard files, and what ls itself opens: the folder.
    let files = lines.iter().filter(|line| line.contains(" -> ")).count();
    assert_eq!(files, 4, "{lines:?}");
}

#[test]
fn hook_that_does_not_read_is_no_harm() {
    let (status, lines) = run("exec <&-; echo done");
    assert!(matches!(status, WaitStatus::Exited(_, 0)), "{status:?}");
    assert_eq!(lines, ["done"]);
}

#[test]
fn long_input_arrives_whole() {
    let json = format!("\"{}\"", "x".repeat(100_000));
    let message = Occasion::Message(FamilyMessage {
        json,
        variables: Vec::new(),
    });
    let rule = rule(&["/bin/sh", "-c", "wc -c"]);
    let call = Call::new(&rule, &Rc::new(message), false);
    let (status, lines) = run_call(&rule, &call);
    assert!(matches!(status, WaitStatus::Exited(_, 0)), "{status:?}");
    assert_eq!(lines, ["100003"]);
}

#[test]
fn program_that_others_can_write_is_not_started() {
    let folder = trust::tests::folder();
    let program = folder.path().join("hook");
    std::fs::write(&program, "#!/bin/sh\n").unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    std::fs::set_permissions(&program, mode).unwrap();
    let rule = rule(&[program.to_str().unwrap()]);
    let error = spawn(&rule, &call(), &mut Trusted::default())
        .err()
        .unwrap();
    let name = program.display();
    assert_eq!(
        error.to_string(),
        format!(
            "the program is not safe: the file {name} can be written by everybody; chmod go-w {name}"
        )
    );
}

/// Why the rule's program was not run.
fn not_run(rule: &Rule) -> Option<String> {
    let spawned = spawn(rule, &call(), &mut Trusted::default()).unwrap();
    waitpid(spawned.child.pid, None).unwrap();
    let (action, errno) = spawned.starting.failure()?;
    Some(format!("{action}: {errno}"))
}

#[test]
fn program_that_cannot_be_run_is_told() {
    let reason = not_run(&rule(&["/no/such/program"]));
    assert_eq!(
        reason.as_deref(),
        Some("start the program: ENOENT: No such file or directory")
    );
}

#[test]
fn program_that_fails_was_run() {
    assert_eq!(not_run(&rule(&["/bin/sh", "-c", "exit 127"])), None);
}

#[test]
fn rule_sets_arguments_folder_and_input() {
    let mut rule = rule(&["/bin/sh", "-c", "pwd; echo \"$1\"; wc -c", "hook"]);
    let argument = Template::parse("{seq} of {device}", &field::all()).unwrap();
    rule.program.command.push(argument);
    rule.program.folder = Some("/usr".into());
    rule.program.input = Input::None;
    let (status, lines) = run_rule(&rule);
    assert!(matches!(status, WaitStatus::Exited(_, 0)), "{status:?}");
    let numbers = format!("{} of {}", u64::MAX, u32::MAX);
    assert_eq!(lines, ["/usr", &numbers, "0"]);
}

#[test]
fn folder_that_is_not_there_is_told() {
    let mut rule = rule(&["/bin/true"]);
    rule.program.folder = Some("/no/such/folder".into());
    assert_eq!(
        not_run(&rule).as_deref(),
        Some("change to the rule's folder: ENOENT: No such file or directory")
    );
}
