//! Reads `[metrics]`.

use super::problem::Problems;
use super::table::{Table, Value};
use crate::metrics::file::Target;
use std::path::PathBuf;
use std::time::Duration;

/// Shortest time between two writes, unless the configuration says another.
const INTERVAL: Duration = Duration::from_secs(10);

/// Reads where metrics are written to. `None` when a problem was added.
pub fn metrics(mut table: Table<'_, '_>, problems: &mut Problems<'_>) -> Option<Target> {
    let file = table
        .require("file", problems)
        .and_then(|value| file(&value, problems));
    let interval = table
        .get("interval")
        .and_then(|value| value.integer(1..3601, problems))
        .map_or(INTERVAL, Duration::from_secs);
    table.finish(problems);
    Some(Target {
        file: file?,
        interval,
    })
}

fn file(value: &Value<'_, '_>, problems: &mut Problems<'_>) -> Option<PathBuf> {
    let file = value.string(problems)?;
    // The daemon's working folder is /.
    if !file.starts_with('/') || file.ends_with('/') || file.contains('\0') {
        problems.add_with_hint(
            &value.span,
            format!("{file:?} is not the absolute path of a file"),
            "the collector reads files whose names end in .prom, of the folder in its option \
             --collector.textfile.directory"
                .to_owned(),
        );
        return None;
    }
    if !file.ends_with(".prom") {
        problems.add_with_hint(
            &value.span,
            format!("the name of {file:?} does not end in .prom"),
            "the textfile collector reads no other files".to_owned(),
        );
        return None;
    }
    Some(PathBuf::from(file))
}
