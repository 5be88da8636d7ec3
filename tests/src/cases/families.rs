//! Hooks for messages of other generic netlink families.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use irqcast_tests::talk::Request;
use nix::sys::signal::Signal;
use serde_json::Value;

use crate::case::{Case, Machine, Mode};
use crate::daemon::{Daemon, Setup};
use crate::driver::Driver;
use crate::{host, module, wait};

/// What a daemon says when it has joined a family's groups.
const LISTENING: &str = "listening to a family";

/// A hook that leaves its environment and its standard input in the file `ran.RULE`, which appears
/// whole.
const HOOK: &str = r#"#!/bin/sh
cd "$(dirname "$0")" || exit 1
{ env | grep ^IRQCAST_ | sort; cat; } > "new.$$" && mv "new.$$" "ran.$IRQCAST_RULE"
"#;

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("families::hook_runs_when_a_family_comes", family_comes),
        Case::new("families::hook_runs_when_a_family_goes", family_goes),
        Case::new("families::rules_choose_by_attributes", rules_choose),
        Case::new("families::failed_hook_is_of_no_device", of_no_device),
        Case::new("families::family_that_comes_later_is_joined", comes_later),
        Case::new("families::reload_takes_other_families", reload),
        Case::new("families::sample_configuration_is_right", sample),
        Case::new(
            "families::decoded_as_by_the_kernels_client",
            as_the_kernels_client,
        )
        .within(300)
        .on(Machine {
            layers: vec!["python"],
            ..Machine::default()
        }),
        Case::new("families::hook_runs_when_a_button_is_pressed", button)
            .only_on(&["stock"])
            .on(Machine {
                layers: vec!["button"],
                ..Machine::default()
            }),
    ]
}

/// The table of a family whose specification is installed.
fn family(name: &str, group: &str) -> String {
    format!(
        "[[family]]\nname = {name:?}\nspec = \"/usr/share/irqcast/specs/{name}.yaml\"\ngroups = [{group:?}]\n\n"
    )
}

fn nlctrl() -> String {
    family("nlctrl", "notify")
}

/// A folder with the hook, and rules of these names with these conditions.
fn setup<const N: usize>(rules: [(&str, &str); N]) -> Result<(Setup, Vec<String>)> {
    let setup = Setup::new()?;
    let hook = setup.script("keep", HOOK)?;
    let rules = rules.map(|(name, conditions)| setup.rule_running(name, conditions, &hook));
    Ok((setup, rules.to_vec()))
}

/// What the hook of a rule was given: environment, and standard input.
fn given(setup: &Setup, rule: &str) -> Result<(Vec<String>, Value)> {
    let path = setup.path(&format!("ran.{rule}"));
    wait::until(&format!("the hook of {rule}"), || {
        Ok(path.exists().then_some(()))
    })?;
    let text = fs::read_to_string(&path)?;
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let input = lines.pop().context("the hook was given nothing")?;
    Ok((lines, serde_json::from_str(&input)?))
}

fn family_comes() -> Result<()> {
    let conditions = r#"family = "nlctrl", message = "newfamily""#;
    let (setup, rules) = setup([("new", conditions)])?;
    let daemon = Daemon::start_until(
        &setup.configure(&[vec![nlctrl()], rules].concat())?,
        LISTENING,
    )?;
    let _driver = Driver::load(Mode::Msi)?;
    let (environment, input) = given(&setup, "new")?;
    ensure!(
        input["family"] == "nlctrl" && input["message"] == "newfamily",
        "{input}"
    );
    let attributes = &input["attributes"];
    ensure!(attributes["family-name"] == "irqcast", "{input}");
    ensure!(
        attributes["mcast-groups"][0]["1"]["name"] == "events",
        "{input}"
    );
    let variables = [
        format!("IRQCAST_ATTR_FAMILY_ID={}", attributes["family-id"]),
        "IRQCAST_ATTR_FAMILY_NAME=irqcast".to_owned(),
        "IRQCAST_FAMILY=nlctrl".to_owned(),
        "IRQCAST_MESSAGE=newfamily".to_owned(),
        "IRQCAST_REPEATED=0".to_owned(),
        "IRQCAST_RULE=new".to_owned(),
    ];
    for variable in variables {
        ensure!(
            environment.contains(&variable),
            "no {variable} in {environment:?}"
        );
    }
    daemon.stop()
}

