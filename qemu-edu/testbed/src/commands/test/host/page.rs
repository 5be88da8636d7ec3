//! The benchmark's page in a browser: on a phone and on a desk, in light and in dark.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use anyhow::{Context as _, ensure};
use irqcast_bench::schema::Mode;
use serde::Deserialize;

use super::Context;
use crate::{
    namespace::{self, Mount},
    presentation::{html, recordings, sample},
    process, setup,
};

/// Judges the page from inside.
const LOOK: &str = include_str!("page.js");

/// Where the pages are seen in the browser's tree.
const FOLDER: &str = "/srv/page";

/// Windows of a phone and of a desk. They are high enough for screenshots of much of the page.
const WINDOWS: [(&str, u32, u32); 2] = [("phone", 360, 6000), ("desk", 1280, 5000)];

/// Themes, as the browser's engine numbers them.
const THEMES: [(&str, bool, u32); 2] = [("dark", true, 0), ("light", false, 1)];

/// Seconds after which the browser is taken to hang. It needs one or two.
const LIMIT_S: u32 = 180;

/// Attempts to get the browser to run.
const ATTEMPTS: u32 = 3;

/// What [`LOOK`] writes into the page.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Verdict {
    width: u32,
    dark: bool,
    charts: usize,
    problems: Vec<String>,
}

/// Runs the check. The screenshots stay in the target folder, to be looked at.
pub(super) fn check(context: &Context<'_>) -> anyhow::Result<()> {
    let tree = context.setup.browser(context.options, context.ui)?;
    let step = context.ui.step("page in Chromium");
    let top = &context.setup.workspace().root;
    let folder = top.join("target/page");
    fs::create_dir_all(&folder)
        .with_context(|| format!("failed to create {}", folder.display()))?;
    let browser = Browser { tree, folder };
    for mode in [Mode::Icount, Mode::Wall] {
        // Where nothing is recorded yet, made-up figures show what the page can hold.
        let recording = recordings::path(top, mode);
        let (name, run) = match recording.exists() {
            true => (mode.name().to_owned(), recordings::read_run(&recording)?),
            false => (format!("made-up-{}", mode.name()), sample::of_mode(mode)),
        };
        let page = html::render(&run)?;
        let charts = page.matches("<figure class=\"chart\">").count();
        for (window, width, height) in WINDOWS {
            for (theme, dark, number) in THEMES {
                let shot = format!("{name}-{window}-{theme}");
                let verdict = browser.look(&shot, &page, (width, height), number)?;
                ensure!(
                    (verdict.width, verdict.dark, verdict.charts) == (width, dark, charts),
                    "{shot}: the browser was not set as it should be: {verdict:?}"
                );
                ensure!(
                    verdict.problems.is_empty(),
                    "{shot}: {} problems\n{}",
                    verdict.problems.len(),
                    verdict.problems.join("\n")
                );
            }
        }
    }
    browser.finds_faults()?;
    step.finish(&format!("screenshots are in {}", browser.folder.display()));
    Ok(())
}

struct Browser {
    tree: PathBuf,
    folder: PathBuf,
}

impl Browser {
    /// Shows the page and judges it. Fails if the page has anything to say to the console.
    fn look(
        &self,
        name: &str,
        page: &str,
        window: (u32, u32),
        theme: u32,
    ) -> anyhow::Result<Verdict> {
        let page = page.replacen("</body>", &format!("<script>{LOOK}</script></body>"), 1);
        let file = self.folder.join(format!("{name}.html"));
        fs::write(&file, page).with_context(|| format!("failed to write {}", file.display()))?;
        let output = self.run(name, window, theme)?;
        let log = String::from_utf8_lossy(&output.stderr);
        let complaints: Vec<&str> = log
            .lines()
            .filter(|line| line.contains(":CONSOLE"))
            .collect();
        ensure!(
            complaints.is_empty(),
            "{name}: the console says\n{}",
            complaints.join("\n")
        );
        let document = String::from_utf8_lossy(&output.stdout);
        let verdict = document
            .split_once("<pre id=\"verdict\">")
            .and_then(|(_, rest)| rest.split_once("</pre>"))
            .with_context(|| format!("{name}: the page was not judged\n{log}"))?
            .0;
        serde_json::from_str(verdict).with_context(|| format!("{name}: {verdict}"))
    }

    /// Runs the browser. One that dies or hangs says nothing of the page, and is tried again.
    fn run(&self, name: &str, window: (u32, u32), theme: u32) -> anyhow::Result<Output> {
        let mut attempts = 1;
        loop {
            let output = process::output(limited(&self.command(name, window, theme)))?;
            if output.status.success() {
                return Ok(output);
            }
            ensure!(
                attempts < ATTEMPTS,
                "{name}: Chromium failed {attempts} times ({})\n{}",
                output.status,
                String::from_utf8_lossy(&output.stderr)
            );
            attempts += 1;
        }
    }

    fn command(&self, name: &str, (width, height): (u32, u32), theme: u32) -> Command {
        let mounts = [Mount::write(&self.folder, FOLDER)];
        let mut command = namespace::inside(&self.tree, &mounts, setup::CHROMIUM);
        command.args([
            // The namespace is the sandbox, and there is no graphics card.
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--no-first-run",
            "--user-data-dir=/tmp/profile",
            "--hide-scrollbars",
            // What pages say to the console goes to standard error.
            "--enable-logging=stderr",
            "--dump-dom",
        ]);
        command.arg(format!("--window-size={width},{height}"));
        command.arg(format!("--blink-settings=preferredColorScheme={theme}"));
        command.arg(format!("--screenshot={FOLDER}/{name}.png"));
        command.arg(format!("file://{FOLDER}/{name}.html"));
        command
    }

    /// A judge who finds fault with nothing proves nothing.
    fn finds_faults(&self) -> anyhow::Result<()> {
        let page = "<!doctype html><meta charset=utf-8><style>body{background:#fff}</style><body>\
                    <main><div style=\"width:900px\">wide</div><figure class=\"chart\"><svg \
                    width=300 height=100 role=img><title>empty</title><text x=290 y=50>cut off\
                    </text></svg></figure></main></body>";
        let verdict = self.look("faulty", page, (360, 800), 0)?;
        for part in [
            "the page is",
            "nothing is drawn",
            "cut off leaves",
            "follow the theme",
        ] {
            ensure!(
                verdict
                    .problems
                    .iter()
                    .any(|problem| problem.contains(part)),
                "the faulty page passed for {part:?}: {:?}",
                verdict.problems
            );
        }
        let page = "<!doctype html><body><script>missing()</script></body>";
        let error = self.look("throws", page, (360, 800), 0).err();
        ensure!(
            error.is_some_and(|error| error.to_string().contains("missing is not defined")),
            "an error of a script went unnoticed"
        );
        remove(&self.folder, &["faulty", "throws"])
    }
}

/// The command with a limit of time, against a hang.
fn limited(command: &Command) -> Command {
    let mut limited = Command::new("timeout");
    limited.arg("--signal=KILL").arg(LIMIT_S.to_string());
    limited.arg(command.get_program()).args(command.get_args());
    let set = command.get_envs();
    limited.env_clear();
    limited.envs(set.filter_map(|(name, value)| Some((name, value?))));
    limited
}

fn remove(folder: &Path, names: &[&str]) -> anyhow::Result<()> {
    for name in names {
        for end in ["html", "png"] {
            let path = folder.join(format!("{name}.{end}"));
            fs::remove_file(&path)
                .with_context(|| format!("failed to remove {}", path.display()))?;
        }
    }
    Ok(())
}
