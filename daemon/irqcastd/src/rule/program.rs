//! What a rule runs, and for how long.

use std::time::Duration;

/// What a rule runs, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// The program and its arguments; never empty. The first is an absolute path.
    pub command: Vec<String>,
    /// How long the program, and whatever it started in its process group, may run before the group gets
    /// TERM. `None` is for ever.
    pub time_limit: Option<Duration>,
    /// How long what is left of the group may go on after TERM before it gets KILL.
    pub grace: Duration,
}

impl Program {
    /// The time limit of a rule that names none.
    pub const TIME_LIMIT: Duration = Duration::from_secs(60);

    /// The grace of a rule that names none.
    pub const GRACE: Duration = Duration::from_secs(5);

    /// A program with the defaults for all that is not its command.
    #[must_use]
    pub fn new(command: Vec<String>) -> Self {
        Self {
            command,
            time_limit: Some(Self::TIME_LIMIT),
            grace: Self::GRACE,
        }
    }
}
