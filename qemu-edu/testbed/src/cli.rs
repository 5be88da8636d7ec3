//! The command line.

mod driver;
mod new;
mod raise;

use std::{path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum, builder::PossibleValuesParser};
use irqcast_bench::plan::Raise;
use serde::Deserialize;

pub use self::{driver::DriverArgs, new::NewArgs};
use crate::exit;

/// Builds the irqcast driver and runs it in virtual machines with QEMU's edu device.
///
/// Nothing outside the cache folder and the repository's target folder is changed,
/// apart from Debian packages that `setup` names before it installs them.
#[derive(Debug, Parser)]
#[command(name = "cargo testbed", bin_name = "cargo testbed", version)]
#[command(after_help = EXAMPLES, after_long_help = long_help())]
pub struct Cli {
    /// What all commands accept.
    #[command(flatten)]
    pub options: Options,

    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "\
Examples:
  cargo testbed demo                          see an interrupt travel to a hook script
  cargo testbed test                          every test, host and virtual machine
  cargo testbed test --kernel stock msi::     tests whose name contains 'msi::', one kernel
  cargo testbed soak storm                    a million interrupts, none of them lost
  cargo testbed bench --mode icount           compare the delivery paths
  cargo testbed run -- irqcastctl list        one command in a fresh guest
  cargo testbed shell --guest debian          a guest with systemd and udev
  cargo testbed shell --devices 2             look around in a guest with two devices
  cargo testbed doc                           the documentation of the notification core
  cargo testbed setup --kdir ~/linux          with a kernel that you built";

fn long_help() -> String {
    format!("{EXAMPLES}\n\n{}", exit::HELP)
}

/// What the testbed can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make everything that the other commands need: build root, kernel, driver, programs
    Setup(SetupArgs),
    /// Show events travel from the device to hook scripts
    Demo(DemoArgs),
    /// Write a driver for another PCI device, to be filled in (docs/porting.md)
    New(NewArgs),
    /// Run the tests; the last line counts passed, failed and skipped
    Test(TestArgs),
    /// Run the long forms of the tests: the same, a million times, or for hours
    ///
    /// Some tests in guests have a long form: the same code with a larger count, which they choose
    /// themselves, or with the one of --count. What they measured is printed below each result.
    /// docs/reliability.md says what they prove, and holds the figures of runs that were made.
    ///
    /// The mutants are the project without one answer to a hazard each (tests/mutants/). Their tests
    /// have to fail, on the debug kernel, which is the default for them.
    Soak(SoakArgs),
    /// Compare the ways from an interrupt to user space, with figures
    ///
    /// Every path of the driver, and what the kernel has beside it (uio, vfio, uevents), is
    /// measured on the same device in the same guest: latency, time in the handler, system
    /// calls, context switches and processor time an event, rates with and without loss, bursts,
    /// many listeners, larger events. The order is decided by --seed. Compare figures of one run
    /// only.
    ///
    /// In the mode `wall` the guest has two processors, and its time is that of this machine, so
    /// keep the machine idle. In the mode `icount` it has one, and its time is the number of
    /// instructions that it executes: two runs give the same figures, also on a busy machine,
    /// but there is nothing to say about rates.
    Bench(BenchArgs),
    /// Show a recorded run of the benchmark, or renew the documentation's figures
    Report(ReportArgs),
    /// Make Debian packages of the daemon and, for DKMS, of the driver; print their paths
    Package(PackageArgs),
    /// Make the pages that document the notification core and the driver; print where they begin
    ///
    /// They are made by the rustdoc that the kernel's own documentation is made with, for the kernel
    /// that modules are built for. A broken link, or an item of the core without a word on it, is a
    /// fault, and so is an example in the core's documentation that does not compile.
    Doc(DocArgs),
    /// Boot a guest with the driver loaded, run one command in it, pass on its status
    Run(RunArgs),
    /// Boot a guest with the driver loaded and open a shell in it
    Shell(ShellArgs),
    /// Make the patches that would bring the driver's netlink to the kernel; print their paths
    ///
    /// They are made of driver/irqcast/genetlink, as docs/upstream/series.toml says, formatted by the
    /// kernel's rules, shown to checkpatch.pl --strict, and compiled as part of the kernel crate. Those in
    /// docs/upstream carry no name: whoever sends them signs them off.
    Upstream(UpstreamArgs),
}

