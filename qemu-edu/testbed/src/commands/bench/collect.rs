//! What the guest's program has said so far.

use irqcast_bench::{
    catalogue::NAMES,
    plan::Line,
    schema::{PathRun, Skipped, Storm},
};

/// All figures, put together from parts.
#[derive(Debug, Default, PartialEq)]
pub struct Collected {
    /// Each path with each kind of listener once.
    pub paths: Vec<PathRun>,
    /// The storms.
    pub storms: Vec<Storm>,
    /// Paths that could not be measured.
    pub skipped: Vec<Skipped>,
}

impl Collected {
    /// Takes a line. Progress, and the end, are the caller's business.
    pub fn take(&mut self, line: Line) {
        match line {
            Line::Path(part) => self.add(*part),
            Line::Storm(storm) => self.storms.push(storm),
            Line::Skipped(skipped) => self.skipped.push(skipped),
            Line::Progress { .. } | Line::Done => {}
        }
    }

    fn add(&mut self, part: PathRun) {
        let same = |known: &&mut PathRun| {
            known.name == part.name
                && known.listener == part.listener
                && known.context == part.context
        };
        match self.paths.iter_mut().find(same) {
            Some(known) => merge(known, part),
            None => self.paths.push(part),
        }
    }

    /// Brings the paths into a fixed order, whatever order they were measured in.
    pub fn sort(&mut self) {
        let place = |path: &PathRun| NAMES.iter().position(|name| *name == path.name);
        self.paths
            .sort_by_key(|path| (place(path), path.context.clone(), path.listener));
    }
}

/// Adds to `known` what `part` has.
fn merge(known: &mut PathRun, part: PathRun) {
    fn one<T>(known: &mut Option<T>, part: Option<T>) {
        if part.is_some() {
            *known = part;
        }
    }
    one(&mut known.latency_ns, part.latency_ns);
    one(&mut known.device_to_handler_ns, part.device_to_handler_ns);
    one(
        &mut known.handler_to_listener_ns,
        part.handler_to_listener_ns,
    );
    one(&mut known.handler_ns, part.handler_ns);
    one(&mut known.interrupt_ns, part.interrupt_ns);
    one(&mut known.syscalls_per_event, part.syscalls_per_event);
    one(
        &mut known.context_switches_per_event,
        part.context_switches_per_event,
    );
    one(&mut known.cpu_ns_per_event, part.cpu_ns_per_event);
    one(&mut known.overrun_told, part.overrun_told);
    one(&mut known.rate, part.rate);
    one(&mut known.joining, part.joining);
    known.bursts.extend(part.bursts);
    known.fanout.extend(part.fanout);
    known.bystanders.extend(part.bystanders);
    known.payload.extend(part.payload);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn part(name: &str, listener: &str, more: serde_json::Value) -> Line {
        let mut object = json!({"name": name, "listener": listener});
        let more = more.as_object().unwrap().clone();
        object.as_object_mut().unwrap().extend(more);
        Line::Path(Box::new(serde_json::from_value(object).unwrap()))
    }

    #[test]
    fn parts_of_a_path_and_listener_come_together() {
        let mut collected = Collected::default();
        for line in [
            part("uio", "epoll", json!({"syscalls_per_event": 2.0})),
            part("off", "none", json!({})),
            part(
                "uio",
                "blocking",
                json!({"payload": [{"bytes": 0, "latency_ns_p50": 5}]}),
            ),
            part("uio", "blocking", json!({"syscalls_per_event": 1.0})),
        ] {
            collected.take(line);
        }
        collected.sort();
        let names: Vec<_> = collected
            .paths
            .iter()
            .map(|path| (path.name.as_str(), path.listener.name()))
            .collect();
        assert_eq!(
            names,
            [("off", "none"), ("uio", "blocking"), ("uio", "epoll")]
        );
        let blocking = &collected.paths[1];
        assert_eq!(blocking.syscalls_per_event, Some(1.0));
        assert_eq!(blocking.payload.len(), 1);
    }
}
