//! Prints events, losses and devices, for people or as JSON lines.

mod status;

use irqcast::{Device, Event, Lost, Paths};
use irqcast_control::Status;
use serde::Serialize;
use std::fmt::Display;
use std::io::{self, StdoutLock, Write};

/// Writes one line for each thing, and each line at once, so that a reader of a pipe need not wait.
pub struct Printer<W = StdoutLock<'static>> {
    json: bool,
    /// Whether events are those of the edu device, whose causes can be put into words.
    of_edu: bool,
    to: W,
}

/// Tells a person something on standard error. Where that is gone, nobody is told.
pub fn note(message: impl Display) {
    let _ = writeln!(io::stderr(), "irqcastctl: {message}");
}

impl Printer {
    /// Prints to standard output. `of_edu` says that events are those of the edu device.
    pub fn new(json: bool, of_edu: bool) -> Self {
        Self {
            json,
            of_edu,
            to: io::stdout().lock(),
        }
    }
}

impl<W: Write> Printer<W> {
    /// Prints an event.
    pub fn event(&mut self, event: &Event) -> io::Result<()> {
        let line = if self.json {
            event.to_json()
        } else {
            let meaning = match self.of_edu {
                true => format!(": {}", event.meaning()),
                false => String::new(),
            };
            format!(
                "[{:>5}.{:09}] device {} ({}) seq {} cause {:#010x}{meaning}",
                event.time_ns / 1_000_000_000,
                event.time_ns % 1_000_000_000,
                event.device,
                event.address,
                event.seq,
                event.cause,
            )
        };
        self.line(&line)
    }

    /// Prints a loss.
    pub fn lost(&mut self, lost: &Lost) -> io::Result<()> {
        let line = if self.json {
            lost.to_json()
        } else {
            format!(
                "lost: device {} seq {} to {} ({} events)",
                lost.device,
                lost.from,
                lost.to,
                lost.count()
            )
        };
        self.line(&line)
    }

    /// Prints the devices with their counters.
    pub fn devices(&mut self, devices: &[Device]) -> io::Result<()> {
        if self.json {
            return devices
                .iter()
                .try_for_each(|device| self.line(&device.to_json()));
        }
        self.line(&format!(
            "{:>6} {:<12} {:<4} {:>12} {:>12} {:>12} {:>14} {:>11} {:>8}",
            "DEVICE",
            "ADDRESS",
            "MODE",
            "INTERRUPTS",
            "EVENTS-SENT",
            "NO-LISTENER",
            "ALLOC-FAILURES",
            "SEND-ERRORS",
            "SPURIOUS"
        ))?;
        for device in devices {
            self.line(&format!(
                "{:>6} {:<12} {:<4} {:>12} {:>12} {:>12} {:>14} {:>11} {:>8}",
                device.device,
                device.address,
                device.interrupt_mode,
                device.interrupts,
                device.events_sent,
                device.no_listener,
                device.alloc_failures,
                device.send_errors,
                device.spurious
            ))?;
        }
        self.line("")?;
        self.line(&format!(
            "{:>6} {:>8} {:>12} {:>15} {:>12} {:>15} PATHS",
            "DEVICE", "HISTORY", "SWITCHED-OFF", "READER-OVERRUNS", "SIGNALS", "EVENTFD-SIGNALS"
        ))?;
        for device in devices {
            let paths = match device.paths {
                paths if paths == Paths::all() => "all".to_owned(),
                paths => paths.to_string(),
            };
            self.line(&format!(
                "{:>6} {:>8} {:>12} {:>15} {:>12} {:>15} {paths}",
                device.device,
                device.history,
                device.switched_off,
                device.reader_overruns,
                device.signals,
                device.eventfd_signals
            ))?;
        }
        self.line("")?;
        self.line(&format!(
            "{:>6} {:<7} {:<6} {:>12} {:>12} {:>12} {:>5} {:>12} {:>14}",
            "DEVICE",
            "CONTEXT",
            "NOW",
            "SENT-HARD",
            "SENT-BH",
            "SENT-THREAD",
            "PORTS",
            "UNICAST-SENT",
            "UNICAST-ERRORS"
        ))?;
        for device in devices {
            self.line(&format!(
                "{:>6} {:<7} {:<6} {:>12} {:>12} {:>12} {:>5} {:>12} {:>14}",
                device.device,
                device.context,
                device.context_now,
                device.sent_hard,
                device.sent_bh,
                device.sent_thread,
                device.ports,
                device.unicast_sent,
                device.unicast_errors
            ))?;
        }
        Ok(())
    }