/// Options of all commands.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Kernel to boot [default: stock; for `test` both, one after the other]
    #[arg(long, global = true, value_enum, conflicts_with = "kdir")]
    pub kernel: Option<KernelChoice>,

    /// Kind of guest [default: minimal; for `test` and `soak` what each test needs]
    #[arg(long, global = true, value_enum)]
    pub guest: Option<Guest>,

    /// Use the kernel that was built in this folder instead
    ///
    /// It has to be Linux 7.3 with CONFIG_RUST=y, built (image and modules), for x86-64.
    #[arg(long, global = true, value_name = "DIR")]
    pub kdir: Option<PathBuf>,

    /// Also write the guest's kernel log to this file
    #[arg(long, global = true, value_name = "FILE")]
    pub keep_log: Option<PathBuf>,

    /// Where everything is kept that is fetched or built [default: $XDG_CACHE_HOME/irqcast]
    #[arg(long, global = true, value_name = "DIR", env = "IRQCAST_CACHE")]
    pub cache_dir: Option<PathBuf>,

    /// Debian mirror to fetch from [default: the one in apt's configuration]
    #[arg(long, global = true, value_name = "URL", env = "IRQCAST_MIRROR")]
    pub mirror: Option<String>,

    /// Kernel series to take from Debian; another than the default is an experiment
    #[arg(long, global = true, value_name = "X.Y", default_value = "7.3")]
    pub series: String,

    /// Print the output of every program that set-up runs, too
    #[arg(long, short, global = true)]
    pub verbose: bool,
}

impl Options {
    /// The guest to boot where a person chose none.
    pub fn guest(&self) -> Guest {
        self.guest.unwrap_or_default()
    }

    /// Fails, and says what to do, if a person wants `command`, which runs in the minimal guest only,
    /// in another one.
    pub fn require_minimal_guest(&self, command: &str) -> anyhow::Result<()> {
        anyhow::ensure!(
            self.guest() == Guest::Minimal,
            "`{command}` runs in the minimal guest only: leave out --guest; `run`, `shell`, `test` and \
             `soak` take --guest debian"
        );
        Ok(())
    }

    /// Fails, and says what to do, if a person wants their own driver in another guest than the minimal
    /// one.
    pub fn require_minimal_guest_for(&self, driver: &DriverArgs) -> anyhow::Result<()> {
        anyhow::ensure!(
            driver.driver.is_none() || self.guest() == Guest::Minimal,
            "--driver takes the minimal guest only: leave out --guest"
        );
        Ok(())
    }

    /// Kernels to use: the person's choice, or else `default`.
    pub fn kernels(&self, default: &[KernelChoice]) -> Vec<KernelChoice> {
        match (&self.kdir, self.kernel) {
            (Some(_), _) => vec![KernelChoice::Custom],
            (None, Some(kernel)) => vec![kernel],
            (None, None) => default.to_vec(),
        }
    }
}

/// Which kernel a guest boots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ValueEnum)]
pub enum KernelChoice {
    /// Debian's own, unmodified
    Stock,
    /// Built from the same source with KASAN, lockdep and the like (the first build takes about 10 minutes)
    Debug,
    /// The one that `--kdir` names.
    #[value(skip)]
    Custom,
}

impl KernelChoice {
    /// The kernel's name in test names and in [`crate::prepared::Kernel::name`].
    pub fn name(self) -> &'static str {
        match self {
            Self::Stock => "stock",
            Self::Debug => "debug",
            Self::Custom => "custom",
        }
    }
}

/// What runs in a virtual machine.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, ValueEnum,
)]
#[serde(rename_all = "kebab-case")]
pub enum Guest {
    /// A static PID 1 and busybox; boots in seconds
    #[default]
    Minimal,
    /// Debian 13 with systemd and udev, on the stock kernel
    Debian,
}

/// Arguments of `setup`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  cargo testbed setup                    what `demo` needs; under a second when it is there
  cargo testbed setup --kernel debug     also build the debug kernel
  cargo testbed setup --update           look for a newer kernel package
  cargo testbed setup --prune            free the space of older set-ups")]
pub struct SetupArgs {
    /// Look for newer packages instead of using what was found before
    #[arg(long)]
    pub update: bool,

