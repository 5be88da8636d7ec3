//! Unicast: events go to the ports that asked for them, and to nobody else.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use nix::libc;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork, pause};

use crate::case::{Case, Mode};
use crate::driver::Driver;
use crate::raw::{Genl, op};
use crate::{tool, wait};

pub fn cases() -> Vec<Case> {
    [
        Case::for_both("unicast", "goes_to_registered_ports_only", registered_only),
        vec![
            Case::new("unicast::ends_when_the_socket_closes", ends_with_socket),
            Case::new("unicast::ends_when_the_process_dies", ends_with_process),
            Case::new("unicast::many_ports_can_register", many_ports),
            Case::new("unicast::full_queue_is_told_and_counted", full_queue),
            Case::new("unicast::wrong_requests_are_refused", wrong_requests),
        ],
    ]
    .into_iter()
    .flatten()
    .map(|case| case.within(300))
    .collect()
}

/// A socket that has registered for the events of device 0.
fn listener() -> Result<Genl> {
    let mut genl = Genl::open()?;
    let answer = genl.listen(op::LISTEN, 0)?;
    ensure!(answer.errno == 0, "{answer:?}");
    Ok(genl)
}

fn ports() -> Result<u64> {
    tool::counter(&tool::device(0)?, "ports")
}

fn next(genl: &mut Genl, seq: u64) -> Result<()> {
    let event = genl.event(wait::LIMIT)?.context("no event came")?;
    ensure!(
        event.seq == seq && event.device == 0,
        "expected seq {seq}: {event:?}"
    );
    Ok(())
}

fn registered_only(mode: Mode) -> Result<()> {
    const COUNT: u64 = 200;
    let _driver = Driver::load(mode)?;
    let mut raiser = Genl::open()?;
    let mut listeners = [listener()?, listener()?];
    let mut stranger = Genl::open()?;
    for seq in 1..=COUNT {
        raiser.raise(0, 1)?;
        raiser.raise(1, 1)?;
        for listener in &mut listeners {
            next(listener, seq)?;
        }
    }
    for genl in [&mut stranger, &mut raiser] {
        ensure!(
            genl.event(Duration::ZERO)?.is_none(),
            "a port that never registered got an event"
        );
    }

    let answer = listeners[0].listen(op::UNLISTEN, 0)?;
    ensure!(answer.errno == 0, "{answer:?}");
    raiser.raise(0, 1)?;
    next(&mut listeners[1], COUNT + 1)?;
    ensure!(
        listeners[0].event(Duration::ZERO)?.is_none(),
        "a port got an event that has taken its registration back"
    );
    let device = tool::device(0)?;
    ensure!(
        tool::counter(&device, "unicast_sent")? == 2 * COUNT + 1,
        "{device}"
    );
    ensure!(tool::counter(&device, "unicast_errors")? == 0, "{device}");
    Ok(())
}

fn ends_with_socket() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let mut listeners = vec![listener()?, listener()?, listener()?];
    ensure!(ports()? == 3);
    listeners.remove(1);
    ensure!(ports()? == 2, "the registration outlived its socket");
    let mut raiser = Genl::open()?;
    raiser.raise(0, 1)?;
    for listener in &mut listeners {
        next(listener, 1)?;
    }
    // The place that has become free in the driver's list is no port, and not the kernel's either.
    let device = tool::device(0)?;
    ensure!(tool::counter(&device, "unicast_sent")? == 2, "{device}");
    ensure!(tool::counter(&device, "unicast_errors")? == 0, "{device}");
    drop(listeners);
    ensure!(ports()? == 0, "the registrations outlived their sockets");
    Ok(())
}

/// A process that is killed has no chance to take anything back.
fn ends_with_process() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    // SAFETY: this program has one thread here, so the child can do anything.
    let child = match unsafe { fork() }? {
        ForkResult::Child => {
            let _listener = listener();
            loop {
                pause();
            }
        }
        ForkResult::Parent { child } => child,
    };
    wait::until(
        "the child to register",
        || Ok((ports()? == 1).then_some(())),
    )?;
    kill(child, Signal::SIGKILL)?;
    waitpid(child, None)?;
    wait::until("the registration to end", || {
        Ok((ports()? == 0).then_some(()))
    })?;
    let mut genl = listener()?;
    genl.raise(0, 1)?;
    next(&mut genl, 1)
}

fn many_ports() -> Result<()> {
    const PORTS: usize = 256;
    let _driver = Driver::load(Mode::Msi)?;
    let mut listeners = (0..PORTS).map(|_| listener()).collect::<Result<Vec<_>>>()?;
    let mut late = Genl::open()?;
    let answer = late.listen(op::LISTEN, 0)?;
    ensure!(answer.errno == libc::ENOSPC, "{answer:?}");
    for _ in 0..3 {
        late.raise(0, 1)?;
        // Not merged with the next.
        next(
            &mut listeners[0],
            tool::counter(&tool::device(0)?, "interrupts")?,
        )?;
    }
    for listener in &mut listeners[1..] {
        for seq in 1..=3 {
            next(listener, seq)?;
        }
    }
    Ok(())
}

fn full_queue() -> Result<()> {
    const COUNT: u64 = 200;
    let _driver = Driver::load(Mode::Msi)?;
    let mut slow = Genl::open()?;
    slow.limit_receive_buffer(4096)?;
    let answer = slow.listen(op::LISTEN, 0)?;
    ensure!(answer.errno == 0, "{answer:?}");
    let mut quick = listener()?;
    for seq in 1..=COUNT {
        quick.raise(0, 1)?;
        next(&mut quick, seq)?;
    }
    let mut held = 0;
    let mut told = false;
    loop {
        match slow.event(Duration::ZERO) {
            Ok(Some(_)) => held += 1,
            Ok(None) => break,
            Err(error) if error.to_string().contains("os error 105") => told = true,
            Err(error) => return Err(error),
        }
    }
    ensure!(told, "the port was not told of its overrun");
    let device = tool::device(0)?;
    ensure!(
        tool::counter(&device, "unicast_errors")? == COUNT - held,
        "{held} of {COUNT} were held: {device}"
    );
    Ok(())
}

fn wrong_requests() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let mut genl = Genl::open()?;
    for (command, device, errno) in [
        (op::LISTEN, 9, libc::ENODEV),
        (op::UNLISTEN, 0, libc::ENOENT),
        (op::LISTEN, 0, 0),
        (op::LISTEN, 0, libc::EEXIST),
        (op::LISTEN, 1, 0),
        (op::UNLISTEN, 0, 0),
        (op::UNLISTEN, 0, libc::ENOENT),
    ] {
        let answer = genl.listen(command, device)?;
        ensure!(answer.errno == errno, "{command} {device}: {answer:?}");
    }
    crate::cases::requests::without_privileges(|| {
        let answer = genl.listen(op::LISTEN, 0)?;
        ensure!(answer.errno == libc::EPERM, "{answer:?}");
        Ok(())
    })
}
