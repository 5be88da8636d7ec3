//! What the benchmark's two halves share: the guest's program measures, the testbed reports.

pub mod catalogue;
pub mod distribution;
pub mod plan;
pub mod schema;
