//! irqcastd beside its peers: the tables, on the terminal and in Markdown, and the bars.

use std::{
    fmt::Write as _,
    io::{self, Write as _},
};

use console::{Style, Term};
use irqcast_bench::{
    peers::{Burst, Confinement, NAMES, Peer, Run},
    schema::Mode,
};

use super::{table, unit};

/// The one that the others are compared with.
const OWN: &str = NAMES[0];
/// The same where hooks need not keep the order, as those of the floor do not.
const OWN_FREE: &str = NAMES[1];
const FLOOR: &str = NAMES[2];
const UDEVD: &str = NAMES[3];

/// A table: titles, and rows that begin with a name.
pub struct Rows {
    /// Titles of the columns.
    pub titles: Vec<&'static str>,
    /// As many cells in each.
    pub rows: Vec<Vec<String>>,
}

/// Each of those that run hooks.
pub fn peers(run: &Run) -> Rows {
    let titles = vec![
        "runs hooks",
        "p50",
        "p99",
        "hooks",
        "next to a sleeper",
        "asleep p50",
        "burst: hooks",
        "told as lost",
        "time",
        "at rest",
        "PSS",
        "burst",
        "processes",
    ];
    let rows = run.peers.iter().map(|peer| {
        let sleeper = peer.sleeper.as_ref();
        let burst = peer.burst.as_ref();
        let of_burst = |text: fn(&Burst) -> String| burst.map(text).unwrap_or_default();
        vec![
            peer.name.clone(),
            time(peer.latency_ns.p50),
            time(peer.latency_ns.p99),
            unit::rate(peer.hooks_hz),
            sleeper
                .map(|sleeper| time(sleeper.next_ns))
                .unwrap_or_default(),
            sleeper
                .and_then(|sleeper| {
                    unit::ratio(sleeper.asleep_ns_p50? as f64, sleeper.before_ns_p50 as f64)
                })
                .unwrap_or_default(),
            of_burst(|burst| unit::grouped(f64::from(burst.hooks))),
            of_burst(|burst| unit::grouped(f64::from(burst.told))),
            of_burst(|burst| {
                let more = match burst.finished {
                    true => "",
                    false => ", not at its end",
                };
                format!("{:.1} s{more}", burst.seconds)
            }),
            memory(peer.rest_kib),
            memory(peer.rest_pss_kib),
            of_burst(|burst| memory(burst.peak_kib)),
            of_burst(|burst| burst.processes.to_string()),
        ]
    });
    Rows {
        titles,
        rows: rows.collect(),
    }
}

/// Each kind of confinement.
pub fn confinement(run: &Run) -> Rows {
    let none = run.confinement.first().map(|none| none.latency_ns.p50);
    let row = |kind: &Confinement| {
        let p50 = kind.latency_ns.p50;
        let adds = none.map(|none| match p50.checked_sub(none) {
            Some(more) => time(more),
            None => format!("-{}", time(none - p50)),
        });
        vec![
            kind.name.clone(),
            time(p50),
            time(kind.latency_ns.p99),
            adds.unwrap_or_default(),
        ]
    };
    Rows {
        titles: vec!["confined", "p50", "p99", "adds"],
        rows: run.confinement.iter().map(row).collect(),
    }
}

/// What was to be reached, with what was, and whether that is enough.
pub fn bars(run: &Run) -> Vec<(String, bool)> {
    let peer = |name: &str| run.peers.iter().find(|peer| peer.name == name);
    let (Some(own), Some(free)) = (peer(OWN), peer(OWN_FREE)) else {
        return Vec::new();
    };
    let mut bars = Vec::new();
    let mut most = |what: String, value: Option<f64>, most: f64| {
        if let Some(value) = value {
            bars.push((
                format!("{what}: {value:.2}, at most {most:.2}"),
                value <= most,
            ));
        }
    };
    let latency =
        |own: &Peer, other: &Peer| Some(own.latency_ns.p50 as f64 / other.latency_ns.p50 as f64);
    let mib = |kib: u64| kib as f64 / 1024.0;
    for (other, limit) in [(UDEVD, 1.0 / 3.0), (FLOOR, 1.2)] {
        let ratio = peer(other).and_then(|other| latency(own, other));
        most(format!("p50, of {other}'s"), ratio, limit);
    }
    let asleep = own
        .sleeper
        .as_ref()
        .and_then(|sleeper| Some(sleeper.asleep_ns_p50? as f64 / sleeper.before_ns_p50 as f64));
    most(
        "p50 beside a hook that sleeps, of that without".to_owned(),
        asleep,
        1.1,
    );
    let burst = own.burst.as_ref();
    most(
        "memory under the burst, in MiB".to_owned(),
        burst.map(|burst| mib(burst.peak_kib)),
        16.0,
    );
    most(
        "memory at rest, in MiB".to_owned(),
        Some(mib(own.rest_kib)),
        4.0,
    );
    for (name, own) in [(OWN, own), (OWN_FREE, free)] {
        for (other, limit) in [(UDEVD, 3.0), (FLOOR, 0.85)] {
            let Some(other) = peer(other) else { continue };
            let ratio = own.hooks_hz / other.hooks_hz;
            let what = format!("hooks a second of {name}, of {}'s", other.name);
            bars.push((
                format!("{what}: {ratio:.2}, at least {limit:.2}"),
                ratio >= limit,
            ));
        }
    }
    if let Some(burst) = burst {
        let accounted = burst.hooks + burst.told;
        let over = if burst.finished {
            ""
        } else {
            ", when the time was over"
        };
        let text = format!(
            "hooks and losses told in the burst: {accounted} of {}{over}",
            burst.events
        );
        bars.push((text, accounted == burst.events));
    }
    bars
}

fn time(nanoseconds: u64) -> String {
    unit::time(Mode::Wall, nanoseconds as f64)
}

fn memory(kib: u64) -> String {
    format!("{:.1} MiB", kib as f64 / 1024.0)
}

/// Prints what a run found to standard output.
pub fn print(run: &Run) {
    let term = Term::stdout();
    let width = term.is_term().then(|| usize::from(term.size().1));
    // Whoever closed standard output does not want to know.
    let _ = io::stdout().lock().write_all(render(run, width).as_bytes());
}

/// The text that [`print`] prints where a line has room for `width` characters.
pub fn render(run: &Run, width: Option<usize>) -> String {
    let mut text = String::new();
    for (rows, highlighted) in [(peers(run), Some(OWN)), (confinement(run), None)] {
        table::write_rows(&mut text, &rows, width, highlighted);
        text.push('\n');
    }
    for (bar, reached) in bars(run) {
        let (style, word) = match reached {
            true => (Style::new().green(), "reached"),
            false => (Style::new().red(), "missed"),
        };
        let _ = writeln!(text, "{} {bar}", style.apply_to(format!("{word:>7}")));
    }
    for skipped in &run.skipped {
        let label = Style::new().yellow().apply_to("not measured");
        let _ = writeln!(text, "{label}: {}: {}", skipped.name, skipped.reason);
    }
    text
}
