//! Who can change a file: nobody but root and the daemon's user may, or it is not run.
//!
//! A file is looked at with every folder above it and every symbolic link on the way, since who can
//! write one of these can put another file in its place. A folder that anybody can write is no harm
//! where its sticky bit is set, as in `/tmp`: there only the owner can rename or remove an entry, and
//! the next entry's owner is looked at, too.
//!
//! After this check only root and the daemon's user can change what was looked at, so that what is
//! true when a configuration is read stays true until one of those two changes it.

use nix::unistd::geteuid;
use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};

/// Symbolic links that are followed on the way to one file, as many as the kernel follows.
const LINKS_MAX: usize = 40;

/// Permission bits, as in `st_mode`.
const STICKY: u32 = 0o1000;
const GROUP_WRITES: u32 = 0o020;
const OTHERS_WRITE: u32 = 0o002;

/// What makes a file unsafe, and the command that mends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsafe {
    /// "the folder /opt can be written by everybody".
    pub what: String,
    /// "chmod go-w /opt".
    pub mend: String,
}

/// What an entry of a folder is, as far as it decides here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Folder,
    Link,
    Other,
}

/// Who else can change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stranger {
    Owner(u32),
    Group,
    Others,
    GroupAndOthers,
}

/// Looks for whoever else can change an entry with this owner and these permissions.
fn stranger(kind: Kind, owner: u32, mode: u32, me: u32) -> Option<Stranger> {
    if owner != 0 && owner != me {
        return Some(Stranger::Owner(owner));
    }
    // The permissions of a link mean nothing, and a sticky folder keeps its entries.
    if kind == Kind::Link || (kind == Kind::Folder && mode & STICKY != 0) {
        return None;
    }
    match (mode & GROUP_WRITES != 0, mode & OTHERS_WRITE != 0) {
        (true, true) => Some(Stranger::GroupAndOthers),
        (true, false) => Some(Stranger::Group),
        (false, true) => Some(Stranger::Others),
        (false, false) => None,
    }
}

impl Stranger {
    fn describe(self, kind: Kind, path: &Path) -> Unsafe {
        let what = match kind {
            Kind::Folder => "folder",
            Kind::Link => "symbolic link",
            Kind::Other => "file",
        };
        let name = path.display();
        let quoted = quoted(path);
        let (says, mend) = match self {
            Self::Owner(owner) => (
                format!("belongs to user {owner}, who is neither root nor the daemon's user"),
                match kind {
                    Kind::Link => format!("chown -h root {quoted}"),
                    _ => format!("chown root {quoted}"),
                },
            ),
            Self::Group => (
                "can be written by its group".to_owned(),
                format!("chmod g-w {quoted}"),
            ),
            Self::Others => (
                "can be written by everybody".to_owned(),
                format!("chmod o-w {quoted}"),
            ),
            Self::GroupAndOthers => (
                "can be written by everybody".to_owned(),
                format!("chmod go-w {quoted}"),
            ),
        };
        Unsafe {
            what: format!("the {what} {name} {says}"),
            mend,
        }
    }
}

/// A path as a shell takes it.
pub fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+,:@%".contains(&byte);
    match text.bytes().all(plain) {
        true => text,
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

/// All that lets others change the file at this absolute path. What is not there is no finding.
pub fn findings(path: &Path) -> Vec<Unsafe> {
    let me = geteuid().as_raw();
    let mut found = Vec::new();
    let mut rest: VecDeque<OsString> = names(path);
    let mut current = PathBuf::from("/");
    let mut links = 0;
    while let Ok(metadata) = fs::symlink_metadata(&current) {
        let kind = match metadata.file_type() {
            kind if kind.is_symlink() => Kind::Link,
            kind if kind.is_dir() => Kind::Folder,
            _ => Kind::Other,
        };
        if let Some(stranger) = stranger(kind, metadata.uid(), metadata.mode(), me) {
            let finding = stranger.describe(kind, &current);
            // A link may lead through the same folders again.
            if !found.contains(&finding) {
                found.push(finding);
            }
        }
        if kind == Kind::Link {
            links += 1;
            let Ok(target) = fs::read_link(&current) else {
                break;
            };
            if links > LINKS_MAX {
                break;
            }
            current.pop();
            if target.is_absolute() {
                current = PathBuf::from("/");
            }
            for name in names(&target).into_iter().rev() {
                rest.push_front(name);
            }
        }
        let Some(name) = rest.pop_front() else { break };
        if name == ".." {
            current.pop();
        } else {
            current.push(name);
        }
    }
    found
}

/// The names in a path, with `..` as one of them.
fn names(path: &Path) -> VecDeque<OsString> {
    path.components()
        .filter_map(|component| match component {
            Component::Normal(name) => Some(name.to_owned()),
            Component::ParentDir => Some("..".into()),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
        })
        .collect()
}

#[cfg(test)]
pub(crate) mod tests;
