//! Devices that come and go: tells rules, and the memory.

use super::Daemon;
use super::doorbell::Doorbell;
use crate::hook::occasion::{Occasion, kind};
use crate::memory::{LifeId, Memory, Op};
use crate::presence::{Change, Presence};
use crate::rule::Rule;
use irqcast::{Client, Error};
use tracing::{debug, info_span, warn};

/// The devices that are there, and what tells that there may be others.
pub struct Devices {
    presence: Presence,
    doorbell: Option<Doorbell>,
    /// The driver is to be asked, once all events are taken.
    is_due: bool,
}

impl Devices {
    /// Those that an earlier daemon knew.
    pub fn new(memory: &Memory) -> Self {
        let known = memory.positions().into_iter().map(|position| {
            let life = (position.device, position.incarnation);
            (life, memory.address(life).map(str::to_owned))
        });
        Self {
            presence: Presence::new(known),
            doorbell: None,
            is_due: true,
        }
    }

    /// What rings when devices may have come or gone.
    pub fn doorbell(&self) -> Option<&Doorbell> {
        self.doorbell.as_ref()
    }

    /// Notes whether it has rung.
    pub fn listen(&mut self) {
        self.is_due |= self.doorbell.as_ref().is_some_and(Doorbell::has_rung);
    }

    /// Whether the driver is to be asked, once all events are taken.
    pub fn is_due(&self) -> bool {
        self.is_due
    }

    /// Devices may have come or gone.
    pub fn ask(&mut self) {
        self.is_due = true;
    }
}

impl Daemon {
    /// Opens the doorbell where a rule is for devices, and closes it where none is.
    pub(super) fn watch_devices(&mut self) {
        let rules = &self.config.rules;
        if !rules.iter().any(|rule| rule.matches.is_for_changes()) {
            self.devices.doorbell = None;
            return;
        }
        if self.devices.doorbell.is_some() {
            return;
        }
        match Doorbell::open() {
            Ok(doorbell) => self.devices.doorbell = Some(doorbell),
            Err(reason) => warn!(
                reason = reason.desc(),
                "cannot hear of devices that are bound; they are noticed by their events, and by the driver's \
                 coming and going"
            ),
        }
        // What came or went before it was open.
        self.devices.ask();
    }

    /// A device was seen, as one of its events was.
    pub(super) fn note_device(&mut self, life: LifeId, address: &str) {
        let changes = self.devices.presence.seen(life, address);
        self.tell_changes(changes);
    }

    /// Asks the driver which devices there are, if that is to be done.
    pub(super) fn note_devices(&mut self) {
        if !std::mem::take(&mut self.devices.is_due) {
            return;
        }
        let devices = match Client::open().and_then(|mut client| client.devices()) {
            Ok(devices) => devices,
            Err(Error::DriverNotLoaded(_)) => Vec::new(),
            Err(reason) => {
                debug!(%reason, "cannot ask which devices there are");
                return;
            }
        };
        let devices = devices.iter().map(|device| {
            let life = (device.device, device.incarnation);
            (life, device.address.as_str())
        });
        let changes = self.devices.presence.seen_all(devices);
        self.tell_changes(changes);
    }

    fn tell_changes(&mut self, changes: Vec<Change>) {
        for change in changes {
            let life @ (device, _) = change.life;
            let address = change.address.clone();
            let span = info_span!("device", device, change = kind(&change));
            self.keeper.note(match change.came {
                true => Op::Took {
                    life,
                    address: address.clone().unwrap_or_default(),
                    seq: 0,
                    rules: Vec::new(),
                },
                false => Op::Gone(life),
            });
            let came = change.came;
            let matches = |rule: &Rule| {
                let address = address.as_deref();
                rule.matches.is_met_by_change(came, device, address)
            };
            let rules: Vec<_> = self.rules_that(matches).collect();
            self.queue(rules, Occasion::Change(change), &span);
        }
    }
}
