//! What one run of a hook is told, in whichever form.

use super::family_message::FamilyMessage;
use super::occasion::{Drop, Occasion, kind};
use crate::rule::Rule;
use irqcast::{Event, Lost};
use serde::Serialize;
use std::rc::Rc;

/// What one run of a hook is told.
#[derive(Clone, Debug)]
pub struct Call {
    /// What it is run for; of events that became one, the last.
    pub occasion: Rc<Occasion>,
    /// Whether it may have run for that before.
    pub repeated: bool,
    /// Whether that did not happen just now: somebody replays a trace.
    pub trace: bool,
    /// The events that became one, where the rule lets them.
    pub merged: Option<Merged>,
    /// How often it was started for that, with this time, since the daemon started.
    pub attempt: u32,
}

/// Events that became one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Merged {
    /// How many; at least 1. Not all in the range need be among them.
    pub count: u64,
    /// Sequence number of the first.
    pub from: u64,
    /// Sequence number of the last.
    pub to: u64,
}

impl Call {
    /// The call of a rule's hook for the first time. `repeated` says that an earlier daemon may have run it.
    pub fn new(rule: &Rule, occasion: &Rc<Occasion>, repeated: bool) -> Self {
        let merges = rule.terms.gather.is_some();
        let merged = match **occasion {
            Occasion::Event(Event { seq, .. }) if merges => Some(Merged {
                count: 1,
                from: seq,
                to: seq,
            }),
            _ => None,
        };
        Self {
            occasion: Rc::clone(occasion),
            repeated,
            trace: false,
            merged,
            attempt: 1,
        }
    }

    /// Becomes one with a later call of the same rule, or gives it back.
    ///
    /// # Errors
    ///
    /// The later call, where they stay two.
    pub fn absorb(&mut self, later: Self) -> Result<(), Self> {
        if self.occasion.life() != later.occasion.life() || self.trace != later.trace {
            return Err(later);
        }
        if let (Some(merged), Some(more)) = (&mut self.merged, later.merged) {
            merged.count += more.count;
            merged.to = more.to;
            self.repeated |= later.repeated;
            self.occasion = later.occasion;
            return Ok(());
        }
        match (&*self.occasion, &*later.occasion) {
            (Occasion::Drop(drop), Occasion::Drop(more)) => {
                let mut both = drop.clone();
                if !both.absorb(more) {
                    return Err(later);
                }
                self.occasion = Rc::new(Occasion::Drop(both));
                Ok(())
            }
            _ => Err(later),
        }
    }

    /// The message of another family, where it is run for one.
    #[must_use]
    pub fn message(&self) -> Option<&FamilyMessage> {
        match &*self.occasion {
            Occasion::Message(message) => Some(message),
            _ => None,
        }
    }

    /// Each thing that it is told: its name as in [`field`](crate::rule::field), and its value.
    #[must_use]
    pub fn fields(&self, rule: &Rule) -> Vec<(&'static str, String)> {
        let mut fields = vec![
            ("rule", rule.name.clone()),
            ("repeated", u8::from(self.repeated).to_string()),
        ];
        let device = self.occasion.device();
        fields.extend(device.map(|device| ("device", device.to_string())));
        if self.trace {
            fields.push(("trace", "1".to_owned()));
        }
        let address = self.occasion.address();
        fields.extend(address.map(|address| ("address", address.to_owned())));
        match &*self.occasion {
            Occasion::Event(event) => fields.extend(of_event(event)),
            Occasion::Loss { lost, .. } => fields.extend(of_loss(lost)),
            Occasion::Drop(drop) => fields.extend(of_drop(drop)),
            Occasion::Change(change) => fields.push(("change", kind(change).to_owned())),
            // It has variables of its own.
            Occasion::Message(_) => {}
        }
        if let Some(merged) = &self.merged {
            fields.extend([
                ("merged-count", merged.count.to_string()),
                ("merged-from", merged.from.to_string()),
                ("merged-to", merged.to.to_string()),
            ]);
        }
        if rule.terms.retry.is_some() {
            fields.push(("attempt", self.attempt.to_string()));
        }
        fields
    }

    /// One line of JSON with its newline. `repeated` is in it where it is true.
    #[must_use]
    pub fn to_line(&self) -> String {
        let mut line = self.occasion.to_json();
        // The object has other keys, so that each is one more: `{…}` becomes `{…,"repeated":true}`.
        let mut add = |key: &str, value: &str| {
            line.truncate(line.len() - 1);
            line.push_str(&format!(",\"{key}\":{value}}}"));
        };
        if let Some(merged) = &self.merged {
            add(
                "merged",
                &serde_json::to_string(merged).expect("numbers always have a JSON form"),
            );
        }
        if self.repeated {
            add("repeated", "true");
        }
        if self.trace {
            add("trace", "true");
        }
        line.push('\n');
        line
    }
}

fn of_event(event: &Event) -> Vec<(&'static str, String)> {
    let mut fields = vec![
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

fn of_loss(lost: &Lost) -> [(&'static str, String); 3] {
    [
        ("lost-from", lost.from.to_string()),
        ("lost-to", lost.to.to_string()),
        ("lost-count", lost.count().to_string()),
    ]
}

fn of_drop(drop: &Drop) -> [(&'static str, String); 4] {
    [
        ("dropped-rule", drop.rule.clone()),
        ("dropped-from", drop.from.to_string()),
        ("dropped-to", drop.to.to_string()),
        ("dropped-count", drop.count.to_string()),
    ]
}

#[cfg(test)]
mod tests;
