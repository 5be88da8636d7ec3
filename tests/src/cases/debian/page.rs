//! docs/install.md, as a new user would type it.

use anyhow::{Context as _, Result, ensure};
use irqcast_tests::transcript::sessions;

use crate::case::Case;
use crate::cases::docs;
use crate::installed::PACKAGES;
use crate::{system, wait};

const DOCUMENT: &str = "docs/install.md";
const TEXT: &str = include_str!("../../../../docs/install.md");

pub fn cases() -> Vec<Case> {
    vec![Case::new(
        "debian::page_leads_from_the_package_to_the_first_hook",
        page_is_as_written,
    )]
}

fn page_is_as_written() -> Result<()> {
    system::settled()?;
    // As on a machine that has never had it. What is not installed is not purged.
    system::run("apt-get purge --yes irqcastd; rm -rf /etc/irqcast")?;
    let steps = sessions(TEXT, "console debian", "# ").concat();
    ensure!(!steps.is_empty(), "{DOCUMENT} has no session");
    for step in steps {
        let step_is_as_shown = || docs::run_step(DOCUMENT, &step, PACKAGES);
        match step.command.starts_with("journalctl") {
            // A hook takes its time, and the journal too.
            true => {
                let seen = wait::until("the journal", || Ok(step_is_as_shown().ok()));
                seen.or_else(|_| step_is_as_shown())
            }
            false => step_is_as_shown(),
        }
        .with_context(crate::installed::log)?;
    }
    Ok(())
}
