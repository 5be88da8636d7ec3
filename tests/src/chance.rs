//! Random moments.

use std::fs::File;
use std::io::Read as _;

use anyhow::Result;

/// A number from 0 to 1.
pub fn share() -> Result<f64> {
    let mut bytes = [0; 4];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(f64::from(u32::from_ne_bytes(bytes)) / f64::from(u32::MAX))
}