fn family_goes() -> Result<()> {
    let driver = Driver::load(Mode::Msi)?;
    let conditions = r#"family = "nlctrl", message = "delfamily""#;
    let (setup, rules) = setup([("gone", conditions)])?;
    let daemon = Daemon::start_until(
        &setup.configure(&[vec![nlctrl()], rules].concat())?,
        LISTENING,
    )?;
    driver.unload()?;
    let (_, input) = given(&setup, "gone")?;
    ensure!(input["attributes"]["family-name"] == "irqcast", "{input}");
    daemon.stop()
}

fn rules_choose() -> Result<()> {
    let (setup, rules) = setup([
        (
            "other",
            r#"family = "nlctrl", attributes = { family-name = "irqcastle*" }"#,
        ),
        (
            "low",
            r#"family = "nlctrl", attributes = { family-id = { max = 16 } }"#,
        ),
        (
            "absent",
            r#"family = "nlctrl", message = "newfamily", attributes = { op = true }"#,
        ),
        ("all", ""),
        (
            "group",
            r#"family = "nlctrl", message = "newfamily", attributes = { "mcast-groups.name" = "ev?nts" }"#,
        ),
        (
            "last",
            r#"family = "nlctrl", message = "delfamily", attributes = { family-id = { min = 17 } }"#,
        ),
    ])?;
    let daemon = Daemon::start_until(
        &setup.configure(&[vec![nlctrl()], rules].concat())?,
        LISTENING,
    )?;
    Driver::load(Mode::Msi)?.unload()?;
    given(&setup, "group")?;
    // The rules before it were asked for this message and for all before it.
    given(&setup, "last")?;
    daemon.stop()?;
    for rule in ["other", "low", "absent", "all"] {
        ensure!(
            !setup.path(&format!("ran.{rule}")).exists(),
            "the hook of {rule} ran"
        );
    }
    Ok(())
}

fn of_no_device() -> Result<()> {
    let setup = Setup::new()?;
    let hook = setup.script("fails", "#!/bin/sh\nexit 3\n")?;
    let rule = setup.rule_running(
        "fails",
        r#"family = "nlctrl", message = "newfamily""#,
        &hook,
    );
    let daemon = Daemon::start_until(&setup.configure(&[nlctrl(), rule])?, LISTENING)?;
    let _driver = Driver::load(Mode::Msi)?;
    daemon.says("hook failed")?;
    let failure = crate::tool::json(&["status"])?[0]["failures"][0].clone();
    ensure!(failure["what"] == "exit status 3", "{failure}");
    for key in ["device", "seq"] {
        ensure!(failure.get(key).is_none(), "{failure}");
    }
    daemon.stop()
}

