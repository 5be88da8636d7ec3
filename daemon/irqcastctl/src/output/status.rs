//! What the daemon does, for people.

use irqcast_control::{Failure, Status};
use std::fmt::{Display, Write as _};

/// The status as lines of text, the last one without its newline.
pub fn text(status: &Status) -> String {
    let mut text = String::new();
    // Writing to a String does not fail.
    let _ = write(&mut text, status);
    text.truncate(text.trim_end().len());
    text
}

fn write(text: &mut String, status: &Status) -> std::fmt::Result {
    let rules = if status.rules == 1 { "rule" } else { "rules" };
    writeln!(
        text,
        "irqcastd {}, process {}, for {}: {}",
        status.version,
        status.pid,
        time(status.uptime_ms),
        state(status)
    )?;
    writeln!(text, "{}: {} {rules}", status.config, status.rules)?;
    writeln!(
        text,
        "\n{:<24} {:>8} {:>8} {:>10} {:>8}",
        "RULE", "WAITING", "RUNNING", "STARTED", "FAILED"
    )?;
    for queue in &status.queues {
        writeln!(
            text,
            "{:<24} {:>8} {:>8} {:>10} {:>8}",
            queue.rule, queue.waiting, queue.running, queue.started, queue.failed
        )?;
    }
    if !status.running.is_empty() {
        writeln!(
            text,
            "\n{:<24} {:>8} {:>8} {:>10} {:>8}",
            "RUNNING HOOK", "PID", "DEVICE", "SEQ", "AGE"
        )?;
    }
    for hook in &status.running {
        writeln!(
            text,
            "{:<24} {:>8} {:>8} {:>10} {:>8}",
            hook.rule,
            hook.pid,
            or_none(hook.device),
            or_none(hook.seq),
            time(hook.age_ms)
        )?;
    }
    writeln!(text, "\nCOUNTED SINCE THE START")?;
    for (name, value) in &status.counters {
        let name = name.strip_prefix("irqcast_").unwrap_or(name);
        let name = name.strip_suffix("_total").unwrap_or(name);
        writeln!(text, "{:<24} {value:>8}", name.replace('_', "-"))?;
    }
    if !status.failures.is_empty() {
        writeln!(text, "\nLAST FAILURES")?;
    }
    for failure in &status.failures {
        writeln!(
            text,
            "{:<24} {}{} ago: {}",
            failure.rule,
            subject(failure),
            time(failure.age_ms),
            failure.what
        )?;
    }
    Ok(())
}

/// The number, or a dash.
fn or_none(number: Option<impl Display>) -> String {
    number.map_or_else(|| "-".to_owned(), |number| number.to_string())
}

/// What the hook was for, as `device 0 seq 8, `. Nothing for what has neither.
fn subject(failure: &Failure) -> String {
    let device = failure.device.map(|device| format!("device {device}"));
    let seq = failure.seq.map(|seq| format!("seq {seq}"));
    let known: Vec<String> = [device, seq].into_iter().flatten().collect();
    match known.is_empty() {
        true => String::new(),
        false => format!("{}, ", known.join(" ")),
    }
}

fn state(status: &Status) -> String {
    let mut parts = vec![match status.joined {
        true => "receives events",
        false => "waits for the driver",
    }];
    if status.holding_back {
        parts.push("holds back, because too many hooks wait");
    }
    if status.dry_run {
        parts.push("dry run: starts no hooks");
    }
    if status.stopping {
        parts.push("about to end");
    }
    parts.join("; ")
}

/// A time with one unit, or two: `250 ms`, `12 s`, `3 min`, `5 h`, `2 d`.
fn time(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    match seconds {
        0 => format!("{milliseconds} ms"),
        1..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds / 60),
        7200..=172_799 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use irqcast_control::{Queue, Running};

    #[test]
    fn everything_is_told() {
        let mut status = Status {
            version: "0.1.0".to_owned(),
            pid: 77,
            uptime_ms: 125_000,
            joined: true,
            holding_back: true,
            stopping: false,
            dry_run: false,
            config: "/c.toml".to_owned(),
            rules: 1,
            queues: vec![Queue {
                rule: "sum".to_owned(),
                waiting: 3,
                running: 1,
                started: 9,
                failed: 2,
            }],
            running: vec![Running {
                pid: 123,
                rule: "sum".to_owned(),
                device: Some(0),
                seq: Some(10),
                age_ms: 250,
            }],
            counters: [("irqcast_events_received_total".to_owned(), 12)].into(),
            failures: vec![Failure {
                rule: "sum".to_owned(),
                device: Some(0),
                seq: Some(8),
                what: "exit status 3".to_owned(),
                age_ms: 5_000,
            }],
        };
        assert_eq!(
            text(&status),
            "\
irqcastd 0.1.0, process 77, for 2 min: receives events; holds back, because too many hooks wait
/c.toml: 1 rule

RULE                      WAITING  RUNNING    STARTED   FAILED
sum                             3        1          9        2

RUNNING HOOK                  PID   DEVICE        SEQ      AGE
sum                           123        0         10   250 ms

COUNTED SINCE THE START
events-received                12

LAST FAILURES
sum                      device 0 seq 8, 5 s ago: exit status 3"
        );
        status.running[0].seq = None;
        status.running[0].device = None;
        status.failures[0].seq = None;
        let unnumbered = text(&status);
        for line in [
            "sum                           123        -          -   250 ms",
            "sum                      device 0, 5 s ago: exit status 3",
        ] {
            assert!(unnumbered.lines().any(|told| told == line), "{unnumbered}");
        }
        status.failures[0].device = None;
        let unnamed = text(&status);
        let line = "sum                      5 s ago: exit status 3";
        assert!(unnamed.lines().any(|told| told == line), "{unnamed}");
        status.running.clear();
        status.failures.clear();
        let short = text(&status);
        assert!(
            !short.contains("RUNNING HOOK") && !short.contains("LAST"),
            "{short}"
        );
    }

    #[test]
    fn times_have_the_unit_that_fits() {
        let check = |milliseconds, expected: &str| assert_eq!(time(milliseconds), expected);
        check(0, "0 ms");
        check(999, "999 ms");
        check(1_000, "1 s");
        check(119_999, "119 s");
        check(120_000, "2 min");
        check(7_200_000, "2 h");
        check(172_800_000, "2 d");
    }
}
