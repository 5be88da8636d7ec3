//! `cargo testbed report`: shows a recorded run again, and renews the figures of the
//! documentation. It needs no set-up.

use std::{fs, process::ExitCode};

use anyhow::Context as _;

use crate::{
    cli, exit,
    presentation::{docs, html, recordings, table},
    setup::Workspace,
};

/// Runs the command.
pub fn run(args: &cli::ReportArgs) -> anyhow::Result<ExitCode> {
    if args.docs {
        renew_documentation()?;
    }
    if let Some(path) = &args.recording {
        let run = recordings::read_run(path)?;
        table::print(&run);
        if let Some(page) = &args.html {
            fs::write(page, html::render(&run)?)
                .with_context(|| format!("failed to write {}", page.display()))?;
        }
    }
    Ok(ExitCode::from(exit::OK))
}

fn renew_documentation() -> anyhow::Result<()> {
    let top = Workspace::find()?.root;
    let stale = docs::stale(&top)?;
    for (path, content) in docs::render(&top)? {
        if stale.contains(&path) {
            fs::write(&path, content)
                .with_context(|| format!("failed to write {}", path.display()))?;
            println!("{} is new", path.display());
        }
    }
    if stale.is_empty() {
        println!("{} is up to date", top.join(docs::DOCUMENT).display());
    }
    Ok(())
}
