//! What the daemon remembers: for each life of a device how far it has come, and which hooks have not
//! ended. Pure: it changes by [`Op`]s alone, so a saved memory and the changes since are the memory.
//!
//! A hook may be for several events that became one; then its range holds no other event of its rule that
//! is unfinished.

mod life;
mod ranges;

use irqcast::{Position, Range};
use life::{Life, Saved};
use ranges::Ranges;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Tells the lives of devices apart: instance number and incarnation.
pub type LifeId = (u32, u64);

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Op {
    /// An event was taken, and with it all before it. These rules' hooks are to run for it.
    Took {
        /// The device's life.
        life: LifeId,
        /// The device's PCI address; empty where it is not known.
        address: String,
        /// Sequence number.
        seq: u64,
        /// Names of the rules.
        rules: Vec<String>,
    },
    /// Events are lost. These rules' hooks are to run for that.
    Lost {
        /// The device's life.
        life: LifeId,
        /// The device's PCI address; empty where it is not known.
        address: String,
        /// Sequence number of the first.
        from: u64,
        /// Sequence number of the last.
        to: u64,
        /// Names of the rules.
        rules: Vec<String>,
    },
    /// A life of a device has ended.
    Gone(LifeId),
    /// A hook is about to be started.
    Started(Hook),
    /// A hook has ended, or will never run.
    Ended(Hook),
}

/// A hook that is to run, runs or has run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hook {
    /// The device's life.
    pub life: LifeId,
    /// Name of the rule.
    pub rule: String,
    /// Sequence number of its event, or the last one of its loss.
    pub seq: u64,
    /// Sequence number of the first event, where several became one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_from: Option<u64>,
}

impl Hook {
    /// Sequence number of the first event; of a loss, of the last.
    fn from(&self) -> u64 {
        self.merged_from.unwrap_or(self.seq)
    }
}

/// A loss that a rule's hook has not been told of to the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UntoldLoss {
    /// The hook.
    pub hook: Hook,
    /// The device's PCI address; empty where it is not known.
    pub address: String,
    /// Sequence number of the first event; the hook's is the last.
    pub from: u64,
}

/// What the daemon remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Saved>", into = "Vec<Saved>")]
pub struct Memory {
    lives: BTreeMap<LifeId, Life>,
}

impl Memory {
    /// Takes note of what happened.
    pub fn apply(&mut self, op: &Op) {
        match op {
            Op::Took {
                life,
                address,
                seq,
                rules,
            } => {
                let life = self.life(*life, address);
                life.taken = life.taken.max(*seq);
                life.forget(*seq, *seq, rules);
                for rule in rules {
                    life.rule(rule).events.insert(*seq, *seq);
                }
            }
            Op::Lost {
                life: id,
                address,
                from,
                to,
                rules,
            } => {
                let life = self.life(*id, address);
                life.taken = life.taken.max(*to);
                life.forget(*from, *to, &[]);
                for rule in rules {
                    life.rule(rule).losses.push((*from, *to));
                }
                self.prune(*id);
            }
            Op::Gone(id) => {
                self.life(*id, "").ended = true;
                self.prune(*id);
            }
            Op::Started(hook) => {
                let unfinished = self.life(hook.life, "").rule(&hook.rule);
                unfinished.started.insert(hook.from(), hook.seq);
            }
            Op::Ended(hook) => {
                let unfinished = self.life(hook.life, "").rule(&hook.rule);
                unfinished.events.remove(hook.from(), hook.seq);
                unfinished.losses.retain(|&(_, to)| to != hook.seq);
                unfinished.started.remove(hook.from(), hook.seq);
                self.prune(hook.life);
            }
        }
    }

    /// Whether the rule's hook is still to run for this event, if the rule matches. Events up to where
    /// the daemon resumed are told again for some rules only.
    pub fn wants(&self, hook: &Hook) -> bool {
        let Hook {
            life, rule, seq, ..
        } = hook;
        self.lives.get(life).is_none_or(|life| {
            *seq > life.resumed_at
                || life
                    .rules
                    .get(rule)
                    .is_some_and(|rule| rule.events.contains(*seq))
        })
    }

