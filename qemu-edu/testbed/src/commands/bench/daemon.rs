//! `cargo testbed bench --daemon`: irqcastd, a bare loop, and its peers, in one guest.

use std::{
    path::Path,
    process::{Command, ExitCode},
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::Context as _;
use irqcast_bench::{
    peers::{self, Line, Plan, Run},
    schema::Skipped,
};

use super::{
    guest::{follow, progress},
    surroundings, write_json,
};
use crate::{
    cli::{self, KernelChoice},
    exit,
    prepared::Prepared,
    presentation::peers as presentation,
    process,
    setup::{Peers, Setup},
    ui::Ui,
    vm::{
        Invocation, Logs, Machine, Vm,
        initramfs::{Builder, EXECUTABLE, PLAIN},
    },
};

/// Words for the kernel's command line: see the other benchmark's.
const COMMAND_LINE: &str = "iomem=relaxed tsc=reliable";

/// Samples with which all is done as it should be. With fewer, all of it is smaller.
const SAMPLES: u32 = 200;

/// Turns of each, in an order of its own each time: what else the machine does meanwhile hits all.
const ROUNDS: u32 = 3;

/// Events of a burst.
const BURST: u32 = 10_000;

/// Runs the command.
pub fn run(options: &cli::Options, args: &cli::BenchArgs, ui: &Ui) -> anyhow::Result<ExitCode> {
    let setup = Setup::new(options, ui, false)?;
    let kernels = options.kernels(&[KernelChoice::Stock]);
    let kernel = setup.kernel(
        options,
        *kernels.first().context("no kernel was chosen")?,
        ui,
    )?;
    let twin = setup.twin(&kernel, ui)?;
    let peers = setup.peers(options, ui)?;
    setup.keep_until_exit();
    let prepared = kernel.prepared;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let plan = plan(args, args.seed.unwrap_or(now.as_secs()));
    let logs = Logs::create(&prepared.cache, options.keep_log.as_deref())?;
    let started = Instant::now();
    let machine = Machine {
        append: COMMAND_LINE.to_owned(),
        icount: args.mode == cli::BenchMode::Icount,
        ..Machine::default()
    };
    let mut run = measure(&machine, &prepared, &twin, &peers, plan, &logs, ui)?;
    run.started = now.as_secs();
    run.seconds = started.elapsed().as_secs_f64();
    if let Some(path) = &args.json {
        write_json(path, &run)?;
    }
    presentation::print(&run);
    Ok(ExitCode::from(match run.skipped.is_empty() {
        true => exit::OK,
        false => exit::FAILED,
    }))
}

/// What is measured with so many samples.
fn plan(args: &cli::BenchArgs, seed: u64) -> Plan {
    let samples = args.samples;
    let share = |whole: u32| {
        let part = u64::from(whole) * u64::from(samples.min(SAMPLES)) / u64::from(SAMPLES);
        u32::try_from(part).unwrap_or(whole).max(1)
    };
    Plan {
        samples,
        rounds: share(ROUNDS),
        warm_up: share(20),
        hooks: share(120),
        rate_ms: share(4000),
        burst: share(BURST),
        burst_limit_s: 60,
        asleep_s: share(10).max(2),
        seed,
        only: args.daemons.clone(),
        quick: args.quick,
    }
}

fn measure(
    machine: &Machine,
    prepared: &Prepared,
    twin: &Path,
    peers: &Peers,
    plan: Plan,
    logs: &Logs,
    ui: &Ui,
) -> anyhow::Result<Run> {
    let step = ui.step("measuring irqcastd and its peers");
    step.message("booting");
    let mut builder = Builder::new(prepared)?;
    for (path, from, mode) in [
        (
            "/usr/bin/irqcast-bench",
            &prepared.userland.bench,
            EXECUTABLE,
        ),
        (
            "/usr/bin/irqcast-bench-hook",
            &prepared.userland.bench_hook,
            EXECUTABLE,
        ),
    ] {
        builder.copy(path, from, mode)?;
    }
    builder.copy("/usr/lib/irqcast/irqcast_twin.ko", twin, PLAIN)?;
    builder.peers(&peers.tree)?;
    let initramfs = builder.finish()?;
    let mut vm = Vm::boot(
        machine,
        prepared,
        &initramfs,
        None,
        logs,
        &prepared.kernel.name,
    )?;
    let kernel = surroundings::kernel(&mut vm, prepared)?;
    let text = serde_json::to_string(&plan).context("failed to write the plan")?;
    let mut run = Run {
        schema: peers::VERSION,
        kernel,
        machine: surroundings::machine(machine, prepared),
        packages: packages(prepared, peers)?,
        plan,
        started: 0,
        seconds: 0.0,
        peers: Vec::new(),
        confinement: Vec::new(),
        skipped: Vec::new(),
    };
    let command = Invocation::new(["irqcast-bench", "daemon", &text]);
    follow(&mut vm, command, |line: Line| {
        match line {
            Line::Progress { done, of, what } => progress(&step, ui, done, of, &what),
            Line::Peer(peer) => run.peers.push(*peer),
            Line::Confinement(kind) => run.confinement.push(kind),
            Line::Skipped(Skipped { name, reason }) => {
                ui.log_output(&format!("skipped {name}: {reason}"));
                run.skipped.push(Skipped { name, reason });
            }
            Line::Done => return true,
        }
        false
    })?;
    vm.power_off()?;
    step.finish(&format!("{} that run hooks", run.peers.len()));
    Ok(run)
}

/// Names and versions of the peers.
fn packages(prepared: &Prepared, peers: &Peers) -> anyhow::Result<Vec<String>> {
    let output = process::output(Command::new(prepared.build_root.join("usr/bin/busybox")))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    // `BusyBox v1.37.0 (Debian 1:1.37.0-6+b9) multi-call binary.`
    let first = text.lines().next().unwrap_or_default();
    let busybox = first.strip_suffix(" multi-call binary.").unwrap_or(first);
    let versions = peers.versions.iter().map(String::as_str);
    Ok(versions.chain([busybox]).map(str::to_owned).collect())
}
