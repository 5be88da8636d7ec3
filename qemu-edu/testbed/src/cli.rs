//! The command line.

mod bench;
mod driver;
mod guest;
mod made;
mod new;
mod options;
mod raise;
mod test;

use clap::{Args, Parser, Subcommand};

pub use self::{
    bench::{BenchArgs, BenchMode, ReportArgs},
    driver::DriverArgs,
    guest::{DemoArgs, MachineArgs, RunArgs, ShellArgs},
    made::{DocArgs, PackageArgs, UpstreamArgs, UpstreamBuild},
    new::NewArgs,
    options::{Guest, KernelChoice, Options},
    test::{Only, SoakArgs, TestArgs},
};
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

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn definition_is_consistent() {
        Cli::command().debug_assert();
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
