//! Asks the driver for what a subscription has missed.

use crate::client::Client;
use crate::error::Error;
use crate::event::Event;
use crate::family_name::FamilyName;
use crate::repair::{FIRST, History, Position, Range};

/// Most events that are fetched at once, so that a large gap takes little memory.
const MOST: u64 = 256;

/// The driver, which is asked on a socket of its own. That is opened when there is something to ask.
pub struct Driver {
    family: FamilyName,
    client: Option<Client>,
}

impl Driver {
    /// The driver whose family this is.
    pub fn new(family: FamilyName) -> Self {
        let client = None;
        Self { family, client }
    }

    /// How far each device has come.
    pub fn positions(&mut self) -> Result<Vec<Position>, Error> {
        let devices = self.client()?.devices()?;
        Ok(devices
            .iter()
            .map(|device| Position {
                device: device.device,
                incarnation: device.incarnation,
                last: device.interrupts,
            })
            .collect())
    }

    fn client(&mut self) -> Result<&mut Client, Error> {
        match &mut self.client {
            Some(client) => Ok(client),
            place => Ok(place.insert(Client::open_family(self.family.clone())?)),
        }
    }
}

impl History for Driver {
    type Error = Error;

    fn fetch(&mut self, range: Range) -> Result<Vec<Event>, Error> {
        let count = (range.to - range.from).saturating_add(1).min(MOST);
        self.client()?
            .history(range.device, range.from, count as u32)
    }

    fn first(&mut self, device: u32, incarnation: u64) -> Result<u64, Error> {
        let device = self.client()?.device(device)?;
        Ok(match device.incarnation == incarnation {
            true => device.first_seq,
            false => FIRST,
        })
    }
}
