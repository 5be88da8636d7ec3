//! Takes a changed configuration, and says what is wrong with one.

use super::{Daemon, Failure};
use crate::config::{Config, ConfigError};
use crate::hook::confine::own;
use tracing::{error, info};

impl Daemon {
    /// Takes the configuration anew. A wrong one changes nothing.
    pub(super) fn reload(&mut self) -> Result<(), Failure> {
        self.manager.reloading();
        let result = self.take_configuration();
        // Also where it is wrong: the old one works.
        self.manager.ready(self.condition());
        result
    }

    fn take_configuration(&mut self) -> Result<(), Failure> {
        let allowed = |config: Config| match own::allows(&config.rules) {
            Ok(()) => Ok(config),
            Err(refused) => Err(refused.into()),
        };
        match Config::load(&self.file)
            .map_err(Failure::from)
            .and_then(allowed)
        {
            Ok(config) => {
                info!(rules = config.rules.len(), "took the configuration");
                self.hooks.configure(&config);
                self.metrics.set_target(config.metrics.clone());
                self.events.reloads += 1;
                self.config = config;
                self.renew_access();
                self.watch_devices();
                self.change_families();
                Ok(())
            }
            Err(failure) => {
                match &failure {
                    Failure::Config(error) => log_wrong_config(error),
                    other => error!(reason = %other, "cannot take the configuration"),
                }
                self.events.reloads_refused += 1;
                error!(
                    rules = self.config.rules.len(),
                    "kept the old configuration"
                );
                Err(failure)
            }
        }
    }
}

/// Tells all that is wrong with a configuration.
pub fn log_wrong_config(error: &ConfigError) {
    match error {
        ConfigError::Unreadable { file, source } => {
            error!(file = %file.display(), reason = %source, "the configuration cannot be read");
        }
        ConfigError::Wrong { file, problems } => {
            for problem in problems {
                error!(
                    file = %file.display(),
                    line = problem.line,
                    column = problem.column,
                    problem = %problem,
                    "the configuration is wrong"
                );
            }
        }
    }
}
