//! The guest's file system: an archive in memory that the kernel unpacks.

mod archive;
mod debian;

use std::{
    fs::{self, File},
    io::{BufWriter, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::Command,
};

use anyhow::{Context as _, bail};

pub use self::{
    archive::{Archive, EXECUTABLE, PLAIN},
    debian::PACKAGES,
};
use super::{memory_file, modules, peers, python};
use crate::{cli::Guest, prepared::Prepared, process};

/// The layer with the driver of e1000, and its specification.
pub const E1000: &str = "e1000";

/// Where commands start, and where copied files are.
pub const HOME: &str = "/root";

/// The daemon's sample configurations, of which it uses the first where it is told of no other, and
/// what they name.
const SAMPLE: [(&str, &[u8], u32); 6] = [
    (
        "/etc/irqcast/irqcastd.toml",
        include_bytes!("../../../../daemon/sample/irqcastd.toml"),
        PLAIN,
    ),
    (
        "/etc/irqcast/hooks/append",
        include_bytes!("../../../../daemon/sample/hooks/append"),
        EXECUTABLE,
    ),
    (
        "/etc/irqcast/hooks/log",
        include_bytes!("../../../../daemon/sample/hooks/log"),
        EXECUTABLE,
    ),
    (
        "/etc/irqcast/families.toml",
        include_bytes!("../../../../daemon/sample/families.toml"),
        PLAIN,
    ),
    (
        "/usr/share/irqcast/specs/nlctrl.yaml",
        include_bytes!("../../../../daemon/ynl/specs/nlctrl.yaml"),
        PLAIN,
    ),
    (
        "/usr/share/irqcast/specs/acpi_event.yaml",
        include_bytes!("../../../../daemon/ynl/specs/acpi_event.yaml"),
        PLAIN,
    ),
];

/// Folders that are links into `/usr`, as on Debian: programs are found under both names.
const LINKS_TO_USR: [&str; 4] = ["bin", "sbin", "lib", "lib64"];

/// Collects a guest's files.
pub struct Builder<'a> {
    prepared: &'a Prepared,
    archive: Archive<BufWriter<File>>,
    /// Where the guest's `/` is in the archive.
    root: &'static str,
}

impl<'a> Builder<'a> {
    /// Starts with what every guest of that kind has.
    pub fn of(guest: Guest, prepared: &'a Prepared) -> anyhow::Result<Self> {
        match guest {
            Guest::Minimal => Self::new(prepared),
            Guest::Debian => debian::start(prepared),
        }
    }

    /// Starts with what every minimal guest has: PID 1, busybox, the driver, the programs.
    pub fn new(prepared: &'a Prepared) -> anyhow::Result<Self> {
        let mut archive = new_archive()?;
        for name in LINKS_TO_USR {
            archive.link(&format!("/{name}"), &format!("usr/{name}"))?;
            archive.folder(&format!("/usr/{name}"))?;
        }
        // The kernel opens it for PID 1's standard files before anything is mounted.
        archive.console()?;
        archive.folder(HOME)?;
        let programs = &prepared.userland;
        for (path, from, mode) in [
            ("/init", &programs.init, EXECUTABLE),
            ("/usr/bin/irqcastd", &programs.irqcastd, EXECUTABLE),
            ("/usr/bin/irqcastctl", &programs.irqcastctl, EXECUTABLE),
            ("/usr/bin/irqcast-e2e", &programs.e2e, EXECUTABLE),
        ] {
            archive.copy(path, from, mode)?;
        }
        let driver = format!("/usr{}", prepared.driver.path());
        archive.copy(&driver, &prepared.driver.module, PLAIN)?;
        for (path, content) in [
            (
                "/etc/passwd",
                "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n",
            ),
            ("/etc/group", "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n"),
            ("/etc/profile", "PS1='guest# '\n"),
        ] {
            archive.file(path, content.as_bytes(), PLAIN)?;
        }
        for (path, content, mode) in SAMPLE {
            archive.file(path, content, mode)?;
        }
        if let Some(own) = &prepared.own {
            for file in own.guest_files()? {
                archive.copy(&file.path, &file.from, file.mode)?;
            }
        }
        let mut builder = Self {
            prepared,
            archive,
            root: "",
        };
        builder.add_busybox()?;
        Ok(builder)
    }

