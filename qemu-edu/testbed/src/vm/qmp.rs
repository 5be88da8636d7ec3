//! QEMU's control channel, as little of it as is needed.
//! <https://www.qemu.org/docs/master/interop/qmp-spec.html>

use std::{
    io::{BufRead as _, BufReader, Write as _},
    os::unix::net::UnixStream,
    time::Duration,
};

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

/// How long QEMU may take to answer.
const LIMIT: Duration = Duration::from_secs(5);

/// A channel on which commands may be given.
pub struct Qmp {
    reader: BufReader<UnixStream>,
    negotiated: bool,
}

impl Qmp {
    /// Wraps a socket that QEMU has the other end of.
    pub fn new(stream: UnixStream) -> anyhow::Result<Self> {
        for set in [UnixStream::set_read_timeout, UnixStream::set_write_timeout] {
            set(&stream, Some(LIMIT)).context("failed to set a time limit on QMP")?;
        }
        Ok(Self {
            reader: BufReader::new(stream),
            negotiated: false,
        })
    }

    /// Gives a command and waits for its result.
    pub fn execute(&mut self, command: &str, arguments: Value) -> anyhow::Result<Value> {
        if !self.negotiated {
            // QEMU greets, and takes no other command before this one.
            self.negotiated = true;
            self.call("qmp_capabilities", &json!({}))?;
        }
        self.call(command, &arguments)
    }

    fn call(&mut self, command: &str, arguments: &Value) -> anyhow::Result<Value> {
        let request = json!({ "execute": command, "arguments": arguments });
        writeln!(self.reader.get_mut(), "{request}")
            .with_context(|| format!("failed to send {command} to QEMU"))?;
        loop {
            let mut line = String::new();
            let count = self
                .reader
                .read_line(&mut line)
                .with_context(|| format!("QEMU did not answer {command}"))?;
            if count == 0 {
                bail!("QEMU closed its control channel instead of answering {command}");
            }
            let mut answer: Value = serde_json::from_str(&line)
                .with_context(|| format!("QEMU's answer to {command} is no JSON: {line}"))?;
            // The greeting and events come in between.
            if let Some(error) = answer.get("error") {
                bail!("QEMU refused {command}: {error}");
            }
            if let Some(result) = answer.get_mut("return") {
                return Ok(result.take());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    /// Lets `script` stand for QEMU: it prints the greeting and one line an answer.
    fn against(script: &'static [&'static str]) -> Qmp {
        let (ours, theirs) = UnixStream::pair().unwrap();
        thread::spawn(move || {
            let mut reader = BufReader::new(theirs);
            for answer in script {
                writeln!(reader.get_mut(), "{answer}").unwrap();
                if answer.contains("return") || answer.contains("error") {
                    reader.read_line(&mut String::new()).unwrap();
                }
            }
        });
        Qmp::new(ours).unwrap()
    }

    #[test]
    fn events_are_passed_over() {
        let mut qmp = against(&[
            r#"{"QMP": {}}"#,
            r#"{"return": {}}"#,
            r#"{"event": "STOP"}"#,
            r#"{"return": {"status": "running"}}"#,
        ]);
        let result = qmp.execute("query-status", json!({})).unwrap();
        assert_eq!(result["status"], "running");
    }

    #[test]
    fn refusal_and_end_name_the_command() {
        for script in [
            &[
                r#"{"QMP": {}}"#,
                r#"{"return": {}}"#,
                r#"{"error": {"desc": "no"}}"#,
            ][..],
            &[r#"{"QMP": {}}"#, r#"{"return": {}}"#][..],
        ] {
            let error = against(script)
                .execute("device_add", json!({}))
                .unwrap_err();
            assert!(format!("{error:#}").contains("device_add"), "{error:#}");
        }
    }
}