fn comes_later() -> Result<()> {
    const SPEC: &str = "name: irqcast\ndoc: A part of it.\nattribute-sets:\n- { name: event, attributes: [{ name: device, type: u32 }] }\noperations:\n  list:\n  - { name: told, value: 5, doc: Told., attribute-set: event, event: { attributes: [] } }\n";
    let (setup, rules) = setup([("told", r#"family = "irqcast", attributes = { device = 1 }"#)])?;
    let spec = setup.path("irqcast.yaml");
    fs::write(&spec, SPEC)?;
    let family =
        format!("[[family]]\nname = \"irqcast\"\nspec = {spec:?}\ngroups = [\"events\"]\n\n");
    let configuration = setup.configure(&[vec![family], rules].concat())?;
    let daemon = Daemon::start_until(&configuration, "waiting for the driver")?;
    for times in 1..=2 {
        let driver = Driver::load(Mode::Msi)?;
        daemon.says_times(LISTENING, times)?;
        crate::tool::json(&["raise", "--device", "1"])?;
        let (_, input) = given(&setup, "told")?;
        ensure!(input["attributes"]["device"] == 1, "{input}");
        // What this specification does not know is kept.
        ensure!(input["attributes"]["UnknownAttr(2)"].is_string(), "{input}");
        fs::remove_file(setup.path("ran.told"))?;
        driver.unload()?;
        daemon.says_times("waiting for a family", times)?;
    }
    daemon.stop()
}

fn reload() -> Result<()> {
    let (setup, rules) = setup([("new", r#"family = "nlctrl", message = "newfamily""#)])?;
    let configuration = setup.configure(&[])?;
    let daemon = Daemon::start_until(&configuration, "waiting for the driver")?;
    setup.configure(&[vec![nlctrl()], rules].concat())?;
    daemon.signal(Signal::SIGHUP)?;
    daemon.says(LISTENING)?;
    let driver = Driver::load(Mode::Msi)?;
    given(&setup, "new")?;
    setup.configure(&[])?;
    daemon.signal(Signal::SIGHUP)?;
    daemon.says_times("took the configuration", 2)?;
    driver.unload()?;
    daemon.stop()
}

fn sample() -> Result<()> {
    let output = Command::new(crate::daemon::PROGRAM)
        .args(["check", "/etc/irqcast/families.toml"])
        .output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(said.ends_with("2 rules, nothing wrong\n"), "{output:?}");
    Ok(())
}

/// The kernel's client asks for what the controller announced.
fn as_the_kernels_client() -> Result<()> {
    const CLIENT: &str = "/usr/src/linux/tools/net/ynl/pyynl/cli.py";
    const SPEC: &str = "/usr/src/linux/Documentation/netlink/specs/nlctrl.yaml";
    let (setup, rules) = setup([("new", r#"family = "nlctrl", message = "newfamily""#)])?;
    let daemon = Daemon::start_until(
        &setup.configure(&[vec![nlctrl()], rules].concat())?,
        LISTENING,
    )?;
    let _driver = Driver::load(Mode::Msi)?;
    let (_, input) = given(&setup, "new")?;
    let output = Command::new("/usr/bin/python3")
        .args([CLIENT, "--spec", SPEC, "--no-schema", "--output-json"])
        .args([
            "--do",
            "getfamily",
            "--json",
            r#"{"family-name":"irqcast"}"#,
        ])
        .output()
        .context("failed to run the kernel's YNL client")?;
    let said: Value =
        serde_json::from_slice(&output.stdout).with_context(|| format!("no JSON: {output:?}"))?;
    ensure!(
        input["attributes"] == said,
        "the hook got {}, the kernel's client says {said}",
        input["attributes"]
    );
    daemon.stop()
}

fn button() -> Result<()> {
    let conditions =
        r#"family = "acpi_event", attributes = { "event.device-class" = "button/power*" }"#;
    let (setup, rules) = setup([("button", conditions)])?;
    let family = family("acpi_event", "acpi_mc_group");
    let daemon = Daemon::start_until(
        &setup.configure(&[vec![family], rules].concat())?,
        LISTENING,
    )?;
    let _button = module::Module::load(Path::new("drivers/acpi"), c"button")?;
    host::ask(Request::PressPowerButton)?;
    let (environment, input) = given(&setup, "button")?;
    let event = &input["attributes"]["event"];
    ensure!(event["type"] == 0x80, "{input}");
    ensure!(
        event["bus-id"]
            .as_str()
            .is_some_and(|name| !name.is_empty()),
        "{input}"
    );
    let class = format!(
        "IRQCAST_ATTR_EVENT_DEVICE_CLASS={}",
        event["device-class"].as_str().unwrap_or_default()
    );
    ensure!(
        environment.contains(&class),
        "no {class} in {environment:?}"
    );
    daemon.stop()
}
