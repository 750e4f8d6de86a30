//! One attempt in a shim, spoken in the words of `spec/conformance.md`.

use serde_json::{Map, Value, json};

use super::case::{Failure, Outcome};
use super::shim::{Answer, Shim};
use crate::config::{Admission, Config, Hex, Policy};
use crate::vector::Role;

/// Leaves a case early: with a failure or a skip.
pub(crate) type Try<T> = Result<T, Outcome>;

/// What a shim made of a message or record.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Reaction {
    /// It went on: what it sends, and what it says beside.
    Went {
        send: Vec<Vec<u8>>,
        said: Map<String, Value>,
    },
    Refused(Refusal),
}

/// What was sent, and what was said beside.
pub(crate) type Went = (Vec<Vec<u8>>, Map<String, Value>);

/// A refusal: the code (unless the shim names none), the alert, and what really goes out.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) error: Option<String>,
    pub(crate) alert: Option<u8>,
    pub(crate) send: Vec<Vec<u8>>,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let alert = self.alert.map_or_else(|| "no alert".to_owned(), |alert| format!("alert {alert}"));
        write!(f, "{}, {alert}", self.error.as_deref().unwrap_or("an unnamed refusal"))
    }
}

pub(crate) const fn role_name(role: Role) -> &'static str {
    match role {
        Role::Initiator => "initiator",
        Role::Responder => "responder",
    }
}

/// Asks, and leaves the case on a skip or a crash.
pub(crate) fn ask(shim: &mut Shim, request: &Value) -> Try<Map<String, Value>> {
    match shim.ask(request) {
        Answer::Result(answer) => Ok(answer),
        Answer::Skip(why) => Err(Outcome::skipped(why)),
        Answer::Crash(what) => Err(crash(request, what)),
    }
}

fn crash(request: &Value, what: String) -> Outcome {
    let op = request.get("op").and_then(Value::as_str).unwrap_or("?");
    Outcome::Failed(Failure {
        what: format!("`{op}`"),
        expected: "an answer".to_owned(),
        actual: what,
        crash: true,
        ..Failure::default()
    })
}

/// Whether the answer is a refusal, and which.
pub(crate) fn refusal(answer: &Map<String, Value>) -> Try<Option<Refusal>> {
    if !answer.contains_key("error") && !answer.contains_key("alert") {
        return Ok(None);
    }
    let error = answer.get("error").and_then(Value::as_str).map(str::to_owned);
    let alert = match answer.get("alert") {
        None | Some(Value::Null) => None,
        Some(value) => match value.as_u64().and_then(|code| u8::try_from(code).ok()) {
            Some(code) => Some(code),
            None => return Err(Outcome::differs("`alert`", "a number up to 255, or null", value.to_string())),
        },
    };
    Ok(Some(Refusal { error, alert, send: sent(answer)? }))
}

/// `send`: nothing, hex, or a list of hex.
fn sent(answer: &Map<String, Value>) -> Try<Vec<Vec<u8>>> {
    match answer.get("send") {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(list)) => list.iter().map(|value| bytes("send", value)).collect(),
        Some(value) => Ok(vec![bytes("send", value)?]),
    }
}

/// A member that is hex.
pub(crate) fn bytes(name: &str, value: &Value) -> Try<Vec<u8>> {
    let bytes = value.as_str().and_then(|text| hex::decode(text).ok());
    bytes.ok_or_else(|| Outcome::differs(&format!("`{name}`"), "hexadecimal", value.to_string()))
}

/// Whoever the model talks to: an attempt in a shim, or a connection to an endpoint.
pub(crate) trait Party {
    /// Hands over a message; `beside` are members of `recv` (section 1.4 of `spec/conformance.md`).
    fn receive(&mut self, wire: &[u8], beside: Map<String, Value>) -> Try<Reaction>;

    /// The waiting state that the responder gave away, as hex.
    fn token(&self) -> Option<Value>;

    /// Whether its refusals have codes.
    fn codes(&self) -> bool;
}

impl Party for Attempt<'_> {
    fn receive(&mut self, wire: &[u8], beside: Map<String, Value>) -> Try<Reaction> {
        Attempt::receive(self, wire, beside)
    }

    fn token(&self) -> Option<Value> {
        self.token.clone()
    }

    fn codes(&self) -> bool {
        self.shim.has("codes")
    }
}

