//! The clock that everything is measured with.

use std::{
    fs,
    thread::sleep,
    time::{Duration, Instant},
};

use nix::time::{ClockId, clock_gettime};

/// What the kernel takes the time from.
const SOURCE: &str = "/sys/devices/system/clocksource/clocksource0/current_clocksource";

/// How long the kernel may take to trust its clock: some seconds after the boot it does.
const LIMIT: Duration = Duration::from_secs(30);

/// Waits until the kernel has calibrated the clock. A few per cent lie between a nanosecond
/// before and one after that.
pub fn settle() {
    let start = Instant::now();
    let early = || fs::read_to_string(SOURCE).is_ok_and(|name| name.trim() == "tsc-early");
    while early() && start.elapsed() < LIMIT {
        sleep(Duration::from_millis(50));
    }
}

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
