//! Manual pages and completions, made from the definition of a command line.
//!
//! Each of irqcast's programs writes its own: `irqcastd generate man DIR`, `irqcastctl generate
//! completions DIR`. The commands are hidden, since they are for who packages irqcast.

use clap::{Command, Subcommand};
use clap_complete::Shell;
use clap_mangen::Man;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Shells that completions are made for.
const SHELLS: [Shell; 3] = [Shell::Bash, Shell::Zsh, Shell::Fish];

/// What to write.
#[derive(Debug, Subcommand)]
pub enum Generate {
    /// Write a manual page for the program and each of its commands.
    Man {
        /// The folder, which is made if it is not there.
        folder: PathBuf,
    },
    /// Write completions for bash, zsh and fish.
    Completions {
        /// The folder, which is made if it is not there.
        folder: PathBuf,
    },
}

/// Writes it for `command`, whose manual is in this section: 1 for everybody's programs, 8 for the
/// administrator's.
///
/// # Errors
///
/// When a file cannot be written, with its name.
pub fn generate(what: &Generate, command: Command, section: &str) -> io::Result<()> {
    let (Generate::Man { folder } | Generate::Completions { folder }) = what;
    fs::create_dir_all(folder).map_err(|error| name(error, folder))?;
    match what {
        Generate::Man { folder } => {
            let mut command = command.disable_help_subcommand(true);
            command.build();
            manual_pages(&command, section, folder)
        }
        Generate::Completions { folder } => completions(command, folder),
    }
}

fn manual_pages(command: &Command, section: &str, folder: &Path) -> io::Result<()> {
    for command in command.get_subcommands() {
        if !command.is_hide_set() {
            manual_pages(command, section, folder)?;
        }
    }
    let page = Man::new(command.clone()).section(section);
    let file = folder.join(page.get_filename());
    let mut text = Vec::new();
    page.render(&mut text)?;
    fs::write(&file, text).map_err(|error| name(error, &file))
}

fn completions(mut command: Command, folder: &Path) -> io::Result<()> {
    let program = command.get_name().to_owned();
    for shell in SHELLS {
        clap_complete::generate_to(shell, &mut command, &program, folder)
            .map_err(|error| name(error, folder))?;
    }
    Ok(())
}

fn name(error: io::Error, file: &Path) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", file.display()))
}
