//! Holds the constants of `irqcast::wire` against the contract, driver/spec/irqcast.yaml.

use irqcast::wire::{self, Attribute, Kind};
use saphyr::{LoadableYamlNode as _, Yaml};

const SPEC: &str = include_str!("../../../driver/spec/irqcast.yaml");

/// The contract of another driver on the core, which the library speaks too.
const OTHER: &str = include_str!("../../../tests/e1000/spec/irqcast-e1000.yaml");

fn spec() -> Yaml<'static> {
    read(SPEC)
}

fn read(text: &'static str) -> Yaml<'static> {
    Yaml::load_from_str(text)
        .expect("the specification is YAML")
        .remove(0)
}

/// The element of `list` whose `name` is this.
fn named<'a>(list: &'a Yaml<'static>, name: &str) -> &'a Yaml<'static> {
    list.as_sequence()
        .expect("a list")
        .iter()
        .find(|element| element["name"].as_str() == Some(name))
        .unwrap_or_else(|| panic!("the specification has no {name:?}"))
}

fn names(list: &Yaml<'static>) -> Vec<String> {
    list.as_sequence()
        .expect("a list")
        .iter()
        .map(|element| element["name"].as_str().expect("a name").to_owned())
        .collect()
}

fn number(node: &Yaml<'static>) -> u64 {
    u64::try_from(node.as_integer().expect("a number")).expect("not negative")
}

/// Numbers and names of operations, or of the attributes of a set.
fn numbered(list: &Yaml<'static>) -> Vec<(u64, String)> {
    let mut next = 1;
    let mut found = Vec::new();
    for element in list.as_sequence().expect("a list") {
        next = element.as_mapping_get("value").map_or(next, number);
        found.push((next, element["name"].as_str().expect("a name").to_owned()));
        next += 1;
    }
    found
}

#[test]
fn what_a_client_asks_of_another_driver_has_the_same_numbers_there() {
    let other = read(OTHER);
    let check = |list: &Yaml<'static>, used: &[(u16, &str)]| {
        let found = numbered(list);
        for &(number, name) in used {
            let expected = (u64::from(number), name.to_owned());
            assert!(found.contains(&expected), "{expected:?} in {found:?}");
        }
    };
    let commands = wire::command::ALL.iter().copied();
    let of_core = commands.filter(|(_, name)| !["factorial", "dma"].contains(name));
    let of_core: Vec<_> = of_core
        .map(|(number, name)| (u16::from(number), name))
        .collect();
    check(&other["operations"]["list"], &of_core);
    for (set, attributes, of_edu) in [
        ("event", wire::event::ALL, &["factorial", "dma-bytes"][..]),
        ("device", wire::device::ALL, &[]),
        ("request", wire::request::ALL, &["argument", "bytes"]),
    ] {
        let of_core = attributes.iter().map(|one| (one.number, one.name));
        let of_core: Vec<_> = of_core.filter(|(_, name)| !of_edu.contains(name)).collect();
        let sets = &other["attribute-sets"];
        check(&named(sets, set)["attributes"], &of_core);
    }
}

#[test]
fn names_of_family_and_group() {
    let spec = spec();
    assert_eq!(spec["name"].as_str(), Some(wire::FAMILY));
    // A specification that names no version is of version 1.
    let version = spec.as_mapping_get("version").map_or(1, number);
    assert_eq!(version, u64::from(wire::VERSION));
    assert_eq!(names(&spec["mcast-groups"]["list"]), [wire::GROUP_EVENTS]);
}

#[test]
fn operations() {
    let operations = &spec()["operations"];
    assert_eq!(operations["enum-model"].as_str(), Some("unified"));
    let found: Vec<_> = wire::command::ALL
        .iter()
        .map(|&(number, name)| (u64::from(number), name.to_owned()))
        .collect();
    assert_eq!(found, numbered(&operations["list"]));
    let event = named(&operations["list"], "event-ntf");
    assert_eq!(event["mcgrp"].as_str(), Some(wire::GROUP_EVENTS));
}

#[test]
fn attribute_sets() {
    let check = |set: &str, found: &[Attribute]| {
        let spec = spec();
        let mut next = 1;
        let mut expected = Vec::new();
        for attribute in named(&spec["attribute-sets"], set)["attributes"]
            .as_sequence()
            .expect("a list")
        {
            next = attribute.as_mapping_get("value").map_or(next, number);
            let kind = match attribute["type"].as_str() {
                Some("u32") => Kind::U32,
                Some("u64") => Kind::U64,
                Some("string") => Kind::String,
                Some("binary") => Kind::Binary,
                Some("pad") => Kind::Pad,
                other => panic!("the library knows no type {other:?}"),
            };
            let name = attribute["name"].as_str().expect("a name").to_owned();
            expected.push((next, name, kind));
            next += 1;
        }
        let found: Vec<_> = found
            .iter()
            .map(|attribute| {
                (
                    u64::from(attribute.number),
                    attribute.name.to_owned(),
                    attribute.kind,
                )
            })
            .collect();
        assert_eq!(found, expected, "attribute set {set:?}");
    };
    check("event", wire::event::ALL);
    check("device", wire::device::ALL);
    check("request", wire::request::ALL);
    assert_eq!(
        names(&spec()["attribute-sets"]),
        ["event", "device", "request"]
    );
}

#[test]
fn limits() {
    let check = |set: &str, attribute: &str, limit: &str, found: u64| {
        let spec = spec();
        let set = &named(&spec["attribute-sets"], set)["attributes"];
        assert_eq!(
            number(&named(set, attribute)["checks"][limit]),
            found,
            "{limit} of {attribute:?}"
        );
    };
    check("event", "address", "max-len", wire::ADDRESS_MAX_LEN as u64);
    check("device", "address", "max-len", wire::ADDRESS_MAX_LEN as u64);
    check("request", "bits", "min", 1);
    check("request", "argument", "max", u64::from(wire::FACTORIAL_MAX));
    check("request", "bytes", "min", 1);
    check("request", "bytes", "max", u64::from(wire::DMA_MAX));
    let paths = u64::from(irqcast::Paths::all().bits());
    check("request", "paths", "max", paths);
}

#[test]
fn entries_of_definitions() {
    let check = |definition: &str, found: &[(u32, &str)]| {
        let spec = spec();
        let entries = names(&named(&spec["definitions"], definition)["entries"]);
        let found: Vec<_> = found
            .iter()
            .map(|&(value, name)| (value as usize, name.to_owned()))
            .collect();
        assert_eq!(found, entries.into_iter().enumerate().collect::<Vec<_>>());
    };
    check("interrupt-mode", wire::interrupt_mode::ALL);
    check("path", wire::path::ALL);
    check("context", wire::context::ALL);
    assert_eq!(
        names(&spec()["definitions"]),
        ["interrupt-mode", "path", "context"]
    );
}
