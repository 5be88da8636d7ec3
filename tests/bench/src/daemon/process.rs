//! A daemon's processes: started, looked at, and ended.

use std::{
    fs::{self, File},
    io,
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use nix::{
    sched::{CpuSet, sched_setaffinity},
    sys::signal::{Signal, kill, killpg},
    unistd::Pid,
};

use super::hooks::HOOK;

/// How long a daemon may take to end when it is asked to.
const LIMIT: Duration = Duration::from_secs(5);

/// Where a daemon's output goes.
pub const LOG: &str = "/run/irqcast-bench/log";

/// A daemon that runs. Dropping it ends it, and all in its process group.
pub struct Process {
    child: Child,
}

impl Process {
    /// Starts it on all processors, whatever those of the benchmark are.
    pub fn start(program: &str, arguments: &[&str]) -> Result<Self> {
        let starting = || format!("failed to start {program}");
        let log = File::create(LOG).with_context(starting)?;
        let mut command = Command::new(program);
        command.args(arguments).process_group(0);
        command.stdin(Stdio::null());
        command.stdout(log.try_clone().with_context(starting)?);
        command.stderr(log);
        let child = command.spawn().with_context(starting)?;
        let process = Self { child };
        let mut processors = CpuSet::new();
        for processor in 0..std::thread::available_parallelism()
            .map_or(1, usize::from)
            .max(2)
        {
            processors.set(processor)?;
        }
        sched_setaffinity(process.pid(), &processors).with_context(starting)?;
        Ok(process)
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().cast_signed())
    }

    /// What it and what it has started are like now.
    pub fn look(&self) -> Look {
        let mut look = Look::default();
        look.add(self.child.id());
        look
    }

    /// Its memory with shared pages counted once, in KiB, without hooks.
    pub fn pss_kib(&self) -> u64 {
        let mut all = vec![self.child.id()];
        let mut sum = 0;
        while let Some(pid) = all.pop() {
            all.extend(children(pid));
            if !is_hook(pid) {
                sum += field(&read(pid, "smaps_rollup"), "Pss:").unwrap_or(0);
            }
        }
        sum
    }

    /// Whether it still runs, or else what it has printed.
    pub fn check(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => anyhow::bail!("it ended with {status}: {}", self.said()),
        }
    }

    /// The last that it has printed.
    pub fn said(&self) -> String {
        const LINES: usize = 5;
        let log = fs::read_to_string(LOG).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let from = lines.len().saturating_sub(LINES);
        lines.get(from..).unwrap_or_default().join("; ")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = kill(self.pid(), Signal::SIGTERM);
        let start = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) && start.elapsed() < LIMIT {
            sleep(Duration::from_millis(5));
        }
        let _ = killpg(self.pid(), Signal::SIGKILL);
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a daemon's processes are like at a moment.
#[derive(Debug, Default, Clone, Copy)]
pub struct Look {
    /// Processes, with hooks.
    pub processes: u32,
    /// Resident memory without hooks, in KiB.
    pub resident_kib: u64,
    /// The same, each process at its peak.
    pub peak_kib: u64,
}

impl Look {
    fn add(&mut self, pid: u32) {
        self.processes += 1;
        if !is_hook(pid) {
            let status = read(pid, "status");
            self.resident_kib += field(&status, "VmRSS:").unwrap_or(0);
            self.peak_kib += field(&status, "VmHWM:").unwrap_or(0);
        }
        for child in children(pid) {
            self.add(child);
        }
    }
}

/// The processes that it has started.
fn children(pid: u32) -> Vec<u32> {
    let text = read(pid, &format!("task/{pid}/children"));
    text.split_whitespace()
        .filter_map(|pid| pid.parse().ok())
        .collect()
}

fn is_hook(pid: u32) -> bool {
    let program: io::Result<_> = fs::read_link(format!("/proc/{pid}/exe"));
    program.is_ok_and(|program| program == Path::new(HOOK))
}

/// A file of a process, which may have gone: then there is nothing.
fn read(pid: u32, file: &str) -> String {
    fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default()
}

/// The number in a line such as `VmRSS:  123 kB`.
fn field(text: &str, name: &str) -> Option<u64> {
    let value = text.lines().find_map(|line| line.strip_prefix(name))?;
    value.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::field;

    #[test]
    fn fields_are_read() {
        let text = "Name:\tx\nVmHWM:\t    2044 kB\nVmRSS:\t    1980 kB\n";
        assert_eq!(field(text, "VmRSS:"), Some(1980));
        assert_eq!(field(text, "VmHWM:"), Some(2044));
        assert_eq!(field(text, "Pss:"), None);
    }
}
