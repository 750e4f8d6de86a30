//! One attempt, in either role, and its channel.

use didshake::{
    AlertCode, AwaitingAccept, AwaitingHello, AwaitingReply, Binding, Burn, Content, Error, Established, Fault,
    HelloRead, Received, ReplyRead, UnixTime, WaitingKeys,
};
use getrandom::SysRng;
use serde_json::{Value, json};

use super::{Step, Stop, bytes, number, text};
use crate::config;
use crate::documents::Documents;
use crate::format::Config;
use crate::outcome::Failure;
use crate::play::{ENDPOINT, answering};
use crate::rng::FixedRng;

enum State {
    Hello(AwaitingHello),
    /// The waiting state is a token that comes back with Finish.
    Finish,
    Reply(AwaitingReply),
    Accept(Box<AwaitingAccept>),
    Over,
}

pub(super) struct Attempt {
    config: Config,
    documents: Documents,
    rng: Option<FixedRng>,
    state: State,
    keys: WaitingKeys,
    token: Vec<u8>,
    burned: Vec<[u8; 32]>,
    established: Option<Established>,
}

impl Attempt {
    /// `new`: the attempt, and what it sends first.
    pub(super) fn new(request: &Value) -> Step<(Self, Value)> {
        let initiator = text(request, "role") == "initiator";
        let (config, random) = configured(request, initiator)?;
        let mut rng =
            random.then(|| if initiator { config::initiator_rng(&config) } else { config::responder_rng(&config) });
        let (state, first) = if initiator {
            let (given, context) = (config::initiator(&config)?, config::context(&config)?);
            let started = match &mut rng {
                Some(rng) => AwaitingReply::start(given, context, rng)?,
                None => AwaitingReply::start(given, context, &mut SysRng)?,
            };
            (State::Reply(started.1), json!({ "send": hex::encode(started.0) }))
        } else {
            (State::Hello(listening(&config)?), json!({}))
        };
        let keys = WaitingKeys::new(config::now(&config), &mut SysRng)?;
        let documents = Documents::new(&config)?;
        let (token, burned) = (Vec::new(), Vec::new());
        Ok((Self { config, documents, rng, state, keys, token, burned, established: None }, first))
    }

    pub(super) fn answer(&mut self, op: &str, request: &Value) -> Step<Value> {
        match op {
            "recv" => self.receive(request),
            "export" => {
                let length = number(request, "length").and_then(|length| u16::try_from(length).ok()).unwrap_or(0);
                let label = text(request, "label").as_bytes();
                let output = self.established()?.exporter.export(label, &bytes(request, "context")?, length)?;
                Ok(json!({ "output": hex::encode(output) }))
            }
            "open" => self.open(&bytes(request, "wire")?),
            _ => self.seal(op, request),
        }
    }

    fn receive(&mut self, request: &Value) -> Step<Value> {
        let wire = bytes(request, "wire")?;
        match std::mem::replace(&mut self.state, State::Over) {
            State::Hello(awaiting) => self.hello(awaiting, &wire),
            State::Finish => self.finish(&wire, request),
            State::Reply(awaiting) => self.reply(awaiting, &wire),
            State::Accept(awaiting) => {
                let read = awaiting.read(&wire);
                let established =
                    read.map_err(|refused| Stop::Refused { error: refused.error, record: refused.record })?;
                Ok(self.done(established, json!({})))
            }
            State::Over => Err(Failure::format("the attempt is over").into()),
        }
    }

    fn hello(&mut self, awaiting: AwaitingHello, wire: &[u8]) -> Step<Value> {
        let now = config::now(&self.config);
        let read = match &mut self.rng {
            Some(rng) => awaiting.read(wire, now, rng)?,
            None => awaiting.read(wire, now, &mut SysRng)?,
        };
        let unsigned = match read {
            HelloRead::Retry { retry, next } => {
                // HTTP judges each request on its own.
                let http = config::context(&self.config)?.binding() == Binding::Http;
                self.state = State::Hello(if http { listening(&self.config)? } else { next });
                return Ok(json!({ "send": hex::encode(retry) }));
            }
            HelloRead::Unsigned(unsigned) => unsigned,
        };
        let signature =
            answering(&self.config, &unsigned)?.key.sign(unsigned.signature_input()).map_err(Error::from)?;
        let (reply, waiting) = unsigned.sign(signature)?;
        self.token = self.keys.seal(&waiting, ENDPOINT, now, &mut SysRng)?;
        self.state = State::Finish;
        Ok(json!({ "send": hex::encode(reply), "token": hex::encode(&self.token) }))
    }

    fn reply(&mut self, awaiting: AwaitingReply, wire: &[u8]) -> Step<Value> {
        let read = match &mut self.rng {
            Some(rng) => awaiting.read(wire, rng)?,
            None => awaiting.read(wire, &mut SysRng)?,
        };
        let responder = match read {
            ReplyRead::Retry { hello, next } => {
                self.state = State::Reply(next);
                return Ok(json!({ "send": hex::encode(hello) }));
            }
            ReplyRead::Claimed(responder) => responder,
        };
        let document = self.documents.resolve(&responder.claim())?;
        let unsigned = responder.verify(&document, config::now(&self.config))?;
        if !config::allows(&self.config.initiator.policy, unsigned.responder()) {
            return Err(unsigned.refuse().into());
        }
        let key = config::holder(&self.config.initiator.identity)?.key;
        let signature = key.sign(unsigned.signature_input()).map_err(Error::from)?;
        let (finish, next) = unsigned.sign(signature)?;
        self.state = State::Accept(Box::new(next));
        Ok(json!({ "send": hex::encode(finish) }))
    }

