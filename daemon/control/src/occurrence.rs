//! An event or a loss that somebody wrote down.
//!
//! It comes from a file or from another process, so that everything is checked that is true of what
//! the driver says.

use irqcast::wire::ADDRESS_MAX_LEN;
use irqcast::{Event, Lost};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An event or a loss, in the JSON that `irqcastctl monitor --json` prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub enum Occurrence {
    /// A device interrupted.
    Event(Event),
    /// Events of a device are lost.
    Loss {
        /// Which.
        lost: Lost,
        /// The device's PCI address, if it is known: the key `address` beside `lost`.
        address: Option<String>,
    },
}

/// Why something is no event and no loss.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an event or a loss: {0}; irqcastctl monitor --json shows how they look")]
pub struct NotAnOccurrence(String);

#[derive(Serialize, Deserialize)]
struct Loss {
    lost: Lost,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<String>,
}

impl Occurrence {
    /// Reads JSON. Pure and total.
    ///
    /// # Errors
    ///
    /// When it is no JSON, or no event and no loss, or says what no driver says.
    pub fn read(text: &[u8]) -> Result<Self, NotAnOccurrence> {
        let value: Value =
            serde_json::from_slice(text).map_err(|error| NotAnOccurrence(error.to_string()))?;
        Self::try_from(value)
    }

    /// One line of JSON, without the newline.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("numbers, text and booleans always have a JSON form")
    }
}

impl TryFrom<Value> for Occurrence {
    type Error = NotAnOccurrence;

    fn try_from(value: Value) -> Result<Self, NotAnOccurrence> {
        let wrong = |error: serde_json::Error| NotAnOccurrence(error.to_string());
        let found = match value.get("lost") {
            None => Self::Event(serde_json::from_value(value).map_err(wrong)?),
            Some(_) => {
                let Loss { lost, address } = serde_json::from_value(value).map_err(wrong)?;
                Self::Loss { lost, address }
            }
        };
        match found.problem() {
            None => Ok(found),
            Some(problem) => Err(NotAnOccurrence(problem.to_owned())),
        }
    }
}

impl From<Occurrence> for Value {
    fn from(occurrence: Occurrence) -> Self {
        let value = match occurrence {
            Occurrence::Event(event) => serde_json::to_value(event),
            Occurrence::Loss { lost, address } => serde_json::to_value(Loss { lost, address }),
        };
        value.expect("numbers, text and booleans always have a JSON form")
    }
}

impl Occurrence {
    /// What no driver would say.
    fn problem(&self) -> Option<&'static str> {
        let address = match self {
            Self::Event(event) if event.seq == 0 => return Some("`seq` is at least 1"),
            Self::Loss { lost, .. } if lost.from == 0 => return Some("`from` is at least 1"),
            Self::Loss { lost, .. } if lost.to < lost.from => {
                return Some("`to` is at least `from`");
            }
            Self::Event(event) => Some(&event.address),
            Self::Loss { address, .. } => address.as_ref(),
        }?;
        let allowed = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b':' | b'.');
        let is_right =
            !address.is_empty() && address.len() <= ADDRESS_MAX_LEN && address.bytes().all(allowed);
        (!is_right).then_some("`address` is a PCI address such as 0000:00:02.0")
    }
}
