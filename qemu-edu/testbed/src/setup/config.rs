//! Kernel configuration files.

use std::{collections::BTreeMap, path::Path};

use anyhow::Context;

/// Options with their values. `n` stands for an option that is not set.
pub type Config = BTreeMap<String, String>;

/// Reads a `.config` or a fragment.
pub fn read(path: &Path) -> anyhow::Result<Config> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("failed to read {}", path.display()))?;
    Ok(parse(&text))
}

/// Reads the lines of a `.config` or a fragment.
pub fn parse(text: &str) -> Config {
    text.lines()
        .filter_map(|line| {
            let unset = line
                .strip_prefix("# ")
                .and_then(|l| l.strip_suffix(" is not set"));
            let (name, value) = match unset {
                Some(name) => (name, "n"),
                None => line.split_once('=')?,
            };
            name.starts_with("CONFIG_")
                .then(|| (name.to_owned(), value.to_owned()))
        })
        .collect()
}

/// Value of an option; `n` if the file does not name it.
pub fn value<'a>(config: &'a Config, name: &str) -> &'a str {
    config.get(name).map_or("n", String::as_str)
}

/// Options whose values differ, as `NAME=OLD -> NEW`.
pub fn differences(old: &Config, new: &Config) -> Vec<String> {
    let names: std::collections::BTreeSet<_> = old.keys().chain(new.keys()).collect();
    names
        .into_iter()
        .filter(|name| value(old, name) != value(new, name))
        .map(|name| format!("{name}={} -> {}", value(old, name), value(new, name)))
        .collect()
}

/// Options of `wanted` that `config` has otherwise, as in [`differences`].
pub fn missing(wanted: &Config, config: &Config) -> Vec<String> {
    wanted
        .iter()
        .filter(|(name, wanted)| value(config, name) != wanted.as_str())
        .map(|(name, wanted)| format!("{name}={wanted} -> {}", value(config, name)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn not_set_and_absent_are_the_same() {
        let old = parse("# comment\nCONFIG_A=y\n# CONFIG_B is not set\nCONFIG_S=\"a=b\"\n");
        let new = parse("CONFIG_A=m\nCONFIG_S=\"a=b\"\nCONFIG_C=y\n");
        assert_eq!(value(&old, "CONFIG_S"), "\"a=b\"");
        assert_eq!(
            differences(&old, &new),
            ["CONFIG_A=y -> m", "CONFIG_C=n -> y"]
        );
        assert_eq!(
            missing(&parse("CONFIG_A=m\nCONFIG_C=n\n"), &new),
            ["CONFIG_C=n -> y"]
        );
    }
}
