//! docs/hooks.md has what the parser knows.

use super::*;

const DOCUMENT: &str = include_str!("../../../../../docs/hooks.md");

/// The first cells of the rows of a table in the document, of the table with these first columns.
fn documented(columns: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut lines = DOCUMENT.lines();
    while lines.by_ref().any(|line| line.starts_with(columns)) {
        let rows = lines.by_ref().skip(1);
        for row in rows.take_while(|line| line.starts_with('|')) {
            let cells = row.trim_matches('|').split(" | ");
            found.push(cells.map(|cell| cell.trim().replace('`', "")).collect());
        }
    }
    found
}

/// Every key that a rule may have is in the document, in the parser's order, and no other.
#[test]
fn document_has_every_key() {
    let known = |text: &str| -> Vec<String> {
        let problems = parse(text, programs).unwrap_err();
        let hint = problems.iter().find_map(|problem| problem.hint.as_ref());
        let keys = hint.unwrap().strip_prefix("the keys here are ").unwrap();
        keys.split(", ").map(str::to_owned).collect()
    };
    let mut keys = known(&with_match("xyz = 1"));
    keys.extend(known(&with_hook("xyz = 1")));
    let mut documented: Vec<_> = documented("| key |")
        .into_iter()
        .map(|row| row[0].clone())
        .collect();
    keys.sort();
    documented.sort();
    assert_eq!(documented, keys);
}

/// Every placeholder is in the document, with its variable.
#[test]
fn document_has_every_placeholder() {
    let documented: Vec<_> = documented("| placeholder |")
        .into_iter()
        .map(|row| (row[0].clone(), row[1].clone()))
        .collect();
    let fields = field::all().into_iter();
    let expected: Vec<_> = fields
        .map(|field| (format!("{{{field}}}"), field::variable(field)))
        .collect();
    assert_eq!(documented, expected);
}

/// What a hook is told that is of no device, and what all others are told beside that.
#[test]
fn document_tells_what_all_hooks_are_told() {
    let told_to = |whom: &str| -> Vec<String> {
        let rows = documented("| placeholder |").into_iter();
        rows.filter(|row| row[2] == whom)
            .map(|row| row[0].trim_matches(['{', '}']).to_owned())
            .collect()
    };
    let (all, of_devices) = (told_to("all"), told_to("all of devices"));
    assert_eq!(all, field::OF_MESSAGE);
    let mut every = [all, of_devices].concat();
    let mut expected = field::ALWAYS.map(str::to_owned);
    every.sort();
    expected.sort();
    assert_eq!(every, expected);
}

#[test]
fn example_of_the_document_is_right() {
    let (_, rest) = DOCUMENT.split_once("```toml\n").unwrap();
    let (example, _) = rest.split_once("```").unwrap();
    assert_eq!(right(example).rules.len(), 1);
}
