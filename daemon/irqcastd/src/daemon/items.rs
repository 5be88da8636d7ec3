//! What the subscription tells: events and losses become hooks that wait.

use super::Daemon;
use super::job::Job;
use crate::hook::call::Call;
use crate::hook::occasion::Occasion;
use crate::memory::{LifeId, Op, UntoldLoss};
use crate::rule::Rule;
use irqcast::{Client, Error, Event, Item, Lost, Position, Range};
use std::rc::Rc;
use tracing::{Span, debug, info, info_span, warn};

/// Items that are taken before other wake-ups get their turn.
const BATCH: usize = 256;

impl Daemon {
    /// Takes a batch of what the subscription has, as long as there is room for the hooks.
    pub(super) fn take_items(&mut self) -> Result<(), Error> {
        for _ in 0..BATCH {
            if self.hooks.hold_back() {
                // There is more, and nothing will tell of it.
                self.more_items = true;
                return Ok(());
            }
            let Some(item) = self.subscription.try_next()? else {
                self.more_items = false;
                // After all that the devices did which have gone.
                self.note_devices();
                return Ok(());
            };
            match item {
                Item::Event(event) | Item::Replayed(event) => {
                    self.events.event(&event);
                    self.dispatch(event);
                }
                Item::Lost(lost) => self.tell_loss(lost),
                Item::Overrun => {
                    self.events.overruns += 1;
                    warn!("the kernel dropped events: the receive buffer was full");
                }
                Item::Joined {
                    family,
                    group,
                    begins,
                } => {
                    self.begin(&begins);
                    self.events.joins += 1;
                    self.devices.ask();
                    info!(family, group, "ready");
                }
                Item::Left => {
                    self.events.departures += 1;
                    self.devices.ask();
                    info!("waiting for the driver");
                }
                Item::Malformed(reason) => {
                    self.events.malformed += 1;
                    warn!(%reason, "skipped a message of the kernel");
                }
            }
        }
        self.more_items = true;
        Ok(())
    }

    /// Remembers where the devices stood when this daemon began, so that the next one knows.
    fn begin(&mut self, begins: &[Position]) {
        for begin in begins {
            self.keeper.note(Op::Took {
                life: (begin.device, begin.incarnation),
                address: String::new(),
                seq: begin.last,
                rules: Vec::new(),
            });
        }
        if !begins.is_empty() {
            self.keeper.save();
        }
    }

    /// Queues the hooks of the rules that match.
    fn dispatch(&mut self, event: Event) {
        let span = info_span!(
            "event",
            device = event.device,
            seq = event.seq,
            cause = event.cause
        );
        self.note_device((event.device, event.incarnation), &event.address);
        let entered = span.enter();
        let matches = |rule: &Rule| rule.matches.is_met_by(&event);
        let rules: Vec<_> = self.rules_that(matches).collect();
        let (life, address, seq) = (
            (event.device, event.incarnation),
            event.address.clone(),
            event.seq,
        );
        let rules = self.queue(rules, Occasion::Event(event), &span);
        debug!(rules = rules.len(), "received");
        drop(entered);
        self.keeper.note(Op::Took {
            life,
            address,
            seq,
            rules,
        });
        self.tell_drops();
    }

    /// Queues the hooks of the rules for what was dropped. The memory knows nothing of these.
    fn tell_drops(&mut self) {
        for dropped in self.hooks.take_drops() {
            let (device, address) = (dropped.device, dropped.address.clone());
            let matches = |rule: &Rule| {
                let address = address.as_deref();
                rule.matches.is_met_by_drop(&dropped.rule, device, address)
            };
            let rules: Vec<_> = self.rules_that(matches).collect();
            let span = info_span!("drop", of = dropped.rule, device);
            self.queue(rules, Occasion::Drop(dropped), &span);
        }
    }

