//! The three interrupts of the demo, and what is known of each.

use anyhow::Context as _;
use serde::Deserialize;

/// One way to make the device interrupt.
pub struct Act {
    /// For people.
    pub title: &'static str,
    /// Arguments of `irqcastctl`.
    pub command: &'static [&'static str],
    /// Name of the hook that has to run.
    pub hook: &'static str,
}

/// All of them.
pub const ACTS: [Act; 3] = [
    Act {
        title: "Somebody raises bits of the interrupt status register",
        command: &["raise", "--bits", "0x12"],
        hook: "raised",
    },
    Act {
        title: "The device computes a factorial",
        command: &["factorial", "10"],
        hook: "factorial",
    },
    Act {
        title: "The device copies memory, there and back",
        command: &["dma", "4000"],
        hook: "dma",
    },
];

impl Act {
    /// The command as a person types it.
    pub fn line(&self) -> String {
        format!("irqcastctl {}", self.command.join(" "))
    }
}

/// What a hook tells of itself; `demo/hooks/tell` writes it.
#[derive(Debug, Clone, Deserialize)]
pub struct Told {
    hook: String,
    pid: u32,
    /// `CLOCK_MONOTONIC` when it started, in ns.
    started_ns: u64,
    /// The event's number in the hook's environment.
    environment_seq: String,
    text: String,
    /// The event on the hook's standard input.
    event: Event,
}

/// The fields of an event that the demo shows.
#[derive(Debug, Clone, Deserialize)]
struct Event {
    device: u32,
    address: String,
    seq: u64,
    time_ns: u64,
    cause: u32,
}

impl Told {
    /// Reads a hook's line.
    pub fn parse(line: &str) -> anyhow::Result<Self> {
        serde_json::from_str(line).with_context(|| format!("a hook wrote what is no JSON: {line}"))
    }

    /// What the interrupt handler saw.
    pub fn event_text(&self) -> String {
        let Event {
            device,
            address,
            seq,
            time_ns,
            cause,
        } = &self.event;
        format!(
            "device {device} at {address}, event {seq}, cause {cause:#x}, \
             {:.6} s after the guest's boot",
            seconds(*time_ns)
        )
    }

    /// The hook's own words, and when it said them.
    pub fn hook_text(&self) -> String {
        let delay = self.started_ns.saturating_sub(self.event.time_ns);
        format!(
            "{} (process {}, {:.1} ms after the interrupt) says: {}",
            self.hook,
            self.pid,
            seconds(delay) * 1000.0,
            self.text
        )
    }

    /// Whether the right hook got the right event, in both ways.
    pub fn judge(&self, act: &Act) -> Result<(), String> {
        if self.hook != act.hook {
            return Err(format!("hook {} ran instead of {}", self.hook, act.hook));
        }
        if self.environment_seq != self.event.seq.to_string() {
            return Err(format!(
                "the hook has event {} in its environment and event {} on its standard input",
                self.environment_seq, self.event.seq
            ));
        }
        Ok(())
    }
}

/// Counters of the device, as `irqcastctl --json list` prints them.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Counters {
    interrupts: u64,
    events_sent: u64,
}

impl Counters {
    /// What happened since an earlier look.
    pub fn since(&self, before: &Self) -> String {
        format!(
            "{} interrupt(s) seen and {} event(s) multicast, {} and {} in all",
            self.interrupts.saturating_sub(before.interrupts),
            self.events_sent.saturating_sub(before.events_sent),
            self.interrupts,
            self.events_sent
        )
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "shown with six decimals at most"
)]
fn seconds(ns: u64) -> f64 {
    ns as f64 / 1e9
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"hook":"raised","pid":91,"started_ns":4020000000,"environment_seq":"7","text":"hello","event":{"device":0,"address":"0000:00:02.0","seq":7,"time_ns":4000000000,"cause":18,"replayed":false}}"#;

    #[test]
    fn hooks_words_are_shown_with_their_time() {
        let told = Told::parse(LINE).unwrap();
        assert_eq!(
            told.hook_text(),
            "raised (process 91, 20.0 ms after the interrupt) says: hello"
        );
        assert_eq!(
            told.event_text(),
            "device 0 at 0000:00:02.0, event 7, cause 0x12, 4.000000 s after the guest's boot"
        );
    }

    #[test]
    fn only_the_right_hook_with_the_right_event_counts() {
        let told = Told::parse(LINE).unwrap();
        assert_eq!(told.judge(&ACTS[0]), Ok(()));
        assert!(
            told.judge(&ACTS[1])
                .unwrap_err()
                .contains("instead of factorial")
        );
        let other = Told {
            environment_seq: "8".to_owned(),
            ..told
        };
        assert!(other.judge(&ACTS[0]).unwrap_err().contains("event 8"));
    }

    #[test]
    fn counters_are_compared() {
        let counters = |text| serde_json::from_str::<Counters>(text).unwrap();
        let before = counters(r#"{"interrupts":1,"events_sent":0,"address":"x"}"#);
        let after = counters(r#"{"interrupts":2,"events_sent":1}"#);
        assert_eq!(
            after.since(&before),
            "1 interrupt(s) seen and 1 event(s) multicast, 2 and 1 in all"
        );
    }
}
