//! `irqcastctl record`

use super::watch::{Seen, Then, watch};
use crate::cli::Record;
use crate::failure::Failure;
use crate::output::note;
use crate::target::Target;
use irqcast_control::Occurrence;
use std::collections::HashMap;
use std::fs::File;
use std::io::Write as _;

/// Writes events and losses to a file until there were enough, the time is over, or a signal asks to end.
pub fn run(target: &Target, record: &Record) -> Result<(), Failure> {
    let monitor = &record.monitor;
    let failed = |source| Failure::File {
        action: "write",
        path: record.file.clone(),
        source,
    };
    let mut file = File::create(&record.file).map_err(failed)?;
    let mut addresses = HashMap::new();
    let (mut events, mut losses) = (0, 0);
    watch(target, monitor.duration, |seen| {
        if !monitor.filter.wants(target.device, &seen) {
            return Ok(Then::GoOn);
        }
        let occurrence = match seen {
            Seen::Event(event) => {
                events += 1;
                let address = addresses.entry(event.device);
                address.or_insert_with(|| event.address.clone());
                Occurrence::Event(event)
            }
            Seen::Lost(lost) => {
                losses += 1;
                let address: Option<String> = addresses.get(&lost.device).cloned();
                Occurrence::Loss { lost, address }
            }
        };
        // Each at once, so that the file is whole whenever this ends.
        let line = occurrence.to_json() + "\n";
        file.write_all(line.as_bytes()).map_err(failed)?;
        let counted = match monitor.filter.lost_only {
            true => losses,
            false => events,
        };
        Ok(match monitor.count == Some(counted) {
            true => Then::End,
            false => Then::GoOn,
        })
    })?;
    note(format_args!(
        "{}: {events} events, {losses} losses",
        record.file.display()
    ));
    Ok(())
}
