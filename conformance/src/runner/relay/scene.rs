//! A mailbox of one's own for each case, and what a depositor does.

use serde_json::{Value, json};

use super::answer::Answer;
use super::owner::{Owner, name_of, now};
use crate::keys::{base64url, from_base64url};
use crate::primitives::sha256;
use crate::runner::attempt::Try;
use crate::runner::case::Outcome;
use crate::runner::target::Endpoint;
use crate::runner::target::http::{Request, Response};
use crate::runner::target::trials::expect;

pub(super) const MAILBOX: &str = "/v1/mailbox";
pub(super) const KEY_TYPE: &str = "application/didshake-mailbox-key";
const ENVELOPES_TYPE: &str = "application/didshake-envelopes";
/// The shortest envelope.
pub(super) const SHORTEST: usize = 578;

/// An owner with a fresh mailbox at a relay.
pub(crate) struct Scene<'e> {
    pub(super) endpoint: &'e Endpoint,
    pub(super) owner: Owner<'e>,
    /// The mailbox object as it came when the mailbox was opened.
    pub(super) opened: Value,
    /// `/m/NAME`.
    pub(super) path: String,
    seed: u64,
    name: String,
}

/// A deposit token: on the wire, and what a relay keeps.
#[derive(Clone)]
pub(super) struct Token {
    pub(super) text: String,
    pub(super) hash: String,
}

/// A deposit as the owner is shown it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shown {
    pub(super) sequence: u64,
    pub(super) expires: u64,
    pub(super) envelope: Vec<u8>,
}

impl<'e> Scene<'e> {
    pub(super) fn open(endpoint: &'e Endpoint, seed: u64, name: &str) -> Try<Self> {
        let mut owner = Owner::login(endpoint, seed, name)?;
        // What an earlier run of the same seed has left.
        owner.ask("DELETE", MAILBOX, &[], "")?;
        let opened = owner.ask("PUT", MAILBOX, &[], "")?.json(201)?;
        let path = path_of(endpoint, &opened)?;
        Ok(Self { endpoint, owner, opened, path, seed, name: name.to_owned() })
    }

    /// Leaves nothing behind.
    pub(super) fn close(&mut self) {
        // A relay that does not close it has failed its own case.
        let _ = self.owner.ask("DELETE", MAILBOX, &[], "");
    }

    /// Somebody else who has logged in, without a mailbox.
    pub(super) fn somebody(&self) -> Try<Owner<'e>> {
        let mut other = Owner::login(self.endpoint, self.seed, &format!("{} somebody else", self.name))?;
        other.ask("DELETE", MAILBOX, &[], "")?;
        Ok(other)
    }

    /// A token that the relay has not been told of.
    pub(super) fn unknown_token(&mut self) -> Token {
        let secret = self.owner.draw();
        let hash = base64url(&sha256(&[b"didshake/1 deposit token", &secret]));
        Token { text: base64url(&secret), hash }
    }

    /// A token that the relay lets in, with these limits.
    pub(super) fn token_with(&mut self, limits: &Value) -> Try<Token> {
        let token = self.unknown_token();
        let answer = self.owner.send("PUT", &format!("{MAILBOX}/tokens/{}", token.hash), limits)?;
        answer.empty(201)?;
        Ok(token)
    }

    pub(super) fn token(&mut self) -> Try<Token> {
        self.token_with(&json!({ "expires": null, "waiting": null, "bytes": null }))
    }

    /// An envelope of the shortest class: to a relay nothing but bytes.
    pub(super) fn envelope(&mut self) -> Vec<u8> {
        let mut envelope = vec![33, 1];
        while envelope.len() < SHORTEST {
            envelope.extend(self.owner.draw());
        }
        envelope.truncate(SHORTEST);
        envelope
    }

    pub(super) fn envelopes(&mut self, count: usize) -> Vec<Vec<u8>> {
        (0..count).map(|_| self.envelope()).collect()
    }

    /// A depositor's request, whatever comes of it.
    pub(super) fn ask(&self, request: Request) -> Try<Response> {
        request.exchange(self.endpoint)
    }

    pub(super) fn request(&self, method: &'static str, path: &str, token: Option<&str>) -> Request {
        let mut headers = vec![("Host", self.endpoint.authority.clone())];
        headers.extend(token.map(|token| ("Authorization", format!("DIDShake-Deposit {token}"))));
        Request { method, path: path.to_owned(), headers, body: Vec::new() }
    }

    pub(super) fn post(&self, body: Vec<u8>, token: Option<&str>, path: &str) -> Request {
        let mut request = self.request("POST", path, token).with("Content-Type", ENVELOPES_TYPE);
        request.body = body;
        request
    }

    /// Deposits with an expiry of their own, whatever comes of it.
    pub(super) fn deposit_until(&self, token: &Token, deposits: &[(u64, &[u8])]) -> Try<Response> {
        self.ask(self.post(body(deposits), Some(&token.text), &self.path))
    }

    /// Deposits that wait for an hour; they have to be taken in.
    pub(super) fn deposit(&self, token: &Token, envelopes: &[&[u8]]) -> Try<Vec<String>> {
        let until = now() + 3_600;
        let deposits: Vec<(u64, &[u8])> = envelopes.iter().map(|envelope| (until, *envelope)).collect();
        let asked: Vec<String> = envelopes.iter().map(|envelope| deposit_name(envelope)).collect();
        told(&self.deposit_until(token, &deposits)?.json(200)?, &asked)
    }

    /// The states of these envelopes, as this token is told them.
    pub(super) fn states(&self, token: &Token, envelopes: &[&[u8]]) -> Try<Vec<String>> {
        let asked: Vec<String> = envelopes.iter().map(|envelope| deposit_name(envelope)).collect();
        let answer = self.ask(self.asked(&token.text, &json!({ "deposits": asked })))?;
        told(&answer.json(200)?, &asked)
    }

    pub(super) fn asked(&self, token: &str, body: &Value) -> Request {
        let path = format!("{}/states", self.path);
        let mut request = self.request("POST", &path, Some(token)).with("Content-Type", "application/json");
        request.body = body.to_string().into_bytes();
        request
    }

    /// What waits, as the owner is shown it.
    pub(super) fn shown(&mut self, query: &str) -> Try<Vec<Shown>> {
        let listed = self.owner.get(&format!("{MAILBOX}/deposits{query}"))?.json(200)?;
        let wrong = || Outcome::differs("`deposits`", "deposits as section 3 has them", listed.to_string());
        let list = listed.get("deposits").and_then(Value::as_array).ok_or_else(wrong)?;
        list.iter().map(|deposit| Shown::of(deposit).ok_or_else(wrong)).collect()
    }

    pub(super) fn shown_envelopes(&mut self) -> Try<Vec<Vec<u8>>> {
        Ok(self.shown("")?.into_iter().map(|shown| shown.envelope).collect())
    }

    pub(super) fn answer(&mut self, taken: &[u64], refused: &[u64]) -> Try<()> {
        let answers = json!({ "taken": taken, "refused": refused });
        self.owner.send("POST", &format!("{MAILBOX}/answers"), &answers)?.empty(204)
    }

    /// Nothing waits here.
    pub(super) fn nothing_waits(&mut self) -> Try<()> {
        let shown = self.shown("")?;
        expect(shown.is_empty(), "what waits", "nothing", shown.len())
    }
}

