//! Operations, their command bytes, and multicast groups.

use super::{Names, number};
use crate::problem::{Problems, meant};
use crate::spec::{Operation, SetId};
use crate::yaml::{self, Node, Table};
use std::collections::BTreeMap;

/// Keys of the operations that say nothing about messages.
const OTHERS: [&str; 4] = ["name-prefix", "enum-name", "async-prefix", "async-enum"];

/// Keys of one operation that say nothing about messages.
const OPERATION_OTHERS: [&str; 4] = ["doc", "flags", "dont-validate", "config-cond"];

type Operations = (Vec<Operation>, BTreeMap<u8, usize>);

/// How operations get their numbers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Model {
    /// One for both directions.
    Unified,
    /// One for each direction, counted apart.
    Directional,
}

/// An operation as the file has it.
struct Raw<'n> {
    operation: Operation,
    notify: Option<&'n Node>,
    value: Option<u64>,
    /// Of a call: whether it has a reply, and the numbers of request and reply where they are given.
    call: Option<Call>,
    at: crate::problem::Place,
}

#[derive(Clone, Copy, Default)]
struct Call {
    has_reply: bool,
    request: Option<u64>,
    reply: Option<u64>,
}

/// Reads the operations.
pub fn read(node: &Node, names: &Names, problems: &mut Problems) -> Option<Operations> {
    let mut table = Table::of(node, "`operations`", problems)?;
    let model = match table.get("enum-model") {
        None => Model::Unified,
        Some(node) => match yaml::text(node, "enum-model", problems)? {
            "unified" => Model::Unified,
            "directional" => Model::Directional,
            other => {
                problems.add_with_hint(
                    node.at,
                    format!("`enum-model` {other:?} is unknown"),
                    meant(other, ["unified", "directional"]),
                );
                return None;
            }
        },
    };
    let header = table.get("fixed-header");
    let header = header.and_then(|node| names.structure(node, problems));
    let list = table.require_list("list", problems);
    table.finish(&OTHERS, problems);
    let mut raw: Vec<Raw<'_>> = list
        .iter()
        .filter_map(|node| operation(node, names, problems))
        .collect();
    for raw in &mut raw {
        raw.operation.header = raw.operation.header.or(header);
    }
    match model {
        Model::Unified => number_unified(&mut raw, problems),
        Model::Directional => number_directional(&mut raw, problems),
    }
    let sets: Vec<(String, Option<SetId>)> = raw
        .iter()
        .map(|raw| (raw.operation.name.clone(), raw.operation.set))
        .collect();
    let mut operations = Vec::new();
    for mut raw in raw {
        if let Some(node) = raw.notify {
            let of = yaml::text(node, "notify", problems).unwrap_or_default();
            match sets.iter().find(|(name, _)| name == of) {
                Some((_, set)) => raw.operation.set = raw.operation.set.or(*set),
                None => problems.add_with_hint(
                    node.at,
                    format!("there is no operation {of:?} that `notify` could name"),
                    meant(of, sets.iter().map(|(name, _)| name.as_str())),
                ),
            }
        }
        let says_something = raw.call.is_some() || raw.operation.is_notification;
        if says_something && raw.operation.set.is_none() && raw.notify.is_none() {
            let name = &raw.operation.name;
            problems.add(
                raw.at,
                format!("the operation {name:?} has no `attribute-set`"),
            );
        }
        if !says_something {
            // A number that is kept for something that is no more: nobody sends it.
            (raw.operation.request, raw.operation.reply) = (None, None);
        }
        operations.push(raw.operation);
    }
    let replies = operations.iter().enumerate();
    let from_kernel = replies
        .filter_map(|(index, operation)| Some((operation.reply?, index)))
        .collect();
    Some((operations, from_kernel))
}

