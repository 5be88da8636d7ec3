//! What confinements mean, and what is said about wrong ones.

use super::*;
use crate::config::parse;
use crate::config::program::Flaw;

fn programs(_: &Path) -> Vec<Flaw> {
    Vec::new()
}

/// A rule whose confinement has these lines, from the fifth on. No program is at its path.
fn with(lines: &str) -> String {
    format!("[[rule]]\nname = \"c\"\nhook.command = [\"/no/such\"]\n[rule.hook.confine]\n{lines}\n")
}

fn right(lines: &str) -> Confinement {
    let config = parse(&with(lines), programs).unwrap_or_else(|problems| panic!("{problems:#?}"));
    config.rules[0].program.confine.clone()
}

/// Expects exactly these problems, as `line:column: message`.
fn wrong(lines: &str, expected: &[&str]) {
    let found: Vec<String> = parse(&with(lines), programs)
        .expect_err("the text is wrong")
        .iter()
        .map(|problem| format!("{}:{}: {problem}", problem.line, problem.column))
        .collect();
    assert_eq!(found, expected, "{lines}");
}

#[test]
fn nothing_is_the_default() {
    assert_eq!(right(""), Confinement::default());
}

#[test]
fn everything_is_read() {
    let read = right(
        r#"
        user = "12345"
        group = "root"
        groups = ["0", "54321"]
        capabilities = ["CAP_SYS_TIME", "CAP_KILL"]
        umask = "027"
        memory = 67_108_864
        open-files = 64
        processes = 8
        file-size = 1024
        cpu-time = 10
        core = 4096
        read-only = ["/usr"]
        writable = ["/dev/null"]
        hidden = ["/etc"]
        best-effort = true
        private-tmp = true
        network = false
        "#,
    );
    let expected = Confinement {
        identity: Some(Identity {
            user: Some(12_345),
            group: 0,
            groups: vec![0, 54_321],
        }),
        new_privileges: false,
        capabilities: Capabilities(CapabilitySet::SYS_TIME | CapabilitySet::KILL),
        umask: Some(0o27),
        limits: Limits {
            memory: Some(64 << 20),
            open_files: Some(64),
            processes: Some(8),
            file_size: Some(1024),
            cpu_time: Some(10),
            core: Some(4096),
        },
        paths: Some(Paths {
            read_only: vec!["/usr".into()],
            writable: vec!["/dev/null".into()],
            best_effort: true,
        }),
        hidden: vec!["/etc".into()],
        private_tmp: true,
        no_network: true,
    };
    assert_eq!(read, expected);
}

#[test]
fn users_group_is_the_hooks() {
    let expected = Identity {
        user: Some(0),
        group: 0,
        groups: Vec::new(),
    };
    assert_eq!(right("user = \"root\"").identity, Some(expected));
}

#[test]
fn group_without_user_changes_the_group_only() {
    let expected = Identity {
        user: None,
        group: 7,
        groups: Vec::new(),
    };
    assert_eq!(right("group = \"7\"").identity, Some(expected));
}

#[test]
fn writable_alone_lets_all_be_read() {
    let paths = right("writable = [\"/dev\"]\nbest-effort = true")
        .paths
        .unwrap();
    assert_eq!(paths.read_only, [Path::new("/")]);
    assert_eq!(paths.writable, [Path::new("/dev")]);
}

#[test]
fn who_does_not_exist_is_told() {
    wrong(
        "user = \"no-such-user\"",
        &["5:8: the user \"no-such-user\" does not exist"],
    );
    wrong(
        "group = \"no-such-group\"\ngroups = [\"0\", \"nor-this\"]",
        &[
            "5:9: the group \"no-such-group\" does not exist",
            "6:16: the group \"nor-this\" does not exist",
        ],
    );
}

#[test]
fn user_without_group_is_told() {
    wrong(
        "user = \"12345\"",
        &["5:8: the hook would have no group of its own; name a `group`"],
    );
}

