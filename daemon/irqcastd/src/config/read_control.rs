//! Reads `[control]`.

use super::problem::Problems;
use super::table::{Table, Value};
use crate::control::access::Readers;
use nix::unistd::Group;
use std::path::PathBuf;

/// The control socket, as far as the configuration says something of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Control {
    /// Its path. A change takes a restart.
    pub socket: Option<PathBuf>,
    /// The group whose members may read.
    pub readers: Option<Readers>,
}

/// Longest path of a socket in bytes (`sun_path` in unix(7), with its NUL).
const PATH_MAX: usize = 107;

/// Reads it. What is wrong is left out, and a problem.
pub fn control(mut table: Table<'_, '_>, problems: &mut Problems<'_>) -> Control {
    let socket = table
        .get("socket")
        .and_then(|value| socket(&value, problems));
    let readers = table
        .get("group")
        .and_then(|value| readers(&value, problems));
    table.finish(problems);
    Control { socket, readers }
}

fn socket(value: &Value<'_, '_>, problems: &mut Problems<'_>) -> Option<PathBuf> {
    let path = value.string(problems)?;
    if !path.starts_with('/') || path.contains('\0') || path.len() > PATH_MAX {
        problems.add_with_hint(
            &value.span,
            format!("{path:?} cannot be the path of a socket"),
            format!("write an absolute path of at most {PATH_MAX} bytes"),
        );
        return None;
    }
    Some(PathBuf::from(path))
}

fn readers(value: &Value<'_, '_>, problems: &mut Problems<'_>) -> Option<Readers> {
    let name = value.string(problems)?;
    match Group::from_name(name) {
        Ok(Some(group)) => Some(Readers {
            name: name.to_owned(),
            id: group.gid.as_raw(),
        }),
        Ok(None) => {
            problems.add_with_hint(
                &value.span,
                format!("there is no group {name:?}"),
                format!("groupadd --system {name}"),
            );
            None
        }
        Err(error) => {
            let reason = error.desc();
            problems.add(
                &value.span,
                format!("the group {name:?} cannot be looked up: {reason}"),
            );
            None
        }
    }
}
