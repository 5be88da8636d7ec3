//! Reads `[rule.hook.confine]`: docs/confinement.md says what its keys mean.

mod reach;

use super::accounts;
use super::problem::Problems;
use super::table::{Table, Value, nearest};
use crate::hook::confine::capability::{self, Capabilities};
use crate::hook::confine::{Confinement, Identity, Limits, Paths, paths};
use rustix::thread::CapabilitySet;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Most paths in one list.
const PATHS_MAX: usize = 64;

/// One more than the highest limit in bytes.
const BYTES_END: u64 = 1 << 62;

/// Reads what a hook's table has under `confine`. What is wrong there is a problem, so that the whole
/// configuration is refused.
pub fn confinement(hook: &mut Table<'_, '_>, problems: &mut Problems<'_>) -> Confinement {
    // That it is wrong is told elsewhere.
    let program = hook
        .get("command")
        .and_then(|command| command.strings("", &mut Problems::new("")))
        .and_then(|strings| Some(PathBuf::from(strings.first()?.0)));
    let Some(value) = hook.get("confine") else {
        return Confinement::default();
    };
    let span = value.span.clone();
    let Some(table) = value.table("a confinement", problems) else {
        return Confinement::default();
    };
    let mut reader = Reader { table, problems };
    let confinement = reader.read();
    let Reader { table, problems } = reader;
    table.finish(problems);
    check(&confinement, &span, problems);
    if let Some(program) = program {
        reach::check(&confinement, &program, &span, problems);
    }
    confinement
}

/// What cannot be given together, or not by this kernel.
fn check(confinement: &Confinement, span: &Range<usize>, problems: &mut Problems<'_>) {
    let user = confinement
        .identity
        .as_ref()
        .and_then(|identity| identity.user);
    let is_other = user.is_some_and(|user| user != 0);
    if confinement.limits.processes.is_some() && !is_other {
        problems.add_with_hint(
            span,
            "`processes` does not limit root",
            "name another `user`".to_owned(),
        );
    }
    if confinement.new_privileges && !is_other {
        problems.add_with_hint(
            span,
            "`new-privileges` gives root nothing",
            "name another `user`, or list `capabilities`".to_owned(),
        );
    }
    if confinement.new_privileges && confinement.paths.is_some() {
        problems.add_with_hint(
            span,
            "with `read-only`, `writable` or `hidden` a hook can gain no new privileges",
            "leave out `new-privileges`, or list `capabilities`".to_owned(),
        );
    }
    let strict = confinement
        .paths
        .as_ref()
        .is_some_and(|paths| !paths.best_effort);
    if strict && !paths::kernel_can() {
        problems.add_with_hint(
            span,
            "the kernel has no Landlock, or one older than Linux 6.2, for `read-only`, `writable` and `hidden`",
            "start it with lsm=landlock,…, or write `best-effort = true` to do without".to_owned(),
        );
    }
}

struct Reader<'a, 't, 'p, 's> {
    table: Table<'a, 't>,
    problems: &'p mut Problems<'s>,
}

impl Reader<'_, '_, '_, '_> {
    fn read(&mut self) -> Confinement {
        let hidden = self.paths("hidden").unwrap_or_default();
        let best_effort = self.boolean("best-effort", false);
        Confinement {
            identity: self.identity(),
            new_privileges: self.boolean("new-privileges", false),
            capabilities: self.capabilities(),
            umask: self.umask(),
            limits: Limits {
                memory: self.number("memory", 1 << 20..BYTES_END),
                open_files: self.number("open-files", 4..1 << 20),
                processes: self.number("processes", 1..1 << 22),
                file_size: self.number("file-size", 0..BYTES_END),
                cpu_time: self.number("cpu-time", 1..1 << 30),
                core: self.number("core", 0..BYTES_END),
            },
            paths: match (self.paths("read-only"), self.paths("writable")) {
                (None, None) if hidden.is_empty() => None,
                (None, None) => Some(Paths::everything(best_effort)),
                (read_only, writable) => Some(Paths {
                    read_only: read_only.unwrap_or_else(|| vec!["/".into()]),
                    writable: writable.unwrap_or_default(),
                    best_effort,
                }),
            },
            hidden,
            private_tmp: self.boolean("private-tmp", false),
            no_network: !self.boolean("network", true),
        }
    }

    fn boolean(&mut self, key: &'static str, default: bool) -> bool {
        let value = self.table.get(key);
        value
            .and_then(|value| value.boolean(self.problems))
            .unwrap_or(default)
    }

    fn number(&mut self, key: &'static str, range: Range<u64>) -> Option<u64> {
        self.table.get(key)?.integer(range, self.problems)
    }

