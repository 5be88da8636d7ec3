//! Writes the text format of Prometheus, version 0.0.4.
//!
//! What node exporter's textfile collector reads is this format and not OpenMetrics, where a counter's
//! family has another name than its samples. See
//! <https://prometheus.io/docs/instrumenting/exposition_formats/>.

use super::histogram::Histogram;
use std::fmt::{Display, Write as _};

/// A text that grows by families of metrics.
#[derive(Default)]
pub struct Exposition {
    text: String,
    /// What says what the next family is. A family without a sample is left out.
    header: Option<String>,
}

impl Exposition {
    /// One number that only grows.
    pub fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.family(name, help, "counter");
        self.sample(name, &[], value);
    }

    /// One number that may shrink too.
    pub fn gauge(&mut self, name: &str, help: &str, value: u64) {
        self.family(name, help, "gauge");
        self.sample(name, &[], value);
    }

    /// Begins a family: its samples follow.
    pub fn family(&mut self, name: &str, help: &str, kind: &str) {
        self.header = Some(format!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
    }

    /// One sample.
    pub fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        if let Some(header) = self.header.take() {
            self.text.push_str(&header);
        }
        let labels: Vec<String> = labels
            .iter()
            .map(|(label, value)| format!("{label}=\"{}\"", escaped(value)))
            .collect();
        match labels.is_empty() {
            true => self.line(format_args!("{name} {value}")),
            false => self.line(format_args!("{name}{{{}}} {value}", labels.join(","))),
        }
    }

    /// The samples of a histogram of seconds.
    pub fn histogram(&mut self, name: &str, (label, of): (&str, &str), histogram: &Histogram) {
        for (bound, count) in histogram.cumulative() {
            let labels = [(label, of), ("le", bound)];
            self.sample(&format!("{name}_bucket"), &labels, count);
        }
        let labels = [(label, of)];
        let sum = histogram.sum().as_secs_f64();
        self.sample(&format!("{name}_sum"), &labels, sum);
        self.sample(&format!("{name}_count"), &labels, histogram.count());
    }

    /// The whole text.
    pub fn into_text(self) -> String {
        self.text
    }

    fn line(&mut self, line: impl Display) {
        // Writing to a String does not fail.
        let _ = writeln!(self.text, "{line}");
    }
}

/// A label's value as it stands between quotation marks.
fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for character in value.chars() {
        match character {
            '\\' => text.push_str("\\\\"),
            '"' => text.push_str("\\\""),
            '\n' => text.push_str("\\n"),
            other => text.push(other),
        }
    }
    text
}
