//! Ending what commands have left behind.

use std::{fs, path::PathBuf, thread, time::Duration};

use anyhow::{Context as _, Result};
use nix::{
    errno::Errno,
    sys::signal::{Signal, kill},
    unistd::{Pid, getpid},
};

/// How often the processes are listed anew, since one that is killed may have started another.
const ROUNDS: u32 = 1000;

/// How long to wait before the list is read again.
const STEP: Duration = Duration::from_millis(1);

/// Kills what commands have left. As PID 1 these are all other processes; as a service, those of the
/// service.
pub fn all_commands() -> Result<()> {
    if getpid().as_raw() == 1 {
        return send(Pid::from_raw(-1)).context("failed to kill all processes");
    }
    let list = own_group()?.join("cgroup.procs");
    for _ in 0..ROUNDS {
        let text = fs::read_to_string(&list)
            .with_context(|| format!("failed to read {}", list.display()))?;
        let others = others(&text, getpid());
        if others.is_empty() {
            return Ok(());
        }
        for process in others {
            send(process).with_context(|| format!("failed to kill process {process}"))?;
        }
        thread::sleep(STEP);
    }
    // What is left are processes that wait to be collected, which is what happens next.
    Ok(())
}

fn send(process: Pid) -> Result<(), Errno> {
    match kill(process, Signal::SIGKILL) {
        // There is none, or none any more.
        Err(Errno::ESRCH) => Ok(()),
        result => result,
    }
}

/// Folder of the control group that this process is in.
fn own_group() -> Result<PathBuf> {
    let text = fs::read_to_string("/proc/self/cgroup").context("failed to read the own group")?;
    let path = text
        .lines()
        .find_map(|line| line.strip_prefix("0::/"))
        .context("this process is in no control group of version 2")?;
    Ok(PathBuf::from("/sys/fs/cgroup").join(path))
}

/// The processes in a `cgroup.procs` but `own`. Those of other namespaces are listed as 0.
fn others(list: &str, own: Pid) -> Vec<Pid> {
    list.lines()
        .filter_map(|line| line.parse().ok())
        .map(Pid::from_raw)
        .filter(|process| *process != own && process.as_raw() > 1)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Pid, others};

    #[test]
    fn neither_pid_1_nor_oneself_is_killed() {
        let own = Pid::from_raw(20);
        assert_eq!(others("0\n1\n20\n21\n", own), [Pid::from_raw(21)]);
        assert!(others("20\n", own).is_empty());
    }
}
