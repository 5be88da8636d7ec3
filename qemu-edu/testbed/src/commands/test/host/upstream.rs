//! The patches for the kernel: they are what the driver's code makes, and the kernel's tools like them.

use super::Context;
use crate::upstream::{self, Build, Series};

/// Makes them anew, compares them with those in the repository, and checks the last step.
pub(super) fn check(context: &Context<'_>) -> anyhow::Result<()> {
    let series = Series::make(context.setup, context.kernel, context.ui)?;
    upstream::compare(&series.mails(None), context.setup.workspace())?;
    series.check(context.setup, context.kernel, Build::Last, context.ui)
}
