//! The control socket, from the outside. Hooks run here for events of a trace, since those need no driver.

mod common;

use common::{Daemon, RIGHT, driver_is_loaded, until};
use irqcast_control::{
    Answer, Client, ClientError, Occurrence, REQUEST_MAX, RefusalKind, Request, Status,
};
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

/// A daemon with a control socket in its folder, which answers.
fn start(config: &str, arguments: &[&str]) -> Daemon {
    let config = format!("[control]\nsocket = \"FOLDER/socket\"\n{config}");
    let daemon = Daemon::start_with(&config, arguments, |_| {});
    daemon.expect("waiting for the driver");
    daemon
}

fn socket(daemon: &Daemon) -> PathBuf {
    daemon.path("socket")
}

fn connect(path: &Path) -> Client {
    Client::connect(path).expect("the daemon listens")
}

fn ask(daemon: &Daemon, request: &Request) -> Answer {
    let answer = connect(&socket(daemon)).ask(request);
    answer.expect("the daemon answers")
}

fn status(daemon: &Daemon) -> Status {
    match ask(daemon, &Request::Status) {
        Answer::Status(status) => *status,
        other => panic!("{other:?}"),
    }
}

fn event(seq: u64) -> Occurrence {
    let text = format!(
        r#"{{"device":3,"address":"0000:00:05.0","seq":{seq},"time_ns":12,"cause":6,"replayed":false}}"#
    );
    Occurrence::read(text.as_bytes()).expect("an event")
}

fn replay(daemon: &Daemon, seq: u64) -> Vec<String> {
    match ask(daemon, &Request::Replay(event(seq))) {
        Answer::Replayed { rules } => rules,
        other => panic!("{other:?}"),
    }
}

/// A rule whose hook is this shell script, in the daemon's folder.
fn rule(name: &str, script: &str) -> String {
    format!(
        "[[rule]]\nname = \"{name}\"\nhook.command = [\"/bin/sh\", \"-c\", \"cd FOLDER; {script}\"]\n"
    )
}

#[test]
fn status_tells_of_the_rules_and_the_driver() {
    if driver_is_loaded() {
        return;
    }
    let daemon = start(RIGHT, &[]);
    let status = status(&daemon);
    assert!(!status.joined && !status.stopping && !status.holding_back && !status.dry_run);
    assert_eq!(status.config, daemon.file.to_str().expect("text"));
    assert_eq!((status.rules, status.queues.len()), (1, 1));
    assert_eq!(status.queues[0].rule, "a");
    assert_eq!(status.counters["irqcast_events_received_total"], 0);
    assert!(status.running.is_empty() && status.failures.is_empty());
}

#[test]
fn metrics_are_those_of_the_file() {
    if driver_is_loaded() {
        return;
    }
    let daemon = start(RIGHT, &[]);
    let Answer::Metrics { text } = ask(&daemon, &Request::Metrics) else {
        panic!("no metrics");
    };
    let line = "irqcast_hooks_started_total{rule=\"a\"} 0";
    assert!(text.lines().any(|found| found == line), "{text}");
}

#[test]
fn reload_tells_all_problems_and_then_what_was_taken() {
    if driver_is_loaded() {
        return;
    }
    let daemon = start(RIGHT, &[]);
    fs::write(&daemon.file, "[[rule]]\nname = 1\nhok = 2\n").expect("written");
    let error = connect(&socket(&daemon)).ask(&Request::Reload);
    let Err(ClientError::Refused(refusal)) = error else {
        panic!("{error:?}");
    };
    assert_eq!(refusal.kind, RefusalKind::WrongConfiguration);
    assert!(refusal.message.contains("keeps"), "{refusal}");
    let places: Vec<_> = refusal.problems.iter().map(|found| found.line).collect();
    assert_eq!(places, [1, 2, 3], "{refusal:?}");
    assert_eq!(status(&daemon).rules, 1);
    fs::write(&daemon.file, "").expect("written");
    let Answer::Reloaded { file, rules } = ask(&daemon, &Request::Reload) else {
        panic!("not reloaded");
    };
    assert_eq!(
        (file.as_str(), rules),
        (daemon.file.to_str().expect("text"), 0)
    );
}

#[test]
fn explain_says_what_was_wanted_and_what_there_is() {
    if driver_is_loaded() {
        return;
    }
    let config =
        format!("{RIGHT}[[rule]]\nname = \"b\"\nmatch.device = 0\nhook.command = [\"/bin/sh\"]\n");
    let daemon = start(&config, &[]);
    let Answer::Explained(explanation) = ask(&daemon, &Request::Explain(event(1))) else {
        panic!("not explained");
    };
    assert_eq!(
        explanation.to_string(),
        "a: matches\nb: does not match\n  device: wanted is 0, there is 3"
    );
}

