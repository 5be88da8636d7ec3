//! `irqcastctl history`

use crate::cli::History;
use crate::failure::Failure;
use crate::output::Printer;
use crate::target::Target;
use irqcast::{Event, Lost};

/// Most events that are asked for at once.
const CHUNK: u32 = 1024;

/// Prints the events that each device holds.
pub fn run(target: &Target, history: &History, printer: &mut Printer) -> Result<(), Failure> {
    let mut client = target.client()?;
    for device in target.devices(&mut client)? {
        let state = client.device(device)?;
        let last = state.interrupts;
        let mut next = history.since.max(state.first_seq);
        while next <= last {
            let events = client.history(device, next, CHUNK)?;
            if events.is_empty() {
                break;
            }
            for event in events.into_iter().take_while(|event| event.seq <= last) {
                if event.seq > next {
                    printer.lost(&Lost {
                        device,
                        incarnation: event.incarnation,
                        from: next,
                        to: event.seq - 1,
                    })?;
                }
                next = event.seq.saturating_add(1);
                printer.event(&Event {
                    replayed: true,
                    ..event
                })?;
            }
        }
    }
    Ok(())
}
