//! Running one command in a guest to its end, and answering it on the way.

use std::time::{Duration, Instant};

use irqcast_link::ExecId;

use super::{
    command::{Completed, Invocation},
    link::Stream,
    lost::{Lost, Reason},
    running::{Happening, Vm},
};

/// Longest line that is looked at; a command that writes a longer one is not talking to us.
const LONGEST_LINE: usize = 64 * 1024;

impl Vm {
    /// Runs a command without input to its end. What happens beside it goes to `others`.
    ///
    /// # Errors
    ///
    /// As [`Vm::next`]. A command that does not end within `limit` takes the guest along:
    /// [`Reason::TimeLimit`].
    pub fn run(
        &mut self,
        invocation: Invocation,
        limit: Duration,
        others: impl FnMut(Happening),
    ) -> anyhow::Result<Completed> {
        let ours = self.start(invocation)?;
        self.end_input(ours)?;
        self.complete(ours, limit, |_, _| Ok(()), others)
    }

    /// Runs a command to its end, as [`Vm::run`]. `answer` gets each line of its standard output,
    /// and what it returns is a line of the command's input.
    pub fn run_answering(
        &mut self,
        invocation: Invocation,
        limit: Duration,
        mut answer: impl FnMut(&mut Self, &str) -> Option<String>,
    ) -> anyhow::Result<Completed> {
        let ours = self.start(invocation)?;
        let mut lines = Lines::default();
        let heard = |vm: &mut Self, data: &[u8]| {
            for line in lines.of(data) {
                if let Some(text) = answer(vm, &line) {
                    vm.send_input(ours, format!("{text}\n").into_bytes())?;
                }
            }
            Ok(())
        };
        self.complete(ours, limit, heard, |_| {})
    }

    /// Waits for the end of a command. `heard` gets its standard output as it comes.
    fn complete(
        &mut self,
        ours: ExecId,
        limit: Duration,
        heard: impl FnMut(&mut Self, &[u8]) -> anyhow::Result<()>,
        others: impl FnMut(Happening),
    ) -> anyhow::Result<Completed> {
        let mut completed = Completed::default();
        self.collect(ours, limit, &mut completed, heard, others)
            .map_err(|mut error| {
                if let Some(lost) = error.downcast_mut::<Lost>() {
                    lost.output = completed.text();
                }
                error
            })?;
        Ok(completed)
    }

    fn collect(
        &mut self,
        ours: ExecId,
        limit: Duration,
        completed: &mut Completed,
        mut heard: impl FnMut(&mut Self, &[u8]) -> anyhow::Result<()>,
        mut others: impl FnMut(Happening),
    ) -> anyhow::Result<()> {
        let deadline = Instant::now() + limit;
        loop {
            match self.next(Some(deadline))? {
                Happening::Output { id, stream, data } if id == ours => {
                    completed.keep(stream, &data);
                    if stream == Stream::Stdout {
                        heard(self, &data)?;
                    }
                }
                Happening::NotStarted { id, message } if id == ours => {
                    anyhow::bail!("the guest failed to run a command: {message}");
                }
                Happening::Exited { id, exit } if id == ours => {
                    completed.exit = exit;
                    return Ok(());
                }
                Happening::Deadline => return Err(self.lose(Reason::TimeLimit(limit))),
                other => others(other),
            }
        }
    }
}

/// Makes lines of what comes in pieces.
#[derive(Default)]
struct Lines(Vec<u8>);

impl Lines {
    /// The lines that `data` ends.
    fn of(&mut self, data: &[u8]) -> Vec<String> {
        self.0.extend_from_slice(data);
        let Some(last) = self.0.iter().rposition(|byte| *byte == b'\n') else {
            if self.0.len() > LONGEST_LINE {
                self.0.clear();
            }
            return Vec::new();
        };
        let rest = self.0.split_off(last + 1);
        let whole = std::mem::replace(&mut self.0, rest);
        String::from_utf8_lossy(&whole)
            .lines()
            .map(str::to_owned)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Lines;

    #[test]
    fn lines_are_put_together_from_pieces() {
        let mut lines = Lines::default();
        for (data, expected) in [
            ("one\ntw", &["one"][..]),
            ("", &[]),
            ("o", &[]),
            ("\n\nthree\nfour", &["two", "", "three"]),
            ("\n", &["four"]),
        ] {
            assert_eq!(lines.of(data.as_bytes()), expected);
        }
    }
}
