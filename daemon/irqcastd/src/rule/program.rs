//! What a rule runs, with what, and for how long.

use super::Template;
use crate::hook::confine::Confinement;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// What a rule runs, with what, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// The program and its arguments; never empty. The first is an absolute path.
    pub command: Vec<Template>,
    /// Variables for its environment, beside and before the daemon's own.
    pub environment: BTreeMap<String, Template>,
    /// Its working folder, an absolute path; `/` where there is none.
    pub folder: Option<PathBuf>,
    /// What it gets on standard input.
    pub input: Input,
    /// How long the program, and whatever it started in its process group, may run before the group gets
    /// TERM. `None` is for ever.
    pub time_limit: Option<Duration>,
    /// How long what is left of the group may go on after TERM before it gets KILL.
    pub grace: Duration,
    /// Whom it runs as, and what it may use.
    pub confine: Confinement,
}

/// What a program gets on standard input, before the end of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// One line of JSON.
    Json,
    /// Nothing.
    None,
}

impl Program {
    /// The time limit of a rule that names none.
    pub const TIME_LIMIT: Duration = Duration::from_secs(60);

    /// The grace of a rule that names none.
    pub const GRACE: Duration = Duration::from_secs(5);

    /// A program with the defaults for all that is not its command.
    #[must_use]
    pub fn new(command: Vec<Template>) -> Self {
        Self {
            command,
            environment: BTreeMap::new(),
            folder: None,
            input: Input::Json,
            time_limit: Some(Self::TIME_LIMIT),
            grace: Self::GRACE,
            confine: Confinement::default(),
        }
    }

    /// The command, with what the hook is told filled in: each thing's name as in [`super::field`], and its
    /// value.
    pub fn arguments(&self, fields: &[(&'static str, String)]) -> impl Iterator<Item = String> {
        let command = self.command.iter();
        command.map(|argument| argument.fill(fields))
    }

    /// [`Self::new`] for arguments without placeholders.
    #[cfg(test)]
    pub fn literal(command: &[&str]) -> Self {
        Self::new(command.iter().copied().map(Template::literal).collect())
    }
}
