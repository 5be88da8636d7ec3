//! Set-up: everything that a virtual machine is made of.
//!
//! Each part is an entry of the cache and is made once: build root, kernel source, kernel,
//! driver. The programs for the guest are cargo's business. What does not depend on each other
//! is made at the same time.

mod apt;
mod build_root;
mod chromium;
mod config;
mod custom;
mod debian_guest;
mod debian_tree;
mod debug;
mod diagnose;
mod driver;
mod kbuild;
mod kernel;
mod mirror;
mod mke2fs;
mod module_index;
mod packages;
mod packaging;
mod peers;
mod prerequisites;
mod prune;
mod qemu;
mod run;
mod source;
mod space;
mod stock;
mod unpacked;
mod userland;
mod workspace;

use std::{path::PathBuf, process::Command, thread, time::Instant};

use anyhow::Context;

use self::{
    build_root::BuildRoot, driver::Module, kernel::BuiltKernel, packages::KernelPackages,
    source::Source,
};
pub use self::{
    chromium::PROGRAM as CHROMIUM,
    diagnose::DISK_FULL,
    driver::{copy_source as copy_driver, source_files as driver_files},
    kbuild::write,
    kernel::Builder,
    packaging::packaging,
    peers::Peers,
    run::{ProgramFailed, run as run_program},
    workspace::Workspace,
};
use crate::{
    cache::{Cache, Entry},
    cli::{DriverArgs, Guest, KernelChoice, Options},
    own_driver::OwnDriver,
    prepared::{Debian, Driver, Prepared, Qemu, Userland},
    process,
    ui::Ui,
};

/// What a set-up found or made.
pub struct Setup {
    workspace: Workspace,
    cache: Cache,
    root: BuildRoot,
    source: Source,
    packages: KernelPackages,
    qemu: Qemu,
    qemu_entry: Entry,
    userland: Userland,
}

/// A kernel with the driver for it.
pub struct KernelSetup {
    /// The kernel.
    pub built: BuiltKernel,
    /// The driver for it.
    pub prepared: Prepared,
    /// Cache entries that belong to it.
    entries: Vec<Entry>,
    /// The driver's.
    driver_entry: Entry,
}

/// Makes what is missing for a boot of `kernel`, with edu's driver or a person's own one, and returns where
/// it all is.
pub fn prepare(
    options: &Options,
    kernel: KernelChoice,
    driver: &DriverArgs,
    ui: &Ui,
) -> anyhow::Result<Prepared> {
    options.require_minimal_guest_for(driver)?;
    if options.guest() == Guest::Debian {
        // Before a kernel is built that could not be used.
        debian_guest::require_stock(kernel.name())?;
    }
    let own = driver.driver.as_deref().map(OwnDriver::open).transpose()?;
    let setup = Setup::new(options, ui, false)?;
    let mut made = setup.kernel(options, kernel, ui)?;
    if options.guest() == Guest::Debian {
        setup.debian(options, &mut made, ui)?;
    }
    if let Some(own) = own {
        setup.own(own, &mut made, ui)?;
    }
    let prepared = made.prepared;
    // Virtual machines use the parts after this function has returned.
    setup.cache.keep_until_exit();
    Ok(prepared)
}

impl Setup {
    /// Makes what all kernels share. With `update`, looks for newer packages.
    pub fn new(options: &Options, ui: &Ui, update: bool) -> anyhow::Result<Self> {
        Self::of(Workspace::find()?, options, ui, update)
    }

    /// As [`Setup::new`], with the sources in this workspace.
    pub fn of(
        workspace: Workspace,
        options: &Options,
        ui: &Ui,
        update: bool,
    ) -> anyhow::Result<Self> {
        let started = Instant::now();
        if let Some(folder) = &options.kdir {
            custom::check(folder, &options.series)?;
        }
        let cache = Cache::open(options, ui)?;
        ui.open_log(&cache.logs())?;
        ui.log_line(&format!("cache: {}", cache.folder().display()));
        cache.sweep(ui);
        prerequisites::ensure(&cache, ui)?;
        // These need nothing of each other, so they go on at the same time.
        let (userland, qemu, rest) = thread::scope(|scope| {
            let userland = scope.spawn(|| userland::build(&workspace, ui));
            let qemu = scope.spawn(|| qemu::get(options, &cache, ui));
            let rest = build_tools(options, &cache, ui, update);
            let userland = userland
                .join()
                .unwrap_or_else(|_| Err(anyhow::anyhow!("building the guest's programs panicked")));
            let qemu = qemu
                .join()
                .unwrap_or_else(|_| Err(anyhow::anyhow!("fetching QEMU panicked")));
            (userland, qemu, rest)
        });
        process::check()?;
        let (packages, root, source) = rest?;
        let (qemu, qemu_entry) = qemu?;
        let userland = userland?;
        ui.log_line(&format!(
            "common parts are ready after {:?}",
            started.elapsed()
        ));
        Ok(Self {
            workspace,
            cache,
            root,
            source,
            packages,
            qemu,
            qemu_entry,
            userland,
        })
    }

