// SPDX-License-Identifier: GPL-2.0

//! Character devices whose files can be read, polled, mapped and asked for signals.
//!
//! [`kernel::miscdevice`] has neither `poll` nor `fasync`, and its devices are `static`. This module
//! is written as its continuation and knows nothing of its user. It adds:
//!
//! - a device node with a name made at run time, and a parent ([`CharDevice`]);
//! - files that are polled, and that ask for signals ([`OpenFile`], [`Polling`], [`Readiness`]);
//! - queues of those who wait, which can be woken up from hard interrupt context, and cost next to
//!   nothing when nobody waits ([`WaitQueue`], [`SignalQueue`]).
//!
//! An open file keeps what it needs, so the device may go away before it. While a file is open its
//! module cannot be unloaded.
//!
//! Each file holds one concern of the C interface, and all of its `unsafe`.
//!
//! C headers: [`include/linux/miscdevice.h`](srctree/include/linux/miscdevice.h),
//! [`include/linux/fs.h`](srctree/include/linux/fs.h),
//! [`include/linux/poll.h`](srctree/include/linux/poll.h)

mod operations;
mod polling;
mod registration;
mod signal_queue;
mod wait_queue;

pub(crate) use self::{
    operations::{
        OpenFile,
        Patience, //
    },
    polling::{
        Polling,
        Readiness, //
    },
    registration::CharDevice,
    signal_queue::{
        Band,
        SignalQueue, //
    },
    wait_queue::WaitQueue, //
};
