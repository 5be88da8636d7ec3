//! What a hook is run for.

use irqcast::{Event, Lost};

/// What is true of one run of a hook, beside what it is run for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// It may have run before for the same.
    pub repeated: bool,
    /// What it is run for did not happen just now: somebody replays a trace.
    pub trace: bool,
}

/// What a hook is run for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// A device interrupted.
    Event(Event),
    /// Events of a device are lost.
    Loss {
        /// Which.
        lost: Lost,
        /// The device's PCI address, if it is known.
        address: Option<String>,
    },
}

impl Occasion {
    /// The device's life: instance number and incarnation.
    pub fn life(&self) -> (u32, u64) {
        match self {
            Self::Event(event) => (event.device, event.incarnation),
            Self::Loss { lost, .. } => (lost.device, lost.incarnation),
        }
    }

    /// Sequence number of the event, or the last one of the loss.
    pub fn seq(&self) -> u64 {
        match self {
            Self::Event(event) => event.seq,
            Self::Loss { lost, .. } => lost.to,
        }
    }

    /// One line of JSON with its newline. `repeated` and `trace` are in it where they are true.
    pub fn to_line(&self, marks: Marks) -> String {
        let mut line = match self {
            Self::Event(event) => event.to_json(),
            Self::Loss { lost, .. } => lost.to_json(),
        };
        for (key, is_true) in [("repeated", marks.repeated), ("trace", marks.trace)] {
            if is_true {
                // The object has other keys, so that this is one more: `{…}` becomes `{…,"repeated":true}`.
                line.truncate(line.len() - 1);
                line.push_str(&format!(",\"{key}\":true}}"));
            }
        }
        line.push('\n');
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_says_what_is_repeated_or_of_a_trace() {
        let lost = Lost {
            device: 0,
            incarnation: 1,
            from: 5,
            to: 9,
        };
        let loss = Occasion::Loss {
            lost,
            address: None,
        };
        let check = |repeated, trace, expected| {
            assert_eq!(loss.to_line(Marks { repeated, trace }), expected);
        };
        check(
            true,
            true,
            "{\"lost\":{\"device\":0,\"from\":5,\"to\":9},\"repeated\":true,\"trace\":true}\n",
        );
        check(
            false,
            true,
            "{\"lost\":{\"device\":0,\"from\":5,\"to\":9},\"trace\":true}\n",
        );
        check(
            false,
            false,
            "{\"lost\":{\"device\":0,\"from\":5,\"to\":9}}\n",
        );
        check(
            true,
            false,
            "{\"lost\":{\"device\":0,\"from\":5,\"to\":9},\"repeated\":true}\n",
        );
    }
}
