//! Recorded runs: files that `bench --json` wrote.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, ensure};
use irqcast_bench::{
    peers,
    schema::{Mode, Run, VERSION},
};

/// Folder of the recordings that the documentation is made of, from the top of the repository.
pub const FOLDER: &str = "docs/comparison";

/// The recording of irqcastd and its peers, in [`FOLDER`].
const DAEMON: &str = "daemon.json";

/// The recorded runs, by mode.
#[derive(Debug, Clone, Default)]
pub struct Recordings {
    /// In a fixed order.
    pub runs: Vec<Run>,
    /// irqcastd and its peers.
    pub daemon: Option<peers::Run>,
}

impl Recordings {
    /// Reads what there is in the repository `top`: a file for each mode, named after it.
    pub fn read(top: &Path) -> anyhow::Result<Self> {
        let mut runs = Vec::new();
        for mode in [Mode::Icount, Mode::Wall] {
            let path = self::path(top, mode);
            if path.exists() {
                let run = read_run(&path)?;
                ensure!(
                    run.mode == mode,
                    "{} holds a run of the mode {}",
                    path.display(),
                    run.mode.name()
                );
                runs.push(run);
            }
        }
        let daemon = top.join(FOLDER).join(DAEMON);
        let daemon = match daemon.exists() {
            true => Some(read_daemon(&daemon)?),
            false => None,
        };
        Ok(Self { runs, daemon })
    }

    /// The run of that mode, if there is one.
    pub fn of(&self, mode: Mode) -> Option<&Run> {
        self.runs.iter().find(|run| run.mode == mode)
    }
}

/// Where the recording of a mode belongs.
pub fn path(top: &Path, mode: Mode) -> PathBuf {
    top.join(FOLDER).join(format!("{}.json", mode.name()))
}

/// Reads a run that `bench --json` wrote.
pub fn read_run(path: &Path) -> anyhow::Result<Run> {
    let text =
        fs::read_to_string(path).with_context(|| format!("failed to read {}", path.display()))?;
    let run: Run = serde_json::from_str(&text)
        .with_context(|| format!("{} is no run of the benchmark", path.display()))?;
    ensure!(
        run.schema == VERSION,
        "{} has version {} of the schema, and this testbed reads version {VERSION}",
        path.display(),
        run.schema
    );
    Ok(run)
}

/// Reads a run that `bench --daemon --json` wrote.
fn read_daemon(path: &Path) -> anyhow::Result<peers::Run> {
    let text =
        fs::read_to_string(path).with_context(|| format!("failed to read {}", path.display()))?;
    let run: peers::Run = serde_json::from_str(&text)
        .with_context(|| format!("{} is no run of `bench --daemon`", path.display()))?;
    ensure!(
        run.schema == peers::VERSION,
        "{} has version {} of the schema, and this testbed reads version {}",
        path.display(),
        run.schema,
        peers::VERSION
    );
    Ok(run)
}
