//! Generic netlink families by their specifications.
//!
//! The kernel describes its families in YAML files (`Documentation/netlink/specs/` of its source), whose
//! format is that of `Documentation/netlink/genetlink-legacy.yaml`. [`Spec`] reads one, and [`decode`]
//! turns the bytes of a message into named, typed values by it. They have the JSON form that the kernel's
//! own client prints (`tools/net/ynl/pyynl/cli.py --output-json --process-unknown`).
//!
//! Nothing here asks the kernel anything: text and bytes come in, values come out. Neither makes it panic
//! or loop, and both are bounded in depth.
//!
//! ```
//! let spec = irqcast_ynl::Spec::parse("
//! name: door
//! doc: Doors.
//! attribute-sets:
//!   - name: event
//!     attributes:
//!       - { name: number, type: u32 }
//! operations:
//!   list:
//!     - { name: opened, doc: A door opened., attribute-set: event, event: { attributes: [number] } }
//! ").unwrap();
//! let opened = spec.from_kernel(1).unwrap();
//! let attributes = [8u16.to_ne_bytes(), 1u16.to_ne_bytes(), 7u16.to_ne_bytes(), [0; 2]].concat();
//! # #[cfg(target_endian = "little")]
//! let values = irqcast_ynl::decode(&spec, opened, &attributes).unwrap();
//! # #[cfg(target_endian = "little")]
//! assert_eq!(values.get("number").and_then(|value| value.as_u64()), Some(7));
//! ```

mod decode;
mod lookup;
mod problem;
mod read;
mod shown;
mod spec;
mod value;
mod yaml;

pub use decode::{Cause, DecodeError, decode};
pub use lookup::{Leaf, NoSuchAttribute};
pub use problem::{Problem, SpecError};
pub use spec::{
    Attribute, AttributeSet, Binary, ByteOrder, Element, Enum, EnumId, Format, Hint, Kind, Meaning,
    Member, MemberKind, Number, Operation, SetId, Size, Spec, Struct, StructId, SubMessage,
    SubMessageId,
};
pub use value::{Entry, Map, Name, Value};
