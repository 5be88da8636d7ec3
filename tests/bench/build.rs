//! The hook has its own first instruction, so nothing of the C library's comes before it.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-link-arg-bin=irqcast-bench-hook=-nostartfiles");
}
