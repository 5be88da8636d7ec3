//! What larger events cost.

use anyhow::{Context as _, Result};
use irqcast_bench::{
    distribution::median,
    schema::{Listener, PathRun, Payload},
};

use super::{Bench, latency};
use crate::paths::{Options, Path};

/// Bytes that events carry beside what they always have.
const SIZES: [u32; 5] = [0, 64, 256, 1024, 4032];

/// Measures the latency with each size.
pub fn measure(
    bench: &Bench<'_>,
    path: &Path,
    listener: Listener,
    run: &mut PathRun,
) -> Result<()> {
    for bytes in SIZES {
        let options = Options {
            measure: true,
            payload: bytes,
            ..Options::default()
        };
        let mut source = (path.open)(&bench.device, &options)?;
        let total = u64::from(bench.plan.warm_up) + u64::from(bench.plan.samples.min(100));
        let (raised, account) = latency::one_by_one(bench, source.as_mut(), listener, total)?;
        let samples: Vec<u64> = raised
            .iter()
            .zip(&account.seen)
            .skip(usize::try_from(bench.plan.warm_up)?)
            .map(|(raised, seen)| seen.returned_ns.saturating_sub(*raised))
            .collect();
        run.payload.push(Payload {
            bytes,
            latency_ns_p50: median(&samples).context("there are no samples")?,
            handler_ns_p50: source.handler_ns(),
        });
    }
    Ok(())
}
