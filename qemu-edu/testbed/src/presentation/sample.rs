//! A run with made-up figures, for the tests of what is made of runs. It says of itself that it
//! was never measured.

#[cfg(test)]
mod daemon;

#[cfg(test)]
pub use self::daemon::of_daemon;
use irqcast_bench::schema::{
    Burst, Distribution, FanOut, Joining, Kernel, Listener, Machine, Mode, PathRun, Payload, Rate,
    RatePoint, Run, Skipped, Storm, VERSION,
};

/// What the run says in place of a processor.
const MADE_UP: &str = "none: made-up figures, for tests";

/// Samples of each distribution.
const SAMPLES: u32 = 400;

/// Name, listener, context, and the median latency of each path.
const PATHS: [(&str, Listener, Option<&str>, u64); 24] = [
    ("netlink-multicast", Listener::Blocking, None, 21_000),
    ("netlink-multicast", Listener::Epoll, None, 24_000),
    ("netlink-multicast", Listener::IoUring, None, 25_500),
    ("netlink-multicast", Listener::Blocking, Some("bh"), 27_000),
    (
        "netlink-multicast",
        Listener::Blocking,
        Some("thread"),
        41_000,
    ),
    ("netlink-unicast", Listener::Blocking, None, 20_500),
    ("twin", Listener::Blocking, None, 20_800),
    ("chardev-read", Listener::Blocking, None, 17_000),
    ("chardev-read", Listener::IoUring, None, 19_500),
    ("chardev-poll", Listener::Epoll, None, 19_000),
    ("sigio", Listener::None, None, 31_000),
    ("rt-signal", Listener::Blocking, None, 23_000),
    ("eventfd", Listener::Blocking, None, 16_200),
    ("eventfd", Listener::Epoll, None, 18_100),
    ("mmap", Listener::Blocking, None, 16_400),
    ("mmap-spin", Listener::Spin, None, 3_100),
    ("sysfs", Listener::Epoll, None, 33_000),
    ("sockopt", Listener::Spin, None, 4_900),
    ("uio", Listener::Blocking, None, 29_000),
    ("uio", Listener::Epoll, None, 32_000),
    ("vfio", Listener::Blocking, None, 22_000),
    ("uevent", Listener::Epoll, None, 380_000),
    ("off", Listener::None, None, 0),
    ("netlink-no-listener", Listener::None, None, 0),
];

/// A run in that mode. Where instructions are counted, figures differ little from each other.
pub fn of_mode(mode: Mode) -> Run {
    let mut noise = Noise {
        state: 1,
        width: match mode {
            Mode::Wall => 0.15,
            Mode::Icount => 0.001,
        },
    };
    Run {
        schema: VERSION,
        kernel: Kernel {
            name: "stock".to_owned(),
            release: "7.3.0-made-up".to_owned(),
            version: "#1 <made up> & escaped".to_owned(),
            command_line: "console=ttyS0".to_owned(),
        },
        machine: Machine {
            accelerator: "TCG".to_owned(),
            qemu: MADE_UP.to_owned(),
            processors: 2,
            memory_mib: 512,
            host_processor: MADE_UP.to_owned(),
            host_processors: 2,
        },
        mode,
        seed: 1,
        samples: SAMPLES,
        warm_up: 100,
        started: 0,
        seconds: 1.0,
        paths: PATHS
            .into_iter()
            .map(|path| path_run(path, &mut noise))
            .collect(),
        storms: [
            ("off", 480_000.0),
            ("hard", 155_000.0),
            ("bh", 90_000.0),
            ("thread", 55_000.0),
        ]
        .into_iter()
        .map(|(name, hertz)| Storm {
            name: name.to_owned(),
            raised: 1_000_000,
            interrupts: 990_000,
            delivered: if name == "off" { 0 } else { 800_000 },
            interrupts_hz: hertz,
            delivered_hz: if name == "off" { 0.0 } else { hertz * 0.8 },
        })
        .collect(),
        skipped: vec![Skipped {
            name: "uevent".to_owned(),
            reason: "a made-up reason with <markup> & an ampersand".to_owned(),
        }],
    }
}

