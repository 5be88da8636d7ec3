//! Arguments of the commands that make files for people: `doc`, `upstream` and `package`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

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