fn operation<'n>(node: &'n Node, names: &Names, problems: &mut Problems) -> Option<Raw<'n>> {
    let mut table = Table::of(node, "an operation", problems)?;
    let name = table.require_text("name", problems);
    let value = table.get("value");
    let value = value.and_then(|node| number(node, "value", u8::MAX.into(), problems));
    let set = table.get("attribute-set");
    let set = set.and_then(|node| names.set(node, problems));
    let header = table.get("fixed-header");
    let header = header.and_then(|node| names.structure(node, problems));
    let (run, dump) = (table.get("do"), table.get("dump"));
    let run = run.map(|node| call(node, problems).unwrap_or_default());
    let dump = dump.map(|node| call(node, problems).unwrap_or_default());
    let notify = table.get("notify");
    let event = table.get("event");
    if let Some(mut event) = event.and_then(|node| Table::of(node, "`event`", problems)) {
        event.list("attributes", problems);
        event.finish(&[], problems);
    }
    let group = table.text("mcgrp", problems).map(str::to_owned);
    let at = table.at;
    table.finish(&OPERATION_OTHERS, problems);
    Some(Raw {
        operation: Operation {
            name: name?.to_owned(),
            request: None,
            reply: None,
            set,
            header,
            is_notification: notify.is_some() || event.is_some(),
            group,
        },
        notify,
        value,
        call: run.or(dump),
        at,
    })
}

fn call(node: &Node, problems: &mut Problems) -> Option<Call> {
    let mut table = Table::of(node, "a call", problems)?;
    let mut message = |key| {
        let node = table.get(key)?;
        let mut table = Table::of(node, "a message", problems)?;
        table.list("attributes", problems);
        let value = table.get("value");
        let value = value.and_then(|node| number(node, "value", u8::MAX.into(), problems));
        table.finish(&[], problems);
        Some(value)
    };
    let (request, reply) = (message("request"), message("reply"));
    table.finish(&["pre", "post"], problems);
    Some(Call {
        has_reply: reply.is_some(),
        // The kernel's own client takes a 0 for one that is not given.
        request: request.flatten().filter(|&value| value != 0),
        reply: reply.flatten().filter(|&value| value != 0),
    })
}

fn number_unified(raw: &mut [Raw<'_>], problems: &mut Problems) {
    let mut next = 1;
    for raw in raw {
        next = raw.value.unwrap_or(next);
        let command = command(next, raw, problems);
        raw.operation.request = command;
        raw.operation.reply = command;
        next += 1;
    }
}

/// As `_dictify_ops_directional` of the kernel's own client numbers them.
fn number_directional(raw: &mut [Raw<'_>], problems: &mut Problems) {
    let (mut request, mut reply) = (1, 1);
    for raw in raw {
        if raw.operation.is_notification {
            reply = raw.value.unwrap_or(reply);
            raw.operation.reply = command(reply, raw, problems);
            reply += 1;
        } else if let Some(call) = raw.call {
            request = call.request.unwrap_or(request);
            reply = call.reply.unwrap_or(reply);
            raw.operation.request = command(request, raw, problems);
            request += 1;
            if call.has_reply {
                raw.operation.reply = command(reply, raw, problems);
                reply += 1;
            }
        } else {
            problems.add_with_hint(
                raw.at,
                "an operation of the model `directional` has no direction",
                "say `do`, `dump`, `notify` or `event`",
            );
        }
    }
}

fn command(number: u64, raw: &Raw<'_>, problems: &mut Problems) -> Option<u8> {
    let command = u8::try_from(number).ok();
    if command.is_none() {
        problems.add(
            raw.at,
            format!("the operation's number is more than {}", u8::MAX),
        );
    }
    command
}

/// Names of the multicast groups.
pub fn groups(node: &Node, problems: &mut Problems) -> Vec<String> {
    let Some(mut table) = Table::of(node, "`mcast-groups`", problems) else {
        return Vec::new();
    };
    let mut groups = Vec::new();
    for node in table.require_list("list", problems) {
        if let Some(mut group) = Table::of(node, "a multicast group", problems) {
            groups.extend(group.require_text("name", problems).map(str::to_owned));
            group.finish(&["c-define-name", "flags", "value", "doc"], problems);
        }
    }
    table.finish(&[], problems);
    groups
}