    /// Adds the layer of that name.
    pub fn layer(&mut self, name: &str) -> anyhow::Result<()> {
        if !self.root.is_empty() {
            return self.debian_layer(name);
        }
        match name {
            "python" => python::add(self.prepared, &mut self.archive),
            "nlmon" => modules::add_nlmon(self.prepared, &mut self.archive),
            E1000 => self.add_e1000(),
            "button" => modules::add(self.prepared, &mut self.archive, &["button"]),
            _ => bail!("a test wants a layer {name:?}, which the testbed does not know"),
        }
    }

    fn add_e1000(&mut self) -> anyhow::Result<()> {
        const SPEC: &[u8] = include_bytes!("../../../../tests/e1000/spec/irqcast-e1000.yaml");

        let module = self.prepared.e1000.as_deref();
        let module = module.context("the driver of e1000 was not built")?;
        self.archive
            .copy("/usr/lib/irqcast/irqcast_e1000.ko", module, PLAIN)?;
        let spec = "/usr/share/irqcast/specs/irqcast-e1000.yaml";
        self.archive.file(spec, SPEC, PLAIN)
    }

    /// Adds modules of the kernel's own package with all that they depend on, as it packs
    /// them, and the list of what depends on what.
    ///
    /// A kernel that comes without a package, such as one that a person built, gets none.
    pub fn stock_modules(&mut self, names: &[&str]) -> anyhow::Result<()> {
        modules::add(self.prepared, &mut self.archive, names)
    }

    /// Adds the daemons that irqcastd is compared with, from a tree of their packages.
    pub fn peers(&mut self, tree: &Path) -> anyhow::Result<()> {
        peers::add(tree, &mut self.archive)
    }

    /// Adds a file of the host.
    pub fn copy(&mut self, path: &str, from: &Path, mode: u32) -> anyhow::Result<()> {
        self.archive.copy(&self.place(path), from, mode)
    }

    /// Puts a file of the host into the guest's `/root`, with its permissions.
    pub fn copy_to_home(&mut self, from: &Path) -> anyhow::Result<()> {
        let name = from
            .file_name()
            .and_then(|name| name.to_str())
            .with_context(|| format!("{} names no file to copy", from.display()))?;
        let metadata =
            fs::metadata(from).with_context(|| format!("failed to read {}", from.display()))?;
        if !metadata.is_file() {
            bail!("{} is no file; only files are copied", from.display());
        }
        let mode = metadata.permissions().mode() & 0o777;
        self.copy(&format!("{HOME}/{name}"), from, mode)
    }

    /// Adds a file with this content.
    pub fn file(&mut self, path: &str, content: &[u8], mode: u32) -> anyhow::Result<()> {
        self.archive.file(&self.place(path), content, mode)
    }

    fn place(&self, path: &str) -> String {
        format!("{}{path}", self.root)
    }

    /// The archive, ready for [`super::Vm::boot`].
    pub fn finish(self) -> anyhow::Result<File> {
        let mut writer = self.archive.finish()?;
        writer.flush().context("failed to write the initramfs")?;
        let (file, _) = writer.into_parts();
        Ok(file)
    }

    /// Adds busybox from the build root, under the names of all its commands.
    fn add_busybox(&mut self) -> anyhow::Result<()> {
        let busybox = self.prepared.build_root.join("usr/bin/busybox");
        self.archive
            .copy("/usr/bin/busybox", &busybox, EXECUTABLE)?;
        // It is static, so it runs here, too.
        let mut command = Command::new(&busybox);
        command.arg("--list");
        let output = process::output(command)?;
        if !output.status.success() {
            bail!("{} --list failed ({})", busybox.display(), output.status);
        }
        let list = String::from_utf8(output.stdout).context("busybox lists odd names")?;
        for name in list
            .lines()
            .filter(|name| *name != "busybox" && *name != "init")
        {
            self.archive.link(&format!("/usr/bin/{name}"), "busybox")?;
        }
        Ok(())
    }
}

fn new_archive() -> anyhow::Result<Archive<BufWriter<File>>> {
    let file = memory_file::create("initramfs")?;
    Ok(Archive::new(BufWriter::with_capacity(1 << 20, file)))
}
