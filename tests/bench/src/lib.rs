//! What the benchmark's two halves share: the guest's program measures, the testbed reports. And
//! the device's registers, which other tests of the guest raise with, too.

pub mod catalogue;
pub mod device;
pub mod distribution;
pub mod peers;
pub mod plan;
pub mod schema;
