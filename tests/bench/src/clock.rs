//! The clock that everything is measured with.

use nix::time::{ClockId, clock_gettime};

/// `CLOCK_MONOTONIC` in nanoseconds, which is also what the drivers stamp events with.
///
/// The C library reads it without a system call.
pub fn now() -> u64 {
    read(ClockId::CLOCK_MONOTONIC)
}

/// Processor time of the calling thread, in nanoseconds.
pub fn thread_time() -> u64 {
    read(ClockId::CLOCK_THREAD_CPUTIME_ID)
}

fn read(clock: ClockId) -> u64 {
    // These clocks always exist and are never negative.
    let time = clock_gettime(clock).map(|time| (time.tv_sec(), time.tv_nsec()));
    let (seconds, nanoseconds) = time.unwrap_or_default();
    seconds.unsigned_abs() * 1_000_000_000 + nanoseconds.unsigned_abs()
}
