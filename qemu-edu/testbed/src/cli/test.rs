//! Arguments of `test` and `soak`.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::DriverArgs;

/// Arguments of `test`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  cargo testbed test                     everything
  cargo testbed test --only host         unit tests, driver lints, spec checks; no guest
  cargo testbed test --only vm raise     guest tests whose name contains 'raise'
  cargo testbed test --list              names, one a line
  cargo testbed test --driver ../cable --qemu-device e1000
                                         a driver of one's own: format, lints, and its scripts in tests/")]
pub struct TestArgs {
    /// The driver, whose own tests run then.
    #[command(flatten)]
    pub driver: DriverArgs,

    /// Run only the tests whose name contains this text
    pub filter: Option<String>,

    /// Run only the checks on this machine, or only the tests in guests
    #[arg(long, value_enum)]
    pub only: Option<Only>,

    /// Print the names of the tests instead of running them
    #[arg(long)]
    pub list: bool,
}

/// Which half of the tests to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Only {
    /// Checks on this machine
    Host,
    /// Tests in virtual machines
    Vm,
}

/// Arguments of `soak`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  cargo testbed soak                                  all of them on the stock kernel, with their own counts
  cargo testbed soak storm --count 5000000            five million interrupts
  cargo testbed soak --kernel debug --count 20        with KASAN and lockdep, which take their time
  cargo testbed soak incarnations --time 8h           over night, again and again
  cargo testbed soak mutants                          without its answer, each hazard's test fails
  cargo testbed soak --list                           names, one a line")]
pub struct SoakArgs {
    /// Run only the tests whose name contains this text
    pub filter: Option<String>,

    /// How often to do what each test does, instead of its own count [of interrupts, cycles, …]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,

    /// Begin again until this time is over: a number with s, m or h, such as 90s, 30m or 1.5h
    #[arg(long, value_name = "T", value_parser = span)]
    pub time: Option<Duration>,

    /// Print the names of the tests instead of running them
    #[arg(long)]
    pub list: bool,
}

fn span(text: &str) -> Result<Duration, String> {
    let units = [("s", 1.0), ("m", 60.0), ("h", 3600.0)];
    let parsed = units.iter().find_map(|(unit, seconds)| {
        let number: f64 = text.strip_suffix(unit)?.parse().ok()?;
        Duration::try_from_secs_f64(number * seconds).ok()
    });
    match parsed {
        Some(duration) if !duration.is_zero() => Ok(duration),
        _ => Err("a time greater than 0 is wanted, such as 90s, 30m or 1.5h".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_a_unit() {
        for (text, seconds) in [("90s", 90), ("30m", 1800), ("1.5h", 5400)] {
            assert_eq!(span(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "5", "0s", "-1m", "m", "1d", "1e300h"] {
            assert!(span(text).is_err(), "{text}");
        }
    }
}
