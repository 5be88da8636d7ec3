//! The driver comes and goes while others use it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, sleep};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use irqcast_bench::device::Device;

use crate::case::{Case, Mode};
use crate::driver::{self, Driver};
use crate::monitor::Monitor;
use crate::raw::{Genl, op, request, u32_attribute};
use crate::{storm, tool, wait};

pub fn cases() -> Vec<Case> {
    [
        Case::for_both(
            "lifecycle",
            "loads_and_unloads_repeatedly",
            loads_and_unloads,
        ),
        // For the registers of a device that has a driver.
        Case::for_both(
            "lifecycle",
            "unloads_and_reloads_under_traffic",
            reloads_under_traffic,
        )
        .into_iter()
        .map(|case| case.on(storm::machine()))
        .collect(),
        Case::for_both(
            "lifecycle",
            "unbinds_and_binds_under_traffic",
            rebinds_under_traffic,
        ),
        Case::for_both(
            "lifecycle",
            "unbinds_while_factorial_and_dma_run",
            unbinds_while_busy,
        ),
    ]
    .into_iter()
    .flatten()
    .map(|case| case.within(300))
    .collect()
}

fn loads_and_unloads(mode: Mode) -> Result<()> {
    for _ in 0..10 {
        let driver = Driver::load(mode)?;
        ensure!(
            Driver::bound()?.len() == 2,
            "bound to {:?}",
            Driver::bound()?
        );
        let events = tool::json(&["raise", "--device", "1"])?;
        ensure!(events.len() == 1 && events[0]["seq"] == 1, "{events:?}");
        driver.unload()?;
    }
    Ok(())
}

/// A thread raises without a pause, and listeners are attached, while the module goes and
/// comes back. While it goes, another thread raises through the registers: that needs no family, so
/// interrupts arrive until the device falls silent.
fn reloads_under_traffic(mode: Mode) -> Result<()> {
    let _first = Driver::load(mode)?;
    // Joined to the first family, these sockets outlive it.
    let attached = [Genl::open()?, Genl::open()?];
    for listener in &attached {
        listener.join()?;
    }
    under_traffic(|| {
        for _ in 0..10 {
            while_raised(driver::unload_if_loaded)?;
            // The device must work at once, whatever was under way when its driver left.
            std::mem::forget(Driver::load(mode)?);
            let mut genl = Genl::open()?;
            genl.join()?;
            genl.event(wait::LIMIT)?
                .context("no event after the driver came back")?;
        }
        Ok(())
    })
}

/// Runs `body` while a thread raises through the registers of the first device.
fn while_raised(body: impl FnOnce() -> Result<()>) -> Result<()> {
    let registers = Device::find()?.registers()?;
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

fn rebinds_under_traffic(mode: Mode) -> Result<()> {
    let _driver = Driver::load(mode)?;
    let mut monitor = Monitor::start()?;
    let addresses = Driver::bound()?;
    under_traffic(|| {
        for round in 0..20 {
            let address = &addresses[round % addresses.len()];
            Driver::unbind(address)?;
            Driver::bind(address)?;
        }
        Ok(())
    })?;
    monitor
        .next()
        .context("the listener saw nothing of the traffic")?;
    let events = tool::json(&["raise"])?;
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
pub(super) fn under_traffic(body: impl FnOnce() -> Result<()>) -> Result<()> {
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let raiser = scope.spawn(|| {
            let mut raised = 0u64;
            while !stop.load(Ordering::Relaxed) {
                // Fails while the driver is away, which is what this is for.
                let Ok(mut genl) = Genl::open() else { continue };
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
