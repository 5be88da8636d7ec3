//! The layer `python`: the kernel's own generic netlink client, and what it needs to run.
//!
//! Python and PyYAML come from the build root, the client from the kernel's source, all of
//! them unmodified. The client finds the schemas relative to itself, so both keep their
//! place in the source tree.

use std::{fs, io::Write, path::Path};

use anyhow::Context as _;

use super::{
    borrowed::Borrowed,
    initramfs::{Archive, PLAIN},
};
use crate::prepared::Prepared;

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
    let mut layer = Layer(Borrowed::of(&prepared.build_root, archive));
    let version = layer.version()?;
    let program = format!("usr/bin/{version}");
    layer.0.program(&program)?;
    layer.0.archive.link("/usr/bin/python3", &version)?;
    layer.tree(
        &layer.0.root.join(format!("usr/lib/{version}")),
        &format!("/usr/lib/{version}"),
    )?;
    for module in ["yaml", "_yaml"] {
        let path = format!("usr/lib/python3/dist-packages/{module}");
        layer.tree(&layer.0.root.join(&path), &format!("/{path}"))?;
    }
    for part in ["tools/net/ynl/pyynl", "Documentation/netlink"] {
        layer.tree(
            &prepared.source.join(part),
            &format!("/usr/src/linux/{part}"),
        )?;
    }
    layer
        .0
        .archive
        .file("/usr/share/irqcast/irqcast.yaml", SPEC, PLAIN)
}

struct Layer<'a, W>(Borrowed<'a, W>);

impl<W: Write> Layer<'_, W> {
    /// `python3.13` or the like: what the link `python3` leads to.
    fn version(&self) -> anyhow::Result<String> {
        let link = self.0.root.join("usr/bin/python3");
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
                self.0.archive.copy(&target, &path, PLAIN)?;
                if is_library {
                    self.0.libraries_of(&path)?;
                }
            }
        }
        Ok(())
    }
}
