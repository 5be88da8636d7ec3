//! The recipe in docs/ci, by which a fork is tested: it is YAML, and runs what is there.

use std::{fs, os::unix::fs::PermissionsExt as _, process::Command};

use anyhow::{Context as _, ensure};
use serde_json::Value;

use super::Context;
use crate::{
    namespace::{self, Mount},
    process,
};

/// The recipe's folder, in the repository.
const FOLDER: &str = "docs/ci";

/// Where it is seen in the build root.
const SEEN: &str = "/usr/src/ci";

/// Prints the workflow as JSON.
const PARSE: &str =
    "import json, sys, yaml; json.dump(yaml.safe_load(open(sys.argv[1])), sys.stdout)";

/// What the workflow's last two steps run, as their last lines.
const COMMANDS: [&str; 2] = ["sh docs/ci/prepare.sh", ".ci/run"];

/// Runs the check.
pub(super) fn check(context: &Context<'_>) -> anyhow::Result<()> {
    let step = context.ui.step("recipe for a fork");
    let top = &context.setup.workspace().root;
    let mounts = [Mount::read(top.join(FOLDER), SEEN)];
    let mut python = namespace::inside(&context.setup.root().tree, &mounts, "python3");
    python.args(["-c", PARSE, &format!("{SEEN}/irqcast.yml")]);
    let text = output_of(python, "docs/ci/irqcast.yml is no YAML")?;
    let workflow: Value = serde_json::from_str(&text).context("the workflow is no JSON")?;
    let steps = workflow["jobs"]["test"]["steps"]
        .as_array()
        .context("docs/ci/irqcast.yml has no steps of a job `test`")?;
    let commands: Vec<&str> = steps
        .iter()
        .filter_map(|step| step["run"].as_str()?.lines().last())
        .collect();
    ensure!(
        commands.ends_with(&COMMANDS),
        "docs/ci/irqcast.yml runs {commands:?}, which does not end with {COMMANDS:?}"
    );
    for path in ["docs/ci/prepare.sh", ".ci/run"] {
        let metadata = fs::metadata(top.join(path))
            .with_context(|| format!("docs/ci/irqcast.yml runs {path}"))?;
        ensure!(
            metadata.permissions().mode() & 0o100 != 0,
            "{path} cannot be executed: chmod +x {path}"
        );
    }
    let mut shell = Command::new("sh");
    shell.arg("-n").arg(top.join("docs/ci/prepare.sh"));
    output_of(shell, "docs/ci/prepare.sh is no script of a shell")?;
    step.finish("");
    Ok(())
}

/// What a command prints; `fault` says what it means that it fails.
fn output_of(command: Command, fault: &str) -> anyhow::Result<String> {
    let output = process::output(command)?;
    ensure!(
        output.status.success(),
        "{fault}: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    String::from_utf8(output.stdout).context("the output is no text")
}
