//! What a hook is run for.

use super::family_message::FamilyMessage;
use irqcast::{Event, Lost};

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
    /// Another family sent a message.
    Message(FamilyMessage),
}

impl Occasion {
    /// The device's life, which is its instance number and incarnation; and the sequence number of the
    /// event, or the last one of the loss. A message of another family has none.
    pub fn number(&self) -> Option<((u32, u64), u64)> {
        match self {
            Self::Event(event) => Some(((event.device, event.incarnation), event.seq)),
            Self::Loss { lost, .. } => Some(((lost.device, lost.incarnation), lost.to)),
            Self::Message(_) => None,
        }
    }

    /// One line of JSON with its newline. `repeated` is in it where it is true.
    pub fn to_line(&self, repeated: bool) -> String {
        let mut line = match self {
            Self::Event(event) => event.to_json(),
            Self::Loss { lost, .. } => lost.to_json(),
            Self::Message(message) => message.json.clone(),
        };
        if repeated {
            // The object has other keys, so that this is one more: `{…}` becomes `{…,"repeated":true}`.
            line.truncate(line.len() - 1);
            line.push_str(",\"repeated\":true}");
        }
        line.push('\n');
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_says_what_is_repeated() {
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
        let check = |repeated, expected| assert_eq!(loss.to_line(repeated), expected);
        check(false, "{\"lost\":{\"device\":0,\"from\":5,\"to\":9}}\n");
        check(
            true,
            "{\"lost\":{\"device\":0,\"from\":5,\"to\":9},\"repeated\":true}\n",
        );
    }
}
