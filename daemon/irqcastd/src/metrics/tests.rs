//! What is rendered is read by a parser that others wrote.

use super::*;
use irqcast::{Event, Lost};
use nix::sys::signal::Signal;
use nom_openmetrics::parser::prometheus;
use nom_openmetrics::{Family, MetricDescriptor, MetricType};
use std::rc::Rc;
use std::time::Duration;

/// What a parser makes of what is rendered.
struct Parsed(String);

fn rendered(events: &Events, hooks: &Hooks, busy: &[Busy]) -> Parsed {
    Parsed(render(&Snapshot {
        events,
        hooks,
        busy,
        joined: true,
        holds_back: false,
    }))
}

impl Parsed {
    fn families(&self) -> Vec<Family<'_>> {
        let (rest, families) = prometheus(&self.0).expect("the text is right");
        assert_eq!(rest, "");
        families
    }

    /// The one sample with this name and these labels has this value.
    fn check(&self, name: &str, labels: &[(&str, &str)], expected: f64) {
        let families = self.families();
        let samples = families.iter().flat_map(|family| &family.samples);
        let found: Vec<f64> = samples
            .filter(|sample| {
                let found = sample.labels();
                let found: Vec<(&str, &str)> = found
                    .iter()
                    .map(|label| (label.name, label.value.as_str()))
                    .collect();
                sample.name() == name && found == labels
            })
            .map(|sample| sample.number())
            .collect();
        assert_eq!(found, [expected], "{name} {labels:?} in {}", self.0);
    }
}

#[test]
fn events_and_losses_are_counted() {
    let mut events = Events::default();
    let event = |replayed| Event {
        device: 0,
        incarnation: 0,
        address: String::new(),
        seq: 1,
        time_ns: 1,
        cause: 1,
        factorial: None,
        dma_bytes: None,
        replayed,
    };
    for replayed in [false, false, true] {
        events.event(&event(replayed));
    }
    let before = events.changes();
    events.loss(&Lost {
        device: 0,
        incarnation: 0,
        from: 5,
        to: 9,
    });
    assert!(events.changes() > before);
    let text = rendered(&events, &Hooks::default(), &[]);
    text.check("irqcast_events_received_total", &[], 2.0);
    text.check("irqcast_events_replayed_total", &[], 1.0);
    text.check("irqcast_events_lost_total", &[], 5.0);
    text.check("irqcast_loss_ranges_total", &[], 1.0);
    text.check("irqcast_driver_joined", &[], 1.0);
}

#[test]
fn every_rule_of_the_configuration_has_its_zeros() {
    let mut hooks = Hooks::default();
    hooks.set_rules(["sum"].into_iter(), |_| false);
    let text = rendered(&Events::default(), &hooks, &[]);
    text.check("irqcast_hooks_started_total", &[("rule", "sum")], 0.0);
}

#[test]
fn hooks_are_counted_by_rule_and_end() {
    let mut hooks = Hooks::default();
    for (end, milliseconds) in [
        (End::Exited(0), 3),
        (End::Exited(7), 30),
        (End::Signaled(Signal::SIGKILL), 3000),
    ] {
        hooks.started("sum");
        hooks.ended("sum", &end, Duration::from_millis(milliseconds));
    }
    let reason = "failed to start the program: Permission denied".to_owned();
    hooks.ended("sum", &End::NotStarted(reason), Duration::from_secs(9));
    hooks.not_started("other");
    hooks.line_cut("other");
    let busy = [Busy {
        rule: Rc::from("sum"),
        waiting: 4,
        running: 1,
    }];
    let text = rendered(&Events::default(), &hooks, &busy);
    let sum = ("rule", "sum");
    text.check("irqcast_hooks_started_total", &[sum], 3.0);
    text.check("irqcast_hooks_not_started_total", &[sum], 1.0);
    for end in ["done", "failed", "signal"] {
        text.check("irqcast_hooks_ended_total", &[sum, ("end", end)], 1.0);
    }
    text.check(
        "irqcast_hooks_ended_by_signal_total",
        &[sum, ("signal", "SIGKILL")],
        1.0,
    );
    let other = [("rule", "other")];
    text.check("irqcast_hooks_not_started_total", &other, 1.0);
    text.check("irqcast_hook_output_lines_cut_total", &other, 1.0);
    text.check("irqcast_hooks_waiting", &[sum], 4.0);
    text.check("irqcast_hooks_running", &[sum], 1.0);
    let name = "irqcast_hook_duration_seconds";
    for (end, count) in [("0.0025", 0.0), ("0.005", 1.0), ("5", 3.0), ("+Inf", 3.0)] {
        text.check(&format!("{name}_bucket"), &[sum, ("le", end)], count);
    }
    text.check(&format!("{name}_sum"), &[sum], 3.033);
    text.check(&format!("{name}_count"), &[sum], 3.0);
}

