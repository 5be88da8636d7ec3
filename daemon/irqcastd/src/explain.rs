//! `irqcastd explain`

use crate::config::Config;
use irqcast_control::{Explanation, Occurrence, RuleExplained};
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::process::ExitCode;

impl Config {
    /// Which rules match, and why the others do not.
    pub fn explain(&self, occurrence: &Occurrence) -> Explanation {
        let rules = self.rules.iter().map(|rule| {
            let unmet = rule.matches.unmet(occurrence);
            RuleExplained {
                rule: rule.name.clone(),
                matches: unmet.is_empty(),
                unmet,
            }
        });
        Explanation {
            rules: rules.collect(),
        }
    }
}

/// Prints which rules of `config` match what `event` holds, and why the others do not.
pub fn run(config: &Path, event: &Path, json: bool) -> ExitCode {
    match explain(config, event) {
        Ok(explanation) => {
            let text = match json {
                true => serde_json::to_string(&explanation).unwrap_or_default(),
                false => explanation.to_string(),
            };
            // The exit code says no more than that it was explained.
            let _ = writeln!(io::stdout(), "{text}");
            ExitCode::SUCCESS
        }
        Err(problem) => {
            let _ = writeln!(io::stderr(), "{problem}");
            ExitCode::FAILURE
        }
    }
}

fn explain(config: &Path, event: &Path) -> Result<Explanation, String> {
    let unreadable = |error| format!("failed to read {}: {error}", event.display());
    let text = match event.as_os_str() == "-" {
        true => {
            let mut text = Vec::new();
            let read = io::stdin().lock().read_to_end(&mut text);
            read.map(|_| text).map_err(unreadable)?
        }
        false => fs::read(event).map_err(unreadable)?,
    };
    let occurrence =
        Occurrence::read(&text).map_err(|error| format!("{}: {error}", event.display()))?;
    let config = Config::load(config).map_err(|error| error.to_string())?;
    Ok(config.explain(&occurrence))
}