    /// Whether this hook was started and is not known to have ended.
    pub fn may_have_run(&self, hook: &Hook) -> bool {
        let Hook {
            life, rule, seq, ..
        } = hook;
        self.lives
            .get(life)
            .and_then(|life| life.rules.get(rule))
            .is_some_and(|rule| rule.started.contains(*seq))
    }

    /// The PCI address of a device in this life, if it is known.
    pub fn address(&self, life: LifeId) -> Option<&str> {
        let address = self.lives.get(&life)?.address.as_str();
        (!address.is_empty()).then_some(address)
    }

    /// Notes that the daemon goes on from here. With `new_boot` every life of a device has ended.
    pub fn resume(&mut self, new_boot: bool) {
        for life in self.lives.values_mut() {
            life.ended |= new_boot;
            life.earlier_boot |= new_boot;
            life.resumed_at = life.taken;
        }
    }

    /// How far the devices have come whose lives go on.
    pub fn positions(&self) -> Vec<Position> {
        let live = self.lives.iter().filter(|(_, life)| !life.ended);
        live.map(|(&(device, incarnation), life)| Position {
            device,
            incarnation,
            last: life.taken,
        })
        .collect()
    }

    /// Events that were taken and have unfinished hooks: of lives that go on, and of those that ended.
    pub fn unfinished(&self) -> (Vec<Range>, Vec<Range>) {
        let mut going_on = Vec::new();
        let mut ended = Vec::new();
        for (&(device, incarnation), life) in &self.lives {
            let mut events = Ranges::default();
            for (from, to) in life.rules.values().flat_map(|rule| rule.events.iter()) {
                events.insert(from, to);
            }
            let ranges = if life.ended {
                &mut ended
            } else {
                &mut going_on
            };
            ranges.extend(events.iter().map(|(from, to)| Range {
                device,
                incarnation,
                from,
                to,
            }));
        }
        (going_on, ended)
    }

    /// Losses with unfinished hooks, for each rule in their order.
    pub fn untold_losses(&self) -> Vec<UntoldLoss> {
        let mut untold = Vec::new();
        for (&id, life) in &self.lives {
            for (rule, unfinished) in &life.rules {
                untold.extend(unfinished.losses.iter().map(|&(from, to)| UntoldLoss {
                    hook: Hook {
                        life: id,
                        rule: rule.clone(),
                        seq: to,
                        merged_from: None,
                    },
                    address: life.address.clone(),
                    from,
                }));
            }
        }
        untold
    }

    /// The life, which begins if it is new. Then the device's earlier ones have ended.
    fn life(&mut self, id: LifeId, address: &str) -> &mut Life {
        let (device, incarnation) = id;
        if !self.lives.contains_key(&id) {
            let earlier = self.lives.range_mut((device, 0)..(device, incarnation));
            earlier.for_each(|(_, life)| life.ended = true);
            self.lives
                .retain(|_, life| !life.ended || !life.rules.is_empty());
        }
        // News of an earlier life may come late.
        let mut later = self.lives.range((device, incarnation)..=(device, u64::MAX));
        let ended = later.any(|(&other, life)| other != id && !life.earlier_boot);
        let life = self.lives.entry(id).or_insert_with(|| Life {
            ended,
            ..Life::default()
        });
        if life.address.is_empty() {
            address.clone_into(&mut life.address);
        }
        life
    }

    /// Forgets what is done.
    fn prune(&mut self, id: LifeId) {
        let Some(life) = self.lives.get_mut(&id) else {
            return;
        };
        life.rules.retain(|_, rule| !rule.is_done());
        if life.ended && life.rules.is_empty() {
            self.lives.remove(&id);
        }
    }
}

#[cfg(test)]
mod tests;
