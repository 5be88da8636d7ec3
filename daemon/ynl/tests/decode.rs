//! Decoding: each layout, what is wrong, and anything. What the kernel's own client says of the same
//! bytes is compared for all families of the kernel by the testbed's check `host::ynl-decoder`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use irqcast_ynl::{Spec, decode};
use netlink_packet_core::{DefaultNla, Emitable as _};
use proptest::prelude::*;
use serde_json::{Value, json};

const FAMILY: &str = include_str!("everything.yaml");

fn emit(attributes: &[(u16, &[u8])]) -> Vec<u8> {
    let attributes: Vec<DefaultNla> = attributes
        .iter()
        .map(|(kind, value)| DefaultNla::new(*kind, value.to_vec()))
        .collect();
    let mut bytes = vec![0; attributes.as_slice().buffer_len()];
    attributes.as_slice().emit(&mut bytes);
    bytes
}

fn try_decode(command: u8, bytes: &[u8]) -> Result<Value, String> {
    let spec = Spec::parse(FAMILY).unwrap();
    let operation = spec.from_kernel(command).unwrap();
    let decoded = decode(&spec, operation, bytes).map_err(|error| error.to_string())?;
    Ok(serde_json::to_value(decoded).unwrap())
}

#[track_caller]
fn check(attributes: &[(u16, &[u8])], expected: Value) {
    assert_eq!(try_decode(1, &emit(attributes)).unwrap(), expected);
}

#[track_caller]
fn wrong(attributes: &[(u16, &[u8])], expected: &str) {
    assert_eq!(try_decode(1, &emit(attributes)).unwrap_err(), expected);
}

#[test]
fn numbers() {
    check(&[(1, &[255])], json!({"u8": 255}));
    check(&[(2, &(-2i16).to_ne_bytes())], json!({"s16": -2}));
    check(&[(3, &[0, 0, 1, 2])], json!({"u32-big": 258}));
    check(&[(4, &u64::MAX.to_ne_bytes())], json!({"u64": u64::MAX}));
    check(&[(5, &(-3i32).to_ne_bytes())], json!({"sint": -3}));
    check(&[(5, &i64::MIN.to_ne_bytes())], json!({"sint": i64::MIN}));
    check(&[(6, &3u32.to_ne_bytes())], json!({"uint": 3}));
    check(
        &[(13, &[1u16.to_ne_bytes(), 2u16.to_ne_bytes()].concat())],
        json!({"numbers": [1, 2]}),
    );
}

#[test]
fn texts_bytes_and_hints() {
    check(&[(7, b"two words\0")], json!({"text": "two words"}));
    check(&[(7, b"no end")], json!({"text": "no end"}));
    check(&[(8, &[0, 0xab])], json!({"bytes": "00ab"}));
    check(
        &[(9, &[0x52, 0x54, 0, 1, 2, 3])],
        json!({"mac": "52:54:00:01:02:03"}),
    );
    check(&[(10, &[])], json!({"flag": true}));
    check(&[(17, &[0])], json!({}));
    let uuid = "00010203-0405-0607-0809-0a0b0c0d0e0f";
    check(
        &[(23, &(0..16).collect::<Vec<u8>>())],
        json!({"uuid": uuid}),
    );
    check(&[(23, &[1])], json!({"uuid": "01"}));
    check(&[(24, &0x1fu16.to_ne_bytes())], json!({"hex": "0x1f"}));
}

#[test]
fn names_of_values_and_bits() {
    check(&[(14, &5u32.to_ne_bytes())], json!({"color": "blue"}));
    check(&[(14, &6u32.to_ne_bytes())], json!({"color": "green"}));
    check(&[(14, &9u32.to_ne_bytes())], json!({"color": "Unknown(9)"}));
    check(&[(15, &0u32.to_ne_bytes())], json!({"rights": []}));
    check(
        &[(15, &7u32.to_ne_bytes())],
        json!({"rights": ["Unknown(2)", "read", "write"]}),
    );
    let bits = [1u32.to_ne_bytes(), 3u32.to_ne_bytes()].concat();
    check(
        &[(16, &bits)],
        json!({"bits": {"value": ["write"], "selector": ["read", "write"]}}),
    );
}

#[test]
fn attributes_within_attributes() {
    let inner = emit(&[(1, &[1])]);
    check(&[(11, &inner)], json!({"nest": {"u8": 1}}));
    let array = emit(&[(1, &inner), (4, &[])]);
    check(
        &[(12, &array)],
        json!({"array": [{"1": {"u8": 1}}, {"4": {}}]}),
    );
    let value = emit(&[(7, &emit(&[(9, &inner)]))]);
    check(
        &[(19, &value)],
        json!({"type-value": {"first": 7, "second": 9, "u8": 1}}),
    );
    check(
        &[(20, &[1]), (20, &[2]), (1, &[3]), (1, &[4])],
        json!({"many": [1, 2], "u8": 4}),
    );
    let ips = emit(&[(1, &[127, 0, 0, 1]), (2, &[10, 0, 0, 2])]);
    check(&[(25, &ips)], json!({"ips": ["127.0.0.1", "10.0.0.2"]}));
}

