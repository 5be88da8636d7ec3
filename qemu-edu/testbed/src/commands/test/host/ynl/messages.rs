//! Messages of an operation as the kernel could send them, made up from its specification.
//!
//! What the kernel's own client cannot decode is left out: negative numbers that are flags
//! (it does not end), text that is not ASCII, and a hint that does not fit a value's type.

use irqcast_ynl::{
    Attribute, Binary, Element, Hint, Kind, Meaning, MemberKind, Number, Operation, SetId, Size,
    Spec, StructId,
};

/// How deep attributes are within each other.
const DEPTH: u32 = 4;

/// `NLA_F_NESTED`.
const NESTED: u16 = 0x8000;

/// A number that no attribute of a specification has.
const UNKNOWN: u16 = 0x3ff0;

/// What follows the generic netlink header. Another seed makes another message.
pub fn message(spec: &Spec, operation: &Operation, seed: u32) -> Vec<u8> {
    let mut maker = Maker {
        spec,
        state: u64::from(seed).wrapping_mul(0x9e37_79b9_7f4a_7c15),
    };
    let mut bytes = Vec::new();
    if let Some(header) = operation.header {
        maker.structure(header, &mut bytes);
    }
    if let Some(set) = operation.set {
        maker.attributes(set, DEPTH, &mut bytes);
    }
    bytes
}

struct Maker<'a> {
    spec: &'a Spec,
    state: u64,
}

impl Maker<'_> {
    /// A number below `bound` (splitmix64).
    fn below(&mut self, bound: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.state;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (value ^ (value >> 31)) % bound
    }

    fn attributes(&mut self, set: SetId, depth: u32, bytes: &mut Vec<u8>) {
        let spec = self.spec;
        let Some(set) = spec.set(set) else { return };
        for attribute in &set.attributes {
            // A whole set of a large family does not fit a message.
            let present = set.attributes.len() < 8 || self.below(4) == 0;
            let times = if attribute.repeats {
                1 + self.below(3)
            } else {
                1
            };
            for _ in 0..if present { times } else { 0 } {
                let mut value = Vec::new();
                if let Some(flags) = self.value(attribute, depth, &mut value) {
                    put(attribute.number | flags, &value, bytes);
                }
            }
        }
        if self.below(4) == 0 {
            put(UNKNOWN, &[1, 2, 3], bytes);
            let mut inner = Vec::new();
            put(7, b"inner", &mut inner);
            put((UNKNOWN + 1) | NESTED, &inner, bytes);
            put((UNKNOWN + 1) | NESTED, &inner, bytes);
        }
    }

    /// Makes a value, and returns the flags of its attribute; `None` where none can be made.
    fn value(&mut self, attribute: &Attribute, depth: u32, bytes: &mut Vec<u8>) -> Option<u16> {
        let is_nested = matches!(
            attribute.kind,
            Kind::Nest(_) | Kind::IndexedArray(_) | Kind::NestTypeValue { .. }
        );
        if is_nested && depth == 0 {
            return None;
        }
        match &attribute.kind {
            Kind::Flag => {}
            Kind::Number(number) => self.number(*number, bytes),
            Kind::Text => self.text(bytes),
            Kind::Binary(Binary::Plain(hint)) => self.bytes(*hint, bytes),
            Kind::Binary(Binary::Struct(id)) => {
                self.structure(*id, bytes);
                // As of a newer kernel.
                bytes.extend([0; 8]);
            }
            Kind::Binary(Binary::Array(number)) => {
                for _ in 0..self.below(4) {
                    self.number(*number, bytes);
                }
            }
            Kind::Bitfield32(_) => bytes.extend(self.below(u64::MAX).to_ne_bytes()),
            Kind::Nest(set) => {
                self.attributes(*set, depth - 1, bytes);
                return Some(NESTED);
            }
            Kind::IndexedArray(element) => {
                for index in 1..=self.below(4) as u16 {
                    let mut value = Vec::new();
                    match element {
                        Element::Nest(set) => self.attributes(*set, depth - 1, &mut value),
                        Element::Binary(hint) => self.bytes(*hint, &mut value),
                        Element::Number(number) => self.number(*number, &mut value),
                        Element::Text => return None,
                    }
                    put(index, &value, bytes);
                }
                return Some(NESTED);
            }
            Kind::NestTypeValue { names, set } => {
                self.attributes(*set, depth - 1, bytes);
                // All but the outermost, whose number is a value too, are within the attribute.
                for _ in names {
                    let inner = std::mem::take(bytes);
                    put(1 + self.below(100) as u16, &inner, bytes);
                }
                return Some(NESTED);
            }
            Kind::Pad | Kind::Unused | Kind::SubMessage { .. } => return None,
        }
        Some(0)
    }

    fn number(&mut self, number: Number, bytes: &mut Vec<u8>) {
        let size = match number.size {
            Size::Bytes(size) => size,
            Size::Auto => 4 + 4 * self.below(2) as usize,
        };
        let mut value = self.below(u64::MAX).to_ne_bytes();
        // Small ones are the entries of enumerations.
        if self.below(2) == 0 {
            value = self.below(8).to_ne_bytes();
        }
        if number.signed && matches!(number.meaning, Meaning::Flags(_)) {
            value = self.below(100).to_ne_bytes();
        }
        bytes.extend(&value[..size]);
    }

    fn text(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..self.below(12) {
            bytes.push(b' ' + self.below(95) as u8);
        }
        bytes.push(0);
    }

    fn bytes(&mut self, hint: Option<Hint>, bytes: &mut Vec<u8>) {
        let length = match hint {
            Some(Hint::Uuid) => 16,
            Some(Hint::Ip) => [4, 16][self.below(2) as usize],
            Some(Hint::Mac) => 6,
            _ => self.below(20),
        };
        self.fill(length as usize, bytes);
    }

    fn fill(&mut self, length: usize, bytes: &mut Vec<u8>) {
        bytes.extend((0..length).map(|_| self.below(256) as u8));
    }

    fn structure(&mut self, id: StructId, bytes: &mut Vec<u8>) {
        let spec = self.spec;
        let Some(structure) = spec.structure(id) else {
            return;
        };
        for member in &structure.members {
            match member.kind {
                MemberKind::Number(number) => self.number(number, bytes),
                MemberKind::Struct(id) => self.structure(id, bytes),
                _ => self.fill(member.size, bytes),
            }
        }
    }
}

/// Adds an attribute and its padding.
fn put(kind: u16, value: &[u8], bytes: &mut Vec<u8>) {
    // Where it does not fit, it is another short attribute.
    let value = if value.len() > 60_000 { &[] } else { value };
    bytes.extend((4 + value.len() as u16).to_ne_bytes());
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
}