    /// Remove what older set-ups left in the cache
    #[arg(long)]
    pub prune: bool,
}

/// Arguments of `demo`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  cargo testbed demo                                            edu's three interrupts
  cargo testbed demo --driver ../cable --qemu-device e1000      a driver that `new` made, and its raise.sh")]
pub struct DemoArgs {
    /// The driver.
    #[command(flatten)]
    pub driver: DriverArgs,
}

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

/// Arguments of `bench`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  cargo testbed bench                                       everything, at most 10 minutes
  cargo testbed bench --mode icount --json figures.json     figures that can be repeated
  cargo testbed bench --paths netlink-multicast,uio --samples 200
  cargo testbed bench --html comparison.html                a page with curves
  cargo testbed bench --daemon                              irqcastd and its peers
  cargo testbed bench --driver ../cable --qemu-device e1000 --raise 0xc8=0x4
                                                            a driver of one's own: the core's paths")]
pub struct BenchArgs {
    /// The driver.
    #[command(flatten)]
    pub driver: DriverArgs,

    /// Register of the driver's device, and what to write there so that it interrupts
    ///
    /// In the BAR 0, or the one that is named. Numbers are decimal, or hexadecimal after 0x.
    #[arg(long, value_name = "[BAR:]OFFSET=VALUE", requires = "driver", value_parser = raise::parse)]
    pub raise: Option<Raise>,

    /// Measure irqcastd beside udevd, mdev, acpid and a bare loop, and not the paths
    #[arg(long, conflicts_with_all = ["driver", "paths", "latency_only", "html"])]
    pub daemon: bool,

    /// Daemons to measure, separated by commas [default: all]
    #[arg(long, value_name = "NAMES", requires = "daemon", value_delimiter = ',', value_parser = PossibleValuesParser::new(irqcast_bench::peers::NAMES))]
    pub daemons: Vec<String>,

    /// Measure of each daemon latency and rate only: no sleeper, burst or confinement
    #[arg(long, requires = "daemon")]
    pub quick: bool,

    /// Which clock the guest has
    #[arg(long, value_enum, default_value_t = BenchMode::Wall)]
    pub mode: BenchMode,

    /// Paths to measure, separated by commas [default: all]
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = PossibleValuesParser::new(irqcast_bench::catalogue::NAMES))]
    pub paths: Vec<String>,

    /// Latency samples of each path, or of each daemon
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub samples: u32,

    /// Decides the order in which the paths are measured [default: by chance; icount: 1]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// Measure latency and handler only: no rates, bursts, many listeners or larger events
    #[arg(long)]
    pub latency_only: bool,

    /// Write all figures to this file (docs/comparison.md says what they are)
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,

    /// Write a page with curves to this file
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
}

/// Which clock the benchmark's guest has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum BenchMode {
    /// This machine's, with two processors
    Wall,
    /// One that counts instructions, with one processor
    Icount,
}

/// Arguments of `report`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  cargo testbed report run.json                   the table of a run that `bench --json` wrote
  cargo testbed report run.json --html run.html   and a page with its charts
  cargo testbed report --docs                     put the recordings in docs/comparison/ into docs/comparison.md")]
pub struct ReportArgs {
    /// File that `bench --json` wrote
    #[arg(value_name = "RUN", required_unless_present = "docs")]
    pub recording: Option<PathBuf>,

    /// Write a page with charts, one file that needs nothing else
    #[arg(long, value_name = "FILE", requires = "recording")]
    pub html: Option<PathBuf>,

    /// Renew the figures in docs/comparison.md from the recordings beside it
    #[arg(long)]
    pub docs: bool,
}

/// Arguments of `doc`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  cargo testbed doc                      pages in target/doc/irqcast; open what it prints in a browser
  cargo testbed doc --output /tmp/doc    the same, elsewhere")]
pub struct DocArgs {
    /// Folder for the pages [default: target/doc/irqcast]
    #[arg(long, value_name = "DIR")]
    pub output: Option<PathBuf>,
}

/// Arguments of `upstream`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  cargo testbed upstream                               renew docs/upstream
  cargo testbed upstream --build each --kernel debug   also compile after each patch, with KUnit tests
  cargo testbed upstream --sign-off 'A Name <a@b.org>' --output /tmp/series
                                                       patches to send")]