    fn strings<'v>(
        value: &Value<'v, '_>,
        of: &str,
        problems: &mut Problems<'_>,
    ) -> Vec<(&'v str, Range<usize>)> {
        let wanted = format!("a list of {of}, each a string");
        value.strings(&wanted, problems).unwrap_or_default()
    }

    fn identity(&mut self) -> Option<Identity> {
        let user = self.table.get("user");
        let group = self.table.get("group");
        let groups = self.table.get("groups");
        let values = [&user, &group, &groups].into_iter().flatten();
        let span = values.map(|value| value.span.clone()).next()?;
        // Whatever is there and wrong ends this here: it was told.
        let account = match user {
            Some(value) => {
                let name = value.string(self.problems)?;
                let found = self.found("user", name, &value.span, accounts::user(name))?;
                Some(found)
            }
            None => None,
        };
        let group = match group {
            Some(value) => {
                let name = value.string(self.problems)?;
                self.found("group", name, &value.span, accounts::group(name))
            }
            None => account.and_then(|account| account.group).or_else(|| {
                let hint = "name a `group`".to_owned();
                let message = "the hook would have no group of its own";
                self.problems.add_with_hint(&span, message, hint);
                None
            }),
        };
        let groups = groups.map(|value| Self::strings(&value, "groups", self.problems));
        let groups: Vec<u32> = groups
            .unwrap_or_default()
            .into_iter()
            .filter_map(|(name, span)| self.found("group", name, &span, accounts::group(name)))
            .collect();
        let user = account.map(|account| account.user);
        Some(Identity {
            user,
            group: group?,
            groups,
        })
    }

    fn found<T>(
        &mut self,
        what: &str,
        name: &str,
        span: &Range<usize>,
        found: Result<T, String>,
    ) -> Option<T> {
        found
            .map_err(|reason| {
                self.problems
                    .add(span, format!("the {what} {name:?} {reason}"))
            })
            .ok()
    }

    fn capabilities(&mut self) -> Capabilities {
        let Some(value) = self.table.get("capabilities") else {
            return Capabilities::default();
        };
        let mut all = CapabilitySet::empty();
        for (name, span) in Self::strings(&value, "capabilities", self.problems) {
            match capability::by_name(name) {
                Some(one) => all |= one,
                None => self.problems.add_with_hint(
                    &span,
                    format!("there is no capability {name:?}"),
                    capability_meant(name),
                ),
            }
        }
        Capabilities(all)
    }

    fn umask(&mut self) -> Option<u32> {
        let value = self.table.get("umask")?;
        let text = value.string(self.problems)?;
        let is_octal =
            (1..=4).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
        let mask = u32::from_str_radix(text, 8)
            .ok()
            .filter(|&mask| is_octal && mask <= 0o777);
        if mask.is_none() {
            self.problems.add(
                &value.span,
                format!("`umask` must be three octal digits, such as \"027\", not {text:?}"),
            );
        }
        mask
    }

    fn paths(&mut self, key: &'static str) -> Option<Vec<PathBuf>> {
        let value = self.table.get(key)?;
        let listed = Self::strings(&value, "paths", self.problems);
        if listed.len() > PATHS_MAX {
            self.problems.add(
                &value.span,
                format!("`{key}` has more than {PATHS_MAX} paths"),
            );
        }
        for (path, span) in &listed {
            if !path.starts_with('/') {
                self.problems
                    .add(span, format!("the path {path:?} is not absolute"));
            } else if let Err(error) = Path::new(path).metadata() {
                let reason = match error.kind() {
                    std::io::ErrorKind::NotFound => "does not exist".to_owned(),
                    _ => format!("cannot be looked at: {error}"),
                };
                self.problems
                    .add(span, format!("the path {path:?} {reason}"));
            } else if key == "hidden" && *path == "/" {
                self.problems
                    .add(span, "a hook without any file cannot run");
            }
        }
        Some(listed.into_iter().map(|(path, _)| path.into()).collect())
    }
}

/// The capability that was meant, or where they are listed.
fn capability_meant(name: &str) -> String {
    let upper = name.to_uppercase();
    // What all have in common makes none of them more alike.
    let rest = |name: &str| name.strip_prefix("CAP_").unwrap_or(name).to_owned();
    let known: Vec<String> = capability::names().map(|name| rest(&name)).collect();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    nearest(&rest(&upper), &known).map_or_else(
        || "capabilities(7) lists them".to_owned(),
        |known| format!("did you mean \"CAP_{known}\"?"),
    )
}

#[cfg(test)]
mod tests;
