//! Messages of other families become hooks that wait. They have no sequence numbers, so that nothing of
//! them is remembered or fetched: a hook runs at most once.

use super::Daemon;
use crate::config::{Config, Family};
use crate::hook::family_message::FamilyMessage;
use crate::hook::occasion::Occasion;
use irqcast::{Error, Families, FamilyItem, Wanted};
use std::rc::Rc;
use tracing::{debug, error, info, info_span, warn};

/// Messages that are taken before other wake-ups get their turn.
const BATCH: usize = 256;

/// Listens to the families of the configuration; to none without a socket.
pub fn listen(config: &Config) -> Result<Option<Families>, Error> {
    if config.families.is_empty() {
        return Ok(None);
    }
    Families::open(config.limits.receive_buffer, wanted(config)).map(Some)
}

fn wanted(config: &Config) -> Vec<Wanted> {
    let wanted = |family: &Rc<Family>| Wanted {
        family: family.name.clone(),
        groups: family.groups.clone(),
    };
    config.families.iter().map(wanted).collect()
}

impl Daemon {
    /// Listens to the families of a configuration that was just taken.
    pub(super) fn change_families(&mut self) {
        let changed = match &mut self.families {
            Some(families) if !self.config.families.is_empty() => {
                families.set_wanted(wanted(&self.config))
            }
            place => listen(&self.config).map(|families| *place = families),
        };
        if let Err(reason) = changed {
            error!(%reason, "cannot listen to the families of the configuration");
        }
        self.more_messages = self.families.is_some();
    }

    /// Takes a batch of what families say, as long as there is room for the hooks.
    pub(super) fn take_messages(&mut self) -> Result<(), Error> {
        for _ in 0..BATCH {
            if self.hooks.hold_back() {
                break;
            }
            let next = self.families.as_mut().map(Families::try_next);
            let Some(item) = next.transpose()?.flatten() else {
                self.more_messages = false;
                return Ok(());
            };
            match item {
                FamilyItem::Message {
                    family,
                    command,
                    payload,
                } => self.take_message(&family, command, &payload),
                FamilyItem::Joined { family } => info!(family, "listening to a family"),
                FamilyItem::Left { family } => info!(family, "waiting for a family"),
                FamilyItem::NotJoined {
                    family,
                    group,
                    reason,
                } => error!(family, group, %reason, "cannot join a group of a family"),
                FamilyItem::Overrun => {
                    warn!("the kernel dropped messages of families: the receive buffer was full");
                }
                FamilyItem::Malformed(reason) => warn!(%reason, "skipped a message of the kernel"),
            }
        }
        self.more_messages = true;
        Ok(())
    }

    /// Queues the hooks of the rules that match.
    fn take_message(&mut self, name: &str, command: u8, payload: &[u8]) {
        let mut families = self.config.families.iter();
        let Some(family) = families.find(|family| family.name == name).map(Rc::clone) else {
            return;
        };
        let Some(operation) = family.spec.from_kernel(command) else {
            debug!(
                family = name,
                command, "the specification knows no such message"
            );
            return;
        };
        let message = operation.name.as_str();
        let span = info_span!("message", family = name, name = message);
        let _entered = span.enter();
        let attributes = match irqcast_ynl::decode(&family.spec, operation, payload) {
            Ok(attributes) => attributes,
            Err(reason) => {
                warn!(%reason, "skipped a message that is not what the specification says");
                return;
            }
        };
        let rules: Vec<_> = self
            .config
            .rules
            .iter()
            .filter(|rule| {
                let matches = rule.matches.family.as_ref();
                matches.is_some_and(|matches| matches.is_met_by(name, message, &attributes))
            })
            .map(Rc::clone)
            .collect();
        debug!(rules = rules.len(), "received");
        if rules.is_empty() {
            return;
        }
        let told = FamilyMessage::new(name, message, &attributes);
        self.queue(rules, Occasion::Message(told), &span);
    }
}
