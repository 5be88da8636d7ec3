//! The numbers in driver/irqcast/protocol.rs and driver/device/protocol.rs are together those of
//! driver/spec/irqcast.yaml.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use saphyr::{LoadableYamlNode, Yaml};

const DRIVER: [&str; 2] = [
    include_str!("../../driver/irqcast/protocol.rs"),
    include_str!("../../driver/device/protocol.rs"),
];
const SPEC: &str = include_str!("../../driver/spec/irqcast.yaml");

fn spec() -> Yaml<'static> {
    Yaml::load_from_str(SPEC).unwrap().remove(0)
}

/// The number constants of a module of the driver, or with an empty name those outside any.
fn constants(module: &str) -> BTreeMap<String, i64> {
    let mut inside = String::new();
    let mut found = BTreeMap::new();
    for line in DRIVER.iter().flat_map(|file| file.lines()) {
        if let Some(name) = line.strip_prefix("pub(crate) mod ") {
            inside = name.trim_end_matches(" {").to_owned();
        } else if line == "}" {
            inside.clear();
        } else if let Some(constant) = line.trim_start().strip_prefix("pub(crate) const ")
            && inside == module
        {
            let (name, rest) = constant.split_once(':').unwrap();
            let (_, value) = rest.split_once("= ").unwrap();
            let value = value.trim_end_matches(';').replace('_', "");
            let earlier = found.insert(name.to_owned(), value.parse().unwrap());
            assert_eq!(earlier, None, "{name} of {module} is there twice");
        }
    }
    found
}

/// What the driver has to call an entry of the spec.
fn constant_name(name: &str) -> String {
    name.to_uppercase().replace('-', "_")
}

/// The names in a list of the spec, numbered from `first` in their order.
fn numbered(list: &Yaml<'_>, first: i64) -> BTreeMap<String, i64> {
    let names = list.as_sequence().unwrap().iter();
    names
        .map(|node| constant_name(node["name"].as_str().unwrap()))
        .zip(first..)
        .collect()
}

fn named<'a, 'y>(list: &'a Yaml<'y>, name: &str) -> &'a Yaml<'y> {
    let mut nodes = list.as_sequence().unwrap().iter();
    nodes
        .find(|node| node["name"].as_str() == Some(name))
        .unwrap()
}

#[test]
fn commands_have_the_numbers_of_the_spec() {
    assert_eq!(
        constants("command"),
        numbered(&spec()["operations"]["list"], 1)
    );
}

#[test]
fn attributes_have_the_numbers_of_the_spec() {
    let spec = spec();
    for set in ["event", "device", "request"] {
        let attributes = &named(&spec["attribute-sets"], set)["attributes"];
        assert_eq!(constants(set), numbered(attributes, 1), "set {set}");
    }
}

#[test]
fn definitions_have_the_numbers_of_the_spec() {
    let spec = spec();
    for (definition, module) in [
        ("interrupt-mode", "interrupt_mode"),
        ("path", "path"),
        ("context", "context"),
    ] {
        let entries = &named(&spec["definitions"], definition)["entries"];
        assert_eq!(constants(module), numbered(entries, 0), "{definition}");
    }
}

#[test]
fn limits_and_group_are_those_of_the_spec() {
    let spec = spec();
    let attributes = &named(&spec["attribute-sets"], "request")["attributes"];
    let largest = |name| {
        named(attributes, name)["checks"]["max"]
            .as_integer()
            .unwrap()
    };
    let groups = spec["mcast-groups"]["list"].as_sequence().unwrap();
    let group = groups
        .iter()
        .position(|node| node["name"].as_str() == Some("events"));
    let expected = BTreeMap::from([
        ("FACTORIAL_MAX".to_owned(), largest("argument")),
        ("DMA_MAX".to_owned(), largest("bytes")),
        ("PATHS_MAX".to_owned(), largest("paths")),
        ("SOCKET_OPTIONS".to_owned(), 18_769),
        (
            "EVENTS_GROUP".to_owned(),
            i64::try_from(group.unwrap()).unwrap(),
        ),
    ]);
    assert_eq!(constants(""), expected);
}
