//! What configurations mean, and what is said about wrong ones.

use super::*;
use crate::rule::{Glob, Match};

/// A machine where every program can be run but those that are named `missing`.
fn programs(program: &Path) -> Result<(), String> {
    match program.ends_with("missing") {
        true => Err("does not exist".to_owned()),
        false => Ok(()),
    }
}

fn right(text: &str) -> Config {
    parse(text, programs).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

/// Expects exactly these problems, as `line:column: message`.
fn wrong(text: &str, expected: &[&str]) {
    let found: Vec<String> = parse(text, programs)
        .expect_err("the text is wrong")
        .iter()
        .map(|problem| format!("{}:{}: {problem}", problem.line, problem.column))
        .collect();
    assert_eq!(found, expected, "{text}");
}

/// A rule whose match has this line, the fourth.
fn with_match(line: &str) -> String {
    format!("[[rule]]\nname = \"m\"\n[rule.match]\n{line}\n[rule.hook]\ncommand = [\"/h\"]\n")
}

#[test]
fn empty_file_is_right() {
    let config = right("");
    assert_eq!(config.limits, Limits::default());
    assert!(config.rules.is_empty());
}

#[test]
fn everything_is_read() {
    let config = right(
        r#"
        [limits]
        processes = 4
        queue = 10
        save-interval = 250
        stop-grace = 0
        receive-buffer = 65_536
        [[rule]]
        name = "all.of-it_1"
        match = { device = 0, address = "0000:00:*", cause-any = 0x3, cause-all = 0b1, factorial = { min = 100 }, dma-bytes = 64 }
        hook.command = ["/bin/hook", "", "two words"]
        [[rule]]
        name = "any"
        hook = { command = ["/bin/hook"] }
        [[rule]]
        name = "loss"
        match = { lost = true, device = 1 }
        hook = { command = ["/bin/hook"] }
        "#,
    );
    assert_eq!(
        config.limits,
        Limits {
            processes: 4,
            queue: 10,
            save_interval: Duration::from_millis(250),
            stop_grace: Duration::ZERO,
            receive_buffer: 65_536
        }
    );
    assert_eq!(
        *config.rules[0],
        Rule {
            name: "all.of-it_1".to_owned(),
            matches: Match {
                device: Some(0),
                address: Some(Glob::new("0000:00:*")),
                cause_any: Some(3),
                cause_all: Some(1),
                factorial: Some(100..=u32::MAX),
                dma_bytes: Some(64..=64),
                lost: false,
                family: None,
            },
            command: ["/bin/hook", "", "two words"].map(str::to_owned).to_vec(),
        }
    );
    assert_eq!(config.rules[1].matches, Match::default());
    let loss = Match {
        lost: true,
        device: Some(1),
        ..Match::default()
    };
    assert_eq!(config.rules[2].matches, loss);
}

#[test]
fn unknown_keys_are_told_with_the_key_meant() {
    wrong(
        "[[rule]]\nname = \"a\"\n[rule.match]\ncause_any = 1\n[rule.hook]\n  comand = [\"/h\"]\n[limit]\n",
        &[
            "4:1: unknown key `cause_any` in a match; did you mean `cause-any`?",
            "5:1: a hook has no `command`",
            "6:3: unknown key `comand` in a hook; did you mean `command`?",
            "7:2: unknown key `limit` in the configuration; did you mean `limits`?",
        ],
    );
    wrong(
        "[limits]\nxyz = 1\n",
        &[
            "2:1: unknown key `xyz` in limits; the keys here are processes, queue, save-interval, \
             stop-grace, receive-buffer",
        ],
    );
}

#[test]
fn syntax_errors_have_a_place() {
    let check = |text, place: &str| {
        let problems = parse(text, programs).unwrap_err();
        let found = format!("{}:{}", problems[0].line, problems[0].column);
        assert_eq!(found, place, "{problems:?}");
    };
    check("[limits]\nqueue = \n", "2:9");
    check("[limits\n", "1:8");
    check("a = 1\na = 2\n", "2:1");
}

#[test]
fn types_and_ranges_are_checked() {
    wrong(
        "limits = 3\nrule = 4\n",
        &[
            "1:10: `limits` must be a table, not an integer",
            "2:8: `rule` must be a list of tables, [[rule]], not an integer",
        ],
    );
    wrong(
        "[limits]\nprocesses = 0\nqueue = \"many\"\nstop-grace = -1\nreceive-buffer = 99999999999999999999\n",
        &[
            "2:13: `processes` must be from 1 to 1024, not 0",
            "3:9: `queue` must be an integer, not a string",
            "4:14: `stop-grace` must be from 0 to 3600, not -1",
            "5:18: `receive-buffer` must be from 4096 to 1073741824, not 99999999999999999999",
        ],
    );
}

#[test]
fn conditions_that_cannot_be_met_are_told() {
    let check = |line: &str, expected: &str| wrong(&with_match(line), &[expected]);
    check(
        "device = -1",
        "4:10: `device` must be from 0 to 4294967295, not -1",
    );
    check(
        "cause-any = 0",
        "4:13: no bit is set, so that this can never decide; name at least one, such as 0x1; without \
         the key every cause matches",
    );
    check(
        "cause-all = 0x100000000",
        "4:13: `cause-all` must be from 0 to 4294967295, not 0x100000000",
    );
    check(
        "address = \"eth0\"",
        "4:11: \"eth0\" fits no PCI address; write it in lower case as 0000:00:02.0, with * for any \
         text and ? for one character",
    );
    check(
        "factorial = { min = 3, max = 2 }",
        "4:13: nothing is from 3 to 2",
    );
    check(
        "factorial = {}",
        "4:13: a range has a `min`, a `max` or both",
    );
    check(
        "lost = \"yes\"",
        "4:8: `lost` must be a boolean, not a string",
    );
    check(
        "lost = true\ncause-any = 0x1",
        "5:13: a loss has no `cause-any`; leave it out, or make it a rule of its own",
    );
    check("dma-bytes = 4097", "4:13: this is never more than 4096");
    check(
        "dma-bytes = { mim = 1, max = 2 }",
        "4:15: unknown key `mim` in a range; did you mean `min`?",
    );
}

#[test]
fn commands_are_checked() {
    let check = |command: &str, expected: &str| {
        wrong(
            &format!("[[rule]]\nname = \"a\"\n[rule.hook]\ncommand = {command}\n"),
            &[expected],
        );
    };
    check("[]", "4:11: the command is empty");
    check(
        "\"/bin/hook -v\"",
        "4:11: `command` must be a list of strings: the program and its arguments, which no shell \
         takes apart, not a string",
    );
    check(
        "[\"/h\", 1]",
        "4:18: `command` must be a string, not an integer",
    );
    check(
        "[\"hook\"]",
        "4:12: the program \"hook\" is not an absolute path; no folder is searched for it; write the \
         whole path",
    );
    check(
        "[\"/h\", \"a\\u0000\"]",
        "4:18: an argument cannot hold a NUL character",
    );
    check(
        "[\"/missing\"]",
        "4:12: the program \"/missing\" does not exist",
    );
}

#[test]
fn names_are_checked() {
    wrong(
        "[[rule]]\nhook.command = [\"/h\"]\n[[rule]]\nname = \"a b\"\nhook.command = [\"/h\"]\n\
         [[rule]]\nname = \"c\"\nhook.command = [\"/h\"]\n[[rule]]\nname = \"c\"\nhook.command = [\"/h\"]\n",
        &[
            "1:1: a rule has no `name`",
            "4:8: a rule's name has 1 to 64 of the characters a-z, A-Z, 0-9, '-', '_' and '.'",
            "10:8: the rule in line 7 has the name \"c\" too",
        ],
    );
}

#[test]
fn sample_is_right() {
    // What the sample names is installed elsewhere; here its scripts are beside it.
    fn programs(program: &Path) -> Result<(), String> {
        let name = program.file_name().ok_or("has no name")?;
        let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sample");
        super::program::on_this_machine(&samples.join("hooks").join(name))
    }
    let config = parse(include_str!("../../../sample/irqcastd.toml"), programs);
    let config = config.unwrap_or_else(|problems| panic!("{problems:#?}"));
    assert!(config.rules.len() >= 3);
}
