//! The compilers that a kernel tree was built with, and those that there are.

use std::process::Command;

use super::super::config::{self, Config};
use crate::process;

/// The compilers that a tree was configured with.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Compilers {
    /// First line that the C compiler prints about its version.
    pub(super) c: String,
    /// What `rustc --version` prints.
    pub(super) rust: String,
    /// The C compiler's name for `make`, as `CC=…` or `LLVM=1`.
    pub(super) tool: String,
    /// The C compiler's program.
    pub(super) program: String,
}

impl Compilers {
    /// Reads which compilers a configuration was made with.
    pub(super) fn read(config: &Config) -> anyhow::Result<Self> {
        let text = |name| config::value(config, name).trim_matches('"').to_owned();
        let (c, rust) = (
            text("CONFIG_CC_VERSION_TEXT"),
            text("CONFIG_RUSTC_VERSION_TEXT"),
        );
        let (tool, program) = if config::value(config, "CONFIG_CC_IS_CLANG") == "y" {
            ("LLVM=1".to_owned(), "clang".to_owned())
        } else {
            // gcc prints the name by which it was called.
            let program = c
                .split(' ')
                .next()
                .filter(|name| name.contains("gcc"))
                .unwrap_or("gcc")
                .to_owned();
            (format!("CC={program}"), program)
        };
        anyhow::ensure!(
            c != "n" && rust != "n",
            "its .config does not name the compilers; run `make` in it"
        );
        Ok(Self {
            c,
            rust,
            tool,
            program,
        })
    }

    /// What the C and the Rust compiler that `command` reaches say about their versions.
    pub(super) fn found(&self, command: impl Fn(&str) -> Command) -> [String; 2] {
        [self.program.as_str(), "rustc"].map(|program| {
            let mut command = command(program);
            command
                .arg("--version")
                .env("LC_ALL", "C")
                .env_remove("RUSTUP_TOOLCHAIN");
            match process::output(command) {
                Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout)
                    .lines()
                    .next()
                    .unwrap_or_default()
                    // The kernel's configuration leaves out what would begin a comment.
                    .replace('#', ""),
                _ => format!("no {program}"),
            }
        })
    }
}
