//! What the end-to-end tests in the guest and the testbed's own tests share.

pub mod table;
pub mod talk;
pub mod transcript;
