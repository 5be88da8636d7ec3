//! `irqcastctl list`

use crate::failure::Failure;
use crate::output::Printer;
use irqcast::Client;

/// Prints the devices. None is not a failure: the driver is there.
pub fn run(device: Option<u32>, printer: &mut Printer) -> Result<(), Failure> {
    let mut client = Client::open()?;
    let devices = match device {
        Some(device) => vec![client.device(device)?],
        None => client.devices()?,
    };
    Ok(printer.devices(&devices)?)
}