pub struct UpstreamArgs {
    /// Folder for the patches; older ones in it are removed [default: docs/upstream]
    #[arg(long, value_name = "DIR")]
    pub output: Option<PathBuf>,

    /// Who sends them: put into From and Signed-off-by
    #[arg(long, value_name = "NAME <ADDRESS>", requires = "output")]
    pub sign_off: Option<String>,

    /// How much to compile: check the kernel crate with all patches, or compile it after each one
    #[arg(long, value_enum, default_value_t = UpstreamBuild::Last)]
    pub build: UpstreamBuild,
}

/// How much of the patches is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum UpstreamBuild {
    /// All patches together, without code generation
    Last,
    /// After each patch, with code generation (minutes)
    Each,
}

/// Arguments of `package`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  cargo testbed package                  irqcastd_…_amd64.deb and irqcast-dkms_…_all.deb, for Debian 13
  cargo testbed package --dir /tmp       the same, elsewhere")]
pub struct PackageArgs {
    /// Folder for the packages [default: target/packages]
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,

    /// Version of the packages [default: that of the programs, with the last commit's time and name]
    #[arg(long, value_name = "VERSION")]
    pub package_version: Option<String>,
}

/// What `run` and `shell` put into the machine.
#[derive(Debug, Clone, Args)]
pub struct MachineArgs {
    /// File to copy into the guest's /root; may be given several times
    #[arg(long, value_name = "FILE")]
    pub copy: Vec<PathBuf>,

    /// The driver.
    #[command(flatten)]
    pub driver: DriverArgs,

    /// Number of edu devices [default: 1, or none with --qemu-device]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=16))]
    pub devices: Option<u8>,

    /// More arguments for the guest's kernel command line
    #[arg(
        long,
        value_name = "ARGS",
        default_value = "",
        allow_hyphen_values = true
    )]
    pub append: String,

    /// Memory of the guest, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 512, value_parser = clap::value_parser!(u32).range(128..))]
    pub memory: u32,
}

/// Arguments of `run`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  cargo testbed run -- irqcastctl raise --count 3
  cargo testbed run --copy hook.sh -- sh hook.sh
  cargo testbed run --devices 2 --append 'irqcast_edu.msi=0' -- irqcastctl --json list")]
pub struct RunArgs {
    /// The machine.
    #[command(flatten)]
    pub machine: MachineArgs,

    /// Stop the guest after this many seconds
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub timeout: Option<Duration>,

    /// Command to run in the guest, with its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    pub command: Vec<String>,
}

/// Arguments of `shell`.
#[derive(Debug, Clone, Args)]
pub struct ShellArgs {
    /// The machine.
    #[command(flatten)]
    pub machine: MachineArgs,
}

fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse::<f64>().map(Duration::try_from_secs_f64) {
        Ok(Ok(duration)) if !duration.is_zero() => Ok(duration),
        _ => Err("a number of seconds greater than 0 is wanted, such as 30 or 2.5".to_owned()),
    }
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
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn kernel_choice_wins_over_default() {
        let cli = |arguments: &[&str]| Cli::try_parse_from(arguments).unwrap().options;
        let both = [KernelChoice::Stock, KernelChoice::Debug];
        assert_eq!(cli(&["t", "test"]).kernels(&both), both);
        assert_eq!(
            cli(&["t", "test", "--kernel", "debug"]).kernels(&both),
            [KernelChoice::Debug]
        );
        assert_eq!(
            cli(&["t", "--kdir", "/k", "test"]).kernels(&both),
            [KernelChoice::Custom]
        );
        assert!(Cli::try_parse_from(["t", "test", "--kdir", "/k", "--kernel", "stock"]).is_err());
    }

    #[test]
    fn spans_have_a_unit() {
        for (text, seconds) in [("90s", 90), ("30m", 1800), ("1.5h", 5400)] {
            assert_eq!(span(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "5", "0s", "-1m", "m", "1d", "1e300h"] {
            assert!(span(text).is_err(), "{text}");
        }
    }

    #[test]
    fn command_of_run_keeps_its_own_options() {
        let cli = Cli::try_parse_from(["t", "run", "--", "irqcastctl", "--json", "list"]).unwrap();
        let Command::Run(run) = cli.command else {
            panic!("not run: {cli:?}")
        };
        assert_eq!(run.command, ["irqcastctl", "--json", "list"]);
    }
}
