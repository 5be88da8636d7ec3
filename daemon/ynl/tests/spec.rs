//! Reading specifications: right ones, and what is said of wrong ones.

use irqcast_ynl::{Kind, Spec};
use proptest::prelude::*;

const IRQCAST: &str = include_str!("../../../driver/spec/irqcast.yaml");
const NLCTRL: &str = include_str!("../specs/nlctrl.yaml");
const ACPI_EVENT: &str = include_str!("../specs/acpi_event.yaml");

/// A specification with these attributes, from line 7 on, and definitions in front in one line.
fn with(definitions: &str, attributes: &str) -> String {
    format!(
        "name: f\ndoc: F.\ndefinitions: [{definitions}]\nattribute-sets:\n- name: s\n  attributes:\n{attributes}\noperations:\n  list:\n  - {{ name: o, doc: O., attribute-set: s, event: {{ attributes: [] }} }}\n"
    )
}

/// Expects exactly these problems.
fn wrong(text: &str, expected: &[&str]) {
    let found: Vec<String> = Spec::parse(text)
        .expect_err("the text is wrong")
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(found, expected, "{text}");
}

#[test]
fn shipped_specifications_are_right() {
    let check = |text, name: &str, messages: &[(u8, &str)]| {
        let spec = Spec::parse(text).unwrap_or_else(|problems| panic!("{name}: {problems:#?}"));
        assert_eq!(spec.name, name);
        for &(command, message) in messages {
            assert_eq!(spec.from_kernel(command).unwrap().name, message);
        }
    };
    check(IRQCAST, "irqcast", &[(1, "device-get"), (5, "event-ntf")]);
    check(ACPI_EVENT, "acpi_event", &[(1, "event")]);
    let notifications = [
        (1, "newfamily"),
        (2, "delfamily"),
        (7, "newmcast-grp"),
        (8, "delmcast-grp"),
        (10, "getpolicy"),
    ];
    check(NLCTRL, "nlctrl", &notifications);
}

#[test]
fn numbers_count_on_from_a_value() {
    let text = with(
        "",
        "  - { name: a, type: u8 }\n  - { name: b, type: flag, value: 7 }\n  - { name: c, type: nest, nested-attributes: s }",
    );
    let spec = Spec::parse(&text).unwrap();
    let set = spec.set(spec.from_kernel(1).unwrap().set.unwrap()).unwrap();
    let numbers: Vec<_> = set
        .attributes
        .iter()
        .map(|a| (a.number, a.name.as_str()))
        .collect();
    assert_eq!(numbers, [(1, "a"), (7, "b"), (8, "c")]);
    assert_eq!(set.by_number(7).unwrap().kind, Kind::Flag);
    assert_eq!(set.by_number(2), None);
}

#[test]
fn names_that_stand_for_nothing_are_told() {
    let check = |attribute: &str, expected: &str| {
        let expected = format!("7:{expected}");
        wrong(
            &with("{ name: mode, type: enum, entries: [x] }", attribute),
            &[&expected],
        );
    };
    check(
        "  - { name: a, type: u33 }",
        "22: the type \"u33\" is unknown; did you mean \"u32\"?",
    );
    check(
        "  - { name: a, type: u32, enum: mod }",
        "33: there is no enum or flags definition \"mod\" in this file; did you mean \"mode\"?",
    );
    check(
        "  - { name: a, type: nest, nested-attributes: q }",
        "47: there is no attribute set \"q\" in this file; there are s",
    );
    check(
        "  - { name: a, type: flag, display-hin: hex }",
        "28: unknown key `display-hin` in an attribute; did you mean \"display-hint\"?",
    );
    check(
        "  - { name: a, type: binary, struct: s }",
        "38: there is no struct definition \"s\" in this file; there is none",
    );
}

#[test]
fn what_is_missing_is_told() {
    wrong(
        "doc: F.\n",
        &[
            "1:1: a specification has no `attribute-sets`",
            "1:1: a specification has no `name`",
            "1:1: a specification has no `operations`",
        ],
    );
    wrong(
        "",
        &["1:1: a specification must be a mapping of keys to values"],
    );
    wrong(
        &with("", "  - { type: u8 }"),
        &["7:5: an attribute has no `name`"],
    );
    let of_another = IRQCAST.replace("protocol: genetlink\n", "protocol: netlink-raw\n");
    assert!(of_another != IRQCAST);
    let problems = Spec::parse(&of_another).unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(
        problems[0].message.contains("is no generic netlink"),
        "{problems:?}"
    );
}

#[test]
fn structures_must_have_a_size() {
    let of = |members: &str| {
        with(
            &format!("{{ name: x, type: struct, members: [{members}] }}"),
            "  - { name: a, type: u8 }",
        )
    };
    assert!(Spec::parse(&of("{ name: m, type: u8 }")).is_ok());
    for members in [
        "",
        "{ name: m, type: binary, struct: x }",
        "{ name: m, type: binary }",
        "{ name: m, type: binary, len: 0 }",
        "{ name: m, type: binary, len: 65536 }, { name: n, type: u8 }",
        "{ name: m, type: binary, len: no-constant }",
    ] {
        assert!(Spec::parse(&of(members)).is_err(), "{members}");
    }
}

#[test]
fn lengths_may_be_constants() {
    let text = with(
        "{ name: size, type: const, value: 16 }, { name: x, type: struct, members: [{ name: m, type: string, len: size - 1 }, { name: n, type: u8 }] }",
        "  - { name: a, type: binary, struct: x }",
    );
    let spec = Spec::parse(&text).unwrap();
    let set = spec.set(spec.operations[0].set.unwrap()).unwrap();
    let Kind::Binary(irqcast_ynl::Binary::Struct(id)) = set.attributes[0].kind else {
        panic!("{set:?}");
    };
    assert_eq!(spec.structure(id).unwrap().size, 16);
}

#[test]
fn file_is_named() {
    let error = Spec::load("/no/such/spec.yaml".as_ref()).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("failed to read /no/such/spec.yaml: ")
    );
}

proptest! {
    #[test]
    fn anything_is_read_without_a_panic(text in ".{0,200}") {
        let _ = Spec::parse(&text);
    }

    #[test]
    fn damaged_specifications_are_read_without_a_panic(
        at in 0usize..20_000, length in 0usize..40, insert in "[a-z0-9:\\-\\[\\]{}&*#\"' \n]{0,6}",
    ) {
        for text in [NLCTRL, ACPI_EVENT] {
            let mut damaged = text.to_owned();
            let from = at % text.len();
            let to = (from + length).min(text.len());
            if damaged.is_char_boundary(from) && damaged.is_char_boundary(to) {
                damaged.replace_range(from..to, &insert);
            }
            let _ = Spec::parse(&damaged);
        }
    }
}
