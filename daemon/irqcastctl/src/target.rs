//! Which driver a command speaks to, and of which of its devices.

use crate::failure::Failure;
use clap::Args;
use irqcast::{Client, Error, FamilyName, ReceiveBuffer, Subscription};

/// Which driver, and which of its devices.
#[derive(Debug, Args)]
pub struct Target {
    /// Speak to the driver with this generic netlink family.
    ///
    /// For drivers made on irqcast's core, whose families have its commands: list, monitor, history and
    /// set. Raise is for those that have irqcast's request of that name too. What such a device adds to
    /// its events is not printed, since only its specification says what that means; a [[family]] of
    /// irqcastd's configuration reads it. What only the edu device can do, and what asks the daemon, is
    /// refused.
    #[arg(long, global = true, value_name = "NAME", default_value_t)]
    pub family: FamilyName,
    /// Only this device, by its instance number.
    #[arg(long, global = true, value_name = "N")]
    pub device: Option<u32>,
}

impl Target {
    /// Asks the driver.
    pub fn client(&self) -> Result<Client, Failure> {
        Ok(Client::open_family(self.family.clone())?)
    }

    /// Listens to the driver, which has to be loaded.
    pub fn subscription(&self) -> Result<Subscription, Failure> {
        let subscription = Subscription::open_family(self.family.clone(), ReceiveBuffer::DEFAULT)?;
        match subscription.joined() {
            Some(_) => Ok(subscription),
            None => Err(Error::DriverNotLoaded(self.family.clone()).into()),
        }
    }

    /// Instance numbers of the devices: that one, or all.
    pub fn devices(&self, client: &mut Client) -> Result<Vec<u32>, Failure> {
        if let Some(device) = self.device {
            return Ok(vec![client.device(device)?.device]);
        }
        let devices = client.devices()?;
        if devices.is_empty() {
            return Err(Failure::NoDevice(self.family.clone()));
        }
        Ok(devices.iter().map(|device| device.device).collect())
    }
}
