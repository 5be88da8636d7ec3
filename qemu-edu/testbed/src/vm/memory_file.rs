//! Files without a name: they vanish with the last process that has them open.

use std::{
    fs::File,
    io::{Read as _, Seek as _, SeekFrom},
};

use anyhow::Context as _;
use nix::sys::memfd::{MFdFlags, memfd_create};

/// A new file in memory; `name` is for `/proc` only.
pub fn create(name: &str) -> anyhow::Result<File> {
    let file = memfd_create(name, MFdFlags::MFD_CLOEXEC)
        .with_context(|| format!("failed to create a file in memory for {name}"))?;
    Ok(file.into())
}

/// The text in a file that another process has written.
pub fn read_text(file: &mut File) -> String {
    let mut bytes = Vec::new();
    // Used for messages only: what cannot be read is not there.
    let _ = file
        .seek(SeekFrom::Start(0))
        .and_then(|_| file.read_to_end(&mut bytes));
    String::from_utf8_lossy(&bytes).into_owned()
}