    /// A refused Finish leaves the waiting state usable, and one that comes again is judged anew (R-STATE-6).
    fn finish(&mut self, wire: &[u8], request: &Value) -> Step<Value> {
        self.state = State::Finish;
        let now = number(request, "now").map_or(config::now(&self.config), UnixTime);
        let endpoint = request.get("endpoint").and_then(Value::as_str).map_or(ENDPOINT, str::as_bytes);
        let token = if request.get("token").is_some() { bytes(request, "token")? } else { self.token.clone() };
        let (given, context) = (config::responder(&self.config)?, config::context(&self.config)?);
        let waiting = self.keys.open(&token, given, context, endpoint, now)?;
        let claimed = waiting.read(wire, now)?;
        let document = self.documents.resolve(&claimed.claim())?;
        let verified = claimed.verify(&document, now)?;
        if !config::allows(&self.config.responder.policy, verified.initiator()) {
            return Err(verified.refuse().into());
        }
        let th3 = *verified.th3();
        let burn = if self.burned.contains(&th3) { Burn::Again } else { Burn::First };
        self.burned.push(th3);
        let extensions = config::accept_extensions(&self.config)?;
        let (accept, established) = verified.accept(burn, self.config.responder.lifetime, extensions)?;
        Ok(self.done(established, json!({ "send": hex::encode(accept) })))
    }

    fn done(&mut self, established: Established, mut said: Value) -> Value {
        let peer = &established.peer;
        let out = json!({
            "peer": {
                "did": peer.did().as_str(), "fragment": peer.fragment().as_str(),
                "algorithm": peer.key().algorithm() as u8, "public_key": hex::encode(peer.key().as_bytes()),
            },
            "session_id": hex::encode(established.session_id), "suite": established.suite.id(),
            "lifetime": established.lifetime,
        });
        if let Value::Object(said) = &mut said {
            said.insert("done".to_owned(), json!(true));
            said.insert("out".to_owned(), out);
        }
        self.established = Some(established);
        said
    }

    fn established(&mut self) -> Step<&mut Established> {
        self.established.as_mut().ok_or_else(|| Failure::format("no handshake stands").into())
    }

    fn seal(&mut self, op: &str, request: &Value) -> Step<Value> {
        let content = bytes(request, "content")?;
        let padding = number(request, "padding").and_then(|padding| usize::try_from(padding).ok()).unwrap_or(0);
        let alert = content.first().and_then(|code| AlertCode::from_byte(*code)).ok_or(Fault::MalformedAlert);
        let content = match (op, text(request, "type")) {
            ("update", _) => Content::KeyUpdate,
            ("close", _) => Content::Close,
            (_, "alert") => Content::Alert(alert?),
            _ => Content::Data(&content),
        };
        let record = self.established()?.channel.sealer().seal(content, padding)?;
        Ok(json!({ "send": hex::encode(record) }))
    }

    fn open(&mut self, wire: &[u8]) -> Step<Value> {
        let (kind, content) = match self.established()?.channel.opener().open(wire)? {
            Received::Data(content) => ("data", content),
            Received::Close => ("close", Vec::new()),
            Received::KeyUpdate => ("key_update", Vec::new()),
            Received::Alert(code) => return Err(Fault::PeerAlert(code).into()),
        };
        Ok(json!({ "type": kind, "content": hex::encode(content) }))
    }
}

fn listening(config: &Config) -> Step<AwaitingHello> {
    Ok(AwaitingHello::new(config::responder(config)?, config::context(config)?)?)
}

/// A vector's configuration from the members of `new`; the other role gets what nobody will look at.
fn configured(request: &Value, initiator: bool) -> Step<(Config, bool)> {
    let member = |name: &str| request.get(name).cloned().unwrap_or_default();
    let (key, policy, random, mut own) = (member("key"), member("policy"), member("random"), member("options"));
    let part = |name: &str| policy.get(name).cloned().unwrap_or_default();
    let first = key.get(0).cloned().unwrap_or_default();
    let mut other = json!({
        "identity": first, "suites": [1], "first_group": 29, "application_protocol": "-", "recipient": false,
        "hello_extensions": [], "finish_extensions": [], "expect": { "any": false }, "policy": { "allow": false },
        "ephemeral_secrets": [], "nonces": [],
    });
    if initiator {
        other = json!({
            "identities": [first], "default_identity": 0, "suites": [1], "application_protocols": [],
            "reply_extensions": [], "accept_extensions": [], "lifetime": 0, "admit": { "any": false },
            "policy": { "allow": false }, "ephemeral_secret": "", "nonce": "",
        });
    }
    if let Value::Object(own) = &mut own {
        own.insert(if initiator { "identity" } else { "identities" }.to_owned(), if initiator { first } else { key });
        own.insert(if initiator { "expect" } else { "admit" }.to_owned(), part("admit"));
        own.insert("policy".to_owned(), part("decision"));
        let drawn: [(&str, Value); 2] = match initiator {
            true => [("ephemeral_secrets", json!([])), ("nonces", json!([]))],
            false => [("ephemeral_secret", json!("")), ("nonce", json!(""))],
        };
        for (name, none) in drawn {
            own.insert(name.to_owned(), random.get(name).cloned().unwrap_or(none));
        }
    }
    let (initiator, responder) = if initiator { (own, other) } else { (other, own) };
    let config = serde_json::from_value(json!({
        "now": member("now"), "binding": member("binding"), "prologue": member("prologue"),
        "initiator": initiator, "responder": responder, "documents": member("resolver"),
    }))?;
    Ok((config, random.is_object()))
}
