//! `irqcastd check`: what it prints and its exit codes.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use nix::sys::stat::{Mode, umask};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

fn irqcastd(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_irqcastd"))
        .args(arguments)
        .output()
        .expect("the daemon starts")
}

/// A folder for files that nobody else can write, whatever mask the tests are started with.
fn folder() -> TempDir {
    umask(Mode::from_bits_truncate(0o022));
    TempDir::new().unwrap()
}

/// Checks a file with these bytes. Returns exit code, standard output and standard error, where FILE
/// stands for the file's name.
fn check(bytes: &[u8]) -> (Option<i32>, String, String) {
    let folder = folder();
    let file = folder.path().join("irqcastd.toml");
    fs::write(&file, bytes).unwrap();
    check_file(&file)
}

fn check_file(file: &Path) -> (Option<i32>, String, String) {
    let name = file.to_str().unwrap();
    let output = irqcastd(&["check", name]);
    let text = |bytes| String::from_utf8(bytes).unwrap().replace(name, "FILE");
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn right_file() {
    assert_eq!(
        check(b"[[rule]]\nname = \"a\"\nhook.command = [\"/bin/sh\"]\n"),
        (
            Some(0),
            "FILE: 1 rule, nothing wrong\n".into(),
            String::new()
        )
    );
    assert_eq!(check(b"").1, "FILE: 0 rules, nothing wrong\n");
}

#[test]
fn all_problems_are_told_with_their_places() {
    let text = "\
[[rule]]
name = \"a\"
[rule.match]
cause-any = 0
[rule.hook]
command = [\"/no/such/program\"]

[[rule]]
name = \"a\"
[rule.hook]
comand = [\"/bin/sh\"]
command = [\"/etc/passwd\"]

[[rule]]
name = \"folder\"
hook.command = [\"/etc\"]
";
    let (code, stdout, stderr) = check(text.as_bytes());
    assert_eq!((code, stdout.as_str()), (Some(1), ""));
    let lines: Vec<&str> = stderr.lines().collect();
    assert_eq!(
        lines,
        [
            "FILE:4:13: no bit is set, so that this can never decide; name at least one, such as 0x1; \
             without the key every cause matches",
            "FILE:6:12: the program \"/no/such/program\" does not exist",
            "FILE:9:8: the rule in line 2 has the name \"a\" too",
            "FILE:11:1: unknown key `comand` in a hook; did you mean `command`?",
            "FILE:12:12: the program \"/etc/passwd\" is neither a script nor a program for this machine; \
             a script's first line names its interpreter, such as #!/bin/sh",
            "FILE:12:12: the program \"/etc/passwd\" is not executable; chmod +x /etc/passwd",
            "FILE:16:17: the program \"/etc\" is not a file",
        ]
    );
}

#[test]
fn file_that_others_can_write_is_refused() {
    let folder = folder();
    let file = folder.path().join("irqcastd.toml");
    fs::write(&file, "[limits]\nqueues = 1\n").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
    let (code, _, stderr) = check_file(&file);
    assert_eq!(code, Some(1));
    assert_eq!(
        stderr,
        "FILE:1:1: the configuration is not safe: the file FILE can be written by everybody; chmod go-w \
         FILE\nFILE:2:1: unknown key `queues` in limits; did you mean `queue`?\n"
    );
}

#[test]
fn program_below_a_folder_that_others_can_write_is_refused() {
    let folder = folder();
    let open = folder.path().join("open");
    fs::create_dir(&open).unwrap();
    fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
    let hook = open.join("hook");
    fs::write(&hook, "#!/bin/sh\n").unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    let (open, hook) = (open.display(), hook.display());
    let (code, _, stderr) =
        check(format!("[[rule]]\nname = \"a\"\nhook.command = [\"{hook}\"]\n").as_bytes());
    assert_eq!(code, Some(1));
    assert_eq!(
        stderr,
        format!(
            "FILE:3:17: the program \"{hook}\" is not safe: the folder {open} can be written by \
             everybody; chmod go-w {open}\n"
        )
    );
}

#[test]
fn file_that_is_no_text() {
    let (code, _, stderr) = check("ok = 1\nü\u{1f600}".as_bytes().split_last().unwrap().1);
    assert_eq!(code, Some(1));
    assert_eq!(stderr, "FILE:2:2: the file is not UTF-8 from here on\n");
}

#[test]
fn file_that_is_not_there() {
    let folder = folder();
    let (code, _, stderr) = check_file(&folder.path().join("none.toml"));
    assert_eq!(code, Some(1));
    assert_eq!(
        stderr,
        "failed to read FILE: No such file or directory (os error 2)\n"
    );
    let (code, _, stderr) = check_file(folder.path());
    assert_eq!(code, Some(1));
    assert_eq!(
        stderr,
        "failed to read FILE: Is a directory (os error 21)\n"
    );
}

#[test]
fn wrong_command_line_exits_with_2() {
    for arguments in [&["check"][..], &["chek"], &[], &["run", "--confg", "x"]] {
        assert_eq!(irqcastd(arguments).status.code(), Some(2), "{arguments:?}");
    }
}