impl Shown {
    pub(super) fn of(deposit: &Value) -> Option<Self> {
        let number = |name: &str| deposit.get(name).and_then(Value::as_u64);
        let envelope = deposit.get("envelope").and_then(Value::as_str).and_then(from_base64url)?;
        Some(Self { sequence: number("sequence")?, expires: number("expires")?, envelope })
    }
}

/// The first 16 bytes of H("didshake/1 deposit" ‖ envelope).
pub(super) fn deposit_name(envelope: &[u8]) -> String {
    name_of(&sha256(&[b"didshake/1 deposit", envelope]))
}

/// One or more of u64 expires · vec32<envelope>.
pub(super) fn body(deposits: &[(u64, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (expires, envelope) in deposits {
        body.extend_from_slice(&expires.to_be_bytes());
        body.extend_from_slice(&u32::try_from(envelope.len()).unwrap_or(u32::MAX).to_be_bytes());
        body.extend_from_slice(envelope);
    }
    body
}

/// The states in an answer, which names what was asked, in its order.
fn told(answer: &Value, asked: &[String]) -> Try<Vec<String>> {
    let wrong = || Outcome::differs("`deposits`", format!("a state of each of {asked:?}"), answer.to_string());
    let list = answer.get("deposits").and_then(Value::as_array).ok_or_else(wrong)?;
    let text = |told: &Value, name: &str| told.get(name).and_then(Value::as_str).map(str::to_owned);
    let names: Option<Vec<String>> = list.iter().map(|told| text(told, "deposit")).collect();
    let states: Option<Vec<String>> = list.iter().map(|told| text(told, "state")).collect();
    if names.as_deref() != Some(asked) {
        return Err(wrong());
    }
    states.ok_or_else(wrong)
}

/// The path of a mailbox URL, which is one at this relay.
pub(super) fn path_of(endpoint: &Endpoint, object: &Value) -> Try<String> {
    let url = object.get("url").and_then(Value::as_str).unwrap_or_default();
    let origin = format!("http://{}", endpoint.authority);
    let name = url.strip_prefix(&origin).and_then(|path| path.strip_prefix("/m/"));
    let drawn = name.and_then(from_base64url).is_some_and(|name| name.len() == 16);
    expect(drawn, "`url`", &format!("{origin}/m/ and 16 bytes in base64url"), url)?;
    Ok(format!("/m/{}", name.unwrap_or_default()))
}
