//! Where the reference wins and where it loses, computed from the figures so that no prose can
//! be kinder than they are.

use irqcast_bench::schema::{Listener, PathRun, Run};

use super::{
    columns::{Best, COLUMNS, Column},
    label, unit,
};

/// Headings of the columns by which paths are judged.
const JUDGED: [&str; 5] = ["p50", "p99", "handler", "CPU", "sustained"];

/// A path that is better than the reference.
#[derive(Debug, Clone, PartialEq)]
pub struct Better {
    /// Its label.
    pub label: String,
    /// Its figure as a multiple of the reference's.
    pub ratio: f64,
}

/// How the reference does in one column.
pub struct Standing {
    /// The column.
    pub column: &'static Column,
    /// The reference's figure.
    pub own: f64,
    /// The paths that are better, the best first.
    pub better: Vec<Better>,
    /// How many paths have such a figure beside the reference.
    pub others: usize,
}

/// How the reference does in each column that counts.
pub fn standings(run: &Run) -> Vec<Standing> {
    let Some(reference) = label::reference(run) else {
        return Vec::new();
    };
    let judged = COLUMNS
        .iter()
        .filter(|column| JUDGED.contains(&column.title));
    judged
        .filter_map(|column| {
            let own = column.value(reference).filter(|own| *own > 0.0)?;
            let others: Vec<_> = competitors(run, reference)
                .filter_map(|path| Some((path, column.value(path)?)))
                .collect();
            let mut better: Vec<_> = others
                .iter()
                .filter(|(_, value)| match column.best {
                    Best::Most => *value > own,
                    _ => *value < own,
                })
                .map(|(path, value)| Better {
                    label: label::label(run, path),
                    ratio: value / own,
                })
                .collect();
            better.sort_by(|a, b| a.ratio.total_cmp(&b.ratio));
            if column.best == Best::Most {
                better.reverse();
            }
            Some(Standing {
                column,
                own,
                better,
                others: others.len(),
            })
        })
        .collect()
}

/// The same as lines for a terminal.
pub fn lines(run: &Run) -> Vec<String> {
    let standings = standings(run);
    let mut lines = Vec::new();
    for standing in standings.iter().filter(|standing| standing.others > 0) {
        let better: Vec<String> = standing
            .better
            .iter()
            .map(|better| format!("{} ({:.2})", better.label, better.ratio))
            .collect();
        let title = standing.column.title;
        lines.push(match better.is_empty() {
            true => format!("{title}: nothing is better than {}", label::REFERENCE),
            false => format!(
                "{title}: better than {}: {}",
                label::REFERENCE,
                better.join(", ")
            ),
        });
    }
    lines.extend(joining(run));
    lines
}

/// How long the handler waits for sockets that join its group, in a sentence.
pub fn joining(run: &Run) -> Option<String> {
    let joining = run.paths.iter().find_map(|path| path.joining.as_ref())?;
    let time = |value: u64| unit::time(run.mode, value as f64);
    let (alone, beside) = (&joining.quiet_ns, &joining.handler_ns);
    Some(format!(
        "handler while {} sockets join and close on the other processor: p50 {}, p99 {}, at most {}; \
         while none does: p50 {}, p99 {}, at most {}",
        unit::grouped(joining.sockets as f64),
        time(beside.p50),
        time(beside.p99),
        time(beside.max),
        time(alone.p50),
        time(alone.p99),
        time(alone.max),
    ))
}

/// Every listener that competes with the reference: not its own variants, and not its twin. A
/// listener that never sleeps is the floor, and takes a processor for itself.
fn competitors<'a>(run: &'a Run, reference: &'a PathRun) -> impl Iterator<Item = &'a PathRun> {
    run.paths.iter().filter(|path| {
        let sleeps = path.latency_ns.is_some() && path.listener != Listener::Spin;
        sleeps && path.name != reference.name && path.name != "twin"
    })
}

/// The reference's median latency divided by another path's, as text.
pub fn against(run: &Run, name: &str) -> Option<String> {
    let p50 = |path: &PathRun| path.latency_ns.as_ref().map(|latency| latency.p50 as f64);
    let own = label::reference(run).and_then(p50)?;
    let mut others = run.paths.iter().filter(|path| path.name == name);
    unit::ratio(own, others.find_map(p50)?)
}

#[cfg(test)]
mod tests {
    use irqcast_bench::schema::Mode;

    use super::super::sample;
    use super::*;

    #[test]
    fn the_best_competitor_comes_first_and_no_kin_is_among_them() {
        for standing in standings(&sample::of_mode(Mode::Wall)) {
            let ratios: Vec<f64> = standing.better.iter().map(|better| better.ratio).collect();
            let title = standing.column.title;
            match standing.column.best {
                Best::Most => assert!(
                    ratios.iter().rev().is_sorted() && ratios[0] > 1.0,
                    "{title}"
                ),
                _ => assert!(ratios.is_sorted() && ratios[0] < 1.0, "{title}"),
            }
            for better in standing.better {
                for kin in ["netlink-multicast", "twin", "mmap-spin", "off"] {
                    assert!(!better.label.starts_with(kin), "{title}: {}", better.label);
                }
            }
        }
    }

    #[test]
    fn multiples_are_of_the_other_path() {
        let run = sample::of_mode(Mode::Wall);
        let times: f64 = against(&run, "eventfd").unwrap().parse().unwrap();
        assert!((1.2..1.4).contains(&times), "{times}");
        assert_eq!(against(&run, "off"), None);
        assert_eq!(against(&run, "pigeon"), None);
    }
}
