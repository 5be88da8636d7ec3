//! Whether the program of a hook can be run.

use nix::errno::Errno;
use nix::unistd::{AccessFlags, access};
use std::fs;
use std::path::Path;

/// Looks at a program and says what is wrong with it, to follow "the program "…"".
pub type Programs = fn(&Path) -> Result<(), String>;

/// Looks at the file.
pub fn on_this_machine(program: &Path) -> Result<(), String> {
    let metadata = fs::metadata(program).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => "does not exist".to_owned(),
        _ => format!("cannot be looked at: {error}"),
    })?;
    if !metadata.is_file() {
        return Err("is not a file".to_owned());
    }
    access(program, AccessFlags::X_OK).map_err(|error| match error {
        Errno::EACCES => format!("is not executable; chmod +x {}", program.display()),
        other => format!("cannot be run: {}", other.desc()),
    })
}
