//! Round trips of every frame, and garbage.

use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, TestCaseError},
};

use super::*;
use crate::{DATA, Exec, Exit, TerminalSize, ToGuest, ToHost};

fn config() -> ProptestConfig {
    // Regressions are kept as named tests, so no file of seeds is written.
    Config {
        cases: 256,
        failure_persistence: None,
        ..Config::default()
    }
}

fn terminal() -> impl Strategy<Value = TerminalSize> {
    any::<(u16, u16)>().prop_map(|(rows, columns)| TerminalSize { rows, columns })
}

fn text() -> impl Strategy<Value = String> {
    vec(any::<char>(), 0..20).prop_map(String::from_iter)
}

fn data() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        9 => vec(any::<u8>(), 0..200),
        1 => any::<u8>().prop_map(|byte| vec![byte; DATA]),
    ]
}

fn exec() -> impl Strategy<Value = Exec> {
    (
        any::<u32>(),
        vec(text(), 0..5),
        vec((text(), text()), 0..5),
        text(),
        proptest::option::of(terminal()),
    )
        .prop_map(|(id, argv, env, dir, terminal)| Exec {
            id,
            argv,
            env,
            dir,
            terminal,
        })
}

fn to_guest() -> impl Strategy<Value = ToGuest> {
    prop_oneof![
        exec().prop_map(ToGuest::Exec),
        (any::<u32>(), data()).prop_map(|(id, data)| ToGuest::Stdin { id, data }),
        any::<u32>().prop_map(|id| ToGuest::StdinClosed { id }),
        (any::<u32>(), terminal()).prop_map(|(id, size)| ToGuest::Resize { id, size }),
        any::<(u32, i32)>().prop_map(|(id, signal)| ToGuest::Signal { id, signal }),
        Just(ToGuest::KillAll),
        Just(ToGuest::Ping),
        Just(ToGuest::PowerOff),
    ]
}

fn to_host() -> impl Strategy<Value = ToHost> {
    let exit = prop_oneof![
        any::<u8>().prop_map(Exit::Status),
        any::<i32>().prop_map(Exit::Signal),
    ];
    prop_oneof![
        (any::<u32>(), text()).prop_map(|(version, release)| ToHost::Hello { version, release }),
        any::<u32>().prop_map(|id| ToHost::Started { id }),
        (any::<u32>(), text()).prop_map(|(id, message)| ToHost::NotStarted { id, message }),
        (any::<u32>(), data()).prop_map(|(id, data)| ToHost::Stdout { id, data }),
        (any::<u32>(), data()).prop_map(|(id, data)| ToHost::Stderr { id, data }),
        any::<(u32, u32)>().prop_map(|(id, bytes)| ToHost::StdinTaken { id, bytes }),
        (any::<u32>(), exit).prop_map(|(id, exit)| ToHost::Exited { id, exit }),
        Just(ToHost::Pong),
    ]
}

/// Sends the frames in pieces of the given size and expects them back, and no rest.
fn round_trip<T>(frames: &[T], piece: usize) -> Result<(), TestCaseError>
where
    T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug,
{
    let mut stream = Vec::new();
    for frame in frames {
        stream.extend(encode(frame).unwrap());
    }
    let mut decoder = Decoder::default();
    let mut back = Vec::new();
    for piece in stream.chunks(piece) {
        decoder.extend(piece);
        while let Some(frame) = decoder.decode::<T>().unwrap() {
            back.push(frame);
        }
    }
    prop_assert!(!decoder.is_mid_frame());
    prop_assert_eq!(back, frames);
    Ok(())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn frames_for_the_guest_come_back(frames in vec(to_guest(), 0..6), piece in 1..5000_usize) {
        round_trip(&frames, piece)?;
    }

    #[test]
    fn frames_for_the_host_come_back(frames in vec(to_host(), 0..6), piece in 1..5000_usize) {
        round_trip(&frames, piece)?;
    }

    /// Garbage gives frames, an error, or a wait for more; it never panics, and never makes
    /// the decoder keep more than the longest frame.
    #[test]
    fn garbage_is_survived(garbage in vec(any::<u8>(), 0..300)) {
        let mut decoder = Decoder::default();
        decoder.extend(&garbage);
        while let Ok(Some(_)) = decoder.decode::<ToGuest>() {}
        let mut decoder = Decoder::default();
        decoder.extend(&garbage);
        while let Ok(Some(_)) = decoder.decode::<ToHost>() {}
    }

    /// One damaged byte gives another frame or an error, never a panic.
    #[test]
    fn damage_is_survived(frame in to_host(), at in any::<prop::sample::Index>(), byte: u8) {
        let mut bytes = encode(&frame).unwrap();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let mut decoder = Decoder::default();
        decoder.extend(&bytes);
        while let Ok(Some(_)) = decoder.decode::<ToHost>() {}
    }
}

#[test]
fn a_length_that_is_too_long_is_refused_at_once() {
    for length in [u32::try_from(MAX_FRAME).unwrap() + 1, u32::MAX] {
        let mut decoder = Decoder::default();
        decoder.extend(&length.to_le_bytes());
        let error = decoder.decode::<ToGuest>().unwrap_err();
        assert!(matches!(error, Error::TooLong { .. }), "{error}");
    }
}

#[test]
fn a_frame_that_is_too_long_is_not_sent() {
    let frame = ToGuest::Stdin {
        id: 1,
        data: vec![0; MAX_FRAME + 1],
    };
    assert!(matches!(encode(&frame), Err(Error::TooLong { .. })));
}

#[test]
fn bytes_behind_a_frame_are_refused() {
    let mut bytes = encode(&ToHost::Pong).unwrap();
    bytes.push(0);
    bytes[0] += 1;
    let mut decoder = Decoder::default();
    decoder.extend(&bytes);
    let error = decoder.decode::<ToHost>().unwrap_err();
    assert!(matches!(error, Error::Trailing { rest: 1, .. }), "{error}");
}

#[test]
fn statuses_are_those_of_a_shell() {
    for (exit, status) in [
        (Exit::Status(0), 0),
        (Exit::Status(255), 255),
        (Exit::Signal(2), 130),
        (Exit::Signal(9), 137),
        (Exit::Signal(-1), 255),
    ] {
        assert_eq!(exit.shell_status(), status, "{exit}");
    }
}
