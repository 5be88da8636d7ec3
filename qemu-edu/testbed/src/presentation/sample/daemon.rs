//! A made-up run of irqcastd and its peers.

use irqcast_bench::{
    peers::{Burst, Confinement, NAMES, Peer, Plan, Run, Sleeper, VERSION},
    schema::{Distribution, Mode, Skipped},
};

/// The run.
pub fn of_daemon() -> Run {
    let of_paths = super::of_mode(Mode::Wall);
    Run {
        schema: VERSION,
        kernel: of_paths.kernel,
        machine: of_paths.machine,
        packages: vec!["made up 1.0".to_owned()],
        plan: Plan {
            samples: 5,
            rounds: 1,
            warm_up: 1,
            hooks: 5,
            burst: 100,
            burst_limit_s: 9,
            seed: 1,
            rate_ms: 4000,
            asleep_s: 10,
            only: Vec::new(),
            quick: false,
        },
        started: 0,
        seconds: 1.0,
        peers: (1..)
            .zip(NAMES)
            .map(|(n, name)| peer(name, n * 1_000_000))
            .collect(),
        confinement: (1..)
            .zip(["none", "user"])
            .map(|(n, name)| Confinement {
                name: name.to_owned(),
                latency_ns: around(n * 1_000_000),
            })
            .collect(),
        skipped: vec![Skipped {
            name: "mdev".to_owned(),
            reason: "made up".to_owned(),
        }],
    }
}

fn peer(name: &str, p50: u64) -> Peer {
    Peer {
        name: name.to_owned(),
        latency_ns: around(p50),
        hooks_hz: 1e9 / p50 as f64,
        rest_kib: 2000,
        rest_pss_kib: 1500,
        sleeper: Some(Sleeper {
            before_ns_p50: p50,
            next_ns: p50 * 2,
            asleep_ns_p50: Some(p50),
            samples: 3,
        }),
        burst: Some(Burst {
            events: 100,
            hooks: 90,
            told: 10,
            seconds: 1.5,
            finished: true,
            peak_kib: 3000,
            processes: 4,
        }),
    }
}

fn around(p50: u64) -> Distribution {
    let samples: Vec<u64> = (1..=9).map(|n| p50 * (n + 5) / 10).collect();
    Distribution::of(&samples).expect("there are samples")
}
