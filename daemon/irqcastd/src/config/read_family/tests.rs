//! What families and conditions on their messages mean, and what is said about wrong ones.

use crate::config::{Config, parse};
use crate::rule::{Condition, FamilyMatch, Glob};

/// A configuration with the family `nlctrl`, and a rule whose match has this line, the eighth.
fn with_match(line: &str) -> String {
    let spec = concat!(env!("CARGO_MANIFEST_DIR"), "/../ynl/specs/nlctrl.yaml");
    format!(
        "[[family]]\nname = \"nlctrl\"\nspec = \"{spec}\"\ngroups = [\"notify\"]\n[[rule]]\nname = \"m\"\n[rule.match]\n{line}\n[rule.hook]\ncommand = [\"/h\"]\n"
    )
}

fn right(text: &str) -> Config {
    parse(text, |_| Vec::new()).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

#[track_caller]
fn wrong(text: &str, expected: &[&str]) {
    let found: Vec<String> = parse(text, |_| Vec::new())
        .expect_err("the text is wrong")
        .iter()
        .map(|problem| format!("{}:{}: {problem}", problem.line, problem.column))
        .collect();
    assert_eq!(found, expected, "{text}");
}

#[test]
fn conditions_are_read() {
    let check = |line: &str, message: Option<&str>, attributes: Vec<(&str, Condition)>| {
        let config = right(&with_match(line));
        let expected = FamilyMatch {
            family: "nlctrl".to_owned(),
            message: message.map(str::to_owned),
            attributes: attributes
                .into_iter()
                .map(|(path, condition)| (path.to_owned(), condition))
                .collect(),
        };
        assert_eq!(config.rules[0].matches.family.as_ref(), Some(&expected));
    };
    check("family = \"nlctrl\"", None, vec![]);
    check(
        "family = \"nlctrl\"\nmessage = \"newfamily\"\nattributes = { family-name = \"irq*\" }",
        Some("newfamily"),
        vec![("family-name", Condition::Text(Glob::new("irq*")))],
    );
    check(
        "family = \"nlctrl\"\nattributes = { \"mcast-groups.id\" = { min = 3 }, family-id = 0x10, ops = true }",
        None,
        vec![
            ("family-id", Condition::Number(16..=16)),
            ("mcast-groups.id", Condition::Number(3..=i128::MAX)),
            ("ops", Condition::Present),
        ],
    );
}

#[test]
fn groups_are_those_of_the_specification_where_none_is_named() {
    let text = with_match("family = \"nlctrl\"").replace("groups = [\"notify\"]\n", "");
    assert_eq!(right(&text).families[0].groups, ["notify"]);
}

#[test]
fn wrong_conditions_are_told() {
    let check = |line: &str, expected: &str| wrong(&with_match(line), &[expected]);
    check(
        "family = \"nlctl\"",
        "8:10: there is no right [[family]] of the name \"nlctl\"; did you mean `nlctrl`?",
    );
    check(
        "family = \"nlctrl\"\nmessage = \"newfamiliy\"",
        "9:11: the kernel sends no message \"newfamiliy\" of the family \"nlctrl\"; did you mean `newfamily`?",
    );
    check(
        "family = \"nlctrl\"\nattributes = { family-nam = \"x\" }",
        "9:29: no such message has an attribute `family-nam`; did you mean `family-name`?",
    );
    check(
        "family = \"nlctrl\"\nattributes = { \"mcast-groups.nam\" = \"x\" }",
        "9:37: no such message has an attribute `mcast-groups.nam`; did you mean `name`?",
    );
    check(
        "family = \"nlctrl\"\nattributes = { family-name = 7 }",
        "9:30: `family-name` must be a text, in which * stands for any, or true",
    );
    check(
        "family = \"nlctrl\"\nattributes = { family-id = \"x\" }",
        "9:28: `family-id` must be a number, a range or true",
    );
    check(
        "family = \"nlctrl\"\nattributes = { mcast-groups = 7 }",
        "9:31: `mcast-groups` must be true: it has no value of its own",
    );
    check(
        "family = \"nlctrl\"\ndevice = 0",
        "9:1: unknown key `device` in a match; the keys here are family, message, attributes",
    );
    check(
        "family = \"nlctrl\"\nattributes = { family-id = { min = 3, max = 2 } }",
        "9:28: a range has a `min`, a `max` or both, and holds something",
    );
}

#[test]
fn wrong_families_are_told() {
    wrong(
        "[[family]]\nname = \"f\"\nspec = \"/no/such.yaml\"\n",
        &["3:8: failed to read /no/such.yaml: No such file or directory (os error 2)"],
    );
    wrong(
        "[[family]]\nname = \"f\"\nspec = \"such.yaml\"\n",
        &["3:8: the specification \"such.yaml\" is not an absolute path"],
    );
    let of_another =
        with_match("family = \"nlctrl\"").replace("name = \"nlctrl\"", "name = \"nlctr\"");
    wrong(
        &of_another,
        &[
            "3:8: the specification is not of the family \"nlctr\"; it is of \"nlctrl\"",
            "8:10: there is no right [[family]] of the name \"nlctrl\"; did you mean `nlctr`?",
        ],
    );
}
