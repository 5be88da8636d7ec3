//! `irqcastctl factorial` and `irqcastctl dma`

use crate::cli::Limit;
use crate::failure::Failure;
use crate::output::Printer;
use crate::target::Target;
use crate::waiting::{Moment, Waiting};
use irqcast::{Client, Error, Event};

/// What a device is to do.
#[derive(Clone, Copy)]
pub enum Action {
    /// Compute the factorial of this number.
    Factorial(u32),
    /// Send this many bytes through its buffer and back.
    Dma(u32),
}

impl Action {
    fn start(self, client: &mut Client, device: u32) -> Result<(), Error> {
        match self {
            Self::Factorial(number) => client.factorial(device, number),
            Self::Dma(bytes) => client.dma(device, bytes),
        }
    }

    fn describe(self, device: u32) -> String {
        match self {
            Self::Factorial(number) => format!("the factorial of {number} on device {device}"),
            Self::Dma(bytes) => format!("the DMA of {bytes} bytes on device {device}"),
        }
    }

    /// Whether the event says that it is done. A device does one of a kind at a time.
    fn is_done(self, event: &Event) -> bool {
        match self {
            Self::Factorial(_) => event.factorial.is_some(),
            Self::Dma(_) => event.dma_bytes.is_some(),
        }
    }

    /// Whether it came out as it should.
    fn check(self, event: &Event) -> Result<(), Failure> {
        match (self, event.dma_bytes) {
            (Self::Dma(asked), Some(returned)) if returned != asked => Err(Failure::Damaged {
                device: event.device,
                returned,
                asked,
            }),
            _ => Ok(()),
        }
    }
}

/// Lets each device do it, one after the other, and prints the events.
pub fn run(
    target: &Target,
    action: Action,
    limit: Limit,
    printer: &mut Printer,
) -> Result<(), Failure> {
    let mut client = target.client()?;
    let mut waiting = Waiting::open(target, limit.timeout)?;
    for device in target.devices(&mut client)? {
        let since = Moment::now()?;
        action.start(&mut client, device)?;
        let what = || action.describe(device);
        let event = waiting.event_of(device, since, &what, |event| action.is_done(event))?;
        printer.event(&event)?;
        action.check(&event)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(factorial: Option<u32>, dma_bytes: Option<u32>) -> Event {
        Event {
            device: 1,
            incarnation: 1,
            address: "0000:00:03.0".to_owned(),
            seq: 1,
            time_ns: 1,
            cause: 0x101,
            factorial,
            dma_bytes,
            replayed: false,
        }
    }

    #[test]
    fn raised_bits_are_no_result() {
        assert!(!Action::Factorial(5).is_done(&event(None, Some(4))));
        assert!(Action::Factorial(5).is_done(&event(Some(120), None)));
        assert!(!Action::Dma(4).is_done(&event(Some(120), None)));
        assert!(Action::Dma(4).is_done(&event(None, Some(4))));
    }

    #[test]
    fn fewer_bytes_are_told() {
        assert!(Action::Dma(4).check(&event(None, Some(4))).is_ok());
        assert!(
            Action::Factorial(5)
                .check(&event(Some(120), Some(1)))
                .is_ok()
        );
        let failure = Action::Dma(64).check(&event(None, Some(10))).unwrap_err();
        assert_eq!(
            failure.to_string(),
            "device 1: only 10 of 64 bytes came back unchanged"
        );
    }
}
