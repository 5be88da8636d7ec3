//! The state folder: files that cannot be used, and folders.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use nix::mount::{MntFlags, MsFlags, mount, umount2};

use crate::case::{Case, Mode};
use crate::daemon::{Daemon, PROGRAM, Setup};
use crate::driver::Driver;
use crate::tool;

pub fn cases() -> Vec<Case> {
    [
        Case::new("state::corrupt_file_is_set_aside", || {
            is_set_aside(|state| fs::write(state, "{\"format\":\"irqcast-st").map_err(Into::into))
        }),
        Case::new("state::foreign_version_is_set_aside", || {
            is_set_aside(|state| {
                let text = fs::read_to_string(state)?;
                ensure!(text.contains("\"version\":2"), "{text}");
                Ok(fs::write(
                    state,
                    text.replace("\"version\":2", "\"version\":9"),
                )?)
            })
        }),
        Case::new("state::folder_in_its_place_is_set_aside", || {
            is_set_aside(|state| {
                fs::remove_file(state)?;
                Ok(fs::create_dir(state)?)
            })
        }),
        Case::new("state::second_daemon_is_refused", second_daemon_is_refused),
        Case::new(
            "state::folder_that_was_asked_for_must_work",
            folder_must_work,
        ),
        Case::new("state::full_disk_stops_no_hook", full_disk_stops_no_hook),
        Case::new(
            "state::default_folder_that_does_not_work_is_no_end",
            default_folder,
        ),
    ]
    .into_iter()
    .map(|case| case.within(600))
    .collect()
}

/// A daemon that finds a spoiled state warns, keeps it, and begins with what comes.
fn is_set_aside(spoil: fn(&Path) -> Result<()>) -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let setup = Setup::new()?;
    let path = setup.configure(&[setup.rule("all", "")])?;
    let daemon = Daemon::start(&path)?;
    tool::json(&["raise", "--device", "0"])?;
    setup.until_finished(0, 1)?;
    daemon.kill()?;
    spoil(&setup.state())?;
    tool::json(&["raise", "--device", "0"])?;
    let daemon = Daemon::start(&path)?;
    let line = daemon.says("set it aside")?;
    ensure!(
        line.contains("WARN") && line.contains("state.json.set-aside-1") && line.contains("reason"),
        "{line}"
    );
    ensure!(
        setup
            .state()
            .with_file_name("state.json.set-aside-1")
            .exists()
    );
    tool::json(&["raise", "--device", "0"])?;
    setup.until_finished(0, 3)?;
    daemon.stop()?;
    let ran = setup.order()?;
    ensure!(ran == ["all 0 1", "all 0 3"], "{ran:?}");
    Ok(())
}

/// Runs a daemon that ends by itself, as a failure. Returns what it said.
fn refused(configuration: &Path, folder: &Path) -> Result<String> {
    let output = Command::new(PROGRAM)
        .args(["run", "--config"])
        .arg(configuration)
        .arg("--state-dir")
        .arg(folder)
        .output()?;
    let said = String::from_utf8(output.stderr)?;
    ensure!(
        output.status.code() == Some(1),
        "the daemon ended with {}: {said}",
        output.status
    );
    Ok(said)
}

fn second_daemon_is_refused() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let setup = Setup::new()?;
    let path = setup.configure(&[setup.rule("all", "")])?;
    let first = Daemon::start(&path)?;
    let state = setup.state();
    let folder = state.parent().context("the state is in a folder")?;
    let said = refused(&path, folder)?;
    ensure!(
        said.contains(&format!(
            "another daemon uses the state folder {}",
            folder.display()
        )),
        "{said}"
    );
    tool::json(&["raise", "--device", "0"])?;
    setup.ran("all", 0, 1)?;
    first.stop()
}

fn folder_must_work() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let setup = Setup::new()?;
    let path = setup.configure(&[setup.rule("all", "")])?;
    for folder in ["/proc/irqcast", "/etc/passwd", "/sys"] {
        let said = refused(&path, folder.as_ref())?;
        ensure!(
            said.contains("cannot go on") && said.contains(folder),
            "{said}"
        );
    }
    Ok(())
}

/// A file system of its own. Dropping it unmounts it.
struct Small(PathBuf);

impl Small {
    fn mount(path: PathBuf) -> Result<Self> {
        fs::create_dir(&path)?;
        let none = None::<&str>;
        mount(
            none,
            &path,
            Some("tmpfs"),
            MsFlags::empty(),
            Some("size=64k"),
        )?;
        Ok(Self(path))
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        // Where this fails the folder of the test cannot be removed, and that is all.
        let _ = umount2(&self.0, MntFlags::MNT_DETACH);
    }
}

/// The log says it once, and once that there is room again. Then nothing of it is forgotten.
fn full_disk_stops_no_hook() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let setup = Setup::new()?;
    let path = setup.configure(&[setup.rule("all", "")])?;
    let state = setup.state();
    let folder = state.parent().context("the state is in a folder")?;
    let _small = Small::mount(folder.to_owned())?;
    let daemon = Daemon::start(&path)?;
    let filler = folder.join("filler");
    let mut file = fs::File::create(&filler)?;
    while file.write_all(&[0; 512]).is_ok() {}
    for seq in 1..=3 {
        tool::json(&["raise", "--device", "0"])?;
        setup.ran("all", 0, seq)?;
    }
    let line = daemon.says("cannot keep the state")?;
    ensure!(
        line.contains("WARN") && line.contains("No space left"),
        "{line}"
    );
    fs::remove_file(filler)?;
    drop(file);
    daemon.says("keeping the state again")?;
    setup.until_finished(0, 3)?;
    let warned = daemon.log().join("\n").matches("cannot keep").count();
    ensure!(warned == 1, "it is said {warned} times");
    daemon.kill()?;
    Daemon::start(&path)?.stop()?;
    let ran = setup.order()?;
    ensure!(ran == ["all 0 1", "all 0 2", "all 0 3"], "{ran:?}");
    Ok(())
}

fn default_folder() -> Result<()> {
    const DEFAULT: &str = "/var/lib/irqcast";
    let _driver = Driver::load(Mode::Msi)?;
    let setup = Setup::new()?;
    let path = setup.configure(&[setup.rule("all", "")])?;
    let run = |seq| -> Result<Vec<String>> {
        let daemon = Daemon::start_with(&path, &[], "ready")?;
        tool::json(&["raise", "--device", "0"])?;
        setup.ran("all", 0, seq)?;
        let log = daemon.log();
        daemon.stop()?;
        Ok(log)
    };
    // An earlier test of this machine may have used it.
    if Path::new(DEFAULT).exists() {
        fs::remove_dir_all(DEFAULT)?;
    }
    fs::create_dir_all("/var/lib")?;
    fs::write(DEFAULT, "in the way")?;
    let without = run(1);
    fs::remove_file(DEFAULT)?;
    let log = without?.join("\n");
    ensure!(log.contains("going on without a memory"), "{log}");
    let log = run(2)?.join("\n");
    ensure!(!log.contains("WARN"), "{log}");
    ensure!(Path::new(DEFAULT).join("state.json").exists());
    Ok(())
}
