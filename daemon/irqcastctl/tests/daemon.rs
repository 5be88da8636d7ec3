//! The commands that ask the daemon, with somebody else in its place.

use irqcast_control::{Answer, Explanation, Refusal, RefusalKind, Request, RuleExplained};
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Output};
use std::thread;
use tempfile::TempDir;

const EVENT: &str =
    r#"{"device":0,"address":"0000:00:02.0","seq":1,"time_ns":12,"cause":2,"replayed":false}"#;
const LOSS: &str = r#"{"lost":{"device":1,"from":5,"to":9}}"#;

fn irqcastctl(socket: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_irqcastctl"))
        .args(arguments)
        .arg("--control-socket")
        .arg(socket)
        .output()
        .expect("the tool starts")
}

/// Exit code, standard output and standard error of the command, and what it asked, where whoever is
/// asked answers so.
fn asked(
    arguments: &[&str],
    answer: impl Fn(&Request) -> Answer + Send + 'static,
) -> (Option<i32>, String, String, Vec<Request>) {
    let folder = TempDir::new().expect("a folder");
    let socket = folder.path().join("socket");
    let listener = UnixListener::bind(&socket).expect("a socket");
    let daemon = thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a client");
        let mut requests = Vec::new();
        for line in BufReader::new(&stream).lines() {
            let request = Request::read(line.expect("text").as_bytes()).expect("a request");
            let line = answer(&request).to_line();
            (&stream).write_all(line.as_bytes()).expect("written");
            requests.push(request);
        }
        requests
    });
    let output = irqcastctl(&socket, arguments);
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
        daemon.join().expect("no panic"),
    )
}

/// A file with this text, whose name is given to `then`.
fn with_file<T>(text: &str, then: impl FnOnce(&str) -> T) -> T {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("file");
    fs::write(&file, text).expect("written");
    then(file.to_str().expect("text"))
}

#[test]
fn without_a_daemon_every_command_says_what_to_do() {
    with_file(EVENT, |file| {
        for arguments in [
            &["status"][..],
            &["metrics", "--json"],
            &["reload"],
            &["explain", file],
            &["replay", file],
        ] {
            let output = irqcastctl("/no/such/socket".as_ref(), arguments);
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(7), "{arguments:?}: {said}");
            assert_eq!(
                said,
                "irqcastctl: no irqcastd listens at /no/such/socket\n\
                 Start it: systemctl start irqcastd, or irqcastd run. Where it listens elsewhere, say so: \
                 --control-socket PATH\n"
            );
            assert!(output.stdout.is_empty());
        }
    });
}

#[test]
fn reload_prints_what_was_taken() {
    let answer = |_: &Request| Answer::Reloaded {
        file: "/c.toml".to_owned(),
        rules: 3,
    };
    let (code, out, _, requests) = asked(&["reload"], answer);
    assert_eq!((code, out.as_str()), (Some(0), "/c.toml: taken, 3 rules\n"));
    assert_eq!(requests, [Request::Reload]);
    let (_, out, _, _) = asked(&["reload", "--json"], answer);
    assert_eq!(out, "{\"reloaded\":{\"file\":\"/c.toml\",\"rules\":3}}\n");
}

#[test]
fn refused_reload_prints_all_problems_and_ends_with_1() {
    let answer = |_: &Request| {
        let refusal = r#"{"refused":{"kind":"wrong-configuration","message":"/c.toml is wrong",
            "problems":[{"line":2,"column":1,"message":"no name"},{"line":4,"column":7,"message":"no"}]}}"#;
        Answer::read(refusal.as_bytes()).expect("an answer")
    };
    let (code, out, said, _) = asked(&["reload"], answer);
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert_eq!(
        said,
        "irqcastctl: /c.toml is wrong\n  line 2, column 1: no name\n  line 4, column 7: no\n"
    );
    let (code, out, _, _) = asked(&["reload", "--json"], answer);
    assert_eq!(code, Some(1));
    assert!(out.contains("\"column\":7"), "{out}");
}

#[test]
fn whoever_may_not_gets_the_reason_and_5() {
    let answer = |_: &Request| Answer::Refused(Refusal::new(RefusalKind::NotPermitted, "join irq"));
    let (code, out, said, _) = asked(&["status"], answer);
    assert_eq!((code, out.as_str()), (Some(5), ""));
    assert_eq!(said, "irqcastctl: join irq\n");
}

#[test]
fn metrics_are_printed_as_they_are() {
    let answer = |_: &Request| Answer::Metrics {
        text: "# HELP a b\na 1\n".to_owned(),
    };
    let (code, out, _, _) = asked(&["metrics"], answer);
    assert_eq!((code, out.as_str()), (Some(0), "# HELP a b\na 1\n"));
    let (_, out, _, _) = asked(&["metrics", "--json"], answer);
    assert_eq!(out, "\"# HELP a b\\na 1\\n\"\n");
}

#[test]
fn explain_asks_about_the_event() {
    let answer = |_: &Request| {
        Answer::Explained(Explanation {
            rules: vec![RuleExplained {
                rule: "a".to_owned(),
                matches: true,
                unmet: Vec::new(),
            }],
        })
    };
    let (code, out, _, requests) = with_file(EVENT, |file| asked(&["explain", file], answer));
    assert_eq!((code, out.as_str()), (Some(0), "a: matches\n"));
    assert!(
        matches!(requests.as_slice(), [Request::Explain(_)]),
        "{requests:?}"
    );
}

#[test]
fn replay_sends_the_trace_in_order_and_only_the_wanted_device() {
    let trace = format!("{EVENT}\n\n{LOSS}\n");
    let answer = |request: &Request| Answer::Replayed {
        rules: match request {
            Request::Replay(irqcast_control::Occurrence::Event(_)) => vec!["a".to_owned()],
            _ => Vec::new(),
        },
    };
    let (code, out, _, requests) = with_file(&trace, |file| asked(&["replay", file], answer));
    assert_eq!(
        (code, out.as_str()),
        (
            Some(0),
            "line 1: device 0 seq 1: a\nline 3: device 1 lost 5 to 9: no rule\n"
        )
    );
    assert_eq!(requests.len(), 2);
    let (_, out, _, requests) = with_file(&trace, |file| {
        asked(&["replay", file, "--device", "1", "--json"], answer)
    });
    assert_eq!(out, "{\"line\":3,\"rules\":[]}\n");
    assert_eq!(requests.len(), 1);
}

#[test]
fn wrong_line_of_a_trace_is_named_before_anything_runs() {
    with_file(&format!("{EVENT}\n{{}}\n"), |file| {
        let output = irqcastctl("/no/such/socket".as_ref(), &["replay", file]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1));
        assert!(said.contains(&format!("{file}:2: not an event")), "{said}");
    });
}

#[test]
fn file_that_is_not_there_is_named() {
    let output = irqcastctl("/no/such/socket".as_ref(), &["explain", "/no/such/file"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("failed to read /no/such/file"), "{said}");
}