#[test]
fn values_are_checked() {
    wrong(
        "umask = \"088\"\ncapabilities = [\"net-admin\", \"x\"]\nmemory = 1\nwritabel = []\nnetwork = 0",
        &[
            "5:9: `umask` must be three octal digits, such as \"027\", not \"088\"",
            "6:17: there is no capability \"net-admin\"; did you mean \"CAP_NET_ADMIN\"?",
            "6:30: there is no capability \"x\"; capabilities(7) lists them",
            "7:10: `memory` must be from 1048576 to 4611686018427387903, not 1",
            "8:1: unknown key `writabel` in a confinement; did you mean `writable`?",
            "9:11: `network` must be a boolean, not an integer",
        ],
    );
}

#[test]
fn paths_must_be_there() {
    wrong(
        "best-effort = true\nhidden = [\"etc\", \"/no/such\", \"/\"]",
        &[
            "6:11: the path \"etc\" is not absolute",
            "6:18: the path \"/no/such\" does not exist",
            "6:30: a hook without any file cannot run",
        ],
    );
}

#[test]
fn what_root_does_not_heed_is_refused() {
    wrong(
        "processes = 8",
        &["4:1: `processes` does not limit root; name another `user`"],
    );
    wrong(
        "new-privileges = true",
        &["4:1: `new-privileges` gives root nothing; name another `user`, or list `capabilities`"],
    );
}

#[test]
fn paths_and_new_privileges_exclude_each_other() {
    wrong(
        "user = \"1\"\ngroup = \"1\"\nnew-privileges = true\nwritable = []\nbest-effort = true",
        &[
            "4:1: with `read-only`, `writable` or `hidden` a hook can gain no new privileges; leave out \
             `new-privileges`, or list `capabilities`",
        ],
    );
}

#[test]
fn program_out_of_reach_is_told() {
    let program = fs_canonical("/bin/sh");
    let check = |lines: &str, expected: &str| {
        let text = with(lines).replace("/no/such", "/bin/sh");
        let problems = parse(&text, programs).unwrap_err();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert_eq!(
            problems[0].to_string(),
            expected.replace("PROGRAM", &program)
        );
    };
    check(
        "best-effort = true\nread-only = [\"/etc\"]",
        "the hook could not run its own program PROGRAM; list it, or a folder above it, in `read-only`",
    );
    check(
        "best-effort = true\nhidden = [\"/bin\"]",
        "`hidden` would hide the hook's own program PROGRAM; put the program elsewhere",
    );
}

fn fs_canonical(path: &str) -> String {
    let path = std::fs::canonicalize(path).unwrap();
    path.to_str().unwrap().to_owned()
}

const DOCUMENT: &str = include_str!("../../../../../docs/confinement.md");

#[test]
fn document_lists_all_keys_and_no_other() {
    let table = DOCUMENT.split("## Keys").nth(1).unwrap();
    let rows = table.lines().skip_while(|line| !line.starts_with("| `"));
    let documented: Vec<&str> = rows
        .map_while(|row| row.strip_prefix("| `")?.split('`').next())
        .collect();
    let problems = parse(&with("zzz = 1"), programs).unwrap_err();
    let hint = problems[0].hint.clone().unwrap();
    let mut known: Vec<&str> = hint
        .strip_prefix("the keys here are ")
        .unwrap()
        .split(", ")
        .collect();
    let mut documented = documented;
    documented.sort_unstable();
    known.sort_unstable();
    assert_eq!(documented, known);
}

#[test]
fn documents_example_is_right() {
    if !paths::kernel_can() {
        // What it shows is refused there, on purpose.
        return;
    }
    let example = DOCUMENT.split("```toml\n").nth(1).unwrap();
    let example = example.split("```").next().unwrap();
    let config = parse(example, programs).unwrap_or_else(|problems| panic!("{problems:#?}"));
    assert!(config.rules[0].program.confine.no_network);
}
