//! A shim: a child process that answers one JSON object a line.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::case::Introduction;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Longest answer, so that a shim that floods cannot fill the memory.
const ANSWER_LIMIT: u64 = 16 * 1024 * 1024;
/// How many exchanges a failure shows, and how long each may be.
const LOG_ENTRIES: usize = 12;
const LOG_WIDTH: usize = 2_000;

/// What a shim said.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answer {
    Result(Map<String, Value>),
    Skip(String),
    /// It threw, died, hung or wrote nonsense.
    Crash(String),
}

/// A command line that is started when it is needed, and again after it died.
pub(crate) struct Shim {
    command: Vec<String>,
    running: Option<Running>,
    pub(crate) about: Introduction,
    /// What was asked and answered since the last `begin`.
    log: Vec<String>,
}

struct Running {
    child: Child,
    input: ChildStdin,
    lines: Receiver<io::Result<String>>,
}

impl Shim {
    /// Starts a command line (words separated by white space, no shell) and asks who it is.
    pub(crate) fn start(command: &str) -> Result<Shim, String> {
        let command: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
        let about = Introduction {
            name: command.join(" "),
            version: String::new(),
            language: String::new(),
            roles: Vec::new(),
            features: Vec::new(),
        };
        let mut shim = Shim { command, running: None, about, log: Vec::new() };
        let answer = match shim.ask(&json!({ "op": "hello" })) {
            Answer::Result(answer) => Value::Object(answer),
            Answer::Skip(why) => return Err(format!("{}: `hello` was skipped: {why}", shim.about.name)),
            Answer::Crash(what) => return Err(format!("{}: {what}", shim.about.name)),
        };
        shim.about =
            serde_json::from_value(answer).map_err(|cause| format!("{}: `hello`: {cause}", shim.about.name))?;
        Ok(shim)
    }

    /// Another process of the same command line, with keys of its own.
    pub(crate) fn again(&self) -> Shim {
        Shim { command: self.command.clone(), running: None, about: self.about.clone(), log: Vec::new() }
    }

    pub(crate) fn has(&self, feature: &str) -> bool {
        self.about.features.iter().any(|has| has == feature)
    }

    pub(crate) fn plays(&self, role: &str) -> bool {
        self.about.roles.iter().any(|plays| plays == role)
    }

    /// Forgets the log of the case before.
    pub(crate) fn begin(&mut self) {
        self.log.clear();
    }

    /// The last exchanges of this case.
    pub(crate) fn log(&self) -> Vec<String> {
        let skip = self.log.len().saturating_sub(LOG_ENTRIES);
        self.log.iter().skip(skip).cloned().collect()
    }

    /// Sends a request and waits for its answer. After a crash the next request starts the process anew.
    pub(crate) fn ask(&mut self, request: &Value) -> Answer {
        let line = request.to_string();
        self.remember("→", &line);
        let answer = self.exchange(&line);
        match answer {
            Ok(line) => {
                self.remember("←", &line);
                parse(&line)
            }
            Err(what) => {
                self.stop();
                self.remember("←", &what);
                Answer::Crash(what)
            }
        }
    }

    fn remember(&mut self, arrow: &str, line: &str) {
        let mut entry: String = format!("{arrow} {line}").chars().take(LOG_WIDTH).collect();
        if entry.len() < line.len() {
            entry.push('…');
        }
        self.log.push(entry);
    }

    fn exchange(&mut self, line: &str) -> Result<String, String> {
        let running = match &mut self.running {
            Some(running) => running,
            none => none.insert(Running::start(&self.command)?),
        };
        let written = running.input.write_all(format!("{line}\n").as_bytes()).and_then(|()| running.input.flush());
        written.map_err(|cause| format!("it takes no more requests: {cause}"))?;
        match running.lines.recv_timeout(PATIENCE) {
            Ok(Ok(line)) => Ok(line),
            Ok(Err(cause)) => Err(format!("its output cannot be read: {cause}")),
            Err(RecvTimeoutError::Timeout) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
            Err(RecvTimeoutError::Disconnected) => Err("it ended without an answer".to_owned()),
        }
    }

    fn stop(&mut self) {
        if let Some(mut running) = self.running.take() {
            // Both fail only if it has ended already.
            let _ = running.child.kill();
            let _ = running.child.wait();
        }
    }
}

impl Drop for Shim {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Running {
    fn start(command: &[String]) -> Result<Running, String> {
        let Some((program, arguments)) = command.split_first() else {
            return Err("the command line is empty".to_owned());
        };
        let child = Command::new(program).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = child.map_err(|cause| format!("cannot start `{program}`: {cause}"))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(format!("`{program}` has no pipes"));
        };
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            let mut output = BufReader::new(output);
            loop {
                let mut line = String::new();
                let read = output.by_ref().take(ANSWER_LIMIT).read_line(&mut line);
                let more = matches!(read, Ok(1..));
                let sent = match read {
                    Ok(0) => return,
                    Ok(_) => sender.send(Ok(line)),
                    Err(cause) => sender.send(Err(cause)),
                };
                if sent.is_err() || !more {
                    return;
                }
            }
        });
        Ok(Running { child, input, lines })
    }
}

fn parse(line: &str) -> Answer {
    let answer = match serde_json::from_str(line) {
        Ok(Value::Object(answer)) => answer,
        Ok(_) => return Answer::Crash(format!("an answer that is no object: {}", line.trim_end())),
        Err(cause) => return Answer::Crash(format!("an answer that is no JSON ({cause}): {}", line.trim_end())),
    };
    let text = |name: &str| answer.get(name).map(|value| value.as_str().map_or(value.to_string(), str::to_owned));
    match (text("skip"), text("crash")) {
        (Some(why), _) => Answer::Skip(why),
        (_, Some(what)) => Answer::Crash(what),
        _ => Answer::Result(answer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shim_that_dies_is_a_crash_and_is_started_again() {
        let mut shim = Shim {
            command: vec!["head".to_owned(), "-n1".to_owned()],
            running: None,
            about: Introduction {
                name: "head".to_owned(),
                version: String::new(),
                language: String::new(),
                roles: Vec::new(),
                features: Vec::new(),
            },
            log: Vec::new(),
        };
        let first = shim.ask(&json!({ "op": "a" }));
        assert_eq!(first, Answer::Result(json!({ "op": "a" }).as_object().cloned().unwrap_or_default()));
        assert!(matches!(shim.ask(&json!({ "op": "b" })), Answer::Crash(_)));
        assert!(matches!(shim.ask(&json!({ "op": "c" })), Answer::Result(_)));
        assert_eq!(shim.log().len(), 6);
    }

    #[test]
    fn skips_crashes_and_nonsense_are_told_apart() {
        assert_eq!(parse(r#"{"skip":"no"}"#), Answer::Skip("no".to_owned()));
        assert_eq!(parse(r#"{"crash":"index"}"#), Answer::Crash("index".to_owned()));
        assert!(matches!(parse("[]"), Answer::Crash(_)));
        assert!(matches!(parse("Traceback"), Answer::Crash(_)));
        assert!(matches!(parse("{}"), Answer::Result(_)));
    }
}
