//! `irqcastctl set`

use crate::cli::Set;
use crate::failure::Failure;
use crate::target::Target;

/// Changes each device.
pub fn run(target: &Target, set: &Set) -> Result<(), Failure> {
    let mut client = target.client()?;
    for device in target.devices(&mut client)? {
        if let Some(context) = set.context {
            client.set_context(device, context)?;
        }
        if let Some(paths) = set.paths {
            client.set_paths(device, paths)?;
        }
    }
    Ok(())
}
