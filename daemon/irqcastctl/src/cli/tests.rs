//! What the command line takes and refuses.

use super::*;
use clap::CommandFactory as _;

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
        assert!(cli.json && cli.device == Some(1));
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
