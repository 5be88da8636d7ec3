// SPDX-License-Identifier: GPL-2.0

//! Netlink taps, and which sender they keep from sending in the interrupt handler.
//!
//! While a tap (an `nlmon` device) is up, each netlink message is cloned and passed to it through
//! the transmit path of network devices. That path must not be entered in hard interrupt context:
//! it switches interrupts on again, and takes locks that it may have interrupted. So before a tap
//! comes up all handlers stop sending, and go on when the last one is down.

use kernel::{
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        global_lock,
        Arc, //
    }, //
};

use crate::irqcast::netdevice::{
    self,
    Change,
    NetDevice, //
};

use super::{
    context::Context,
    sender::Sender,
    source::Source, //
};

/// The taps that are up, and all senders.
struct Taps {
    /// Keys of the devices.
    up: KVec<usize>,
    /// There is one more that could not be noted: better to believe in it for ever.
    unknown: bool,
    senders: KVec<Arc<Sender>>,
}

impl Taps {
    fn is_any_up(&self) -> bool {
        self.unknown || !self.up.is_empty()
    }

    /// Tells all senders who is to send.
    fn apply(&self) {
        let taps = self.is_any_up();
        for sender in &self.senders {
            if let Ok(context) = asked(sender) {
                sender.let_send(context.sender(taps));
            }
        }
    }
}

/// Returns the context that was asked for.
fn asked(sender: &Sender) -> Result<Context> {
    Context::from_raw(sender.source().contexts().asked())
}

global_lock! {
    // SAFETY: It is initialised by `Watching::start`, and only used by those who exist after it.
    unsafe(uninit) static TAPS: Mutex<Taps> = Taps {
        up: KVec::new(),
        unknown: false,
        senders: KVec::new(),
    };
}

/// Whether someone has begun to initialise `TAPS`.
static CLAIMED: Atomic<bool> = Atomic::new(false);

/// Taps are heard of while this lives.
pub(super) struct Watching {
    registration: Option<netdevice::Registration<Watcher>>,
}

impl Watching {
    /// Begins to watch; the taps that are up are known when this returns.
    ///
    /// Returns [`EBUSY`] when it was called before: it is called once, when the module is loaded.
    pub(super) fn start() -> Result<Self> {
        if CLAIMED.xchg(true, Relaxed) {
            return Err(EBUSY);
        }
        // SAFETY: `CLAIMED` was false, so this happens once.
        unsafe { TAPS.init() };

        Ok(Self {
            registration: Some(netdevice::Registration::new()?),
        })
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.registration = None;

        // Frees the memory, since a `static` is not dropped.
        let mut taps = TAPS.lock();
        taps.up = KVec::new();
        taps.senders = KVec::new();
    }
}

/// Hears of network devices.
enum Watcher {}

impl netdevice::Watch for Watcher {
    fn changed(device: &NetDevice, change: Change) -> Result {
        if !device.is_netlink_tap() {
            return Ok(());
        }

        let mut taps = TAPS.lock();
        let key = device.key();
        if change == Change::Down {
            taps.up.retain(|up| *up != key);
        } else if !taps.up.contains(&key) {
            let refused = taps
                .senders
                .iter()
                .any(|sender| asked(sender) == Ok(Context::Hard));
            if refused && change == Change::ComingUp {
                return Err(EBUSY);
            }
            if let Err(error) = taps.up.push(key, GFP_KERNEL) {
                if change == Change::ComingUp {
                    return Err(error.into());
                }
                taps.unknown = true;
            }
        }
        taps.apply();
        Ok(())
    }
}

/// A sender that obeys while this lives.
pub(super) struct Obeying {
    sender: Arc<Sender>,
}

impl Obeying {
    /// Lets `sender` obey from here on.
    pub(super) fn new(sender: Arc<Sender>) -> Result<Self> {
        let mut taps = TAPS.lock();
        taps.senders.push(sender.clone(), GFP_KERNEL)?;
        taps.apply();
        Ok(Self { sender })
    }

    /// Returns the sender.
    #[inline]
    pub(super) fn sender(&self) -> &Arc<Sender> {
        &self.sender
    }
}

impl Drop for Obeying {
    fn drop(&mut self) {
        TAPS.lock()
            .senders
            .retain(|sender| !Arc::ptr_eq(sender, &self.sender));
    }
}

/// Changes the context of the device `source`.
///
/// Returns [`EBUSY`] for [`Context::Hard`] while a tap is up.
pub(super) fn set_context(source: &Source, context: Context) -> Result {
    let taps = TAPS.lock();
    if context == Context::Hard && taps.is_any_up() {
        return Err(EBUSY);
    }

    source.contexts().ask(context);
    taps.apply();
    Ok(())
}