#[test]
fn every_family_says_what_it_is_and_samples_bear_its_name() {
    let mut hooks = Hooks::default();
    hooks.started("sum");
    hooks.ended("sum", &End::Signaled(Signal::SIGTERM), Duration::ZERO);
    let busy = [Busy {
        rule: Rc::from("sum"),
        waiting: 0,
        running: 0,
    }];
    let text = rendered(&Events::default(), &hooks, &busy);
    let families = text.families();
    assert!(families.len() > 15, "{families:?}");
    for family in families {
        let [
            MetricDescriptor::Help { metric, .. },
            MetricDescriptor::Type {
                metric: same,
                r#type,
            },
        ] = family.descriptors.as_slice()
        else {
            panic!("{family:?}");
        };
        assert_eq!(metric, same);
        assert!(!family.samples.is_empty(), "{family:?}");
        for sample in &family.samples {
            let rest = sample.name().strip_prefix(metric).expect("the name");
            let allowed: &[&str] = match r#type {
                MetricType::Histogram | MetricType::Unknown("histogram") => {
                    &["_bucket", "_sum", "_count"]
                }
                _ => &[""],
            };
            assert!(allowed.contains(&rest), "{} in {metric}", sample.name());
        }
    }
}

#[test]
fn reload_forgets_rules_that_are_gone_and_idle() {
    let mut hooks = Hooks::default();
    for rule in ["stays", "gone", "busy"] {
        hooks.started(rule);
    }
    hooks.set_rules(["stays", "new"].into_iter(), |rule| rule == "busy");
    let found: Vec<(&str, u64)> = hooks
        .rules()
        .map(|(name, rule)| (name.as_ref(), rule.started))
        .collect();
    assert_eq!(found, [("busy", 1), ("new", 0), ("stays", 1)]);
}

#[test]
fn names_with_quotation_marks_are_escaped() {
    let mut hooks = Hooks::default();
    hooks.started("a\"b\\c");
    let text = rendered(&Events::default(), &hooks, &[]);
    let line = r#"irqcast_hooks_started_total{rule="a\"b\\c"} 1"#;
    assert!(text.0.lines().any(|found| found == line), "{}", text.0);
}

#[test]
fn documentation_names_every_metric_with_its_type_and_no_other() {
    const DOCUMENT: &str = include_str!("../../../../docs/control.md");
    let mut hooks = Hooks::default();
    hooks.ended("sum", &End::Signaled(Signal::SIGTERM), Duration::ZERO);
    let busy = [Busy {
        rule: Rc::from("sum"),
        waiting: 0,
        running: 0,
    }];
    let text = rendered(&Events::default(), &hooks, &busy).0;
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let mut rendered: Vec<String> = types
        .filter_map(|line| line.split_once(' '))
        .map(|(name, kind)| format!("| `{name}` | {kind} |"))
        .collect();
    let mut documented: Vec<String> = DOCUMENT
        .lines()
        .filter(|line| line.starts_with("| `irqcast_"))
        .map(|line| {
            let cells: Vec<&str> = line.splitn(4, '|').collect();
            format!("|{}|{}|", cells[1], cells[2])
        })
        .collect();
    rendered.sort();
    documented.sort();
    assert_eq!(documented, rendered);
}
