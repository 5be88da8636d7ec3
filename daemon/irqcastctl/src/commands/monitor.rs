//! `irqcastctl monitor`

use super::watch::{Seen, Then, watch};
use crate::cli::Monitor;
use crate::failure::Failure;
use crate::output::Printer;
use crate::target::Target;

/// Prints events until there were enough, the time is over, or a signal asks to end.
pub fn run(target: &Target, monitor: &Monitor, printer: &mut Printer) -> Result<(), Failure> {
    let mut printed = 0;
    watch(target, monitor.duration, |seen| {
        if !monitor.filter.wants(target.device, &seen) {
            return Ok(Then::GoOn);
        }
        match seen {
            // Of events there were enough; with --lost-only there are losses to count.
            Seen::Lost(lost) if !monitor.filter.lost_only => {
                printer.lost(&lost)?;
                return Ok(Then::GoOn);
            }
            Seen::Lost(lost) => printer.lost(&lost)?,
            Seen::Event(event) => printer.event(&event)?,
        }
        printed += 1;
        Ok(match monitor.count == Some(printed) {
            true => Then::End,
            false => Then::GoOn,
        })
    })
}
