//! Which rules are for what.

use super::*;

/// Device 1 at 0000:00:03.0, cause 0x103, factorial 120, 64 bytes by DMA.
fn event() -> Event {
    Event {
        device: 1,
        incarnation: 0,
        address: "0000:00:03.0".to_owned(),
        seq: 9,
        time_ns: 1,
        cause: 0x103,
        factorial: Some(120),
        dma_bytes: Some(64),
        replayed: false,
    }
}

fn check(matches: Match, expected: bool) {
    assert_eq!(matches.is_met_by(&event()), expected, "{matches:?}");
}

#[test]
fn no_condition_is_every_event() {
    check(Match::default(), true);
}

#[test]
fn each_condition_decides() {
    let base = Match::default;
    for (device, expected) in [(1, true), (0, false)] {
        check(
            Match {
                device: Some(device),
                ..base()
            },
            expected,
        );
    }
    for (glob, expected) in [("0000:00:03.0", true), ("0000:*", true), ("*:04.0", false)] {
        check(
            Match {
                address: Some(Glob::new(glob)),
                ..base()
            },
            expected,
        );
    }
    for (bits, expected) in [(0x1, true), (0x5, true), (0x4, false), (u32::MAX, true)] {
        check(
            Match {
                cause_any: Some(bits),
                ..base()
            },
            expected,
        );
    }
    for (bits, expected) in [(0x1, true), (0x103, true), (0x5, false), (u32::MAX, false)] {
        check(
            Match {
                cause_all: Some(bits),
                ..base()
            },
            expected,
        );
    }
    for (range, expected) in [(120..=120, true), (0..=119, false), (121..=u32::MAX, false)] {
        check(
            Match {
                factorial: Some(range),
                ..base()
            },
            expected,
        );
    }
    for (range, expected) in [(64..=64, true), (1..=4096, true), (65..=4096, false)] {
        check(
            Match {
                dma_bytes: Some(range),
                ..base()
            },
            expected,
        );
    }
}

#[test]
fn all_conditions_must_be_met() {
    let all = Match {
        device: Some(1),
        address: Some(Glob::new("*")),
        cause_any: Some(0x2),
        cause_all: Some(0x101),
        factorial: Some(1..=200),
        dma_bytes: Some(64..=64),
        ..Match::default()
    };
    check(all.clone(), true);
    check(
        Match {
            device: Some(2),
            ..all.clone()
        },
        false,
    );
    check(
        Match {
            dma_bytes: Some(1..=2),
            ..all
        },
        false,
    );
}

#[test]
fn loss_is_matched_by_its_device() {
    let check = |matches: Match, address: Option<&str>, expected| {
        assert_eq!(matches.is_met_by_loss(1, address), expected, "{matches:?}");
    };
    let lost = || Match {
        lost: true,
        ..Match::default()
    };
    let of = |device| Match {
        device: Some(device),
        ..lost()
    };
    let at = |glob| Match {
        address: Some(Glob::new(glob)),
        ..lost()
    };
    check(lost(), None, true);
    check(Match::default(), None, false);
    check(of(1), None, true);
    check(of(0), None, false);
    check(at("0000:*"), Some("0000:00:03.0"), true);
    check(at("0001:*"), Some("0000:00:03.0"), false);
    check(at("*"), None, false);
    assert!(!lost().is_met_by(&event()));
}

#[test]
fn data_that_is_not_there_is_in_no_range() {
    let without = Event {
        factorial: None,
        dma_bytes: None,
        ..event()
    };
    let any = Some(0..=u32::MAX);
    assert!(
        !Match {
            factorial: any.clone(),
            ..Match::default()
        }
        .is_met_by(&without)
    );
    assert!(
        !Match {
            dma_bytes: any,
            ..Match::default()
        }
        .is_met_by(&without)
    );
    assert!(Match::default().is_met_by(&without));
}

#[test]
fn drop_is_matched_by_its_rule_and_device() {
    let check = |device, rule, of, expected| {
        let matches = Match {
            dropped: Some("slow".to_owned()),
            device,
            ..Match::default()
        };
        assert_eq!(matches.is_met_by_drop(rule, of, None), expected);
        assert!(!matches.is_met_by(&event()));
    };
    check(None, "slow", 1, true);
    check(None, "quick", 1, false);
    check(Some(1), "slow", 1, true);
    check(Some(0), "slow", 1, false);
    assert!(!Match::default().is_met_by_drop("slow", 1, None));
}

#[test]
fn coming_and_going_are_matched_by_the_device() {
    let check = |arrival, departure, came, device, expected| {
        let matches = Match {
            arrival,
            departure,
            device: Some(1),
            ..Match::default()
        };
        assert_eq!(matches.is_met_by_change(came, device, None), expected);
        assert!(!matches.is_met_by(&event()));
    };
    check(true, false, true, 1, true);
    check(true, false, false, 1, false);
    check(false, true, false, 1, true);
    check(false, true, true, 1, false);
    check(true, true, true, 0, false);
    assert!(!Match::default().is_met_by_change(true, 1, None));
}
