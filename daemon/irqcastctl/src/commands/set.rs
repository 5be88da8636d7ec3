//! `irqcastctl set`

use super::targets;
use crate::cli::Set;
use crate::failure::Failure;
use irqcast::Client;

/// Changes each device.
pub fn run(device: Option<u32>, set: &Set) -> Result<(), Failure> {
    let mut client = Client::open()?;
    for device in targets(&mut client, device)? {
        if let Some(context) = set.context {
            client.set_context(device, context)?;
        }
        if let Some(paths) = set.paths {
            client.set_paths(device, paths)?;
        }
    }
    Ok(())
}