#[test]
fn replayed_event_runs_its_hook_with_a_mark_and_leaves_no_state() {
    if driver_is_loaded() {
        return;
    }
    let daemon = start(&rule("a", "env > new; cat >> new; mv new ran"), &[]);
    assert_eq!(replay(&daemon, 7), ["a"]);
    let ran = daemon.path("ran");
    let text = until("the hook", || fs::read_to_string(&ran).ok());
    assert!(text.contains("IRQCAST_TRACE=1\n"), "{text}");
    assert!(text.contains("IRQCAST_SEQ=7\n"), "{text}");
    assert!(text.contains(",\"trace\":true}"), "{text}");
    until("its end", || {
        status(&daemon).running.is_empty().then_some(())
    });
    let counters = status(&daemon).counters;
    assert_eq!(counters["irqcast_trace_items_total"], 1);
    assert_eq!(counters["irqcast_events_received_total"], 0);
    daemon.signal("TERM");
    daemon.expect("stopped");
    let state = fs::read_to_string(daemon.path("state/state.json")).expect("a state");
    assert!(state.contains("\"lives\":[]"), "{state}");
}

#[test]
fn running_and_failed_hooks_are_told() {
    if driver_is_loaded() {
        return;
    }
    let script = "echo $$ > pid; while [ ! -e gate ]; do sleep 0.05; done; exit 3";
    let daemon = start(&rule("slow", script), &[]);
    replay(&daemon, 7);
    replay(&daemon, 8);
    let pid = until("the hook", || {
        let text = fs::read_to_string(daemon.path("pid")).ok()?;
        text.trim().parse::<i32>().ok()
    });
    let now = status(&daemon);
    let [running] = now.running.as_slice() else {
        panic!("{now:?}");
    };
    assert_eq!(
        (
            running.pid,
            running.rule.as_str(),
            running.device,
            running.seq
        ),
        (pid, "slow", Some(3), Some(7))
    );
    assert_eq!((now.queues[0].running, now.queues[0].waiting), (1, 1));
    fs::write(daemon.path("gate"), "").expect("written");
    let failed = until("both ends", || {
        let failures = status(&daemon).failures;
        (failures.len() == 2).then_some(failures)
    });
    assert_eq!((failed[0].seq, failed[1].seq), (Some(8), Some(7)));
    assert_eq!(failed[0].what, "exit status 3");
    assert_eq!(status(&daemon).queues[0].failed, 2);
}

