//! The sessions in the documentation that are set inside the guest, run as written.

use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use irqcast_tests::transcript::{Step, matches, sessions};

use crate::case::{Case, Machine, Mode};
use crate::driver::Driver;

const DOCUMENTS: [(&str, &str); 4] = [
    ("README.md", include_str!("../../../README.md")),
    (
        "docs/architecture.md",
        include_str!("../../../docs/architecture.md"),
    ),
    (
        "docs/families.md",
        include_str!("../../../docs/families.md"),
    ),
    (
        "docs/protocol.md",
        include_str!("../../../docs/protocol.md"),
    ),
];

/// Words of the fences of sessions with the tools of irqcast only.
const PLAIN: &str = "console guest";
/// Words of the fences of sessions in the folder of a kernel source tree, with Python.
const IN_KERNEL_SOURCE: &str = "console guest python";

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("docs::sessions_show_what_happens", || {
            run_sessions(PLAIN, "/")
        })
        .within(300),
        Case::new(
            "docs::sessions_with_the_kernels_client_show_what_happens",
            || run_sessions(IN_KERNEL_SOURCE, "/usr/src/linux"),
        )
        .within(300)
        .on(Machine {
            layers: vec!["python"],
            ..Machine::default()
        }),
    ]
}

fn run_sessions(info: &str, folder: &str) -> Result<()> {
    let mut run = 0;
    for (document, text) in DOCUMENTS {
        for session in sessions(text, info, "# ") {
            let _driver = Driver::load(Mode::Msi)?;
            for step in session {
                run_step(document, &step, folder)?;
                run += 1;
            }
        }
    }
    ensure!(run > 0, "no document has a session of the kind {info:?}");
    Ok(())
}

/// Runs a command in a folder, and compares what it prints with what the document shows.
pub fn run_step(document: &str, step: &Step, folder: &str) -> Result<()> {
    let output = Command::new("/bin/sh")
        .args(["-c", &step.command])
        .current_dir(folder)
        .output()
        .context("failed to run a shell")?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    ensure!(
        matches(&step.output, &printed),
        "{document}:{}: {:?} is said to print\n{}\nand prints\n{printed}",
        step.line,
        step.command,
        step.output.join("\n")
    );
    Ok(())
}
