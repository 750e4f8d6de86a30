//! Logins: handshakes over HTTP, and signed requests of the sessions.

use std::collections::BTreeMap;

use super::draw;
use super::http::{Answered, Asked};
use crate::check::{Checks, Step, Stop};
use crate::config::{Config, Hex};
use crate::deviation::Token;
use crate::fixed;
use crate::keys::base64url;
use crate::play::HONEST;
use crate::receive::Incoming;
use crate::request::{Burned, Request, Service, Session, judge_alone};
use crate::responder::Responder;
use crate::sender::Sender;
use crate::wire;

const LIFETIME: u32 = 3_600;

pub(super) struct Logins {
    config: Config,
    /// By the waiting state: the configuration with its randomness, and Hello.
    attempts: BTreeMap<String, (Config, Vec<u8>)>,
    sessions: Vec<(Session, String)>,
    burned: Vec<Burned>,
}

impl Logins {
    pub(super) fn new(origin: &str) -> Step<Self> {
        let mut config = fixed::config()?;
        config.binding = 3;
        config.prologue = Hex(origin.as_bytes().to_vec());
        config.responder.identities = vec![fixed::key_identity(1, "model relay")?];
        config.responder.application_protocols = vec!["didshake.login/1".to_owned()];
        config.responder.lifetime = LIFETIME;
        Ok(Self { config, attempts: BTreeMap::new(), sessions: Vec::new(), burned: Vec::new() })
    }

    pub(super) fn did(&self) -> &str {
        self.config.responder.identities.first().map_or("", |identity| &identity.did)
    }

    /// A message of a handshake; what is refused is `denied`.
    pub(super) fn message(&mut self, asked: &Asked, now: u64) -> Answered {
        let done = match asked.one("didshake-state") {
            None => self.hello(&asked.body, now),
            Some(state) => self.finish(&asked.body, &state, now),
        };
        done.unwrap_or_else(|_| {
            let alert = Answered::bytes("application/didshake", vec![wire::ALERT, 49]);
            alert.status(401).with("WWW-Authenticate", "DIDShake")
        })
    }

    fn hello(&mut self, message: &[u8], now: u64) -> Step<Answered> {
        let mut config = Config { now, ..self.config.clone() };
        config.responder.ephemeral_secret = Hex(draw(32)?);
        config.responder.nonce = Hex(draw(32)?);
        let reply = Responder::new(&config).read_hello(incoming(message, &Sender::default()), HONEST)?;
        let reply = reply.ok_or(Stop::Broken("an alert"))?;
        let state = base64url(&draw(16)?);
        self.attempts.insert(state.clone(), (config, message.to_vec()));
        Ok(Answered::bytes("application/didshake", reply.wire).with("DIDShake-State", &state))
    }

    fn finish(&mut self, message: &[u8], state: &str, now: u64) -> Step<Answered> {
        let (config, hello) = self.attempts.remove(state).ok_or(Stop::Broken("no such attempt"))?;
        let nobody = Sender::default();
        let mut responder = Responder::new(&config);
        // The same randomness gives the same Reply.
        responder.read_hello(incoming(&hello, &nobody), HONEST)?;
        let accept = responder.read_finish(incoming(message, &nobody), Token::Good, HONEST)?;
        let accept = accept.ok_or(Stop::Broken("an alert"))?;
        let peer = responder.peer.ok_or(Stop::Broken("nobody"))?;
        let session = Session {
            id: Hex(responder.keys.session_id),
            origin: String::from_utf8_lossy(&config.prologue.0).into_owned(),
            exporter: Hex(responder.keys.exporter),
            accepted: now,
            lifetime: LIFETIME,
            used: true,
        };
        self.sessions.push((session, String::from_utf8_lossy(&peer.did).into_owned()));
        Ok(Answered::bytes("application/didshake", accept.wire))
    }

    /// Whose signed request it is; its nonce is used up.
    pub(super) fn who(&mut self, asked: &Asked, now: u64) -> Option<String> {
        let origin = String::from_utf8_lossy(&self.config.prologue.0).into_owned();
        let sessions = self.sessions.iter().map(|(session, _)| session.clone()).collect();
        let service = Service { now, origin, sessions, burned: self.burned.clone() };
        let request = Request {
            method: asked.method.clone(),
            path: asked.path.clone(),
            query: asked.query.clone(),
            body: Hex(asked.body.clone()),
            content_digest: asked.all("content-digest"),
            signature_input: asked.all("signature-input"),
            signature: asked.all("signature"),
        };
        let burns = judge_alone(&service, &request).ok()?;
        let whose = self.sessions.iter().find(|(session, _)| session.id == burns.session_id);
        let did = whose.map(|(_, did)| did.clone());
        self.burned.push(Burned { session_id: burns.session_id, nonce: burns.nonce });
        did
    }
}

fn incoming<'a>(wire: &'a [u8], sender: &'a Sender) -> Incoming<'a> {
    Incoming { wire, sender, checks: Checks::all() }
}
