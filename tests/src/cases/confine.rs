//! Whom hooks run as and what they may use, what the daemon keeps for that, and what is not run.

mod daemon;
mod refusals;

use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::case::{Case, Mode};
use crate::daemon::{Daemon, Setup};
use crate::driver::Driver;
use crate::tool;
use crate::wait;

pub fn cases() -> Vec<Case> {
    let mut cases = vec![
        Case::new(
            "confine::without_a_word_a_hook_has_no_privileges",
            no_privileges_by_default,
        ),
        Case::new("confine::hook_runs_as_the_user", runs_as_the_user),
        Case::new(
            "confine::hook_keeps_the_capabilities_that_are_listed",
            keeps_capabilities,
        ),
        Case::new("confine::hook_has_its_file_mode_mask", has_its_mask),
        Case::new(
            "confine::hook_writes_only_what_is_writable",
            writes_only_what_is_writable,
        ),
        Case::new(
            "confine::hook_reads_only_what_is_listed",
            reads_only_what_is_listed,
        ),
        Case::new("confine::hidden_paths_are_empty", hidden_paths_are_empty),
        Case::new("confine::private_tmp_is_the_hooks_own", private_tmp),
        Case::new("confine::hook_without_network_reaches_nobody", no_network),
        Case::new("confine::limits_stop_a_hook", limits_stop_a_hook),
        Case::new(
            "confine::new_privileges_are_given_where_asked_for",
            new_privileges,
        ),
    ];
    cases.extend(daemon::cases());
    cases.extend(refusals::cases());
    // The debug kernel has neither Landlock nor namespaces, and none of this is the driver's.
    let on_stock = |case: Case| case.only_on(&["stock"]).within(300);
    cases.into_iter().map(on_stock).collect()
}

/// A rule for device 0 whose hook is this command, confined by these lines.
fn rule(name: &str, command: &[&str], confine: &str) -> String {
    format!(
        "[[rule]]\nname = {name:?}\nmatch = {{ device = 0 }}\n[rule.hook]\ncommand = {command:?}\n\
         [rule.hook.confine]\n{confine}\n\n"
    )
}

/// The same with a shell script.
fn shell(name: &str, script: &str, confine: &str) -> String {
    rule(name, &["/bin/sh", "-c", script], confine)
}

/// Runs the rules once. Returns the daemon when all their hooks have ended, that is, by a line of the log
/// with `pid` and the rule's name that tells how.
fn run(rules: &[String]) -> Result<Daemon> {
    let setup = Setup::new()?;
    let daemon = Daemon::start(&setup.configure(rules)?)?;
    tool::json(&["raise", "--device", "0"])?;
    setup.until_finished(0, 1)?;
    Ok(daemon)
}

/// Runs one shell script, confined, and expects it to print these lines.
fn prints(script: &str, confine: &str, expected: &[&str]) -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let daemon = run(&[shell("script", script, confine)])?;
    for line in expected {
        daemon.says(&format!("line={line:?}"))?;
    }
    daemon.stop()
}

/// Waits until the log has a line with this part about a rule's hook.
fn says_of(daemon: &Daemon, rule: &str, part: &str) -> Result<()> {
    let rule = format!("rule={rule} ");
    wait::until(&format!("a line with {rule}and {part}"), || {
        let told = |line: &String| line.contains(&rule) && line.contains(part);
        Ok(daemon.log().iter().any(told).then_some(()))
    })
    .with_context(|| format!("the log is:\n{}", daemon.log().join("\n")))
}

/// A folder that everybody may enter.
fn open_folder() -> Result<tempfile::TempDir> {
    let folder = tempfile::tempdir()?;
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755))?;
    Ok(folder)
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap_or_default()
}

/// A script that prints these lines of its own status, without the tabs.
const STATUS: &str =
    "grep -E '^(Uid|Cap(Inh|Prm|Eff|Amb)|NoNewPrivs):' /proc/self/status | tr '\\t' ' '; umask";

fn no_privileges_by_default() -> Result<()> {
    prints(
        STATUS,
        "",
        &[
            "CapInh: 0000000000000000",
            "CapPrm: 0000000000000000",
            "CapEff: 0000000000000000",
            "CapAmb: 0000000000000000",
            "NoNewPrivs: 1",
            "0077",
        ],
    )
}

fn runs_as_the_user() -> Result<()> {
    prints(
        "id -u; id -g; id -G; grep -E '^Cap(Prm|Eff):' /proc/self/status | tr '\\t' ' '",
        "user = \"nobody\"\ngroups = [\"tty\"]",
        &[
            "65534",
            "65534 5",
            "CapPrm: 0000000000000000",
            "CapEff: 0000000000000000",
        ],
    )
}

fn keeps_capabilities() -> Result<()> {
    // CAP_SYS_TIME is number 25.
    prints(
        STATUS,
        "user = \"nobody\"\ncapabilities = [\"CAP_SYS_TIME\"]",
        &[
            "Uid: 65534 65534 65534 65534",
            "CapPrm: 0000000002000000",
            "CapEff: 0000000002000000",
            "NoNewPrivs: 1",
        ],
    )
}

fn has_its_mask() -> Result<()> {
    prints("umask", "umask = \"027\"", &["0027"])
}

