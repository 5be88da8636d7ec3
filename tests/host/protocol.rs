//! The tables of docs/protocol.md say what driver/spec/irqcast.yaml says.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use irqcast_tests::table::tables;
use saphyr::{LoadableYamlNode, Yaml};

const DOCUMENT: &str = include_str!("../../docs/protocol.md");
const SPEC: &str = include_str!("../../driver/spec/irqcast.yaml");

fn spec() -> Yaml<'static> {
    Yaml::load_from_str(SPEC).unwrap().remove(0)
}

fn text(node: &Yaml<'_>, key: &str) -> String {
    node[key].as_str().unwrap().to_owned()
}

/// Numbers, names and types of an attribute set. YNL counts attributes from 1.
fn attributes(set: &str) -> Vec<[String; 3]> {
    let spec = spec();
    let sets = spec["attribute-sets"].as_sequence().unwrap();
    let set = sets.iter().find(|node| text(node, "name") == set).unwrap();
    let attributes = set["attributes"].as_sequence().unwrap();
    (1..)
        .zip(attributes)
        .map(|(number, node): (u32, _)| {
            [number.to_string(), text(node, "name"), text(node, "type")]
        })
        .collect()
}

/// The first three cells of each row of the table that starts with the columns `header`
/// and has this number among those that do.
fn documented(header: &[&str], nth: usize) -> Vec<[String; 3]> {
    let table = tables(DOCUMENT)
        .into_iter()
        .filter(|table| {
            table
                .header
                .starts_with(&header.iter().map(|c| (*c).into()).collect::<Vec<String>>())
        })
        .nth(nth)
        .unwrap();
    table
        .rows
        .into_iter()
        .map(|row| [row[0].clone(), row[1].clone(), row[2].clone()])
        .collect()
}

const ATTRIBUTES: [&str; 3] = ["number", "name", "type"];

#[test]
fn event_attributes_are_those_of_the_spec() {
    assert_eq!(documented(&ATTRIBUTES, 0), attributes("event"));
}

#[test]
fn request_attributes_are_those_of_the_spec() {
    assert_eq!(documented(&ATTRIBUTES, 1), attributes("request"));
}

#[test]
fn device_attributes_are_those_of_the_spec() {
    assert_eq!(documented(&ATTRIBUTES, 2), attributes("device"));
}

#[test]
fn paths_are_those_of_the_spec() {
    let spec = spec();
    let definitions = spec["definitions"].as_sequence().unwrap();
    let paths = definitions.iter().find(|node| text(node, "name") == "path");
    let entries = paths.unwrap()["entries"].as_sequence().unwrap();
    let expected: Vec<[String; 2]> = (0..)
        .zip(entries)
        .map(|(bit, node): (u32, _)| [bit.to_string(), text(node, "name")])
        .collect();
    let documented: Vec<[String; 2]> = documented(&["bit", "path"], 0)
        .into_iter()
        .map(|[bit, name, _]| [bit, name])
        .collect();
    assert_eq!(documented, expected);
}

#[test]
fn contexts_are_those_of_the_spec() {
    let spec = spec();
    let definitions = spec["definitions"].as_sequence().unwrap();
    let contexts = definitions
        .iter()
        .find(|node| text(node, "name") == "context");
    let entries = contexts.unwrap()["entries"].as_sequence().unwrap();
    let expected: Vec<[String; 2]> = (0..)
        .zip(entries)
        .map(|(value, node): (u32, _)| [value.to_string(), text(node, "name")])
        .collect();
    let documented: Vec<[String; 2]> = documented(&["value", "context"], 0)
        .into_iter()
        .map(|[value, name, _]| [value, name])
        .collect();
    assert_eq!(documented, expected);
}

#[test]
fn commands_are_those_of_the_spec() {
    let spec = spec();
    let operations = spec["operations"]["list"].as_sequence().unwrap();
    let expected: Vec<[String; 2]> = (1..)
        .zip(operations)
        .map(|(number, node): (u32, _)| [number.to_string(), text(node, "name")])
        .collect();
    let documented: Vec<[String; 2]> = documented(&["number", "command"], 0)
        .into_iter()
        .map(|[number, name, _]| [number, name])
        .collect();
    assert_eq!(documented, expected);
}

#[test]
fn commands_that_act_need_the_capability_that_the_spec_asks_for() {
    let spec = spec();
    let table = tables(DOCUMENT)
        .into_iter()
        .find(|table| table.header.get(1).is_some_and(|cell| cell == "command"))
        .unwrap();
    for row in table.rows {
        let operations = spec["operations"]["list"].as_sequence().unwrap();
        let operation = operations
            .iter()
            .find(|node| text(node, "name") == row[1])
            .unwrap();
        let admin = operation
            .as_mapping_get("flags")
            .and_then(Yaml::as_sequence)
            .is_some_and(|flags| flags.iter().any(|flag| flag.as_str() == Some("admin-perm")));
        assert_eq!(row[3] == "`CAP_NET_ADMIN`", admin, "{row:?}");
    }
}

#[test]
fn ranges_are_those_of_the_spec() {
    let spec = spec();
    let sets = spec["attribute-sets"].as_sequence().unwrap();
    let request = sets
        .iter()
        .find(|node| text(node, "name") == "request")
        .unwrap();
    let table = tables(DOCUMENT)
        .into_iter()
        .find(|table| table.header.get(3).is_some_and(|cell| cell == "range"))
        .unwrap();
    for (row, node) in table
        .rows
        .iter()
        .zip(request["attributes"].as_sequence().unwrap())
    {
        let limit = |name| {
            node.as_mapping_get("checks")
                .and_then(|checks| checks.as_mapping_get(name))
                .and_then(Yaml::as_integer)
        };
        let expected = match (limit("min"), limit("max")) {
            (Some(min), Some(max)) => format!("{min} to {max}"),
            (Some(min), None) => format!("at least {min}"),
            (None, Some(max)) => format!("at most {max}"),
            (None, None) => continue,
        };
        assert_eq!(row[3], expected, "{row:?}");
    }
}
