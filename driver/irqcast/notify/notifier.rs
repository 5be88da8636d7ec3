// SPDX-License-Identifier: GPL-2.0

//! The function that a device's interrupt handler calls.

use core::marker::PhantomData;

use kernel::{
    prelude::*,
    sync::Arc,
    time::{
        ClockSource,
        Monotonic, //
    }, //
};

use super::{
    event::{
        may_be_added,
        EventData, //
    },
    parameters::Parameters,
    paths::Paths,
    record::{
        Record,
        LAST_SEQ, //
    },
    registry::Instance,
    sender::Then,
    source::{
        InterruptMode,
        Source, //
    }, //
};

/// Tells of the interrupts of one device, whose events have the data `D`.
pub(crate) struct Notifier<D> {
    source: Arc<Source>,
    paths: Paths,
    _instance: Instance,
    _data: PhantomData<fn(D)>,
}

impl<D: EventData> Notifier<D> {
    /// Tells of the interrupts of the device `instance`, which people know by its `address`.
    pub(crate) fn new(
        instance: Instance,
        address: &CStr,
        mode: InterruptMode,
        parameters: &Parameters,
    ) -> Result<Self> {
        const {
            if !may_be_added(D::ATTRIBUTES) {
                panic!("a device adds an attribute that every event has, or too many");
            }
        }
        let source = Arc::pin_init(
            Source::new(instance.number(), address, mode, D::ATTRIBUTES, parameters),
            GFP_KERNEL,
        )?;

        Ok(Self {
            paths: Paths::new(source.clone(), instance.group()?)?,
            source,
            _instance: instance,
            _data: PhantomData,
        })
    }

    /// Tells of one interrupt. To be called by the device's interrupt handler, and by nothing else.
    ///
    /// Events leave in the order of their sequence numbers because no two calls for a device
    /// overlap: a device has one interrupt, and the kernel does not run the handler of an interrupt
    /// while it runs (also where handlers are threads, as with PREEMPT_RT).
    ///
    /// The caller does what is returned.
    ///
    /// `data` is called to get what the device adds, after the time has been taken.
    pub(crate) fn notify(&self, cause: u32, data: impl FnOnce() -> D) -> Then {
        let time = Monotonic::ktime_get();
        let source = &*self.source;
        let data = data();
        let Some(seq) = source.counters().count_interrupt() else {
            return Then::Return;
        };
        let mut record = Record {
            seq,
            // CAST: The monotonic clock is never negative.
            time_ns: time as u64,
            device: source.number(),
            cause,
            ..Record::default()
        };
        for (place, word) in data.words().into_iter().enumerate() {
            if let Some(word) = word {
                record.present |= 1 << place;
                record.data[place] = word;
            }
        }

        source.keep(&record);
        if seq == LAST_SEQ {
            pr_warn!(
                "device {} has used up its sequence numbers: no more events until it is bound again\n",
                source.number()
            );
        }
        let then = self.paths.deliver(&record);

        if source.measures() {
            let duration = Monotonic::ktime_get() - time;
            // 4 s are more than any handler takes.
            source
                .ring()
                .write_duration(&record, u32::try_from(duration).unwrap_or(u32::MAX));
        }
        then
    }

    /// Does what the handler left to the interrupt's thread. To be called by that thread only.
    pub(crate) fn run_thread(&self) {
        self.paths.run_thread();
    }

    /// Counts a call of the handler that found nothing.
    pub(crate) fn spurious(&self) {
        self.source.counters().count_spurious();
    }

    /// Returns the device as requests see it.
    pub(crate) fn source(&self) -> &Arc<Source> {
        &self.source
    }
}

impl<D> Drop for Notifier<D> {
    fn drop(&mut self) {
        self.paths.finish();
        self.source.end();
    }
}
