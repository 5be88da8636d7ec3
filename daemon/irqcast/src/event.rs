//! Events and losses, and the JSON that tells of them.

use crate::wire::{CAUSE_DMA, CAUSE_FACTORIAL};
use serde::{Deserialize, Serialize};

/// One interrupt of a device, as the driver's handler saw it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Instance number of the device, counted from 0 in the order of binding.
    pub device: u32,
    /// Tells this life of the device, from binding to unbinding, from earlier ones with the same
    /// instance number.
    #[serde(skip)]
    pub incarnation: u64,
    /// PCI address of the device, such as `0000:00:02.0`.
    pub address: String,
    /// Sequence number: 1 for the first event of a device, and one more for each that follows.
    pub seq: u64,
    /// `CLOCK_MONOTONIC` when the handler ran, in nanoseconds.
    pub time_ns: u64,
    /// Bits of the interrupt status register.
    pub cause: u32,
    /// Result of the factorial that completed, modulo 2^32.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factorial: Option<u32>,
    /// Bytes that went through the device's buffer and came back unchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dma_bytes: Option<u32>,
    /// Whether the event was fetched later instead of being received when it happened.
    pub replayed: bool,
}

impl Event {
    /// The event as one line of JSON, without the newline.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("numbers, text and booleans always have a JSON form")
    }

    /// What the cause means, for people: `factorial 120, raised 0x2`.
    #[must_use]
    pub fn meaning(&self) -> String {
        let mut parts = Vec::new();
        let mut raised = self.cause;
        if let Some(result) = self.factorial {
            raised &= !CAUSE_FACTORIAL;
            parts.push(format!("factorial {result}"));
        }
        if let Some(bytes) = self.dma_bytes {
            raised &= !CAUSE_DMA;
            parts.push(format!("dma {bytes} bytes"));
        }
        if raised != 0 || parts.is_empty() {
            parts.push(format!("raised {raised:#x}"));
        }
        parts.join(", ")
    }
}

/// Events of one device that were not received: `from` to `to`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lost {
    /// Instance number of the device.
    pub device: u32,
    /// The life of the device that the events belong to.
    #[serde(skip)]
    pub incarnation: u64,
    /// Sequence number of the first event that is missing.
    pub from: u64,
    /// Sequence number of the last event that is missing, at least `from`.
    pub to: u64,
}

impl Lost {
    /// How many events are missing; at least 1.
    #[must_use]
    pub fn count(&self) -> u64 {
        (self.to - self.from).saturating_add(1)
    }

    /// The loss as one line of JSON, without the newline: `{"lost":{"device":0,"from":5,"to":9}}`.
    #[must_use]
    pub fn to_json(&self) -> String {
        #[derive(Serialize)]
        struct Object<'a> {
            lost: &'a Lost,
        }
        serde_json::to_string(&Object { lost: self }).expect("numbers always have a JSON form")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> Event {
        Event {
            device: 0,
            incarnation: 0,
            address: "0000:00:02.0".to_owned(),
            seq: 1,
            time_ns: 12_345_678_901,
            cause: 1,
            factorial: Some(120),
            dma_bytes: None,
            replayed: false,
        }
    }

    #[test]
    fn json_has_the_documented_form() {
        let check = |event: Event, expected: &str| {
            assert_eq!(event.to_json(), expected);
            assert_eq!(
                serde_json::from_str::<Event>(expected).expect("own JSON"),
                event
            );
        };
        check(
            event(),
            r#"{"device":0,"address":"0000:00:02.0","seq":1,"time_ns":12345678901,"cause":1,"factorial":120,"replayed":false}"#,
        );
        check(
            Event {
                cause: 0x102,
                factorial: None,
                dma_bytes: Some(64),
                seq: u64::MAX,
                replayed: true,
                ..event()
            },
            r#"{"device":0,"address":"0000:00:02.0","seq":18446744073709551615,"time_ns":12345678901,"cause":258,"dma_bytes":64,"replayed":true}"#,
        );
        let lost = Lost {
            device: 0,
            incarnation: 7,
            from: 5,
            to: 9,
        };
        assert_eq!(lost.to_json(), r#"{"lost":{"device":0,"from":5,"to":9}}"#);
        assert_eq!(lost.count(), 5);
    }

    #[test]
    fn meaning_tells_completion_from_raised_bits() {
        let check = |cause, factorial, dma_bytes, expected: &str| {
            let event = Event {
                cause,
                factorial,
                dma_bytes,
                ..event()
            };
            assert_eq!(event.meaning(), expected);
        };
        check(0x1, Some(120), None, "factorial 120");
        check(0x1, None, None, "raised 0x1");
        check(0x100, None, Some(64), "dma 64 bytes");
        check(
            0x103,
            Some(6),
            Some(7),
            "factorial 6, dma 7 bytes, raised 0x2",
        );
        check(0x0, None, None, "raised 0x0");
    }
}