    /// Tells of a loss, and queues the hooks of the rules for losses.
    fn tell_loss(&mut self, lost: Lost) {
        let Lost {
            device,
            incarnation,
            from,
            to,
        } = lost;
        self.events.loss(&lost);
        let span = loss_span(&lost);
        let entered = span.enter();
        warn!(count = lost.count(), "events were lost");
        drop(entered);
        let life = (device, incarnation);
        let address = self.address(life);
        let matches = |rule: &Rule| rule.matches.is_met_by_loss(device, address.as_deref());
        let rules: Vec<_> = self.rules_that(matches).collect();
        let occasion = Occasion::Loss {
            lost,
            address: address.clone(),
        };
        let rules = self.queue(rules, occasion, &span);
        self.keeper.note(Op::Lost {
            life,
            address: address.unwrap_or_default(),
            from,
            to,
            rules,
        });
    }

    /// Tells what an earlier daemon left unfinished of devices that are gone: the events are lost. Then
    /// lets the hooks run that it has not told of losses.
    pub(super) fn take_over(&mut self, ended: Vec<Range>, untold: Vec<UntoldLoss>) {
        for loss in untold {
            self.tell_loss_again(loss);
        }
        for range in ended {
            self.tell_loss(Lost {
                device: range.device,
                incarnation: range.incarnation,
                from: range.from,
                to: range.to,
            });
        }
    }

    fn tell_loss_again(
        &mut self,
        UntoldLoss {
            hook,
            address,
            from,
        }: UntoldLoss,
    ) {
        let (device, incarnation) = hook.life;
        let lost = Lost {
            device,
            incarnation,
            from,
            to: hook.seq,
        };
        let address = (!address.is_empty()).then_some(address);
        let rule = self
            .rules_that(|rule| {
                rule.name == hook.rule && rule.matches.is_met_by_loss(device, address.as_deref())
            })
            .next();
        match rule {
            Some(rule) => {
                let span = loss_span(&lost);
                let occasion = Rc::new(Occasion::Loss { lost, address });
                let repeated = self.keeper.memory().may_have_run(&hook);
                let call = Call::new(&rule, &occasion, repeated);
                self.hooks.queue(Job { rule, call, span }, &mut self.keeper);
            }
            // It is not in the configuration any more.
            None => self.keeper.note(Op::Ended(hook)),
        }
    }

    pub(super) fn rules_that<'a>(
        &'a self,
        matches: impl Fn(&Rule) -> bool + 'a,
    ) -> impl Iterator<Item = Rc<Rule>> + 'a {
        let rules = self.config.rules.iter();
        rules.filter(move |rule| matches(rule)).map(Rc::clone)
    }

    /// Queues the hooks of those of the rules that have not run for it yet. Returns the names of those
    /// that wait.
    pub(super) fn queue(
        &mut self,
        rules: Vec<Rc<Rule>>,
        occasion: Occasion,
        span: &Span,
    ) -> Vec<String> {
        let occasion = Rc::new(occasion);
        let mut names = Vec::new();
        for rule in rules {
            let name = rule.name.clone();
            let mut job = Job {
                call: Call::new(&rule, &occasion, false),
                rule,
                span: span.clone(),
            };
            if let Some(hook) = job.hook() {
                let memory = self.keeper.memory();
                if matches!(*occasion, Occasion::Event(_)) && !memory.wants(&hook) {
                    continue;
                }
                job.call.repeated = memory.may_have_run(&hook);
            }
            if self.hooks.queue(job, &mut self.keeper) {
                names.push(name);
            }
        }
        names
    }

    /// The device's PCI address: remembered, or asked of the driver.
    fn address(&self, (device, incarnation): LifeId) -> Option<String> {
        if let Some(address) = self.keeper.memory().address((device, incarnation)) {
            return Some(address.to_owned());
        }
        // Where the driver or the device is gone, nobody knows.
        let device = Client::open().and_then(|mut client| client.device(device));
        let device = device.ok()?;
        (device.incarnation == incarnation).then_some(device.address)
    }
}

fn loss_span(lost: &Lost) -> Span {
    info_span!("loss", device = lost.device, from = lost.from, to = lost.to)
}
