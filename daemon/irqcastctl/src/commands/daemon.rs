//! The commands that ask the daemon: `status`, `metrics`, `reload` and `explain`.

use crate::cli::Daemon;
use crate::failure::Failure;
use crate::output::Printer;
use irqcast_control::{Answer, Client, ClientError, Occurrence, Request};
use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

/// Prints what the daemon does.
pub fn status(daemon: &Daemon, printer: &mut Printer) -> Result<(), Failure> {
    match ask(daemon, &Request::Status)? {
        Answer::Status(status) => Ok(printer.status(&status)?),
        other => Err(unexpected(&other)),
    }
}

/// Prints the metrics.
pub fn metrics(daemon: &Daemon, printer: &mut Printer) -> Result<(), Failure> {
    match ask(daemon, &Request::Metrics)? {
        Answer::Metrics { text } => Ok(printer.text_or_json(text.trim_end(), &text)?),
        other => Err(unexpected(&other)),
    }
}

/// Lets the daemon take its configuration anew.
pub fn reload(daemon: &Daemon, printer: &mut Printer) -> Result<(), Failure> {
    match ask(daemon, &Request::Reload) {
        Ok(Answer::Reloaded { file, rules }) => {
            let text = format!("{file}: taken, {rules} rules");
            Ok(printer.text_or_json(&text, &Answer::Reloaded { file, rules })?)
        }
        Ok(other) => Err(unexpected(&other)),
        Err(Failure::Control(ClientError::Refused(refusal))) => {
            printer.json_only(&Answer::Refused(refusal.clone()))?;
            Err(ClientError::Refused(refusal).into())
        }
        Err(failure) => Err(failure),
    }
}

/// Prints which of the daemon's rules match what a file holds, and why the others do not.
pub fn explain(daemon: &Daemon, file: &Path, printer: &mut Printer) -> Result<(), Failure> {
    let occurrence = Occurrence::read(&read(file)?).map_err(|error| Failure::Trace {
        path: file.to_owned(),
        line: None,
        reason: error.to_string(),
    })?;
    match ask(daemon, &Request::Explain(occurrence))? {
        Answer::Explained(explanation) => {
            Ok(printer.text_or_json(&explanation.to_string(), &explanation)?)
        }
        other => Err(unexpected(&other)),
    }
}

fn ask(daemon: &Daemon, request: &Request) -> Result<Answer, Failure> {
    let mut client = Client::connect(&daemon.control_socket)?;
    Ok(client.ask(request)?)
}

/// An answer to another question.
pub fn unexpected(answer: &Answer) -> Failure {
    ClientError::Unknown(answer.to_line().trim_end().to_owned()).into()
}

/// All that a file holds, or standard input where it is called `-`.
pub fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    let read = match file.as_os_str() == "-" {
        true => {
            let mut text = Vec::new();
            io::stdin().lock().read_to_end(&mut text).map(|_| text)
        }
        false => fs::read(file),
    };
    read.map_err(|source| Failure::File {
        action: "read",
        path: file.to_owned(),
        source,
    })
}
