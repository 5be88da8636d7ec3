//! `irqcastctl list`

use crate::failure::Failure;
use crate::output::Printer;
use crate::target::Target;

/// Prints the devices. None is not a failure: the driver is there.
pub fn run(target: &Target, printer: &mut Printer) -> Result<(), Failure> {
    let mut client = target.client()?;
    let devices = match target.device {
        Some(device) => vec![client.device(device)?],
        None => client.devices()?,
    };
    Ok(printer.devices(&devices)?)
}