#[test]
fn trace_waits_while_too_many_hooks_do() {
    if driver_is_loaded() {
        return;
    }
    let script = "while [ ! -e gate ]; do sleep 0.05; done; echo $IRQCAST_SEQ >> order";
    let config = format!("[limits]\nqueue = 4\n{}", rule("slow", script));
    let daemon = start(&config, &[]);
    let path = socket(&daemon);
    let tracer = thread::spawn(move || {
        let mut client = connect(&path);
        for seq in 1..=12 {
            client.ask(&Request::Replay(event(seq))).expect("an answer");
        }
    });
    let held = until("the queue to be full", || {
        let now = status(&daemon);
        now.holding_back.then_some(now)
    });
    assert_eq!(held.queues[0].waiting, 4);
    assert!(!tracer.is_finished());
    fs::write(daemon.path("gate"), "").expect("written");
    tracer.join().expect("the whole trace");
    let order = until("the last hook", || {
        let text = fs::read_to_string(daemon.path("order")).ok()?;
        (text.lines().count() == 12).then_some(text)
    });
    let expected: Vec<String> = (1..=12).map(|seq| seq.to_string()).collect();
    assert_eq!(order.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn dry_run_tells_what_would_run() {
    if driver_is_loaded() {
        return;
    }
    let config = rule("a", "echo > ran");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("dry");
    let name = path.to_str().expect("text");
    let daemon = Daemon::start_without_state(&config, &["--dry-run", "--control-socket", name]);
    daemon.expect("waiting for the driver");
    let mut client = connect(&path);
    let answer = client.ask(&Request::Replay(event(1))).expect("an answer");
    assert_eq!(
        answer,
        Answer::Replayed {
            rules: vec!["a".to_owned()]
        }
    );
    let line = daemon.expect("would run");
    assert!(
        line.contains("rule=\"a\"") && line.contains("echo > ran"),
        "{line}"
    );
    daemon.signal("TERM");
    daemon.expect("stopped");
    assert!(!daemon.path("ran").exists());
}

#[test]
fn what_is_no_request_is_refused_and_the_next_one_answered() {
    if driver_is_loaded() {
        return;
    }
    let daemon = start(RIGHT, &[]);
    let mut stream = UnixStream::connect(socket(&daemon)).expect("the daemon listens");
    stream.write_all(b"nonsense\n").expect("written");
    let mut answers = BufReader::new(stream.try_clone().expect("a second handle")).lines();
    let mut next = || answers.next().expect("an answer").expect("text");
    assert!(next().contains("bad-request"));
    stream
        .write_all(Request::Status.to_line().as_bytes())
        .expect("written");
    assert!(next().contains("{\"status\":"));
    // Some of it may be refused by the socket, since nobody reads it any more.
    let _ = stream.write_all(&[b'x'; 4 * REQUEST_MAX]);
    assert!(next().contains("longer than"));
}

#[test]
fn silent_and_slow_clients_harm_nobody() {
    if driver_is_loaded() {
        return;
    }
    let daemon = start(RIGHT, &[]);
    let mut silent = Vec::new();
    for number in 0..100 {
        let mut stream = UnixStream::connect(socket(&daemon)).expect("the daemon listens");
        match number % 3 {
            0 => {}
            1 => stream.write_all(b"{\"command\":\"sta").expect("written"),
            // Asks, and never reads.
            _ => {
                let requests = Request::Metrics.to_line().repeat(50);
                // Where too many have come since, it was sent away.
                let _ = stream.write_all(requests.as_bytes());
            }
        }
        silent.push(stream);
    }
    assert_eq!(status(&daemon).rules, 1);
    daemon.signal("HUP");
    daemon.expect("took the configuration");
    let open = fs::read_dir(format!("/proc/{}/fd", status(&daemon).pid)).expect("a folder");
    assert!(open.count() < 40);
    daemon.signal("TERM");
    daemon.expect("stopped");
}

#[test]
fn socket_is_gone_after_the_end_and_an_old_one_is_replaced() {
    if driver_is_loaded() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("socket");
    drop(std::os::unix::net::UnixListener::bind(&path).expect("an old socket"));
    let config = format!("[control]\nsocket = {path:?}\n{RIGHT}");
    let daemon = Daemon::start(&config);
    daemon.expect("waiting for the driver");
    connect(&path).ask(&Request::Status).expect("an answer");
    let other = Daemon::start(&config);
    let line = other.expect("another irqcastd listens");
    assert!(line.contains("--control-socket"), "{line}");
    assert_eq!(other.exit_code(), Some(1));
    connect(&path).ask(&Request::Status).expect("an answer");
    daemon.signal("TERM");
    daemon.expect("stopped");
    until("the socket to go", || (!path.exists()).then_some(()));
    assert!(matches!(
        Client::connect(&path),
        Err(ClientError::NotRunning(_))
    ));
}

/// With a metrics file and clients that say nothing, an idle daemon is not woken up at all.
#[test]
fn idle_daemon_sleeps() {
    if driver_is_loaded() {
        return;
    }
    let config = format!("[metrics]\nfile = \"FOLDER/a.prom\"\ninterval = 1\n{RIGHT}");
    let daemon = start(&config, &[]);
    let _silent = UnixStream::connect(socket(&daemon)).expect("the daemon listens");
    let pid = status(&daemon).pid;
    let sleeps = || {
        let text = fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
        let line = text
            .lines()
            .find(|line| line.starts_with("voluntary_ctxt_switches"));
        line.expect("a counter").to_owned()
    };
    // What the start and the question above set off is over after the interval.
    thread::sleep(Duration::from_secs(3));
    let before = sleeps();
    thread::sleep(Duration::from_secs(3));
    assert_eq!(sleeps(), before);
}

#[test]
fn explain_reads_a_file_or_standard_input() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("irqcastd.toml");
    fs::write(
        &config,
        "[[rule]]\nname = \"a\"\nmatch.cause-all = 0x5\nhook.command = [\"/bin/sh\"]\n",
    )
    .expect("written");
    let file = folder.path().join("event.json");
    fs::write(&file, event(1).to_json()).expect("written");
    let explain = |event: &str, more: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_irqcastd"))
            .args(["explain", "--config"])
            .arg(&config)
            .arg(event)
            .args(more)
            .stdin(fs::File::open(&file).expect("a file"))
            .output()
            .expect("it runs");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        (
            output.status.code(),
            text(output.stdout),
            text(output.stderr),
        )
    };
    let expected = "a: does not match\n  cause-all: wanted is all of 0x5, there is 0x6\n";
    for event in ["-", file.to_str().expect("text")] {
        assert_eq!(
            explain(event, &[]),
            (Some(0), expected.to_owned(), String::new())
        );
    }
    let (code, json, _) = explain("-", &["--json"]);
    assert_eq!(code, Some(0));
    assert!(json.contains("\"condition\":\"cause-all\""), "{json}");
    let (code, _, said) = explain(config.to_str().expect("text"), &[]);
    assert_eq!(code, Some(1));
    assert!(said.contains("not an event or a loss"), "{said}");
}
