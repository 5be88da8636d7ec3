//! Capabilities by the names that capabilities(7) gives them.

use rustix::thread::CapabilitySet;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A set of capabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities(pub CapabilitySet);

impl Default for Capabilities {
    fn default() -> Self {
        Self(CapabilitySet::empty())
    }
}

impl Serialize for Capabilities {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.bits().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Capabilities {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bits = u64::deserialize(deserializer)?;
        Ok(Self(CapabilitySet::from_bits_retain(bits)))
    }
}

/// The capability of that name, such as `CAP_NET_ADMIN`.
pub fn by_name(name: &str) -> Option<CapabilitySet> {
    CapabilitySet::from_name(name.strip_prefix("CAP_")?)
}

/// All names.
pub fn names() -> impl Iterator<Item = String> {
    CapabilitySet::all()
        .iter_names()
        .map(|(name, _)| format!("CAP_{name}"))
}

/// The names of a set's capabilities, with commas between them.
pub fn list(set: CapabilitySet) -> String {
    let names: Vec<String> = set
        .iter_names()
        .map(|(name, _)| format!("CAP_{name}"))
        .collect();
    names.join(", ")
}

/// Each capability of a set for itself.
pub fn each(set: CapabilitySet) -> impl Iterator<Item = CapabilitySet> {
    set.iter_names().map(|(_, one)| one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_manual() {
        assert_eq!(by_name("CAP_NET_ADMIN"), Some(CapabilitySet::NET_ADMIN));
        for wrong in ["NET_ADMIN", "cap_net_admin", "CAP_", "CAP_NET", ""] {
            assert_eq!(by_name(wrong), None, "{wrong}");
        }
        let two = CapabilitySet::KILL | CapabilitySet::NET_ADMIN;
        assert_eq!(list(two), "CAP_KILL, CAP_NET_ADMIN");
        assert!(names().all(|name| by_name(&name).is_some()));
    }
}
