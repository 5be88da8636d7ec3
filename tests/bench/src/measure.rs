//! What is measured, and in which order.

mod fan_out;
mod handler;
mod joining;
mod latency;
mod overload;
mod payload;
mod storm;

use anyhow::{Result, bail};
use irqcast_bench::{
    catalogue::OF_THE_CORE,
    plan::{Line, Plan},
    schema::{Listener, Mode, PathRun, Skipped},
};

use crate::{
    clock,
    device::Device,
    listening::{self, Setting},
    paths::{self, Context, Path},
    random::Random,
    schedule::{self, Urgency},
    target,
};

/// Where the raiser runs, and the interrupt.
pub const RAISER: usize = 0;

/// What all measurements need.
pub struct Bench<'a> {
    /// What was asked for.
    pub plan: &'a Plan,
    /// The device.
    pub device: Device,
}

impl Bench<'_> {
    /// The processor of listeners: one of their own where there is one.
    pub fn listeners_processor(&self) -> usize {
        match self.plan.mode {
            Mode::Wall => 1,
            Mode::Icount => RAISER,
        }
    }
}

impl Bench<'_> {
    /// How a listener's thread is set up whose account nobody asks for.
    pub fn setting(&self, listener: Listener) -> Setting {
        Setting {
            processor: self.listeners_processor(),
            from: 0,
            to: 0,
            spins: listener == Listener::Spin,
            urgency: Urgency::Normal,
        }
    }
}

/// One measurement.
type Measurement = fn(&Bench<'_>, &Path, Listener, &mut PathRun) -> Result<()>;

struct Part {
    path: &'static Path,
    listener: Listener,
    what: &'static str,
    measurement: Measurement,
}

static PATHS: &[Path] = &paths::ALL;

/// Measures everything that the plan names, in an order that its seed decides: figures of
/// one boot depend on what ran before them.
pub fn run(plan: &Plan, tell: &mut dyn FnMut(Line) -> Result<()>) -> Result<()> {
    let chosen = choose(plan)?;
    listening::prepare()?;
    clock::settle();
    schedule::place(RAISER, Urgency::Normal)?;
    let bench = Bench {
        plan,
        device: target::choose(plan)?,
    };
    let mut parts: Vec<Part> = chosen
        .iter()
        .flat_map(|path| parts_of(path, plan))
        .collect();
    Random::new(plan.seed).shuffle(&mut parts);
    let storms = !plan.latency_only
        && plan.mode == Mode::Wall
        && chosen.iter().any(|path| path.name == "netlink-multicast");
    let of = u32::try_from(parts.len())? + u32::from(storms);
    let mut skipped = Vec::new();
    for (done, part) in (0_u32..).zip(&parts) {
        let (name, context) = (part.path.name, part.path.context);
        tell(Line::Progress {
            done,
            of,
            what: format!("{name} ({}): {}", part.listener.name(), part.what),
        })?;
        if skipped.contains(&(name, context)) {
            continue;
        }
        let mut run = empty(part.path, part.listener);
        match (part.measurement)(&bench, part.path, part.listener, &mut run) {
            Ok(()) => tell(Line::Path(Box::new(run)))?,
            Err(error) => {
                skipped.push((name, context));
                tell(Line::Skipped(Skipped {
                    name: name.to_owned(),
                    reason: format!("{}: {error:#}", part.what),
                }))?;
            }
        }
    }
    if storms {
        tell(Line::Progress {
            done: of - 1,
            of,
            what: "storms".to_owned(),
        })?;
        storm::measure(&bench, tell)?;
    }
    Ok(())
}

fn choose(plan: &Plan) -> Result<Vec<&'static Path>> {
    for name in &plan.paths {
        if !PATHS.iter().any(|path| path.name == name) {
            let names: Vec<&str> = PATHS.iter().map(|path| path.name).collect();
            bail!("there is no path {name:?}; there are {}", names.join(", "));
        }
    }
    let possible = |path: &Path| plan.target.is_none() || OF_THE_CORE.contains(&path.name);
    let wanted = |path: &&Path| {
        (plan.paths.is_empty() && possible(path)) || plan.paths.iter().any(|name| name == path.name)
    };
    Ok(PATHS.iter().filter(wanted).collect())
}

fn parts_of(path: &'static Path, plan: &Plan) -> Vec<Part> {
    let part = |listener, what, measurement| Part {
        path,
        listener,
        what,
        measurement,
    };
    // One that spins needs a processor of its own.
    let possible = |listener| listener != Listener::Spin || plan.mode == Mode::Wall;
    let Some(&first) = path.listeners.first().filter(|first| possible(**first)) else {
        return Vec::new();
    };
    let mut parts = Vec::new();
    for &listener in path.listeners {
        if listener != Listener::None {
            parts.push(part(listener, "latency", latency::measure as Measurement));
        }
    }
    parts.push(part(first, "handler", handler::measure));
    if plan.latency_only {
        return parts;
    }
    // Who sends is what more listeners make slower. Where others do, the handler does not see it.
    let sends = path.context.is_none_or(|context| context == Context::Hard);
    if sends && path.most_listeners > 1 {
        parts.push(part(first, "many listeners", fan_out::measure));
    }
    if path.context.is_some() {
        return parts;
    }
    if path.name == "netlink-multicast" {
        parts.push(part(first, "bystanders", fan_out::bystanders));
        if plan.mode == Mode::Wall {
            parts.push(part(first, "sockets that join", joining::measure));
        }
    }
    if path.payload {
        parts.push(part(first, "payload", payload::measure));
    }
    if first != Listener::None {
        parts.push(part(first, "bursts", overload::bursts));
        if plan.mode == Mode::Wall {
            parts.push(part(first, "rates", overload::rates));
        }
    }
    parts
}

fn empty(path: &Path, listener: Listener) -> PathRun {
    PathRun {
        name: path.name.to_owned(),
        listener,
        context: path.context.map(|context| context.name().to_owned()),
        latency_ns: None,
        device_to_handler_ns: None,
        handler_to_listener_ns: None,
        handler_ns: None,
        interrupt_ns: None,
        syscalls_per_event: None,
        context_switches_per_event: None,
        cpu_ns_per_event: None,
        overrun_told: (listener != Listener::None).then_some(path.told),
        rate: None,
        bursts: Vec::new(),
        fanout: Vec::new(),
        bystanders: Vec::new(),
        joining: None,
        payload: Vec::new(),
    }
}