    /// Prints what the daemon does.
    pub fn status(&mut self, status: &Status) -> io::Result<()> {
        self.text_or_json(&status::text(status), status)
    }

    /// Prints the text for people, or the value as JSON.
    pub fn text_or_json(&mut self, text: &str, value: &impl Serialize) -> io::Result<()> {
        match self.json {
            true => self.json_only(value),
            false => self.line(text),
        }
    }

    /// Prints the value as JSON, and nothing for people.
    pub fn json_only(&mut self, value: &impl Serialize) -> io::Result<()> {
        match self.json {
            true => self.line(&serde_json::to_string(value)?),
            false => Ok(()),
        }
    }

    fn line(&mut self, line: &str) -> io::Result<()> {
        writeln!(self.to, "{line}")?;
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use irqcast::{Context, InterruptMode};

    fn printed(json: bool, print: impl FnOnce(&mut Printer<Vec<u8>>) -> io::Result<()>) -> String {
        let mut printer = Printer {
            json,
            of_edu: true,
            to: Vec::new(),
        };
        print(&mut printer).unwrap();
        String::from_utf8(printer.to).unwrap()
    }

    #[test]
    fn events_and_losses() {
        let event = Event {
            device: 0,
            incarnation: 1,
            address: "0000:00:02.0".to_owned(),
            seq: 7,
            time_ns: 12_000_000_345,
            cause: 0x1,
            factorial: Some(120),
            dma_bytes: None,
            replayed: false,
        };
        assert_eq!(
            printed(false, |printer| printer.event(&event)),
            "[   12.000000345] device 0 (0000:00:02.0) seq 7 cause 0x00000001: factorial 120\n"
        );
        assert_eq!(
            printed(true, |printer| printer.event(&event)),
            format!("{}\n", event.to_json())
        );
        let lost = Lost {
            device: 1,
            incarnation: 7,
            from: 5,
            to: 9,
        };
        assert_eq!(
            printed(false, |printer| printer.lost(&lost)),
            "lost: device 1 seq 5 to 9 (5 events)\n"
        );
        assert_eq!(
            printed(true, |printer| printer.lost(&lost)),
            "{\"lost\":{\"device\":1,\"from\":5,\"to\":9}}\n"
        );
    }

    #[test]
    fn table_has_a_line_for_each_device() {
        let device = Device {
            device: 0,
            address: "0000:00:02.0".to_owned(),
            interrupt_mode: InterruptMode::Msi,
            interrupts: 10_000,
            events_sent: 9_999,
            no_listener: 1,
            alloc_failures: 0,
            send_errors: 0,
            spurious: 2,
            paths: Paths::all(),
            history: 4096,
            switched_off: 0,
            reader_overruns: 3,
            signals: 0,
            eventfd_signals: 0,
            context: Context::from_value(0),
            context_now: Context::from_value(1),
            ports: 0,
            unicast_sent: 0,
            unicast_errors: 0,
            sent_hard: 9_999,
            sent_bh: 0,
            sent_thread: 0,
            incarnation: 1,
            first_seq: 1,
        };
        let table = printed(false, |printer| {
            printer.devices(&[device.clone(), device.clone()])
        });
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines.len(), 11);
        assert!(lines[9].contains("auto    hard"), "{table}");
        assert!(
            lines[..3].iter().all(|line| line.len() == lines[0].len()),
            "{table}"
        );
        assert!(lines[3].is_empty() && lines[5].ends_with(" all"), "{table}");
        let json = printed(true, |printer| printer.devices(&[device]));
        assert!(json.starts_with("{\"device\":0,") && json.ends_with("}\n"));
    }
}
