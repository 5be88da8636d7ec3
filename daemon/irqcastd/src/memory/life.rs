//! A life of a device, as the memory holds it and as it is saved. Pure.

use super::Memory;
use super::ranges::Ranges;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A life of a device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Life {
    /// PCI address; empty where it is not known.
    pub address: String,
    /// The device was bound anew, or the machine was started anew.
    pub ended: bool,
    /// The machine was started anew. Incarnations grow within a boot only.
    #[serde(default)]
    pub earlier_boot: bool,
    /// Sequence number of the last event that was taken, 0 before the first.
    pub taken: u64,
    /// `taken` when the daemon started: what is told up to here is told again.
    #[serde(skip)]
    pub resumed_at: u64,
    /// By the rules' names; of rules that have something to do.
    pub rules: BTreeMap<String, Unfinished>,
}

/// What hooks of one rule have not done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Unfinished {
    /// Numbers of events.
    pub events: Ranges,
    /// Losses, each from its first to its last number.
    pub losses: Vec<(u64, u64)>,
    /// Of hooks that were started and have not ended: of each its event's number, or the range of those
    /// that became one, or the last number of its loss.
    pub started: Ranges,
}

/// A life as it is saved.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Saved {
    device: u32,
    incarnation: u64,
    life: Life,
}

impl Life {
    /// What is unfinished of a rule, to be changed.
    pub fn rule(&mut self, name: &str) -> &mut Unfinished {
        self.rules.entry(name.to_owned()).or_default()
    }

    /// No hook is to run for these events but those of the rules `but`.
    pub fn forget(&mut self, from: u64, to: u64, but: &[String]) {
        self.rules.retain(|name, rule| {
            if !but.contains(name) {
                rule.events.remove(from, to);
                rule.started.remove(from, to);
            }
            !rule.is_done()
        });
    }
}

impl Unfinished {
    /// Whether nothing is.
    pub fn is_done(&self) -> bool {
        self.events.is_empty() && self.losses.is_empty()
    }
}

impl TryFrom<Vec<Saved>> for Memory {
    type Error = &'static str;

    fn try_from(saved: Vec<Saved>) -> Result<Self, Self::Error> {
        let rules = saved.iter().flat_map(|saved| saved.life.rules.values());
        let mut losses = rules.flat_map(|rule| &rule.losses);
        if !losses.all(|&(from, to)| 1 <= from && from <= to) {
            return Err("a loss is from a number to one that is not less");
        }
        let lives = saved.into_iter();
        Ok(Self {
            lives: lives
                .map(|saved| ((saved.device, saved.incarnation), saved.life))
                .collect(),
        })
    }
}

impl From<Memory> for Vec<Saved> {
    fn from(memory: Memory) -> Self {
        let lives = memory.lives.into_iter();
        lives
            .map(|((device, incarnation), life)| Saved {
                device,
                incarnation,
                life,
            })
            .collect()
    }
}