    /// Makes `kernel` and the driver for it.
    pub fn kernel(
        &self,
        options: &Options,
        kernel: KernelChoice,
        ui: &Ui,
    ) -> anyhow::Result<KernelSetup> {
        let Self {
            workspace,
            cache,
            root,
            source,
            packages,
            qemu,
            userland,
            ..
        } = self;
        let built = match kernel {
            KernelChoice::Stock => stock::get(cache, ui, root, source, packages)?,
            KernelChoice::Debug => debug::get(workspace, cache, ui, root, source, packages)?,
            KernelChoice::Custom => {
                let folder = options.kdir.as_deref().context("--kdir names no folder")?;
                custom::get(folder, &options.series, ui, root)?
            }
        };
        let (driver, entry) = driver::get(&Module::edu(workspace), cache, ui, root, &built)?;
        let entries = built.entry.iter().chain([&entry]).cloned().collect();
        let prepared = Prepared {
            kernel: built.kernel.clone(),
            driver,
            own: None,
            e1000: None,
            userland: userland.clone(),
            build_root: root.tree.clone(),
            qemu: qemu.clone(),
            source: built.source.clone(),
            cache: cache.folder().to_owned(),
            debian: None,
        };
        Ok(KernelSetup {
            built,
            prepared,
            entries,
            driver_entry: entry,
        })
    }

    /// Makes what a Debian guest needs, and adds it to a kernel's parts.
    pub fn debian(
        &self,
        options: &Options,
        kernel: &mut KernelSetup,
        ui: &Ui,
    ) -> anyhow::Result<()> {
        debian_guest::require_stock(&kernel.prepared.kernel.name)?;
        let (modules, entry) = module_index::get(
            &self.cache,
            ui,
            &self.root,
            &kernel.prepared.kernel.release,
            &kernel.driver_entry,
        )?;
        kernel.entries.push(entry);
        kernel.prepared.debian = Some(Debian {
            image: debian_guest::get(options, &self.cache, ui, &self.packages)?,
            modules,
            driver_folder: module_index::FOLDER,
            packages: Vec::new(),
        });
        Ok(())
    }

    /// Makes the C twin of the driver for a kernel.
    pub fn twin(&self, kernel: &KernelSetup, ui: &Ui) -> anyhow::Result<PathBuf> {
        Ok(self
            .module(&Module::twin(&self.workspace), kernel, ui)?
            .module)
    }

    /// Makes the second driver for a kernel.
    pub fn e1000(&self, kernel: &KernelSetup, ui: &Ui) -> anyhow::Result<PathBuf> {
        Ok(self
            .module(&Module::e1000(&self.workspace), kernel, ui)?
            .module)
    }

    /// Makes a person's own driver for a kernel, and has guests load it instead of edu's.
    pub fn own(&self, own: OwnDriver, kernel: &mut KernelSetup, ui: &Ui) -> anyhow::Result<()> {
        kernel.prepared.driver = self.module(&Module::own(&own), kernel, ui)?;
        kernel.prepared.own = Some(own);
        Ok(())
    }

    fn module(&self, module: &Module, kernel: &KernelSetup, ui: &Ui) -> anyhow::Result<Driver> {
        let (driver, _) = driver::get(module, &self.cache, ui, &self.root, &kernel.built)?;
        Ok(driver)
    }

    /// Keeps everything in the cache until the testbed ends: machines use it.
    pub fn keep_until_exit(self) {
        self.cache.keep_until_exit();
    }

    /// The build root.
    pub fn root(&self) -> &BuildRoot {
        &self.root
    }

    /// QEMU.
    pub fn qemu(&self) -> &Qemu {
        &self.qemu
    }

    /// Root folder of a Debian tree with the browser [`CHROMIUM`], made if need be.
    pub fn browser(&self, options: &Options, ui: &Ui) -> anyhow::Result<PathBuf> {
        chromium::get(options, &self.cache, ui)
    }

    /// Root folder of a Debian tree with the tools that make and judge packages, made if need be.
    pub fn packaging(&self, options: &Options, ui: &Ui) -> anyhow::Result<PathBuf> {
        packaging::get(options, &self.cache, ui)
    }

    /// A command that starts `mke2fs`, which is fetched if need be.
    pub fn mke2fs(&self, options: &Options, ui: &Ui) -> anyhow::Result<Command> {
        mke2fs::get(options, &self.cache, ui)
    }

    /// The daemons that irqcastd is compared with, fetched if need be.
    pub fn peers(&self, options: &Options, ui: &Ui) -> anyhow::Result<Peers> {
        peers::get(options, &self.cache, ui)
    }

    /// The repository.
    pub fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    /// The programs for the guest.
    pub fn userland(&self) -> &Userland {
        &self.userland
    }

    /// The cache.
    pub fn cache(&self) -> &Cache {
        &self.cache
    }
}

fn build_tools(
    options: &Options,
    cache: &Cache,
    ui: &Ui,
    update: bool,
) -> anyhow::Result<(KernelPackages, BuildRoot, Source)> {
    let packages = packages::choose(options, cache, ui, update)?;
    let root = build_root::get(options, cache, ui, &packages)?;
    let source = source::get(cache, ui, &root, &packages)?;
    Ok((packages, root, source))
}
