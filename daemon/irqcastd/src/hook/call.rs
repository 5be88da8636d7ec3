//! What one run of a hook is told, in whichever form.

use super::occasion::Occasion;
use crate::rule::Rule;
use irqcast::{Event, Lost};
use std::rc::Rc;

/// What is true of one run of a hook, beside what it is run for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// It may have run before for the same.
    pub repeated: bool,
    /// What it is run for did not happen just now: somebody replays a trace.
    pub trace: bool,
}

/// What one run of a hook is told.
#[derive(Clone, Debug)]
pub struct Call {
    /// What it is run for.
    pub occasion: Rc<Occasion>,
    /// What else is true of this run.
    pub marks: Marks,
}

impl Call {
    /// Each thing that it is told: its name as in [`field`](crate::rule::field), and its value.
    #[must_use]
    pub fn fields(&self, rule: &Rule) -> Vec<(&'static str, String)> {
        let (device, _) = self.occasion.life();
        let mut fields = vec![
            ("rule", rule.name.clone()),
            ("device", device.to_string()),
            ("repeated", u8::from(self.marks.repeated).to_string()),
        ];
        if self.marks.trace {
            fields.push(("trace", "1".to_owned()));
        }
        match &*self.occasion {
            Occasion::Event(event) => fields.extend(of_event(event)),
            Occasion::Loss { lost, address } => fields.extend(of_loss(lost, address.as_deref())),
        }
        fields
    }

    /// One line of JSON with its newline. `repeated` and `trace` are in it where they are true.
    #[must_use]
    pub fn to_line(&self) -> String {
        let mut line = self.occasion.to_json();
        let marks = [
            ("repeated", self.marks.repeated),
            ("trace", self.marks.trace),
        ];
        for (key, _) in marks.into_iter().filter(|&(_, is_true)| is_true) {
            // The object has other keys, so that this is one more: `{…}` becomes `{…,"repeated":true}`.
            line.truncate(line.len() - 1);
            line.push_str(&format!(",\"{key}\":true}}"));
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
    fn line_says_what_is_repeated_or_of_a_trace() {
        let lost = Lost {
            device: 0,
            incarnation: 1,
            from: 5,
            to: 9,
        };
        let check = |repeated, trace, expected: &str| {
            let occasion = Rc::new(Occasion::Loss {
                lost,
                address: None,
            });
            let marks = Marks { repeated, trace };
            assert_eq!(Call { occasion, marks }.to_line(), expected);
        };
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
        check(
            true,
            true,
            "{\"lost\":{\"device\":0,\"from\":5,\"to\":9},\"repeated\":true,\"trace\":true}\n",
        );
    }
}
