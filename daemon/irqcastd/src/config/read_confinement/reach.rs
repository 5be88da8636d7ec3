//! Whether a confined hook's own program is where the hook can run it.

use crate::config::problem::Problems;
use crate::hook::confine::{Confinement, private_tmp_folders};
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Tells if the program is out of the hook's reach. What it loads in turn only a start can tell.
pub fn check(
    confinement: &Confinement,
    program: &Path,
    span: &Range<usize>,
    problems: &mut Problems<'_>,
) {
    // One that is not there is told elsewhere.
    let Ok(program) = fs::canonicalize(program) else {
        return;
    };
    let name = program.display();
    if let Some(paths) = &confinement.paths
        && !is_beneath_one(&program, [&paths.read_only[..], &paths.writable].concat())
    {
        problems.add_with_hint(
            span,
            format!("the hook could not run its own program {name}"),
            "list it, or a folder above it, in `read-only`".to_owned(),
        );
    }
    if is_beneath_one(&program, confinement.hidden.clone()) {
        problems.add_with_hint(
            span,
            format!("`hidden` would hide the hook's own program {name}"),
            "put the program elsewhere".to_owned(),
        );
    }
    if confinement.private_tmp && is_beneath_one(&program, private_tmp_folders()) {
        problems.add_with_hint(
            span,
            format!("`private-tmp` would hide the hook's own program {name}"),
            "put the program elsewhere".to_owned(),
        );
    }
}

fn is_beneath_one(program: &Path, folders: Vec<PathBuf>) -> bool {
    folders
        .into_iter()
        .map(|folder| fs::canonicalize(&folder).unwrap_or(folder))
        .any(|folder| program.starts_with(folder))
}
