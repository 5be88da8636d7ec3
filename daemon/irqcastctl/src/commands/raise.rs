//! `irqcastctl raise`

use crate::cli::Raise;
use crate::failure::Failure;
use crate::output::Printer;
use crate::target::Target;
use crate::waiting::{Moment, Waiting};
use std::thread;
use std::time::Instant;

/// Raises the bits on each device in turn, the next after the event of the last was seen.
pub fn run(target: &Target, raise: &Raise, printer: &mut Printer) -> Result<(), Failure> {
    let bits = raise.bits;
    let mut client = target.client()?;
    let mut waiting = Waiting::open(target, raise.limit.timeout)?;
    let devices = target.devices(&mut client)?;
    for round in 1..=raise.count {
        let started = Instant::now();
        for &device in &devices {
            let since = Moment::now()?;
            client.raise(device, bits)?;
            let what = || format!("raise {round} of {} on device {device}", raise.count);
            let event =
                waiting.event_of(device, since, &what, |event| event.cause & bits == bits)?;
            printer.event(&event)?;
        }
        if let Some(interval) = raise.interval
            && round < raise.count
        {
            thread::sleep(interval.saturating_sub(started.elapsed()));
        }
    }
    Ok(())
}
