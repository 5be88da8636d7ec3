//! The layer `python`: the kernel's own generic netlink client, and what it needs to run.
//!
//! Python and PyYAML come from the build root, the client from the kernel's source, all of
//! them unmodified. The client finds the schemas relative to itself, so both keep their
//! place in the source tree.

use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, bail, ensure};

use super::initramfs::{Archive, EXECUTABLE, PLAIN};
use crate::{prepared::Prepared, process};

/// The wire contract, which the client is told to use.
const SPEC: &[u8] = include_bytes!("../../../../driver/spec/irqcast.yaml");

/// Parts of Python's library that no command-line client needs. They are two thirds of it.
const LEFT_OUT: [&str; 22] = [
    "_pyrepl",
    "asyncio",
    "concurrent",
    "curses",
    "dbm",
    "email",
    "ensurepip",
    "html",
    "http",
    "idlelib",
    "lib2to3",
    "multiprocessing",
    "pydoc_data",
    "sqlite3",
    "test",
    "tkinter",
    "turtledemo",
    "unittest",
    "venv",
    "wsgiref",
    "xml",
    "xmlrpc",
];

/// Beginnings of the names of binary modules that are left out: tests, East Asian
/// encodings, and what needs large libraries.
const BINARIES_LEFT_OUT: [&str; 9] = [
    "_codecs_", "_ctypes", "_curses", "_dbm", "_sqlite3", "_ssl", "_test", "readline", "xx",
];

/// Adds the layer.
pub fn add<W: Write>(prepared: &Prepared, archive: &mut Archive<W>) -> anyhow::Result<()> {
    let mut layer = Layer {
        root: &prepared.build_root,
        archive,
        libraries: BTreeSet::new(),
    };
    let version = layer.version()?;
    let program = format!("usr/bin/{version}");
    layer.program(&program)?;
    layer.archive.link("/usr/bin/python3", &version)?;
    layer.tree(
        &layer.root.join(format!("usr/lib/{version}")),
        &format!("/usr/lib/{version}"),
    )?;
    for module in ["yaml", "_yaml"] {
        let path = format!("usr/lib/python3/dist-packages/{module}");
        layer.tree(&layer.root.join(&path), &format!("/{path}"))?;
    }
    for part in ["tools/net/ynl/pyynl", "Documentation/netlink"] {
        layer.tree(
            &prepared.source.join(part),
            &format!("/usr/src/linux/{part}"),
        )?;
    }
    layer
        .archive
        .file("/usr/share/irqcast/irqcast.yaml", SPEC, PLAIN)
}

struct Layer<'a, W> {
    root: &'a Path,
    archive: &'a mut Archive<W>,
    /// Shared libraries that are in the archive.
    libraries: BTreeSet<PathBuf>,
}

impl<W: Write> Layer<'_, W> {
    /// `python3.13` or the like: what the link `python3` leads to.
    fn version(&self) -> anyhow::Result<String> {
        let link = self.root.join("usr/bin/python3");
        let target = fs::read_link(&link)
            .with_context(|| format!("the build root has no Python: {}", link.display()))?;
        let name = target.file_name().and_then(|name| name.to_str());
        Ok(name.context("Python's link leads nowhere")?.to_owned())
    }

    /// Adds everything in a folder but what is left out.
    fn tree(&mut self, from: &Path, to: &str) -> anyhow::Result<()> {
        let read = || format!("failed to read {}", from.display());
        let mut entries: Vec<fs::DirEntry> = fs::read_dir(from)
            .and_then(Iterator::collect)
            .with_context(read)?;
        // The order of a folder is the file system's own; an archive's must not be.
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let name = entry.file_name();
            let name = name.to_str().with_context(read)?;
            let path = entry.path();
            let target = format!("{to}/{name}");
            let kind = entry.file_type().with_context(read)?;
            if kind.is_dir() {
                if !LEFT_OUT.contains(&name) && !name.starts_with("config-") {
                    self.tree(&path, &target)?;
                }
            } else if kind.is_file() {
                let is_library = name.ends_with(".so");
                if is_library
                    && BINARIES_LEFT_OUT
                        .iter()
                        .any(|start| name.starts_with(start))
                {
                    continue;
                }
                self.archive.copy(&target, &path, PLAIN)?;
                if is_library {
                    self.libraries_of(&path)?;
                }
            }
        }
        Ok(())
    }

    /// Adds a program of the build root and its libraries.
    fn program(&mut self, path: &str) -> anyhow::Result<()> {
        let from = self.root.join(path);
        self.archive.copy(&format!("/{path}"), &from, EXECUTABLE)?;
        self.libraries_of(&from)
    }

    /// Adds the libraries that a binary of the build root needs, as the build root's own
    /// dynamic loader finds them.
    fn libraries_of(&mut self, binary: &Path) -> anyhow::Result<()> {
        const LOADER: &str = "usr/lib64/ld-linux-x86-64.so.2";
        const FOLDER: &str = "usr/lib/x86_64-linux-gnu";
        let loader = self.root.join(LOADER);
        let mut command = Command::new(&loader);
        command
            .arg("--library-path")
            .arg(self.root.join(FOLDER))
            .arg("--list")
            .arg(binary);
        let output = process::output(command)?;
        ensure!(
            output.status.success(),
            "{} cannot load {}: {}",
            loader.display(),
            binary.display(),
            String::from_utf8_lossy(&output.stderr).trim()
        );
        let list = String::from_utf8_lossy(&output.stdout).into_owned();
        // Lines look like `libz.so.1 => BUILD_ROOT/usr/lib/…/libz.so.1 (0x…)`.
        let found = list
            .lines()
            .filter_map(|line| line.split_once(" => ")?.1.rsplit_once(" (")?.0.into());
        for library in found.map(Path::new).filter(|path| *path != loader) {
            let Ok(inside) = library.strip_prefix(self.root) else {
                bail!(
                    "{} needs {}, which is not in the build root",
                    binary.display(),
                    library.display()
                );
            };
            if self.libraries.insert(inside.to_owned()) {
                self.archive
                    .copy(&format!("/{}", inside.display()), library, EXECUTABLE)?;
            }
        }
        if self.libraries.insert(PathBuf::from(LOADER)) {
            self.archive
                .copy(&format!("/{LOADER}"), &loader, EXECUTABLE)?;
        }
        Ok(())
    }
}
