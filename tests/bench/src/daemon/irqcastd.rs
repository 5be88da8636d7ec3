//! The daemon, with a file of rules as a person writes it.

use std::{fs, io::ErrorKind};

use anyhow::{Context as _, Result};
use irqcast_bench::device::Device;

use super::{
    Running,
    hooks::{FOLDER, HOOK},
    maker::{Interrupts, RUN_BIT, SLEEP_BIT},
    process::Process,
};

/// Nothing is said beside what is to run when.
pub const AS_USUAL: &str = "";

/// Hooks of one device may run side by side, as those of the floor do.
pub const FREE: &str = "order = \"free\"\n";

/// The program.
const PROGRAM: &str = "/usr/bin/irqcastd";

/// Starts it. `more` is for the hook of the rule whose hooks are measured.
pub fn start(device: &Device, more: &str) -> Result<Running> {
    let state = format!("{FOLDER}/state");
    match fs::remove_dir_all(&state) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("failed to remove {state}"));
        }
        _ => {}
    }
    let file = format!("{FOLDER}/irqcastd.toml");
    fs::write(&file, rules(more)).with_context(|| format!("failed to write {file}"))?;
    let maker = Interrupts::begin(device)?;
    let process = Process::start(PROGRAM, &["run", "--config", &file, "--state-dir", &state])?;
    Ok((process, Box::new(maker)))
}

fn rules(more: &str) -> String {
    format!(
        r#"[[rule]]
name = "quick"
match = {{ cause-any = {RUN_BIT:#x} }}
[rule.hook]
command = ["{HOOK}", "run"]
{more}
[[rule]]
name = "sleeper"
match = {{ cause-any = {SLEEP_BIT:#x} }}
hook = {{ command = ["{HOOK}", "sleep"] }}

[[rule]]
name = "lost"
match = {{ lost = true }}
hook = {{ command = ["{HOOK}", "run"] }}
"#
    )
}
