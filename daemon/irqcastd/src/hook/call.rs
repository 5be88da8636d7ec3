//! What one run of a hook is told, in whichever form.

use super::occasion::Occasion;
use crate::rule::Rule;
use irqcast::{Event, Lost};
use std::rc::Rc;

/// What one run of a hook is told.
#[derive(Clone, Debug)]
pub struct Call {
    /// What it is run for.
    pub occasion: Rc<Occasion>,
    /// Whether it may have run for that before.
    pub repeated: bool,
}

impl Call {
    /// Each thing that it is told: its name as in [`field`](crate::rule::field), and its value.
    #[must_use]
    pub fn fields(&self, rule: &Rule) -> Vec<(&'static str, String)> {
        let (device, _) = self.occasion.life();
        let mut fields = vec![
            ("rule", rule.name.clone()),
            ("device", device.to_string()),
            ("repeated", u8::from(self.repeated).to_string()),
        ];
        match &*self.occasion {
            Occasion::Event(event) => fields.extend(of_event(event)),
            Occasion::Loss { lost, address } => fields.extend(of_loss(lost, address.as_deref())),
        }
        fields
    }

    /// One line of JSON with its newline. `repeated` is in it where it is true.
    #[must_use]
    pub fn to_line(&self) -> String {
        let mut line = self.occasion.to_json();
        if self.repeated {
            // The object has other keys, so that this is one more: `{…}` becomes `{…,"repeated":true}`.
            line.truncate(line.len() - 1);
            line.push_str(",\"repeated\":true}");
        }
        line.push('\n');
        line
    }
}

fn of_event(event: &Event) -> Vec<(&'static str, String)> {
    let mut fields = vec![
        ("address", event.address.clone()),
        ("seq", event.seq.to_string()),
        ("time-ns", event.time_ns.to_string()),
        ("cause", event.cause.to_string()),
        ("replayed", u8::from(event.replayed).to_string()),
    ];
    let factorial = event.factorial.map(|result| result.to_string());
    let dma_bytes = event.dma_bytes.map(|bytes| bytes.to_string());
    fields.extend(factorial.map(|result| ("factorial", result)));
    fields.extend(dma_bytes.map(|bytes| ("dma-bytes", bytes)));
    fields
}

fn of_loss(lost: &Lost, address: Option<&str>) -> Vec<(&'static str, String)> {
    let mut fields = vec![
        ("lost-from", lost.from.to_string()),
        ("lost-to", lost.to.to_string()),
        ("lost-count", lost.count().to_string()),
    ];
    fields.extend(address.map(|address| ("address", address.to_owned())));
    fields
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
        let check = |repeated, expected: &str| {
            let occasion = Rc::new(Occasion::Loss {
                lost,
                address: None,
            });
            let call = Call { occasion, repeated };
            assert_eq!(call.to_line(), expected);
        };
        check(false, "{\"lost\":{\"device\":0,\"from\":5,\"to\":9}}\n");
        check(
            true,
            "{\"lost\":{\"device\":0,\"from\":5,\"to\":9},\"repeated\":true}\n",
        );
    }
}
