//! What the files of the state folder say. Pure.

use crate::memory::{Memory, Op};
use serde::{Deserialize, Serialize};

const FORMAT: &str = "irqcast-state";
const VERSION: u32 = 2;

/// `state.json`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    format: String,
    version: u32,
    /// The boot in which it was written.
    pub boot_id: String,
    /// Counts the states.
    pub generation: u64,
    /// The memory.
    pub lives: Memory,
}

/// What every version begins with.
#[derive(Deserialize)]
struct Head {
    format: String,
    version: u32,
}

/// First line of the journal: the state that it goes on from.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JournalHead {
    generation: u64,
}

impl State {
    /// A state of this version.
    pub fn new(lives: Memory, boot_id: String, generation: u64) -> Self {
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            boot_id,
            generation,
            lives,
        }
    }

    /// The file.
    pub fn to_bytes(&self) -> Vec<u8> {
        line(self).into_bytes()
    }

    /// Reads the file, or says what it is instead, to follow the file's name and a colon.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let no_state = |error| format!("it is no state: {error}");
        let head: Head = serde_json::from_slice(bytes).map_err(no_state)?;
        if head.format != FORMAT {
            return Err(format!("its format is {:?}, not {FORMAT:?}", head.format));
        }
        if head.version != VERSION {
            return Err(format!("its version is {}, not {VERSION}", head.version));
        }
        serde_json::from_slice(bytes).map_err(no_state)
    }
}

impl JournalHead {
    /// The first line.
    pub fn line(generation: u64) -> String {
        line(&Self { generation })
    }
}

/// Applies a journal that goes on from the state `generation`. Another one is ignored, and so is a last
/// line without an end, since what it tells of has not happened. Says which line is wrong.
pub fn replay(journal: &[u8], generation: u64, memory: &mut Memory) -> Result<(), String> {
    let complete = journal
        .iter()
        .rposition(|&byte| byte == b'\n')
        .unwrap_or_default();
    let mut lines = (1..).zip(journal[..complete].split(|&byte| byte == b'\n'));
    let wrong = |line, error| format!("line {line}: {error}");
    let Some((number, head)) = lines.next().filter(|(_, head)| !head.is_empty()) else {
        return Ok(());
    };
    let head: JournalHead = serde_json::from_slice(head).map_err(|error| wrong(number, error))?;
    if head.generation != generation {
        return Ok(());
    }
    for (number, line) in lines {
        let op: Op = serde_json::from_slice(line).map_err(|error| wrong(number, error))?;
        memory.apply(&op);
    }
    Ok(())
}

/// A value as a line of JSON.
pub fn line(value: &impl Serialize) -> String {
    let mut line =
        serde_json::to_string(value).expect("numbers, text and lists always have a JSON form");
    line.push('\n');
    line
}