fn writes_only_what_is_writable() -> Result<()> {
    let (may, must_not) = (open_folder()?, open_folder()?);
    let script = format!(
        "echo inside > {0}/new && echo wrote; echo outside > {1}/new || echo refused; \
         rmdir {1} || echo kept; echo > /dev/null && echo null",
        text(may.path()),
        text(must_not.path())
    );
    let confine = format!("writable = [{:?}]", may.path());
    prints(&script, &confine, &["wrote", "refused", "kept", "null"])?;
    ensure!(fs::read_to_string(may.path().join("new"))? == "inside\n");
    ensure!(must_not.path().exists() && !must_not.path().join("new").exists());
    Ok(())
}

fn reads_only_what_is_listed() -> Result<()> {
    let secret = open_folder()?;
    let file = secret.path().join("secret");
    fs::write(&file, "told\n")?;
    let script = format!("cat {} || echo refused; head -c 4 /etc/passwd", text(&file));
    let confine = "read-only = [\"/usr\", \"/etc\"]";
    prints(&script, confine, &["refused", "root"])
}

fn hidden_paths_are_empty() -> Result<()> {
    let secret = open_folder()?;
    fs::write(secret.path().join("secret"), "told\n")?;
    let file = secret.path().with_extension("file");
    fs::write(&file, "told\n")?;
    let script = format!(
        "cat {0}/secret || echo no entry; wc -c < {1}",
        text(secret.path()),
        text(&file)
    );
    let confine = format!("hidden = [{:?}, {file:?}]", secret.path());
    let result = prints(&script, &confine, &["no entry", "0"]);
    let seen_outside = fs::read_to_string(secret.path().join("secret"))?;
    fs::remove_file(file)?;
    ensure!(seen_outside == "told\n");
    result
}

fn private_tmp() -> Result<()> {
    let outside = tempfile::NamedTempFile::new_in("/tmp")?;
    let name = text(outside.path());
    let script = format!("ls {name} || echo not there; echo > /tmp/of-the-hook && echo wrote");
    prints(&script, "private-tmp = true", &["not there", "wrote"])?;
    ensure!(!Path::new("/tmp/of-the-hook").exists());
    Ok(())
}

fn no_network() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let up = Command::new("ifconfig")
        .args(["lo", "127.0.0.1", "up"])
        .status()?;
    ensure!(up.success(), "ifconfig ended with {up}");
    let server = TcpListener::bind("127.0.0.1:0")?;
    let script = format!(
        "nc -w 5 127.0.0.1 {} < /dev/null && echo $IRQCAST_RULE reached || echo $IRQCAST_RULE lonely",
        server.local_addr()?.port()
    );
    let accepting = std::thread::spawn(move || server.accept().map(drop));
    let daemon = run(&[
        shell("without", &script, "network = false"),
        shell("with", &script, ""),
    ])?;
    daemon.says("with reached")?;
    daemon.says("without lonely")?;
    ensure!(accepting.join().is_ok_and(|accepted| accepted.is_ok()));
    daemon.stop()
}

fn limits_stop_a_hook() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let folder = open_folder()?;
    let file = format!("of={}", text(&folder.path().join("large")));
    let daemon = run(&[
        rule(
            "large",
            &["/bin/dd", "if=/dev/zero", &file, "bs=1k", "count=100"],
            "file-size = 2048",
        ),
        shell("busy", "while :; do :; done", "cpu-time = 1"),
        shell(
            "open",
            "for n in 3 4 5 6 7 8 9; do eval \"exec $n</dev/null\" || exit 4; done",
            "open-files = 6",
        ),
        shell(
            "forks",
            "sleep 0 & sleep 0 & wait; echo forked",
            "user = \"nobody\"\nprocesses = 1",
        ),
        shell(
            "eats",
            "dd if=/dev/zero of=/dev/null bs=64M count=1 || echo full",
            "memory = 33554432",
        ),
    ])?;
    for (rule, expected) in [
        ("large", "signal=SIGXFSZ"),
        ("busy", "signal=SIGXCPU"),
        ("open", "hook failed"),
        ("forks", "hook failed"),
        ("eats", "full"),
    ] {
        says_of(&daemon, rule, expected)?;
    }
    ensure!(fs::metadata(folder.path().join("large"))?.len() == 2048);
    daemon.stop()
}

/// A program that is marked to give root's privileges gives them where the rule asks for that, and there
/// only: to make the other device interrupt takes a capability.
fn new_privileges() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    // In the guest's /tmp such marks mean nothing.
    let folder = tempfile::tempdir_in("/usr")?;
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755))?;
    let program = folder.path().join("raise");
    fs::copy("/bin/irqcastctl", &program)?;
    fs::set_permissions(&program, Permissions::from_mode(0o4755))?;
    let script = format!(
        "{} raise --device 1 > /dev/null && echo $IRQCAST_RULE may || echo $IRQCAST_RULE must not",
        text(&program)
    );
    let daemon = run(&[
        shell("asks", &script, "user = \"nobody\"\nnew-privileges = true"),
        shell("does-not", &script, "user = \"nobody\""),
    ])?;
    daemon.says("asks may")?;
    daemon.says("does-not must not")?;
    daemon.stop()
}
