//! The hook that every daemon runs in `bench --daemon`: it takes the time before it does anything
//! else, and tells the benchmark.
//!
//! Usage: `irqcast-bench-hook run|sleep [… NUMBER]`. The number of the event is the last of the
//! first four arguments, or what a variable of the environment says. With `sleep` it sleeps for
//! as many seconds as the file [`ASLEEP`] says, after it has told.
//!
//! It is linked without the start-up code of the C library, and calls nothing of it: a program
//! that did would measure its own start.

#![no_main]
#![no_builtins]

use std::arch::{asm, global_asm};

/// Where it tells (`irqcast_bench::daemon::record::FIFO`).
const FIFO: &[u8] = b"/run/irqcast-bench/hooks\0";
/// The file that says for how many seconds a hook sleeps that is to (`irqcast_bench::daemon::hooks`).
const ASLEEP: &[u8] = b"/run/irqcast-bench/asleep\0";

/// Variables that hold the number of the event: irqcastd's and the floor's, and the kernel's for
/// an argument of a uevent that somebody wrote.
const NUMBERS: [&[u8]; 2] = [b"IRQCAST_SEQ=", b"SYNTH_ARG_EVENT="];
/// The variable that says how many events were lost.
const LOST: &[u8] = b"IRQCAST_LOST_COUNT=";

const READ: usize = 0;
const OPEN: usize = 2;
const WRITE: usize = 1;
const NANOSLEEP: usize = 35;
const GETPID: usize = 39;
const EXIT_GROUP: usize = 231;
const CLOCK_GETTIME: usize = 228;
const CLOCK_MONOTONIC: usize = 1;
/// `O_RDONLY`.
const FOR_READING: usize = 0;
/// `O_WRONLY`.
const FOR_WRITING: usize = 1;

global_asm!(
    ".globl _start",
    "_start:",
    "mov rdi, rsp",
    "and rsp, -16",
    "call {main}",
    "ud2",
    main = sym main,
);

/// `stack` is what the kernel leaves there: the number of arguments, the arguments, a null, the
/// environment, a null.
unsafe extern "C" fn main(stack: *const usize) -> ! {
    let mut time = [0_u64; 2];
    call(
        CLOCK_GETTIME,
        CLOCK_MONOTONIC,
        time.as_mut_ptr() as usize,
        0,
    );
    // SAFETY: the kernel has put `arguments` pointers and a null behind the number, and then the
    // environment's pointers and a null.
    let (arguments, first, environment) = unsafe {
        let arguments = *stack;
        (arguments, stack.add(1), stack.add(arguments + 2))
    };
    let argument = |at: usize| {
        // SAFETY: there are so many.
        (at < arguments).then(|| unsafe { *first.add(at) } as *const u8)
    };
    let mut number = argument(3).map_or(0, decimal);
    let mut lost = 0;
    let mut at = environment;
    // SAFETY: the list ends with a null, at which the loop ends.
    while let variable @ 1.. = unsafe { *at } {
        let variable = variable as *const u8;
        for name in NUMBERS {
            if let Some(value) = value_of(variable, name) {
                number = decimal(value);
            }
        }
        if let Some(value) = value_of(variable, LOST) {
            lost = decimal(value);
        }
        // SAFETY: the null has not come yet.
        at = unsafe { at.add(1) };
    }
    let [seconds, nanoseconds] = time;
    let record = [
        seconds * 1_000_000_000 + nanoseconds,
        number,
        call(GETPID, 0, 0, 0) as u64,
        lost,
    ];
    let fifo = call(OPEN, FIFO.as_ptr() as usize, FOR_WRITING, 0);
    let length = size_of_val(&record);
    let written = call(
        WRITE,
        fifo.cast_unsigned(),
        record.as_ptr() as usize,
        length,
    );
    // SAFETY: the mode's first letter, or the null at its end.
    if argument(1).is_some_and(|mode| unsafe { *mode } == b's') {
        // What is not read is a null.
        let mut text = [0_u8; 8];
        let file = call(OPEN, ASLEEP.as_ptr() as usize, FOR_READING, 0);
        call(
            READ,
            file.cast_unsigned(),
            text.as_mut_ptr() as usize,
            text.len() - 1,
        );
        let time = [decimal(text.as_ptr()), 0];
        call(NANOSLEEP, time.as_ptr() as usize, 0, 0);
    }
    let status = usize::from(written != length.cast_signed());
    loop {
        call(EXIT_GROUP, status, 0, 0);
    }
}

/// What stands behind `name` in a variable of the environment, if it is this one.
fn value_of(variable: *const u8, name: &[u8]) -> Option<*const u8> {
    let mut at = variable;
    for wanted in name {
        // SAFETY: the text ends with a null, and nothing behind one is read, since no name has one.
        if unsafe { *at } != *wanted {
            return None;
        }
        // SAFETY: this was not the null.
        at = unsafe { at.add(1) };
    }
    Some(at)
}

/// The decimal number that a text begins with.
fn decimal(text: *const u8) -> u64 {
    let mut value = 0_u64;
    let mut at = text;
    // SAFETY: the text ends with a null, which is no digit.
    while let digit @ b'0'..=b'9' = unsafe { *at } {
        value = value.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
        // SAFETY: this was not the null.
        at = unsafe { at.add(1) };
    }
    value
}

/// A system call.
#[inline(always)]
fn call(number: usize, first: usize, second: usize, third: usize) -> isize {
    let result: isize;
    // SAFETY: those above read and write only what they are given, which lives over the call.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") number => result,
            in("rdi") first,
            in("rsi") second,
            in("rdx") third,
            out("rcx") _,
            out("r11") _,
            options(nostack),
        );
    }
    result
}
