//! Random moments.

use std::fs::File;
use std::io::Read as _;
use std::time::Duration;

use anyhow::Result;

/// A time up to `longest`.
pub fn up_to(longest: Duration) -> Result<Duration> {
    let mut bytes = [0; 4];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    let share = f64::from(u32::from_ne_bytes(bytes)) / f64::from(u32::MAX);
    Ok(longest.mul_f64(share))
}
