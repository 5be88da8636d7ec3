//! A kernel that is ready to boot and to build modules for.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use super::{build_root::BuildRoot, kbuild};
use crate::{
    cache::{Entry, Key},
    namespace::{self, Mount},
    prepared::Kernel,
};

/// Where a module's source is seen in the build root.
const MODULE: &str = "/usr/src/module";

/// Where what is built of a module is seen in the build root.
const OUTPUT: &str = "/usr/src/output";

/// A kernel, and the objects against which modules for it are built.
#[derive(Debug, Clone)]
pub struct BuiltKernel {
    /// What the guest boots.
    pub kernel: Kernel,
    /// Folder of the objects on the host.
    pub objects: PathBuf,
    /// Source tree on the host.
    pub source: PathBuf,
    /// Who builds modules for it.
    pub builder: Builder,
    /// Changes when modules have to be built anew.
    pub key: Key,
    /// Its cache entry, if it has one.
    pub entry: Option<Entry>,
}

/// Where modules are built, so that the compilers are those that built the kernel.
#[derive(Debug, Clone)]
pub enum Builder {
    /// In the build root, which also made the kernel's objects.
    BuildRoot {
        /// Arguments of `make` that choose the compilers.
        tools: Vec<String>,
    },
    /// In the build root, with the person's kernel tree where it is on the host.
    BuildRootInPlace {
        /// Arguments of `make` that choose the compilers.
        tools: Vec<String>,
    },
    /// On the host.
    Host {
        /// Arguments of `make` that choose the compilers.
        tools: Vec<String>,
    },
}

/// A `make` for a module, before its targets are added, and where its arguments say that
/// things are.
#[derive(Debug)]
pub struct ModuleMake {
    /// The command.
    pub command: Command,
    /// The module's source, as the command sees it.
    pub module: PathBuf,
    /// The kernel's objects, as the command sees them.
    pub objects: PathBuf,
    /// Where the command puts what it makes, as it sees it.
    pub output: PathBuf,
}

impl BuiltKernel {
    /// A `make` with the right compilers that sees the module in `source` for reading (and
    /// writing if `in_place`) and the folder `output` for writing.
    pub fn module_make(
        &self,
        root: &BuildRoot,
        source: &Path,
        output: &Path,
        in_place: bool,
    ) -> ModuleMake {
        self.module_make_with(root, source, output, in_place, &[])
    }

    /// As [`Self::module_make`], and the command sees `more`, unless it runs on the host.
    pub fn module_make_with(
        &self,
        root: &BuildRoot,
        source: &Path,
        output: &Path,
        in_place: bool,
        more: &[Mount],
    ) -> ModuleMake {
        let module = |to: &Path| match in_place {
            true => Mount::write(source, to),
            false => Mount::read(source, to),
        };
        let outside = [
            &[Mount::write(output, OUTPUT), module(Path::new(MODULE))],
            more,
        ]
        .concat();
        let (mut command, module, objects, output, tools) = match &self.builder {
            Builder::BuildRoot { tools } => {
                let kernel = [
                    Mount::read(&self.source, kbuild::SOURCE),
                    Mount::read(&self.objects, kbuild::OBJECTS),
                ];
                let mounts = [outside.as_slice(), &kernel].concat();
                let command = namespace::inside(&root.tree, &mounts, "make");
                (
                    command,
                    MODULE.into(),
                    kbuild::OBJECTS.into(),
                    OUTPUT.into(),
                    tools,
                )
            }
            Builder::BuildRootInPlace { tools } => {
                let kernel = [
                    Mount::read(&self.source, &self.source),
                    Mount::read(&self.objects, &self.objects),
                ];
                let mounts = [outside.as_slice(), &kernel].concat();
                let command = namespace::inside(&root.tree, &mounts, "make");
                (
                    command,
                    MODULE.into(),
                    self.objects.clone(),
                    OUTPUT.into(),
                    tools,
                )
            }
            Builder::Host { tools } => {
                let mut command = Command::new("make");
                // The tree's own choice of a toolchain counts, not the one that built the testbed.
                command
                    .env_remove("RUSTUP_TOOLCHAIN")
                    .current_dir(&self.objects);
                (
                    command,
                    source.to_owned(),
                    self.objects.clone(),
                    output.to_owned(),
                    tools,
                )
            }
        };
        command
            .args(tools)
            .arg(format!("-j{}", kbuild::processors()));
        ModuleMake {
            command,
            module,
            objects,
            output,
        }
    }
}
