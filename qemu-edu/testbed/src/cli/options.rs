//! What all commands accept: which kernel and guest, and where things are.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::Deserialize;

use super::DriverArgs;

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

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::Cli;

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
}
