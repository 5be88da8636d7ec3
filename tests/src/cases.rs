//! All tests, by subject.

use crate::case::Case;

mod backlog;
mod chardev;
mod confine;
mod context;
mod control;
mod crowd;
mod daemon;
mod debian;
mod docs;
mod e1000;
mod eventfd;
mod events;
mod exit;
mod families;
mod hazards;
mod history;
mod incarnations;
mod kernel;
mod kills;
mod lifecycle;
mod listeners;
mod loss;
mod mapped;
mod memory;
mod numbers;
mod paths;
mod power;
mod probe;
mod pull;
mod removal;
mod requests;
mod resume;
mod rules;
mod signals;
mod state;
mod storm;
mod sysfs;
mod taps;
mod tool;
mod unicast;
mod ynl;

/// Every test. The order within a machine is the order in which they run.
pub fn all() -> Vec<Case> {
    [
        probe::cases(),
        events::cases(),
        listeners::cases(),
        crowd::cases(),
        history::cases(),
        storm::cases(),
        numbers::cases(),
        requests::cases(),
        paths::cases(),
        unicast::cases(),
        context::cases(),
        taps::cases(),
        hazards::cases(),
        pull::cases(),
        memory::cases(),
        chardev::cases(),
        signals::cases(),
        eventfd::cases(),
        mapped::cases(),
        sysfs::cases(),
        removal::cases(),
        lifecycle::cases(),
        incarnations::cases(),
        tool::cases(),
        exit::cases(),
        control::cases(),
        daemon::cases(),
        rules::cases(),
        confine::cases(),
        resume::cases(),
        loss::cases(),
        state::cases(),
        backlog::cases(),
        kills::cases(),
        power::cases(),
        families::cases(),
        e1000::cases(),
        docs::cases(),
        ynl::cases(),
        debian::cases(),
        // Last, so that it judges what the others left behind.
        kernel::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
