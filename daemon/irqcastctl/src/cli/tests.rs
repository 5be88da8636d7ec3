//! What the command line takes and refuses.

use super::*;

#[test]
fn definition_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn global_options_stand_anywhere() {
    for line in [
        ["irqcastctl", "--json", "--device", "1", "list"],
        ["irqcastctl", "list", "--device", "1", "--json"],
    ] {
        let cli = Cli::try_parse_from(line).unwrap();
        assert!(cli.json && cli.target.device == Some(1));
    }
}

#[test]
fn family_is_irqcast_unless_it_is_named() {
    let family = |line: &[&str]| Cli::try_parse_from(line).unwrap().target.family;
    assert_eq!(family(&["irqcastctl", "list"]).as_str(), "irqcast");
    let line = ["irqcastctl", "list", "--family", "irqcast-e1000"];
    assert_eq!(family(&line).as_str(), "irqcast-e1000");
}

#[test]
fn families_of_other_devices_have_the_commands_of_the_core_only() {
    let refusal = |family: &str, line: &[&str]| {
        let options = ["irqcastctl", "--family", family];
        let line = options.iter().chain(line);
        Cli::try_parse_from(line).unwrap().refusal()
    };
    for line in [
        &["list"][..],
        &["monitor"],
        &["history"],
        &["set", "--context", "bh"],
        &["raise"],
    ] {
        assert!(refusal("irqcast-e1000", line).is_none(), "{line:?}");
    }
    for (line, reason) in [
        (&["factorial", "5"][..], "of the edu device only"),
        (&["dma", "64"], "of the edu device only"),
        (&["record", "trace"], "monitor --json"),
        (&["status"], "asks the daemon"),
        (&["metrics"], "asks the daemon"),
        (&["reload"], "asks the daemon"),
        (&["explain", "-"], "asks the daemon"),
        (&["replay", "-"], "asks the daemon"),
    ] {
        assert!(refusal("irqcast", line).is_none(), "{line:?}");
        let error = refusal("irqcast-e1000", line).unwrap();
        assert_eq!(error.exit_code(), 2);
        let text = error.to_string();
        assert!(
            text.contains("irqcast-e1000") && text.contains(reason),
            "{text}"
        );
    }
}

#[test]
fn wrong_values_name_the_range() {
    let check = |line: &[&str], parts: &[&str]| {
        let line = std::iter::once("irqcastctl").chain(line.iter().copied());
        let error = Cli::try_parse_from(line).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        for part in parts {
            assert!(error.to_string().contains(part), "{part}: {error}");
        }
    };
    check(&["dma", "4097"], &["4097", "1..=4096"]);
    check(&["dma", "0"], &["0", "1..=4096"]);
    check(&["factorial", "1048577"], &["0..=1048576"]);
    check(&["raise", "--bits", "0"], &["--bits", "at least one"]);
    check(&["raise", "--count", "0"], &["--count"]);
    check(&["list", "--family", "two words"], &["--family", "1 to 15"]);
    check(&["set"], &["--paths"]);
    check(&["set", "--paths", "mmap"], &["mmap", "chardev", "all"]);
    check(&["set", "--context", "soft"], &["soft", "thread"]);
    check(
        &["monitor", "--address", "eth0"],
        &["--address", "0000:00:02.0"],
    );
    check(
        &["monitor", "--lost-only", "--cause-any", "1"],
        &["--cause-any"],
    );
    check(&["monitor", "--duration", "soon"], &["--duration", "unit"]);
}