fn path_run(
    (name, listener, context, p50): (&str, Listener, Option<&str>, u64),
    noise: &mut Noise,
) -> PathRun {
    let measured = p50 > 0;
    let multicast = name == "netlink-multicast";
    let waits = measured && listener != Listener::Spin;
    let sustained = 1e9 / (p50.max(1) as f64 * 0.7);
    PathRun {
        name: name.to_owned(),
        listener,
        context: context.map(str::to_owned),
        latency_ns: noise.spread(p50),
        device_to_handler_ns: noise.spread(p50.min(2_000)),
        handler_to_listener_ns: noise.spread(p50.saturating_sub(2_000)),
        handler_ns: if name == "uio" {
            None
        } else {
            noise.spread(300 + p50 / 20)
        },
        interrupt_ns: noise.spread(2_300 + p50 / 20),
        syscalls_per_event: waits.then_some(1.0),
        context_switches_per_event: waits.then_some(1.01),
        cpu_ns_per_event: measured.then_some(p50 as f64 * 0.6),
        overrun_told: measured.then_some(!["sigio", "sysfs", "uevent"].contains(&name)),
        rate: measured.then(|| Rate {
            sustained_hz: sustained,
            points: (0..6)
                .map(|step| rate_point(sustained, f64::from(step)))
                .collect(),
        }),
        bursts: match measured {
            true => [16, 64, 256, 1024, 4096]
                .map(|size| burst(size, name))
                .to_vec(),
            false => Vec::new(),
        },
        fanout: match measured && !["twin", "uio", "vfio"].contains(&name) {
            true => [1, 2, 8, 64, 256]
                .map(|listeners| fan_out(listeners, p50))
                .to_vec(),
            false => Vec::new(),
        },
        bystanders: match multicast && listener == Listener::Blocking && context.is_none() {
            true => [1, 8, 64]
                .map(|listeners| fan_out(listeners, 9_000))
                .to_vec(),
            false => Vec::new(),
        },
        joining: (multicast && listener == Listener::Blocking && context.is_none())
            .then(|| {
                Some(Joining {
                    sockets: 5_000,
                    quiet_ns: noise.spread(1_200)?,
                    handler_ns: noise.spread(1_900)?,
                })
            })
            .flatten(),
        payload: match multicast || name == "chardev-read" {
            true => [0, 256, 1024, 4032]
                .map(|bytes| payload(bytes, p50))
                .to_vec(),
            false => Vec::new(),
        },
    }
}

fn rate_point(sustained: f64, step: f64) -> RatePoint {
    let offered = sustained * (0.5 + step * 0.5);
    let raised = offered as u64;
    let delivered = raised.min(sustained as u64);
    RatePoint {
        offered_hz: offered,
        raised,
        interrupts: raised,
        delivered,
        lost: raised - delivered,
        told: raised - delivered,
        duration_ns: 1_000_000_000,
    }
}

fn burst(size: u64, name: &str) -> Burst {
    let delivered = if name.starts_with("netlink") {
        size.min(256)
    } else {
        size
    };
    Burst {
        size,
        delivered,
        lost: size - delivered,
        told: size - delivered,
        duration_ns: size * 6_000,
    }
}

fn fan_out(listeners: u32, p50: u64) -> FanOut {
    FanOut {
        listeners,
        handler_awake_ns_p50: Some(300 + u64::from(listeners) * p50 / 80),
        handler_ns_p50: Some(300 + u64::from(listeners) * p50 / 40),
        latency_ns_p50: Some(p50 + u64::from(listeners) * p50 / 8),
        delivered: u64::from(listeners) * 1000,
        lost: 0,
        told: 0,
    }
}

fn payload(bytes: u32, p50: u64) -> Payload {
    Payload {
        bytes,
        latency_ns_p50: p50 + u64::from(bytes) / 3,
        handler_ns_p50: Some(300 + u64::from(bytes) / 5),
    }
}

/// Numbers without a pattern, the same each time.
struct Noise {
    state: u64,
    /// How far values are from each other.
    width: f64,
}

impl Noise {
    /// Values with a long tail upwards, half of which are below `p50`.
    fn spread(&mut self, p50: u64) -> Option<Distribution> {
        if p50 == 0 {
            return None;
        }
        let samples: Vec<u64> = (0..SAMPLES).map(|_| self.around(p50 as f64)).collect();
        Distribution::of(&samples)
    }

    fn around(&mut self, p50: f64) -> u64 {
        let uniform = |noise: &mut Self| {
            noise.state = noise
                .state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (noise.state >> 33) as f64 / f64::from(u32::MAX >> 1)
        };
        let sum: f64 = (0..4).map(|_| uniform(self)).sum();
        let tail = if uniform(self) > 0.985 { 8.0 } else { 0.0 };
        (p50 * ((sum - 2.0 + tail) * self.width).exp()) as u64
    }
}
