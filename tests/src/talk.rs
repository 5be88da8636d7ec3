//! What a test in the guest says to the testbed, a line of its standard output each. A request is
//! answered on its standard input.

use std::fmt;

/// Answer to a [`Request`] that was done.
pub const DONE: &str = "done";

/// A line that is for the testbed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line<'a> {
    /// Something that was measured, and its value.
    Figure(&'a str),
    /// How far the test has come.
    Progress {
        /// What is done.
        done: u64,
        /// What there is to do.
        of: u64,
    },
    /// Something to be done outside the guest.
    Request(Request<'a>),
}

/// Something that only the host can do. These are all, so a test cannot ask for anything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request<'a> {
    /// Plug in an edu device.
    Plug {
        /// What QEMU is to call it.
        id: &'a str,
        /// The port that it is plugged into.
        port: &'a str,
    },
    /// Unplug an edu device. It must not compute a factorial: QEMU would hang for good.
    Unplug {
        /// What QEMU calls it.
        id: &'a str,
    },
    /// Plug the cable of a network card in.
    PlugCable {
        /// What QEMU calls the card.
        id: &'a str,
    },
    /// Pull it.
    PullCable {
        /// What QEMU calls the card.
        id: &'a str,
    },
    /// Press the guest's power button.
    PressPowerButton,
    /// Cut the guest's power, and boot it again, with the same disk. The test begins anew there.
    CutPower,
}

impl<'a> Line<'a> {
    /// Reads a line; `None` when it is not for the testbed.
    #[must_use]
    pub fn parse(line: &'a str) -> Option<Self> {
        let (kind, rest) = line.split_once(": ")?;
        let words: Vec<&str> = rest.split(' ').collect();
        match (kind, words.as_slice()) {
            ("figure", _) => Some(Self::Figure(rest)),
            ("progress", [done, "of", of]) => Some(Self::Progress {
                done: done.parse().ok()?,
                of: of.parse().ok()?,
            }),
            ("host", ["plug", id, port]) => Some(Self::Request(Request::Plug { id, port })),
            ("host", ["press-power-button"]) => Some(Self::Request(Request::PressPowerButton)),
            ("host", ["cut-power"]) => Some(Self::Request(Request::CutPower)),
            ("host", ["plug-cable", id]) => Some(Self::Request(Request::PlugCable { id })),
            ("host", ["pull-cable", id]) => Some(Self::Request(Request::PullCable { id })),
            ("host", ["unplug", id]) => Some(Self::Request(Request::Unplug { id })),
            _ => None,
        }
    }
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Figure(text) => write!(f, "figure: {text}"),
            Self::Progress { done, of } => write!(f, "progress: {done} of {of}"),
            Self::Request(Request::Plug { id, port }) => write!(f, "host: plug {id} {port}"),
            Self::Request(Request::PlugCable { id }) => write!(f, "host: plug-cable {id}"),
            Self::Request(Request::PullCable { id }) => write!(f, "host: pull-cable {id}"),
            Self::Request(Request::PressPowerButton) => f.write_str("host: press-power-button"),
            Self::Request(Request::CutPower) => f.write_str("host: cut-power"),
            Self::Request(Request::Unplug { id }) => write!(f, "host: unplug {id}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Line, Request};

    #[test]
    fn what_is_said_is_understood() {
        for line in [
            Line::Figure("events lost 0"),
            Line::Progress { done: 3, of: 10 },
            Line::Request(Request::Plug {
                id: "edu0",
                port: "port0",
            }),
            Line::Request(Request::Unplug { id: "edu0" }),
            Line::Request(Request::PlugCable { id: "card" }),
            Line::Request(Request::PullCable { id: "card" }),
            Line::Request(Request::CutPower),
            Line::Request(Request::PressPowerButton),
        ] {
            assert_eq!(Line::parse(&line.to_string()), Some(line));
        }
    }

    #[test]
    fn other_output_is_left_alone() {
        for text in [
            "",
            "host: poweroff",
            "progress: all",
            "error: no",
            "host: plug a b c",
        ] {
            assert_eq!(Line::parse(text), None, "{text}");
        }
    }
}
