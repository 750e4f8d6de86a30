//! An owner: a session of the model, and its signed requests.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::bytes::array;
use crate::check::Step;
use crate::config::{Admission, Hex, Identity};
use crate::keys::{ED25519_CODEC, base64url};
use crate::request::{Client, Draft, Target, hmac, signature};
use crate::runner::attempt::Try;
use crate::runner::case::Outcome;
use crate::runner::dice::Dice;
use crate::runner::live::read;
use crate::runner::target::Endpoint;
use crate::runner::target::http::{Request, Response};
use crate::runner::target::trials::{meeting, shaken};
use crate::{ed25519, fixed};

/// The clock, which a relay has too.
pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

/// Somebody who has logged in.
pub(super) struct Owner<'e> {
    endpoint: &'e Endpoint,
    pub(super) identity: Identity,
    session_id: Vec<u8>,
    exporter: Vec<u8>,
    dice: Dice,
}

fn identity(seed: Vec<u8>) -> Step<Identity> {
    let public = ed25519::pair(&seed)?.public;
    let did = fixed::did_key_of(&ED25519_CODEC, &public);
    Ok(Identity { did, fragment: String::new(), algorithm: 1, secret_key: Hex(seed) })
}

impl<'e> Owner<'e> {
    /// Logs in with a did:key that the seed and the name give.
    pub(super) fn login(endpoint: &'e Endpoint, seed: u64, name: &str) -> Try<Self> {
        let mut dice = Dice::new(seed, name);
        let identity = read("the model", identity(dice.bytes()))?;
        let mut config = meeting(endpoint, seed)?;
        dice.freshen(&mut config);
        config.initiator.identity = identity.clone();
        config.initiator.expect = Admission::Did { did: endpoint.did.clone() };
        let (_, stands) = shaken(endpoint, &config)?;
        let (session_id, exporter) = (stands.keys.session_id, stands.keys.exporter);
        Ok(Self { endpoint, identity, session_id, exporter, dice })
    }

    /// The three fields of a signed request.
    pub(super) fn fields(
        &mut self,
        method: &str,
        path: &str,
        query: Option<&str>,
        body: &[u8],
    ) -> Try<Vec<(&'static str, String)>> {
        let client = Client {
            origin: format!("http://{}", self.endpoint.authority),
            exporter: Hex(self.exporter.clone()),
            session_id: Hex(self.session_id.clone()),
            created: now(),
            nonce: Hex(self.dice.bytes().into_iter().take(16).collect()),
        };
        let (method, path, query) = (method.to_owned(), path.to_owned(), query.map(str::to_owned));
        let target = Target { method, path, query, body: body.to_vec() };
        let signed = Draft::of(&client, &target).and_then(|draft| {
            let mac = hmac(&draft.key, &draft.base()?);
            Ok((draft, mac))
        });
        let broken = |halt| Outcome::differs("the model", "a signed request", format!("{halt:?}"));
        let (draft, mac) = signed.map_err(broken)?;
        Ok(vec![
            ("Content-Digest", draft.content_digest),
            ("Signature-Input", draft.input),
            ("Signature", signature(&mac)),
        ])
    }

    /// A signed request, whatever comes of it. A query stands after `?` in `path`.
    pub(super) fn ask(&mut self, method: &'static str, path: &str, body: &[u8], kind: &str) -> Try<Response> {
        let (bare, query) = path.split_once('?').map_or((path, None), |(bare, query)| (bare, Some(query)));
        let mut headers = self.fields(method, bare, query, body)?;
        headers.push(("Host", self.endpoint.authority.clone()));
        if !body.is_empty() {
            headers.push(("Content-Type", kind.to_owned()));
        }
        Request { method, path: path.to_owned(), headers, body: body.to_vec() }.exchange(self.endpoint)
    }

    pub(super) fn get(&mut self, path: &str) -> Try<Response> {
        self.ask("GET", path, &[], "")
    }

    pub(super) fn send(&mut self, method: &'static str, path: &str, body: &Value) -> Try<Response> {
        self.ask(method, path, body.to_string().as_bytes(), "application/json")
    }

    /// 32 bytes as a name for somebody to be.
    pub(super) fn draw(&mut self) -> Vec<u8> {
        self.dice.bytes()
    }

    /// The mailbox of this owner with a key that is good for so long: for the model's own letters.
    pub(super) fn mailbox(&mut self, begins: u64, ends: u64) -> crate::mailbox::Owner {
        let Identity { did, fragment, algorithm, secret_key } = self.identity.clone();
        let mailbox_secret = Hex(self.dice.bytes());
        crate::mailbox::Owner { did, fragment, algorithm, signing_key: secret_key, mailbox_secret, begins, ends }
    }
}

/// A number of 8 bytes.
pub(super) fn u64_of(bytes: &[u8]) -> Option<u64> {
    array(bytes).ok().map(u64::from_be_bytes)
}

/// The first 16 bytes, in base64url.
pub(super) fn name_of(hash: &[u8]) -> String {
    base64url(hash.get(..16).unwrap_or_default())
}
