//! The driver comes and goes while others use it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, sleep};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use crate::case::{Case, Mode};
use crate::driver::Driver;
use crate::raw::{Genl, op, request, u32_attribute};
use crate::subject::{EDU, Subject};
use crate::{storm, wait};

pub fn cases() -> Vec<Case> {
    [
        of(&EDU),
        // For the registers of a device that has a driver.
        reloads_of(&EDU)
            .into_iter()
            .map(|case| case.on(storm::machine()))
            .collect(),
        Case::for_both(
            "lifecycle",
            "unbinds_while_factorial_and_dma_run",
            unbinds_while_busy,
        )
        .into_iter()
        .map(|case| case.within(300))
        .collect(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Those of any driver on the core. It needs two devices.
pub fn of(subject: &'static Subject) -> Vec<Case> {
    let case = |behaviour, body| Case::for_each_mode(subject, "lifecycle", behaviour, body);
    [
        case("loads_and_unloads_repeatedly", loads_and_unloads),
        case("unbinds_and_binds_under_traffic", rebinds_under_traffic),
    ]
    .into_iter()
    .flatten()
    .map(|case| case.within(300))
    .collect()
}

/// That of any driver on the core which needs its device's registers, and so a guest that was booted with
/// `iomem=relaxed`.
pub fn reloads_of(subject: &'static Subject) -> Vec<Case> {
    let behaviour = "unloads_and_reloads_under_traffic";
    Case::for_each_mode(subject, "lifecycle", behaviour, reloads_under_traffic)
        .into_iter()
        .map(|case| case.within(300))
        .collect()
}

fn loads_and_unloads(subject: &'static Subject, mode: Mode) -> Result<()> {
    for _ in 0..10 {
        let driver = subject.load(mode)?;
        ensure!(
            subject.bound()?.len() == 2,
            "bound to {:?}",
            subject.bound()?
        );
        let events = subject.tool(&["raise", "--device", "1"])?;
        ensure!(events.len() == 1 && events[0]["seq"] == 1, "{events:?}");
        driver.unload()?;
    }
    Ok(())
}

/// A thread raises without a pause, and listeners are attached, while the module goes and
/// comes back. While it goes, another thread raises through the registers: that needs no family, so
/// interrupts arrive until the device falls silent.
fn reloads_under_traffic(subject: &'static Subject, mode: Mode) -> Result<()> {
    let _first = subject.load(mode)?;
    // Joined to the first family, these sockets outlive it.
    let attached = [subject.genl()?, subject.genl()?];
    for listener in &attached {
        listener.join()?;
    }
    under_traffic(subject, || {
        for _ in 0..10 {
            while_raised(subject, || subject.unload_if_loaded())?;
            // The device must work at once, whatever was under way when its driver left.
            std::mem::forget(subject.load(mode)?);
            let mut genl = subject.genl()?;
            genl.join()?;
            genl.event(wait::LIMIT)?
                .context("no event after the driver came back")?;
        }
        Ok(())
    })
}

/// Runs `body` while a thread raises through the registers of the first device.
fn while_raised(subject: &Subject, body: impl FnOnce() -> Result<()>) -> Result<()> {
    let registers = subject.registers()?;
    let stop = &AtomicBool::new(false);
    thread::scope(|scope| {
        let raising = scope.spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                registers.raise();
            }
        });
        let outcome = body();
        stop.store(true, Ordering::Relaxed);
        raising.join().ok().context("the raising thread panicked")?;
        outcome
    })
}

fn rebinds_under_traffic(subject: &'static Subject, mode: Mode) -> Result<()> {
    let _driver = subject.load(mode)?;
    let mut monitor = subject.monitor()?;
    let addresses = subject.bound()?;
    under_traffic(subject, || {
        for round in 0..20 {
            let address = &addresses[round % addresses.len()];
            subject.unbind(address)?;
            subject.bind(address)?;
        }
        Ok(())
    })?;
    monitor
        .next()
        .context("the listener saw nothing of the traffic")?;
    let events = subject.tool(&["raise"])?;
    ensure!(
        events.len() == 2,
        "one event of each device was due: {events:?}"
    );
    Ok(())
}

/// Unbinding waits for what the device is doing, and what it did is not delivered to the
/// device's next life.
fn unbinds_while_busy(mode: Mode) -> Result<()> {
    let _driver = Driver::load(mode)?;
    let address = Driver::bound()?
        .first()
        .context("nothing is bound")?
        .clone();
    for (operation, kind, value) in [
        (op::FACTORIAL, request::ARGUMENT, 1_048_576),
        (op::DMA, request::BYTES, 4096),
    ] {
        let mut genl = Genl::open()?;
        let payload = [
            u32_attribute(request::DEVICE, 0),
            u32_attribute(kind, value),
        ]
        .concat();
        let answer = genl.request(operation, 0, &payload)?;
        ensure!(answer.errno == 0, "{answer:?}");
        Driver::unbind(&address)?;
        Driver::bind(&address)?;
        genl.join()?;
        let late = genl.event(std::time::Duration::from_millis(500))?;
        ensure!(
            late.is_none(),
            "the earlier life's work interrupts: {late:?}"
        );
        genl.raise(0, 1)?;
        let event = genl.event(wait::LIMIT)?.context("no event came")?;
        ensure!(event.seq == 1, "{event:?}");
    }
    Ok(())
}

/// Runs `body` while a thread raises on both devices as fast as it can.
pub(super) fn under_traffic(subject: &Subject, body: impl FnOnce() -> Result<()>) -> Result<()> {
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let raiser = scope.spawn(|| {
            let mut raised = 0u64;
            while !stop.load(Ordering::Relaxed) {
                // Fails while the driver is away, which is what this is for.
                let Ok(mut genl) = subject.genl() else {
                    continue;
                };
                while !stop.load(Ordering::Relaxed) {
                    if genl.raise(0, 1).is_err() && genl.raise(1, 1).is_err() {
                        // There is none to raise on. Whoever brings one back needs the processor.
                        sleep(Duration::from_millis(1));
                        break;
                    }
                    raised += 1;
                }
            }
            raised
        });
        let outcome = body();
        stop.store(true, Ordering::Relaxed);
        let raised = raiser.join().ok().context("the raising thread panicked")?;
        outcome?;
        ensure!(raised > 0, "there was no traffic");
        Ok(())
    })
}
