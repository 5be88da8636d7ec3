//! What the benchmark found, for people: a table on the terminal, a page, and the figures of
//! docs/comparison.md. All of it is made of one recorded [`Run`](irqcast_bench::schema::Run),
//! so the same recording gives the same text.

pub mod columns;
pub mod docs;
pub mod html;
pub mod label;
pub mod peers;
pub mod recordings;
pub mod sample;
pub mod table;
pub mod unit;
pub mod verdict;

mod chart;
mod curves;
