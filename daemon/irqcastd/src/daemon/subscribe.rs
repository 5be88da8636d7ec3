//! Begins to listen to the driver.

use crate::store::Found;
use irqcast::{Error, Range, Subscription};
use tracing::{debug, info, warn};

/// Opens the subscription, where an earlier daemon left something so that it goes on from there.
pub fn subscribe(
    receive_buffer: usize,
    found: Option<Found>,
    again: Vec<Range>,
) -> Result<Subscription, Error> {
    let subscription = match found {
        None => Subscription::open(receive_buffer),
        Some(Found { memory, new_boot }) => {
            let positions = memory.positions();
            let unfinished = again.iter().fold(0u64, |sum, range| {
                sum.saturating_add((range.to - range.from).saturating_add(1))
            });
            info!(
                devices = positions.len(),
                unfinished, new_boot, "going on where an earlier daemon ended"
            );
            Subscription::resume(receive_buffer, positions, again)
        }
    }?;
    let buffer = subscription.receive_buffer();
    debug!(
        bytes = buffer.bytes,
        forced = buffer.forced,
        "receive buffer"
    );
    if !buffer.forced {
        warn!(
            bytes = buffer.bytes,
            "the receive buffer is limited by net.core.rmem_max"
        );
    }
    if subscription.joined().is_none() {
        info!("waiting for the driver");
    }
    Ok(subscription)
}
