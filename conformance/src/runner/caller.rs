//! Tier 3 over a program that initiates: the model listens on a stream and is the responder.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::attempt::{Party, Reaction, Refusal, Try};
use super::case::Outcome;
use super::catalogue::Models;
use super::live::Live;
use super::target::link::{PATIENCE, network, read_framed, send_framed};
use crate::config::{Admission, Config, Policy};
use crate::deviation::Deviation;
use crate::negative::{Fault, Negative};
use crate::vector::Role;
use crate::wire;

/// A program that initiates, and how it is started.
pub(crate) struct Program {
    pub(crate) name: String,
    /// With `{address}` and `{did}` in it.
    command: Vec<String>,
}

/// What a program over a stream speaks.
const APPLICATION: &str = "didshake.chat/1";

impl Program {
    /// Parses `NAME=COMMAND`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let usage = || format!("`{text}`: an initiator is NAME=COMMAND, with {{address}} and {{did}} in the command");
        let (name, command) = text.split_once('=').ok_or_else(usage)?;
        if !command.contains("{address}") || !command.contains("{did}") {
            return Err(usage());
        }
        Ok(Self { name: name.to_owned(), command: command.split_whitespace().map(str::to_owned).collect() })
    }

    pub(crate) fn run(&self, live: &Live<'_>) -> Outcome {
        self.meet(live).err().unwrap_or(Outcome::Passed)
    }

    fn meet(&self, live: &Live<'_>) -> Try<()> {
        let listener = TcpListener::bind("127.0.0.1:0").map_err(|cause| network("listening", &cause))?;
        let address = listener.local_addr().map_err(|cause| network("listening", &cause))?.to_string();
        let did = live.config.responder.identities.first().map(|own| own.did.clone()).unwrap_or_default();
        let mut caller = Caller { child: self.start(&address, &did)?, stream: None };
        let mut stream = caller.accept(&listener)?;
        let hello = read_framed(&mut stream).map_err(|cause| network("hello", &cause))?;
        caller.stream = Some(stream);
        live.against_initiator(&mut caller, &hello.unwrap_or_default()).map(drop)
    }

    fn start(&self, address: &str, did: &str) -> Try<Child> {
        let words: Vec<String> =
            self.command.iter().map(|word| word.replace("{address}", address).replace("{did}", did)).collect();
        let (program, arguments) = words.split_first().ok_or_else(|| network("starting", &"an empty command"))?;
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().map_err(|cause| network("starting", &cause))
    }
}

/// Every case whose responder is nothing but a did:key, did:jwk or did:peer.
pub(crate) fn tests(models: &Models, seed: u64) -> Vec<Live<'_>> {
    models.live(|base, negative| {
        if negative.is_some_and(|negative| !carries(negative)) {
            return None;
        }
        let id = format!("live/initiator/{}", negative.map_or(base.id, |negative| negative.id));
        Live::new(id, Role::Initiator, adapt(&base.config)?, base, negative, seed)
    })
}

/// Nothing is asked of a program a second time, and its configuration is its own.
fn carries(negative: &Negative) -> bool {
    let Fault::Message(deviation) = &negative.fault else { return false };
    !matches!(deviation, Deviation::Token(_) | Deviation::Repeat) && negative.setup.is_none()
}

/// The responder as the base has it; everything that only the program decides is as a plain program has it.
fn adapt(base: &Config) -> Option<Config> {
    let mut config = base.clone();
    let offline = |did: &str| ["did:key:", "did:jwk:", "did:peer:"].iter().any(|method| did.starts_with(method));
    let own = config.responder.identities.first()?.did.clone();
    let plain = config.responder.identities.len() == 1 && config.initiator.suites.iter().all(|suite| *suite < 3);
    if !offline(&own) || !offline(&config.initiator.identity.did) || !plain {
        return None;
    }
    (config.binding, config.prologue.0) = (1, Vec::new());
    config.initiator.suites = vec![1, 2];
    config.initiator.application_protocol = APPLICATION.to_owned();
    config.initiator.expect = Admission::Did { did: own };
    config.initiator.policy = Policy::Allow { allow: true };
    config.initiator.recipient = false;
    config.initiator.hello_extensions.clear();
    config.initiator.finish_extensions.clear();
    config.responder.application_protocols = vec![APPLICATION.to_owned()];
    config.responder.admit = Admission::Any { any: true };
    config.responder.policy = Policy::Allow { allow: true };
    config.documents.clear();
    Some(config)
}

/// A program that has called.
struct Caller {
    child: Child,
    stream: Option<TcpStream>,
}

impl Caller {
    fn accept(&mut self, listener: &TcpListener) -> Try<TcpStream> {
        let start = Instant::now();
        let waited = listener.set_nonblocking(true);
        waited.map_err(|cause| network("listening", &cause))?;
        loop {
            if let Ok((stream, _)) = listener.accept() {
                let ready = stream.set_nonblocking(false).and_then(|()| stream.set_read_timeout(Some(PATIENCE)));
                return ready.map(|()| stream).map_err(|cause| network("the connection", &cause));
            }
            if start.elapsed() > PATIENCE {
                return Err(network("the connection", &"the program does not connect"));
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Party for Caller {
    fn receive(&mut self, message: &[u8], _: Map<String, Value>) -> Try<Reaction> {
        let Some(stream) = &mut self.stream else { return Err(network("sending", &"no connection")) };
        // Whoever has ended already will be found to have said nothing.
        let _ = send_framed(stream, message);
        let answer = read_framed(stream).map_err(|cause| network("reading", &cause))?;
        let refused = |alert| Ok(Reaction::Refused(Refusal { error: None, alert, send: Vec::new() }));
        match answer.as_deref() {
            None | Some([]) => refused(None),
            Some([wire::ALERT, code]) => refused(Some(*code)),
            Some(answer) => {
                let done =
                    if answer.first() == Some(&crate::channel::RECORD) { json!({ "done": true }) } else { json!({}) };
                let said = done.as_object().cloned().unwrap_or_default();
                Ok(Reaction::Went { send: vec![answer.to_vec()], said })
            }
        }
    }

    fn token(&self) -> Option<Value> {
        None
    }

    fn codes(&self) -> bool {
        false
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        // Both fail only if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
