//! What is said about wrong hooks, and about rules that are for no event.

use super::*;

#[test]
fn durations_are_checked() {
    let check = |line: &str, expected: &str| wrong(&with_hook(line), &[expected]);
    check(
        "time-limit = 30",
        "5:14: `time-limit` must be a string, not an integer",
    );
    check(
        "time-limit = \"30 sek\"",
        "5:14: \"30 sek\" is no duration; write a number with its unit, such as \"250ms\", \"10s\", \
         \"5min\" or \"1h 30min\"",
    );
    check(
        "time-limit = \"0s\"",
        "5:14: `time-limit` must be from 1ms to 7days, not 0s",
    );
    check(
        "grace = \"2h\"",
        "5:9: `grace` must be from 0s to 1h, not 2h",
    );
}

#[test]
fn placeholders_are_checked() {
    let check = |lines: &str, expected: &str| wrong(&with_hook(lines), &[expected]);
    check(
        "environment = { A = \"{sequence}\" }",
        "5:21: there is no placeholder `{sequence}`; did you mean `{seq}`? Write {{ for a brace",
    );
    check(
        "environment = { A = \"{lost-from}\" }",
        "5:21: what this rule is for has no `{lost-from}`; it has {rule}, {device}, {address}, \
         {repeated}, {seq}, {time-ns}, {cause}, {replayed}, {factorial}, {dma-bytes}",
    );
    check(
        "environment = { A = \"{seq\" }",
        "5:21: a brace is not closed; write {{ for a brace",
    );
    wrong(
        "[[rule]]\nname = \"a\"\nmatch.lost = true\nhook.command = [\"/h\", \"{lost-to}\", \"{seq}\"]\n",
        &[
            "4:36: what this rule is for has no `{seq}`; it has {rule}, {device}, {address}, \
            {repeated}, {lost-from}, {lost-to}, {lost-count}",
        ],
    );
}

#[test]
fn environment_folder_and_input_are_checked() {
    let check = |lines: &str, expected: &str| wrong(&with_hook(lines), &[expected]);
    check(
        "environment = { IRQCAST_SEQ = \"1\" }",
        "5:31: the variables that begin with IRQCAST_ are the daemon's",
    );
    check(
        "environment = { \"A=B\" = \"1\" }",
        "5:25: \"A=B\" is no name of a variable; it has the characters a-z, A-Z, 0-9 and _, and does \
         not begin with a digit",
    );
    check(
        "environment = { A = 1 }",
        "5:21: `A` must be a string, not an integer",
    );
    check(
        "folder = \"usr\"",
        "5:10: the folder \"usr\" is not an absolute path; write the whole path",
    );
    check(
        "folder = \"/no/such\"",
        "5:10: the folder \"/no/such\" does not exist",
    );
    check(
        "folder = \"/etc/passwd\"",
        "5:10: the folder \"/etc/passwd\" is not a folder",
    );
    check(
        "input = \"jason\"",
        "5:9: `input` is one of \"json\", \"none\", not \"jason\"; did you mean \"json\"?",
    );
}

#[test]
fn terms_are_checked() {
    let check = |lines: &str, expected: &str| wrong(&with_hook(lines), &[expected]);
    check(
        "order = \"devise\"",
        "5:9: `order` is one of \"device\", \"free\", not \"devise\"; did you mean \"device\"?",
    );
    check(
        "concurrency = 0",
        "5:15: `concurrency` must be from 1 to 1024, not 0",
    );
    check("queue = 0", "5:9: `queue` must be from 1 to 65536, not 0");
    check(
        "when-full = \"drop\"",
        "5:13: `when-full` is one of \"hold-back\", \"drop-oldest\", \"drop-newest\", not \"drop\"; \
         did you mean \"drop-newest\"?",
    );
    check(
        "rate-limit = { count = 1 }",
        "5:14: a rate limit has no `per`",
    );
    check(
        "debounce = \"0s\"",
        "5:12: `debounce` must be from 1ms to 1day, not 0s",
    );
    check(
        "coalesce = 3",
        "5:12: `coalesce` must be a string, not an integer",
    );
    check(
        "retry = { exit-statuses = [0] }",
        "5:28: `exit-statuses` must be from 1 to 255, not 0",
    );
    check(
        "retry = { exit-statuses = [] }",
        "5:27: without an exit status nothing runs again",
    );
    check(
        "environment = { A = \"{attempt}\" }",
        "5:21: what this rule is for has no `{attempt}`; it has {rule}, {device}, {address}, \
         {repeated}, {seq}, {time-ns}, {cause}, {replayed}, {factorial}, {dma-bytes}",
    );
    wrong(
        "[[rule]]\nname = \"a\"\nmatch.lost = true\n[rule.hook]\ncommand = [\"/h\"]\ndebounce = \"1s\"\n",
        &["6:12: only events become one, so this rule can have no `debounce`"],
    );
}

#[test]
fn rules_for_devices_are_checked() {
    let check = |line: &str, expected: &str| wrong(&with_match(line), &[expected]);
    check(
        "arrival = true\nfactorial = 1",
        "5:13: a device's coming or going has no `factorial`; leave it out, or make it a rule of its own",
    );
    check(
        "departure = true\nlost = true",
        "4:13: a loss has no `departure`; leave it out, or make it a rule of its own",
    );
    wrong(
        "[[rule]]\nname = \"a\"\nmatch.arrival = true\nhook.command = [\"/h\", \"{change}\", \"{seq}\"]\n",
        &[
            "4:35: what this rule is for has no `{seq}`; it has {rule}, {device}, {address}, \
            {repeated}, {change}",
        ],
    );
}

#[test]
fn rules_for_drops_are_checked() {
    let rule = |name: &str, matches: &str| {
        format!("[[rule]]\nname = {name:?}\nmatch = {{ {matches} }}\nhook.command = [\"/h\"]\n")
    };
    right(&(rule("slow", "") + &rule("told", "dropped = \"slow\", device = 1")));
    wrong(
        &(rule("slow", "") + &rule("told", "dropped = \"sloow\"")),
        &["7:21: there is no rule \"sloow\"; did you mean \"slow\"?"],
    );
    wrong(
        &rule("slow", "dropped = \"slow\""),
        &["3:21: a rule cannot be for what it drops itself"],
    );
    wrong(
        &(rule("slow", "") + &rule("told", "dropped = \"slow\", cause-any = 1")),
        &["7:41: a drop has no `cause-any`; leave it out, or make it a rule of its own"],
    );
    wrong(
        &(rule("slow", "") + &rule("told", "dropped = \"slow\", lost = true")),
        &["7:21: a loss has no `dropped`; leave it out, or make it a rule of its own"],
    );
}
