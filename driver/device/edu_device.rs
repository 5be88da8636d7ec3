// SPDX-License-Identifier: GPL-2.0

//! A device that the driver is bound to, as handler, requests and delayed work share it.

use kernel::{
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        Arc, //
    },
    time::{
        msecs_to_jiffies,
        Msecs, //
    },
    workqueue::{
        impl_has_delayed_work,
        new_delayed_work,
        DelayedWork,
        WorkItem, //
    }, //
};

use super::{
    bar::{
        Bar,
        DevresBar, //
    },
    delayed_work,
    dma::{
        Dma,
        Step, //
    },
    factorial::Factorial, //
};

/// When to look whether a transfer is done, which takes 100 ms.
const FIRST_LOOK: Msecs = 105;

/// When to look again.
const NEXT_LOOK: Msecs = 10;

/// How often to look before giving up: for about 2 s.
const LOOKS: u32 = 200;

/// A device that the driver is bound to.
#[pin_data]
pub(crate) struct EduDevice {
    /// The registers.
    pub(super) bar: DevresBar,
    /// The factorial that was asked for.
    pub(super) factorial: Factorial,
    /// The DMA that was asked for.
    pub(super) dma: Dma,
    /// Looks whether a transfer of a DMA is done, to start the next.
    #[pin]
    dma_work: DelayedWork<EduDevice>,
    /// How often it has looked after the transfer that runs.
    looks: Atomic<u32>,
}

impl_has_delayed_work! {
    impl HasDelayedWork<Self> for EduDevice { self.dma_work }
}

impl EduDevice {
    /// Puts together what is known of a device.
    pub(super) fn new(bar: DevresBar, dma: Dma) -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self {
                bar,
                factorial: Factorial::new(),
                dma,
                dma_work <- new_delayed_work!("EduDevice::dma_work"),
                looks: Atomic::new(0),
            }),
            GFP_KERNEL,
        )
    }

    /// Sends `bytes` bytes to the device and back by DMA. See [`Dma::start`].
    pub(super) fn start_dma(self: &Arc<Self>, bar: &Bar<'_>, bytes: u32) -> Result {
        self.dma.start(bar, bytes)?;
        self.clone().look_after_start();
        Ok(())
    }

    /// Stops what the driver does with the device on its own. Nothing else may start it again
    /// meanwhile. May sleep.
    pub(super) fn stop_work(self: &Arc<Self>) {
        delayed_work::cancel_sync(self);
    }

    fn look_after_start(self: Arc<Self>) {
        self.looks.store(0, Relaxed);
        self.look_after(FIRST_LOOK);
    }

    fn look_after(self: Arc<Self>, delay: Msecs) {
        // This fails when the work is being cancelled, and then it is not to be enqueued.
        let _ = delayed_work::queue().enqueue_delayed(self, msecs_to_jiffies(delay));
    }
}

impl WorkItem for EduDevice {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        let step = match this.bar.try_access() {
            Some(bar) => this.dma.go_on(&bar),
            // The device is unbound, which cancels the work first.
            None => return,
        };

        match step {
            Step::StartedLast => (),
            Step::Started => this.look_after_start(),
            Step::Waited if this.looks.fetch_add(1, Relaxed) < LOOKS => {
                this.look_after(NEXT_LOOK);
            }
            Step::Waited => {
                dev_err!(
                    this.bar.device(),
                    "a transfer of a DMA does not end: no event comes of it\n"
                );
                this.dma.give_up();
            }
        }
    }
}