/// An attempt that the shim holds under a name.
pub(crate) struct Attempt<'s> {
    pub(crate) shim: &'s mut Shim,
    sid: String,
    /// What the responder gave away with its Reply.
    pub(crate) token: Option<Value>,
}

impl<'s> Attempt<'s> {
    /// `new`. Gives what the shim sends first: Hello, or nothing.
    pub(crate) fn open(
        shim: &'s mut Shim,
        sid: &str,
        role: Role,
        config: &Config,
        random: bool,
    ) -> Try<(Self, Vec<Vec<u8>>)> {
        let mut request = settings(config, role, random);
        request.insert("op".to_owned(), json!("new"));
        request.insert("sid".to_owned(), json!(sid));
        let answer = ask(shim, &Value::Object(request))?;
        if let Some(refusal) = refusal(&answer)? {
            return Err(Outcome::differs("`new`", "an attempt", refusal.to_string()));
        }
        let first = sent(&answer)?;
        Ok((Self { shim, sid: sid.to_owned(), token: None }, first))
    }

    /// An attempt that was opened before, under this name.
    pub(crate) fn resume(shim: &'s mut Shim, sid: &str, token: Option<Value>) -> Self {
        Self { shim, sid: sid.to_owned(), token }
    }

    /// `recv`, with members beside the message.
    pub(crate) fn receive(&mut self, wire: &[u8], beside: Map<String, Value>) -> Try<Reaction> {
        let mut request = beside;
        request.insert("wire".to_owned(), json!(hex::encode(wire)));
        let reaction = self.react("recv", request)?;
        if let Reaction::Went { said, .. } = &reaction
            && let Some(token) = said.get("token")
        {
            self.token = Some(token.clone());
        }
        Ok(reaction)
    }

    /// `seal`, `open`, `update`, `close`, `export`, `free`.
    pub(crate) fn react(&mut self, op: &str, mut request: Map<String, Value>) -> Try<Reaction> {
        request.insert("op".to_owned(), json!(op));
        request.insert("sid".to_owned(), json!(self.sid));
        let said = ask(self.shim, &Value::Object(request))?;
        Ok(match refusal(&said)? {
            Some(refusal) => Reaction::Refused(refusal),
            None => Reaction::Went { send: sent(&said)?, said },
        })
    }

    /// Like `react`, where a refusal is a failure.
    pub(crate) fn must(&mut self, op: &str, request: Map<String, Value>) -> Try<Went> {
        went(op, self.react(op, request)?)
    }

    pub(crate) fn free(&mut self) -> Try<()> {
        self.must("free", Map::new()).map(drop)
    }
}

/// A reaction that has to be no refusal.
pub(crate) fn went(what: &str, reaction: Reaction) -> Try<Went> {
    match reaction {
        Reaction::Went { send, said } => Ok((send, said)),
        Reaction::Refused(refusal) => Err(Outcome::differs(what, "it goes on", refusal.to_string())),
    }
}

/// The members of `new` but `op` and `sid`.
fn settings(config: &Config, role: Role, random: bool) -> Map<String, Value> {
    let mut out = match role {
        Role::Initiator => initiator(config, random),
        Role::Responder => responder(config, random),
    };
    out.insert("role".to_owned(), json!(role_name(role)));
    out.insert("now".to_owned(), json!(config.now));
    out.insert("binding".to_owned(), json!(config.binding));
    out.insert("prologue".to_owned(), json!(config.prologue));
    out.insert("resolver".to_owned(), json!(config.documents));
    out
}

fn members(key: Value, random: Option<Value>, policy: Value, options: Value) -> Map<String, Value> {
    let mut out = Map::new();
    out.insert("key".to_owned(), key);
    if let Some(random) = random {
        out.insert("random".to_owned(), random);
    }
    out.insert("policy".to_owned(), policy);
    out.insert("options".to_owned(), options);
    out
}

fn policy(admit: &Admission, decision: &Policy) -> Value {
    json!({ "admit": admit, "decision": decision })
}

fn initiator(config: &Config, random: bool) -> Map<String, Value> {
    let own = &config.initiator;
    members(
        json!([own.identity]),
        random.then(|| json!({ "ephemeral_secrets": own.ephemeral_secrets, "nonces": own.nonces })),
        policy(&own.expect, &own.policy),
        json!({
            "suites": own.suites,
            "first_group": own.first_group,
            "application_protocol": own.application_protocol,
            "recipient": own.recipient,
            "hello_extensions": own.hello_extensions,
            "finish_extensions": own.finish_extensions,
        }),
    )
}

