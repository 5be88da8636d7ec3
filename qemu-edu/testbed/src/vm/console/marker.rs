//! Lines of the kernel's log that end a guest.

/// What a line of the console means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The kernel panics, or has an oops, which becomes a panic. QEMU ends soon.
    Panic(String),
    /// A processor or a task is stuck. It may be so for ever.
    Stuck(String),
    /// PID 1 says why it gives up.
    Init(String),
}

/// Beginnings of messages of the kernel. `kernel/panic.c`, `arch/x86/kernel/dumpstack.c`,
/// `arch/x86/mm/fault.c`.
const PANIC: [&str; 5] = [
    "Kernel panic - not syncing",
    "Oops: ",
    "BUG: unable to handle",
    "BUG: kernel NULL pointer dereference",
    "kernel BUG at",
];

/// `kernel/watchdog.c`, `kernel/rcu/tree_stall.h`, `kernel/hung_task.c`. In the second, the
/// name of the RCU flavour stands between the two parts.
const STUCK: [(&str, &str); 4] = [
    ("watchdog: BUG: soft lockup", ""),
    ("watchdog: CPU", "Watchdog detected hard LOCKUP"),
    ("rcu: INFO: ", "detected"),
    ("INFO: task ", "blocked for more than"),
];

/// Beginning of a line that PID 1 prints.
const INIT: &str = "init: ";

/// What the line means, if it ends the guest.
pub fn find(line: &str) -> Option<Finding> {
    if let Some(message) = line.strip_prefix(INIT) {
        return Some(Finding::Init(message.to_owned()));
    }
    // A program may print any text; the kernel puts the time, and perhaps more, in
    // brackets before each of its lines.
    let message = message_of_kernel(line)?;
    if PANIC.iter().any(|beginning| message.starts_with(beginning)) {
        return Some(Finding::Panic(message.to_owned()));
    }
    let is_stuck = STUCK
        .iter()
        .any(|(beginning, part)| message.starts_with(beginning) && message.contains(part));
    is_stuck.then(|| Finding::Stuck(message.to_owned()))
}

/// The text after `[   12.345678] ` or `[   12.345678][   T12] `, wherever that stands:
/// output of a program without a line end may come before it.
fn message_of_kernel(line: &str) -> Option<&str> {
    line.match_indices('[').find_map(|(at, _)| {
        let (stamp, mut rest) = line[at + 1..].split_once(']')?;
        let (seconds, micros) = stamp.trim_start().split_once('.')?;
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(seconds) || micros.len() != 6 || !digits(micros) {
            return None;
        }
        if let Some(caller) = rest.strip_prefix('[') {
            rest = caller.split_once(']')?.1;
        }
        rest.strip_prefix(' ')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_told_from_other_lines() {
        let panic = |text: &str| Some(Finding::Panic(text.to_owned()));
        let stuck = |text: &str| Some(Finding::Stuck(text.to_owned()));
        for (line, expected) in [
            (
                "[    5.123456] Kernel panic - not syncing: sysrq triggered crash",
                panic("Kernel panic - not syncing: sysrq triggered crash"),
            ),
            (
                "some output[   15.123456][  T123] Oops: general protection fault: 0000",
                panic("Oops: general protection fault: 0000"),
            ),
            (
                "[   15.123456] BUG: kernel NULL pointer dereference, address: 0000000000000000",
                panic("BUG: kernel NULL pointer dereference, address: 0000000000000000"),
            ),
            (
                "[   60.000000] watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [sh:80]",
                stuck("watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [sh:80]"),
            ),
            (
                "[   60.000000] rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:",
                stuck("rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:"),
            ),
            (
                "[   60.000000] rcu: INFO: rcu_preempt self-detected stall on CPU",
                stuck("rcu: INFO: rcu_preempt self-detected stall on CPU"),
            ),
            (
                "[  242.000000] INFO: task insmod:81 blocked for more than 120 seconds.",
                stuck("INFO: task insmod:81 blocked for more than 120 seconds."),
            ),
            ("init: no port", Some(Finding::Init("no port".to_owned()))),
            ("Kernel panic - not syncing: says a program", None),
            ("[x] Kernel panic - not syncing: says a program", None),
            (
                "[    1.0] Oops: a time that the kernel does not print",
                None,
            ),
            (
                "[    1.000000] a driver says: Kernel panic - not syncing",
                None,
            ),
            (
                "[    1.000000] rcu: Hierarchical SRCU implementation.",
                None,
            ),
            ("[    1.000000", None),
            ("[    1.000000][ T1", None),
            ("", None),
        ] {
            assert_eq!(find(line), expected, "{line:?}");
        }
    }
}
