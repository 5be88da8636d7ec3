//! The build root: a small Debian tree with the compilers that Debian's kernel was built with,
//! the kernel's packages, and what a guest borrows (busybox, Python).

use std::path::{Path, PathBuf};

use anyhow::Context;

use super::{
    apt,
    debian_tree::{self, Contents},
    mirror,
    packages::KernelPackages,
    run, source, space, stock,
};
use crate::{
    cache::{Cache, Entry, Facts, Key},
    cli::Options,
    namespace,
    ui::Ui,
};

/// Packages beside those of the kernel.
const PACKAGES: [&str; 29] = [
    // What a kernel build calls, DKMS among it.
    "bc",
    "bindgen",
    "binutils",
    "bison",
    "clang",
    "cpio",
    "dkms",
    "flex",
    "gcc",
    "gcc-14",
    "kmod",
    "libc6-dev",
    "libdw-dev",
    "libelf-dev",
    "libssl-dev",
    "lld",
    "llvm",
    "make",
    "openssl",
    "rust-clippy",
    "rust-src",
    "rustc",
    "rustfmt",
    "xz-utils",
    "zstd",
    // What a guest borrows, and the kernel's YNL client.
    "busybox-static",
    "python3",
    "python3-jsonschema",
    "python3-yaml",
];

/// Disk space that the tree takes, in bytes, with the archives while they are installed.
const SPACE: u64 = 2_300_000_000;

/// Packages whose versions decide whether something built with an older tree can still be used.
const COMPILERS: [&str; 5] = ["gcc-14", "clang-19", "binutils", "rustc", "bindgen"];

/// The build root of one kernel version.
#[derive(Debug, Clone)]
pub struct BuildRoot {
    /// Root folder of the tree.
    pub tree: PathBuf,
    /// Its cache entry.
    pub entry: Entry,
    /// Identifies everything that its compilers make.
    pub compilers: String,
}

/// Returns the build root for `kernel`, made if need be.
pub fn get(
    options: &Options,
    cache: &Cache,
    ui: &Ui,
    kernel: &KernelPackages,
) -> anyhow::Result<BuildRoot> {
    let key = Key::of("root")
        .with("release", apt::RELEASE)
        .with("packages", PACKAGES.join(" "))
        .with("kernel", kernel.names.join(" "))
        .with("version", &kernel.version)
        .build();
    let entry = cache.get(&key, ui, |folder| {
        namespace::check_allowed()?;
        // The steps that follow it take space too: better to know before the long work.
        space::require(folder, SPACE + source::SPACE + stock::SPACE)?;
        let step = ui.step("build root");
        let tree = folder.join("tree");
        let of_kernel = kernel
            .names
            .iter()
            .map(|name| format!("{name}={}", kernel.version));
        debian_tree::make(
            ui,
            &step,
            &mirror::find(options)?,
            &Contents::with_kernel(&PACKAGES, of_kernel),
            &tree,
        )?;
        let compilers = compilers(&tree)?;
        step.finish(&format!("Debian {} with {compilers}", apt::RELEASE));
        Ok(Facts::from([("compilers".to_owned(), compilers)]))
    })?;
    let compilers = entry.fact("compilers")?.to_owned();
    Ok(BuildRoot {
        tree: entry.path().join("tree"),
        entry,
        compilers,
    })
}

/// Versions of the compilers in the tree, in one line.
fn compilers(tree: &Path) -> anyhow::Result<String> {
    let mut command = namespace::inside(tree, &[], "dpkg-query");
    command
        .args(["--show", "--showformat=${Package} ${Version}, "])
        .args(COMPILERS);
    let text = run::text("dpkg-query", command).context("the build root is not as expected")?;
    Ok(text.trim_end_matches([',', ' ']).to_owned())
}
