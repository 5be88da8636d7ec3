//! Checks of what a program says of itself: manual pages, completions and help.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

fn run(program: &str, arguments: &[&str]) -> Output {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    output
}

fn generate(program: &str, what: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    let into = folder.path().join("new");
    run(program, &["generate", what, into.to_str().unwrap()]);
    folder
}

/// Writes the pages, checks each, and returns their names in order.
pub fn check_pages(program: &str) -> Vec<String> {
    let folder = generate(program, "man");
    let files = fs::read_dir(folder.path().join("new")).unwrap();
    let mut names = Vec::new();
    for file in files.map(Result::unwrap) {
        check_page(&file.path());
        names.push(file.file_name().into_string().unwrap());
    }
    names.sort();
    names
}

/// The page has its sections, and groff has no warning where there is one, but for lines that it cannot fill.
fn check_page(file: &Path) {
    let text = fs::read_to_string(file).unwrap();
    let sections: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix(".SH "))
        .collect();
    assert_eq!(sections[..2], ["NAME", "SYNOPSIS"], "{}", file.display());
    assert!(text.contains("Examples:"), "{}", file.display());
    let groff = Command::new("groff")
        .args(["-man", "-Tutf8", "-ww", "-Wbreak", "-z"])
        .arg(file)
        .output();
    match groff {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() && said.is_empty(), "{said}");
        }
        Err(error) => assert_eq!(error.kind(), ErrorKind::NotFound),
    }
}

/// Writes the completions, and checks those for which there is a shell.
pub fn check_completions(program: &str, name: &str) {
    let folder = generate(program, "completions");
    let file = |name: &str| folder.path().join("new").join(name);
    for (shell, name) in [
        ("bash", format!("{name}.bash")),
        ("zsh", format!("_{name}")),
        ("fish", format!("{name}.fish")),
    ] {
        let text = fs::read_to_string(file(&name)).unwrap();
        assert!(text.contains("explain"), "{name}");
        match Command::new(shell).arg("-n").arg(file(&name)).output() {
            Ok(output) => assert!(output.status.success(), "{output:?}"),
            Err(error) => assert_eq!(error.kind(), ErrorKind::NotFound),
        }
    }
}

/// The help of each command has examples of that command and the exit codes.
pub fn check_help(program: &str, commands: &[&str]) {
    for command in commands {
        let output = run(program, &[command, "--help"]);
        let text = String::from_utf8(output.stdout).unwrap();
        let examples = text.split("Examples:").nth(1);
        let examples = examples.unwrap_or_else(|| panic!("{command}: {text}"));
        let first = examples.trim().lines().next().unwrap();
        assert!(first.contains(&format!(" {command}")), "{command}: {first}");
        assert!(text.contains("Exit codes:\n  0  "), "{command}: {text}");
    }
}
