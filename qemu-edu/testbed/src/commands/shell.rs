//! `cargo testbed shell`.

mod terminal;

use std::{
    io::{self, IsTerminal as _, Write as _},
    process::ExitCode,
    thread,
};

use anyhow::{Context as _, bail};
use irqcast_link::{ExecId, Exit};
use signal_hook::{consts::SIGWINCH, iterator::Signals};

use self::terminal::RawMode;
use super::guest::{self, Input};
use crate::{
    cli, exit,
    ui::Ui,
    vm::{Event, Happening, Invocation, Lost, Reason, Vm},
};

/// The key that ends a guest that does not listen any more: Ctrl-], as in telnet.
const KILL_KEY: u8 = 0x1d;

/// Runs the command.
pub fn run(options: &cli::Options, args: &cli::ShellArgs, ui: &Ui) -> anyhow::Result<ExitCode> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        bail!(
            "`shell` needs a terminal for input and output; \
             to run a script, use `cargo testbed run -- sh -c '…'`"
        );
    }
    let result = guest::boot(options, &args.machine, ui).and_then(|mut vm| {
        ui.note(&format!(
            "Linux {} with {}. Ctrl-D or `exit` ends the guest, Ctrl-] kills it.\n\
             The kernel's log is in {}.",
            vm.release(),
            devices(&args.machine),
            vm.log().display()
        ));
        let Some(status) = interact(&mut vm)? else {
            ui.note("the guest was killed by Ctrl-]");
            return Ok(ExitCode::from(exit::FAILED));
        };
        vm.power_off()?;
        Ok(ExitCode::from(status.shell_status()))
    });
    match result {
        // `poweroff` is a way to leave a shell like any other.
        Err(error) if is_power_off(&error) => Ok(ExitCode::from(exit::OK)),
        Err(error) => guest::report_lost(error, ui),
        Ok(code) => Ok(code),
    }
}

/// The devices of the guest, for people.
fn devices(args: &cli::MachineArgs) -> String {
    let machine = args.driver.machine(args.devices);
    let edu = (machine.devices > 0).then(|| format!("{} edu device(s)", machine.devices));
    let own = args.driver.qemu_device.iter().cloned();
    let all: Vec<String> = edu.into_iter().chain(own).collect();
    match all.is_empty() {
        true => "no device".to_owned(),
        false => all.join(" and "),
    }
}

fn is_power_off(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<Lost>()
        .is_some_and(|lost| lost.reason == Reason::PoweredOff(None))
}

/// Connects the terminal with a shell in the guest until one of them ends. `None` stands
/// for the person who pressed [`KILL_KEY`].
fn interact(vm: &mut Vm) -> anyhow::Result<Option<Exit>> {
    let kind = std::env::var("TERM").unwrap_or_else(|_| "linux".to_owned());
    let invocation = Invocation::new(["sh", "-l"])
        .env("TERM", &kind)
        .on_terminal(terminal::size()?);
    let _raw = RawMode::enter()?;
    watch_size(vm)?;
    let shell = vm.start(invocation)?;
    let mut input = Input::start(vm, shell)?;
    loop {
        match vm.next(None)? {
            Happening::Output { data, .. } => {
                let mut stdout = io::stdout().lock();
                stdout
                    .write_all(&data)
                    .and_then(|()| stdout.flush())
                    .context("failed to write to the terminal")?;
            }
            Happening::Input(data) => {
                if data.contains(&KILL_KEY) {
                    return Ok(None);
                }
                input.pass(vm, data)?;
            }
            Happening::StdinTaken { id, bytes } => input.taken(id, bytes),
            Happening::Resized => resize(vm, shell)?,
            Happening::NotStarted { message, .. } => bail!("the guest says: {message}"),
            Happening::Exited { exit, .. } => return Ok(Some(exit)),
            Happening::Deadline => {}
        }
    }
}

fn resize(vm: &mut Vm, shell: ExecId) -> anyhow::Result<()> {
    vm.resize(shell, terminal::size()?)
}

/// Wakes the guest's loop up when the terminal gets another size.
fn watch_size(vm: &Vm) -> anyhow::Result<()> {
    let waker = vm.waker();
    let mut signals = Signals::new([SIGWINCH]).context("failed to wait for SIGWINCH")?;
    thread::Builder::new()
        .name("terminal-size".to_owned())
        .spawn(move || {
            for _ in signals.forever() {
                if waker.send(Event::Resized).is_err() {
                    return;
                }
            }
        })
        .context("failed to start the thread that watches the terminal's size")?;
    Ok(())
}
