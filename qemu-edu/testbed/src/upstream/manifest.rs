//! What the series is made of, as `docs/upstream/series.toml` says.

use anyhow::Context as _;
use serde::Deserialize;

/// The file, in the repository.
pub const FILE: &str = "docs/upstream/series.toml";

/// A series of patches.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    /// The cover letter.
    pub(super) cover: Letter,
    /// The patches, in their order.
    pub(super) patch: Vec<Patch>,
}

/// A subject and a text.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Letter {
    /// Its subject, without what is in brackets.
    pub(super) subject: String,
    /// Its text.
    pub(super) text: String,
}

/// One patch.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Patch {
    /// Its subject, without what is in brackets.
    pub(super) subject: String,
    /// Its text.
    pub(super) text: String,
    /// Files of the driver that come with it.
    pub(super) files: Vec<String>,
    /// Functions, as `file::function`, that they get only when a later patch names the file again.
    #[serde(default)]
    pub(super) later: Vec<String>,
    /// Modules that are public.
    #[serde(default)]
    pub(super) modules: Vec<String>,
    /// What is made public of the modules that are not, as `module::Name`.
    #[serde(default)]
    pub(super) exports: Vec<String>,
    /// Changes of the kernel's own file.
    #[serde(default)]
    pub(super) edit: Vec<Edit>,
}

/// A change of a text.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Edit {
    /// What is there, once.
    pub(super) find: String,
    /// What takes its place.
    pub(super) replace: String,
}

impl Manifest {
    /// Reads the manifest.
    pub(super) fn parse(text: &str) -> anyhow::Result<Self> {
        toml::from_str(text).with_context(|| format!("{FILE} is not understood"))
    }
}

impl Edit {
    /// Changes `text`, in which its place has to be once.
    pub(super) fn apply(&self, text: &str) -> anyhow::Result<String> {
        let found = text.matches(&self.find).count();
        anyhow::ensure!(
            found == 1,
            "{FILE}: the text to replace is there {found} times, and not once:\n{}",
            self.find
        );
        Ok(text.replacen(&self.find, &self.replace, 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edit_changes_what_is_there_once() {
        let edit = Edit {
            find: "b\n".to_owned(),
            replace: "c\n".to_owned(),
        };
        assert_eq!(edit.apply("a\nb\n").unwrap(), "a\nc\n");
        for text in ["a\n", "b\nb\n"] {
            let error = edit.apply(text).unwrap_err().to_string();
            assert!(error.contains(FILE), "{error}");
        }
    }
}