fn responder(config: &Config, random: bool) -> Map<String, Value> {
    let own = &config.responder;
    members(
        json!(own.identities),
        random.then(|| json!({ "ephemeral_secret": own.ephemeral_secret, "nonce": own.nonce })),
        policy(&own.admit, &own.policy),
        json!({
            "default_identity": own.default_identity,
            "suites": own.suites,
            "application_protocols": own.application_protocols,
            "reply_extensions": own.reply_extensions,
            "accept_extensions": own.accept_extensions,
            "lifetime": own.lifetime,
        }),
    )
}

/// Skips what the shim cannot do: the role, what its configuration needs, and `more` features.
pub(crate) fn able(shim: &Shim, role: Role, config: &Config, more: &[&'static str]) -> Try<()> {
    if !shim.plays(role_name(role)) {
        return Err(Outcome::skipped(format!("{} is no {}", shim.about.name, role_name(role))));
    }
    let lacks = needs(config, role).into_iter().chain(more.iter().copied()).find(|feature| !shim.has(feature));
    lacks.map_or(Ok(()), |feature| Err(Outcome::skipped(format!("{} lacks the feature `{feature}`", shim.about.name))))
}

/// A script that is too long for a line a record.
pub(crate) fn too_long<'r>(mut repeats: impl Iterator<Item = &'r Option<u64>>) -> Try<()> {
    let reason = "2^20 records under one secret: too many for a line each (`didshake vectors verify` has them)";
    if repeats.any(Option::is_some) { Err(Outcome::skipped(reason)) } else { Ok(()) }
}

/// What comes beside a Finish: the token as the vectors' `waiting_state` has it, and the clock and endpoint that belong
/// to that. A token of another run is the caller's to find.
pub(crate) fn handed_back(token: Option<&Value>, how: &str, now: u64) -> Map<String, Value> {
    let mut beside = Map::new();
    match how {
        "expired" => drop(beside.insert("now".to_owned(), json!(now + 60))),
        "other_endpoint" => drop(beside.insert("endpoint".to_owned(), json!("/other"))),
        _ => (),
    }
    if let Some(token) = token.and_then(Value::as_str) {
        let token = match how {
            "missing" => String::new(),
            "altered" => altered(token),
            "truncated" => token.get(..token.len().saturating_sub(2)).unwrap_or_default().to_owned(),
            _ => token.to_owned(),
        };
        beside.insert("token".to_owned(), json!(token));
    }
    beside
}

/// Flips a bit in the middle.
fn altered(token: &str) -> String {
    let mut bytes = hex::decode(token).unwrap_or_default();
    let middle = bytes.len() / 2;
    bytes.iter_mut().skip(middle).take(1).for_each(|byte| *byte ^= 1);
    hex::encode(bytes)
}

/// The features that a configuration needs of the shim that plays `role`.
fn needs(config: &Config, role: Role) -> Vec<&'static str> {
    let (initiator, responder) = (&config.initiator, &config.responder);
    let (suites, extended) = match role {
        Role::Initiator => {
            (&initiator.suites, !initiator.hello_extensions.is_empty() || !initiator.finish_extensions.is_empty())
        }
        Role::Responder => {
            (&responder.suites, !responder.reply_extensions.is_empty() || !responder.accept_extensions.is_empty())
        }
    };
    let wanted = [
        ("suite_2", suites.contains(&2)),
        ("test_suite", suites.contains(&crate::primitives::TEST_SUITE)),
        ("web", !config.documents.is_empty()),
        ("extensions", extended),
    ];
    wanted.into_iter().filter(|(_, needed)| *needed).map(|(feature, _)| feature).collect()
}

/// The one message or record that was sent.
pub(crate) fn only(what: &str, send: &[Vec<u8>]) -> Try<Vec<u8>> {
    match send {
        [message] => Ok(message.clone()),
        several => Err(Outcome::differs(what, "one message", format!("{} messages", several.len()))),
    }
}

/// Compares bytes; a difference shows where it begins.
pub(crate) fn same(what: &str, expected: &Hex, actual: &[u8]) -> Try<()> {
    if expected.0 == actual {
        return Ok(());
    }
    let at = expected.0.iter().zip(actual).take_while(|(a, b)| a == b).count();
    let what = format!("{what} from byte {at} on");
    Err(Outcome::differs(&what, hex::encode(&expected.0), hex::encode(actual)))
}
