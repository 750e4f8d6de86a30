//! The model as a shim: the reference of the runner, and, with one check off or one field wrong, the broken
//! implementations that the runner has to catch.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use serde_json::{Value, json};

use crate::card::CardCheck;
use crate::check::{Check, Checks, Stop};
use crate::config::Config;
use crate::fixed;
use crate::mailbox::MailboxCheck;
use crate::mailbox::check::{self as letters, Named};
use crate::webvh::{self, WebvhCheck};
use crate::wrong::Wrong;

mod attempt;
mod kept;
mod logs;
mod pieces;

#[cfg(test)]
pub(crate) use {kept::check as read_alone, logs::check as resolve_alone};

/// What is broken; nothing, or one thing.
#[derive(Clone, Copy, Default)]
pub struct Broken {
    without: Option<Named>,
    pub(crate) wrong: Option<Wrong>,
}

impl Broken {
    /// By the name of the check that is off, or of the field that is wrong.
    ///
    /// # Errors
    /// If there is none of that name.
    pub fn named(without: Option<&str>, wrong: Option<&str>) -> Result<Self, String> {
        let all = || {
            let of_letters = MailboxCheck::ALL.iter().copied().map(Named::from);
            let of_cards = CardCheck::ALL.iter().copied().map(Named::from);
            let of_logs = WebvhCheck::ALL.iter().copied().map(Named::from);
            Check::ALL.iter().copied().map(Named::from).chain(of_letters).chain(of_cards).chain(of_logs)
        };
        let find = |name: &str| all().find(|check| check.name() == name);
        let without = match without {
            Some(name) => Some(find(name).ok_or_else(|| format!("no check has the name `{name}`"))?),
            None => None,
        };
        let wrong = match wrong {
            Some(name) => Some(Wrong::named(name).ok_or_else(|| format!("nothing wrong has the name `{name}`"))?),
            None => None,
        };
        Ok(Self { without, wrong })
    }

    fn checks(self) -> Checks {
        self.checks_of_letters().of_handshakes()
    }

    /// The same for mailbox keys, letters and cards.
    fn checks_of_letters(self) -> letters::Checks {
        self.without.map_or(letters::Checks::all(), letters::Checks::all_but)
    }

    /// The same for logs.
    fn checks_of_logs(self) -> webvh::Checks {
        match self.without {
            Some(Named::Log(check)) => webvh::Checks::all_but(check),
            _ => webvh::Checks::all(),
        }
    }
}

/// Answers requests until the input ends.
///
/// # Errors
/// If standard input or output cannot be used.
pub fn serve(broken: Broken) -> io::Result<()> {
    let (mut output, mut attempts) = (io::stdout().lock(), BTreeMap::new());
    for line in io::stdin().lock().lines() {
        let answer = match serde_json::from_str::<Value>(&line?) {
            Ok(request) => dispatch(broken, &mut attempts, &request),
            Err(cause) => json!({ "crash": cause.to_string() }),
        };
        writeln!(output, "{answer}")?;
        output.flush()?;
    }
    Ok(())
}

/// An attempt lives on a thread of its own, so that it can borrow its configuration.
struct Line {
    requests: Sender<Value>,
    answers: Receiver<Value>,
}

impl Line {
    fn ask(&self, request: &Value) -> Value {
        let answer = self.requests.send(request.clone()).ok().and_then(|()| self.answers.recv().ok());
        answer.unwrap_or_else(|| json!({ "crash": "the attempt is over" }))
    }
}

fn dispatch(broken: Broken, attempts: &mut BTreeMap<String, Line>, request: &Value) -> Value {
    let text = |name: &str| request.get(name).and_then(Value::as_str).unwrap_or_default();
    match text("op") {
        "hello" => introduction(),
        "new" => match begin(broken, request) {
            Ok((line, first)) => {
                attempts.insert(text("sid").to_owned(), line);
                first
            }
            Err(what) => json!({ "crash": what }),
        },
        "free" => {
            attempts.remove(text("sid"));
            json!({})
        }
        "check" => kept::check(broken.checks_of_letters(), request)
            .or_else(|| logs::check(broken.checks_of_logs(), request))
            .unwrap_or_else(|| pieces::check(broken.checks(), request)),
        "make" => kept::make(broken, request),
        "recv" | "seal" | "open" | "update" | "close" | "export" => match attempts.get(text("sid")) {
            Some(line) => line.ask(request),
            None => json!({ "crash": "no attempt has this sid" }),
        },
        op => json!({ "skip": format!("no op `{op}`") }),
    }
}

fn introduction() -> Value {
    json!({
        "name": "model", "version": env!("CARGO_PKG_VERSION"), "language": "Rust (the model)",
        "roles": ["initiator", "responder"],
        "features": [
            "codes", "random", "suite_2", "test_suite", "web", "extensions", "token", "channel", "export",
            "decode", "document", "schedule", "ed25519", "request", "mailbox", "card", "webvh",
        ],
    })
}

fn begin(broken: Broken, request: &Value) -> Result<(Line, Value), String> {
    let config = config(request).map_err(|cause| format!("`new`: {cause}"))?;
    let initiator = request.get("role").and_then(Value::as_str) == Some("initiator");
    let (requests, inbox) = channel();
    let (outbox, answers) = channel();
    thread::spawn(move || attempt::live(broken, &config, initiator, &inbox, &outbox));
    let line = Line { requests, answers };
    let first = line.answers.recv().map_err(|_| "the attempt did not begin".to_owned())?;
    Ok((line, first))
}

/// The vectors' configuration, from the members of `new`. What concerns the other role is never looked at.
fn config(request: &Value) -> serde_json::Result<Config> {
    let member = |name: &str| request.get(name).cloned().unwrap_or_default();
    let keys = member("key");
    let mut own = member("options").as_object().cloned().unwrap_or_default();
    let policy = member("policy");
    own.insert("policy".to_owned(), policy.get("decision").cloned().unwrap_or_default());
    let admit = policy.get("admit").cloned().unwrap_or_default();
    let initiator = request.get("role").and_then(Value::as_str) == Some("initiator");
    let random = member("random");
    let mut draw = |names: [&str; 2], several: bool| {
        for name in names {
            let drawn = || if several { json!([pieces::draw(), pieces::draw()]) } else { json!(pieces::draw()) };
            own.insert(name.to_owned(), random.get(name).cloned().unwrap_or_else(drawn));
        }
    };
    let mut config = fixed::config().map_err(|_| serde::de::Error::custom("the model's own configuration"))?;
    if initiator {
        draw(["ephemeral_secrets", "nonces"], true);
        own.insert("expect".to_owned(), admit);
        own.insert("identity".to_owned(), keys.get(0).cloned().unwrap_or_default());
        config.initiator = serde_json::from_value(Value::Object(own))?;
    } else {
        draw(["ephemeral_secret", "nonce"], false);
        own.insert("admit".to_owned(), admit);
        own.insert("identities".to_owned(), keys);
        config.responder = serde_json::from_value(Value::Object(own))?;
    }
    config.now = serde_json::from_value(member("now"))?;
    config.binding = serde_json::from_value(member("binding"))?;
    config.prologue = serde_json::from_value(member("prologue"))?;
    config.documents = serde_json::from_value(member("resolver"))?;
    Ok(config)
}

/// A refusal, or what the model cannot go on with.
fn stopped(stop: Stop) -> Value {
    match stop {
        Stop::Refused(check) | Stop::SecondFault(check) => {
            json!({ "error": check.code().name(), "alert": check.alert() })
        }
        Stop::Broken(what) => json!({ "crash": what }),
    }
}
