//! `irqcastctl replay`

use super::daemon::{read, unexpected};
use crate::cli::Daemon;
use crate::failure::Failure;
use crate::output::Printer;
use irqcast_control::{Answer, Client, Occurrence, Request};
use serde::Serialize;
use std::path::Path;

/// What is printed of a line of the trace.
#[derive(Serialize)]
struct Replayed<'a> {
    line: usize,
    rules: &'a [String],
}

/// Lets the daemon run its hooks for what a trace holds. The whole trace is read before any of it runs.
pub fn run(
    daemon: &Daemon,
    file: &Path,
    device: Option<u32>,
    printer: &mut Printer,
) -> Result<(), Failure> {
    let trace = parse(file, &read(file)?)?;
    let mut client = Client::connect(&daemon.control_socket)?;
    for (line, occurrence) in trace {
        let (of, what) = match &occurrence {
            Occurrence::Event(event) => (event.device, format!("seq {}", event.seq)),
            Occurrence::Loss { lost, .. } => {
                (lost.device, format!("lost {} to {}", lost.from, lost.to))
            }
        };
        if device.is_some_and(|device| device != of) {
            continue;
        }
        match client.ask(&Request::Replay(occurrence))? {
            Answer::Replayed { rules } => {
                let matched = match rules.is_empty() {
                    true => "no rule".to_owned(),
                    false => rules.join(", "),
                };
                let text = format!("line {line}: device {of} {what}: {matched}");
                let rules = &rules;
                printer.text_or_json(&text, &Replayed { line, rules })?;
            }
            other => return Err(unexpected(&other)),
        }
    }
    Ok(())
}

/// The events and losses of a trace, with their lines from 1. Empty lines are left out.
fn parse(file: &Path, text: &[u8]) -> Result<Vec<(usize, Occurrence)>, Failure> {
    let lines = text.split(|&byte| byte == b'\n').zip(1..);
    lines
        .filter(|(line, _)| !line.trim_ascii().is_empty())
        .map(|(text, line)| {
            let occurrence = Occurrence::read(text).map_err(|error| Failure::Trace {
                path: file.to_owned(),
                line: Some(line),
                reason: error.to_string(),
            })?;
            Ok((line, occurrence))
        })
        .collect()
}
