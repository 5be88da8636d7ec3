//! Waiting for something to become true, with an end.

use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// Long enough for anything that the tests wait for on the slowest machine. It stops a
/// hang; nothing is measured by it.
pub const LIMIT: Duration = Duration::from_secs(180);

/// Waits until `check` returns a value, and fails after [`LIMIT`].
pub fn until<T>(what: &str, mut check: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let start = Instant::now();
    loop {
        if let Some(value) = check()? {
            return Ok(value);
        }
        if start.elapsed() > LIMIT {
            bail!("waited {} s in vain for {what}", LIMIT.as_secs());
        }
        sleep(Duration::from_millis(5));
    }
}

/// Waits until `count` returns at least `wanted`, and fails when it has not grown for [`LIMIT`].
pub fn until_count(
    what: &str,
    wanted: usize,
    mut count: impl FnMut() -> Result<usize>,
) -> Result<()> {
    let mut last = count()?;
    let mut since = Instant::now();
    while last < wanted {
        if since.elapsed() > LIMIT {
            bail!(
                "{last} of {wanted} {what}, and none more in {} s",
                LIMIT.as_secs()
            );
        }
        sleep(Duration::from_millis(50));
        let now = count()?;
        if now != last {
            (last, since) = (now, Instant::now());
        }
    }
    Ok(())
}
