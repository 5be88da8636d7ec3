//! Where threads run, and before whom.

use anyhow::{Context as _, Result};
use nix::{
    libc,
    sched::{CpuSet, sched_setaffinity},
    unistd::Pid,
};

/// How urgent a thread is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// Before nobody. The raiser stands for the device, not for a program that competes with
    /// the listener: whatever an interrupt wakes takes its processor at once, as it would
    /// take one that is idle.
    Idle,
    /// As any program.
    Normal,
    /// Before programs, and after the kernel's interrupt threads, which have 50: what a listener
    /// is given that must answer its device soon. Listeners whose latency is measured are this.
    /// It spares every path the same work of the fair scheduler, about 1,600 instructions an
    /// event, which depends on what ran before and says nothing about a path.
    Prompt,
    /// Before everybody, also the kernel's interrupt threads.
    First,
}

/// Gives the calling thread its processor and its urgency.
pub fn place(processor: usize, urgency: Urgency) -> Result<()> {
    let mut processors = CpuSet::new();
    processors.set(processor)?;
    sched_setaffinity(Pid::from_raw(0), &processors)
        .with_context(|| format!("failed to move to processor {processor}"))?;
    set_urgency(urgency)
}

/// Gives the calling thread its urgency.
pub fn set_urgency(urgency: Urgency) -> Result<()> {
    let (policy, priority) = match urgency {
        Urgency::Idle => (libc::SCHED_IDLE, 0),
        Urgency::Normal => (libc::SCHED_OTHER, 0),
        Urgency::Prompt => (libc::SCHED_FIFO, 40),
        Urgency::First => (libc::SCHED_FIFO, 90),
    };
    let parameters = libc::sched_param {
        sched_priority: priority,
    };
    // SAFETY: `parameters` lives over the call, which reads it and keeps nothing.
    let result = unsafe { libc::sched_setscheduler(0, policy, &raw const parameters) };
    nix::errno::Errno::result(result).context("failed to set the scheduling policy")?;
    Ok(())
}