#[test]
fn of_two_attributes_with_one_name_the_last_counts() {
    let spec = Spec::parse(
        "name: f\ndoc: F.\nattribute-sets:\n- name: s\n  attributes:\n  - { name: a, type: u8 }\n  - { name: a, type: u8 }\noperations:\n  list:\n  - { name: o, doc: O., attribute-set: s, event: { attributes: [] } }\n",
    )
    .unwrap();
    let bytes = emit(&[(1, &[1]), (2, &[2])]);
    let decoded = decode(&spec, spec.from_kernel(1).unwrap(), &bytes).unwrap();
    assert_eq!(serde_json::to_value(&decoded).unwrap(), json!({"a": 2}));
    assert_eq!(decoded.entries.len(), 1);
}

#[test]
fn structures_and_headers() {
    let structure = [
        &[1, 2][..],
        b"ab\0xyz",
        &[7, 0, 0, 0],
        &[192, 168, 0, 1],
        &0u32.to_ne_bytes(),
    ]
    .concat();
    let expected = json!({"struct": {
        "big": 258, "text": "ab", "inside": {"low": 7}, "address": "192.168.0.1", "color": "red",
    }});
    check(&[(18, &structure)], expected.clone());
    let newer = [&structure[..], &[1, 2, 3]].concat();
    check(&[(18, &newer)], expected);
    wrong(
        &[(18, &structure[..19])],
        "attribute \"struct\": 19 bytes instead of the 20 or more of its structure",
    );
    let headed = [&[9, 0, 0, 0][..], &emit(&[(1, &[1])])].concat();
    assert_eq!(try_decode(2, &headed).unwrap(), json!({"u8": 1, "low": 9}));
    assert!(try_decode(2, &[9]).is_err());
}

#[test]
fn sub_messages_are_chosen_by_an_attribute() {
    let inner = emit(&[(1, &[1])]);
    check(
        &[(21, b"plain\0"), (22, &inner)],
        json!({"kind": "plain", "sub": {"u8": 1}}),
    );
    let headed = [&[9, 0, 0, 0][..], &inner].concat();
    check(
        &[(21, b"headed\0"), (22, &headed)],
        json!({"kind": "headed", "sub": {"low": 9, "u8": 1}}),
    );
    check(
        &[(21, b"else\0"), (22, &[1, 2])],
        json!({"kind": "else", "sub": "0102"}),
    );
    check(&[(22, &[1, 2])], json!({"sub": "0102"}));
}

#[test]
fn unknown_attributes_are_kept() {
    check(&[(99, &[1, 2])], json!({"UnknownAttr(99)": "0102"}));
    let nested = emit(&[(1, &[1])]);
    check(
        &[(0x8000 | 99, &nested)],
        json!({"UnknownAttr(99)": {"UnknownAttr(1)": "01"}}),
    );
    check(&[(0x8000 | 99, &[1])], json!({"UnknownAttr(99)": "01"}));
    check(
        &[(99, &[1]), (99, &[2]), (99, &[3])],
        json!({"UnknownAttr(99)": ["01", "02", "03"]}),
    );
}

#[test]
fn wrong_lengths_are_told_with_their_place() {
    wrong(
        &[(14, &[1, 2, 3])],
        "attribute \"color\": 3 bytes instead of 4",
    );
    wrong(
        &[(6, &[1, 2])],
        "attribute \"uint\": 2 bytes instead of 4 or 8",
    );
    wrong(&[(16, &[0; 9])], "attribute \"bits\": 9 bytes instead of 8");
    let inner = emit(&[(11, &emit(&[(1, &[])]))]);
    wrong(
        &[(11, &inner)],
        "attribute \"nest.nest.u8\": 0 bytes instead of 1",
    );
    wrong(
        &[(11, &[1])],
        "attribute \"nest\": the lengths of the attributes do not fit the 1 bytes that are there",
    );
}

#[test]
fn depth_is_bounded() {
    let mut bytes = Vec::new();
    for _ in 0..10_000 {
        if bytes.len() > 60_000 {
            break;
        }
        bytes = emit(&[(11, &bytes)]);
    }
    assert!(
        try_decode(1, &bytes)
            .unwrap_err()
            .ends_with("more than 32 attributes within each other")
    );
    let mut unknown = Vec::new();
    for _ in 0..10_000 {
        unknown = emit(&[(0x8000 | 99, &unknown)]);
    }
    assert!(try_decode(1, &unknown).is_ok());
}

proptest! {
    #[test]
    fn anything_is_decoded_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = try_decode(1, &bytes);
        let _ = try_decode(2, &bytes);
    }

    #[test]
    fn any_attributes_are_decoded_without_a_panic(
        attributes in proptest::collection::vec(
            (any::<bool>(), 0u16..28, proptest::collection::vec(any::<u8>(), 0..24)), 0..12,
        ),
    ) {
        let attributes: Vec<(u16, &[u8])> = attributes
            .iter()
            .map(|(nested, kind, value)| (if *nested { 0x8000 | kind } else { *kind }, value.as_slice()))
            .collect();
        let bytes = emit(&attributes);
        let _ = try_decode(1, &bytes);
        let _ = try_decode(1, &emit(&[(11, &bytes), (12, &emit(&[(1, &bytes)]))]));
    }
}
