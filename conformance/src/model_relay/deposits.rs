//! The depositor's requests (section 4).

use serde_json::{Value, json};

use super::http::{Answered, Asked};
use super::mailboxes::{Mailbox, object};
use super::wrong::Wrong;
use super::{State, now};
use crate::keys::{base64url, from_base64url};
use crate::primitives::sha256;

/// The furthest expiry.
const MONTH: u64 = 2_592_000;

/// One envelope in one mailbox.
pub(super) struct Deposit {
    pub(super) sequence: u64,
    pub(super) token: String,
    name: String,
    expires: u64,
    envelope: Vec<u8>,
    pub(super) state: &'static str,
}

impl Deposit {
    pub(super) fn length(&self) -> u64 {
        u64::try_from(self.envelope.len()).unwrap_or(u64::MAX)
    }

    pub(super) fn shown(&self) -> Value {
        json!({ "sequence": self.sequence, "expires": self.expires, "envelope": base64url(&self.envelope) })
    }
}

impl State {
    /// What nobody took in time is over.
    pub(super) fn expire(&mut self) {
        if self.is(Wrong::NeverExpires) {
            return;
        }
        let now = now();
        for deposit in self.mailboxes.iter_mut().flat_map(|mailbox| &mut mailbox.deposits) {
            if deposit.state == "waiting" && deposit.expires <= now {
                deposit.state = "expired";
            }
        }
    }

    pub(super) fn depositor(&mut self, asked: &Asked, rest: &str) -> Answered {
        self.expire();
        let wrong = self.wrong;
        let signed = ["signature", "signature-input", "cookie"].iter().any(|name| !asked.all(name).is_empty());
        if signed && wrong != Some(Wrong::TakesSigned) {
            return Answered::malformed();
        }
        let (name, rest) = rest.split_once('/').map_or((rest, ""), |(name, rest)| (name, rest));
        let token = asked.one("authorization").as_deref().and_then(hash_of);
        let mailbox = self.mailboxes.iter_mut().find(|mailbox| mailbox.name == name);
        if mailbox.is_none() && wrong == Some(Wrong::KnownMailbox) {
            return Answered::problem(404, "no_mailbox");
        }
        let counts = |mailbox: &&mut Mailbox, token: &str| {
            let limits = mailbox.tokens.get(token);
            let over = wrong != Some(Wrong::ExpiredToken);
            limits.is_some_and(|limits| !over || limits.expires.is_none_or(|expires| now() < expires))
        };
        let Some((mailbox, token)) = mailbox.zip(token).filter(|(mailbox, token)| counts(mailbox, token)) else {
            return Answered::problem(401, "token").with("WWW-Authenticate", "DIDShake-Deposit");
        };
        match (asked.method.as_str(), rest) {
            ("GET", "key") => match &mailbox.key {
                Some((key, _)) => Answered::bytes("application/didshake-mailbox-key", key.clone()),
                None => Answered::problem(404, "no_key"),
            },
            ("POST", "") if asked.one("content-type").as_deref() == Some("application/didshake-envelopes") => {
                mailbox.deposit(&token, &asked.body, wrong)
            }
            ("POST", "states") => mailbox.states(&token, &asked.body, wrong),
            _ => Answered::malformed(),
        }
    }
}

/// What a relay keeps of the token in `Authorization`.
fn hash_of(authorization: &str) -> Option<String> {
    let token = authorization.strip_prefix("DIDShake-Deposit ").and_then(from_base64url)?;
    (token.len() == 32).then(|| base64url(&sha256(&[b"didshake/1 deposit token", &token])))
}

/// One or more of u64 expires · vec32<envelope>.
fn read(body: &[u8]) -> Option<Vec<(u64, Vec<u8>)>> {
    let (mut rest, mut deposits) = (body, Vec::new());
    while !rest.is_empty() {
        let (expires, after) = rest.split_first_chunk::<8>()?;
        let (length, after) = after.split_first_chunk::<4>()?;
        let (envelope, after) = after.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        deposits.push((u64::from_be_bytes(*expires), envelope.to_vec()));
        rest = after;
    }
    (!deposits.is_empty()).then_some(deposits)
}

fn is_envelope(envelope: &[u8]) -> bool {
    let class = (9..=17).any(|power| envelope.len() == (1 << power) + 66);
    class && envelope.starts_with(&[33, 1])
}

impl Mailbox {
    /// All of them, or none.
    fn deposit(&mut self, token: &str, body: &[u8], wrong: Option<Wrong>) -> Answered {
        let is = |one: Wrong| wrong == Some(one);
        let Some(mut deposits) = read(body).filter(|all| all.len() <= 64 || is(Wrong::AnyNumber)) else {
            return Answered::malformed();
        };
        let now = now();
        let bad = deposits.iter().position(|(_, envelope)| !is_envelope(envelope) && !is(Wrong::AnyEnvelope));
        if bad.is_some() && !is(Wrong::KeepsHalf) {
            return Answered::problem(400, "envelope_malformed");
        }
        deposits.truncate(bad.unwrap_or(deposits.len()));
        let late = |expires: u64| expires <= now || expires > now + MONTH;
        if deposits.iter().any(|(expires, _)| late(*expires)) && !is(Wrong::AnyExpiry) {
            return Answered::problem(400, "expires");
        }
        let (before, last) = (self.deposits.len(), self.last);
        let mut told = Vec::new();
        for (expires, envelope) in deposits {
            told.push(self.one(token, expires, envelope, is(Wrong::KeepsTwice)));
        }
        let (count, bytes) = self.under(token);
        let limits = self.tokens.get(token);
        let over = |limit: Option<u64>, is: u64| limit.is_some_and(|limit| is > limit);
        let full = over(limits.and_then(|limits| limits.waiting), count) && !is(Wrong::NoWaitingLimit)
            || over(limits.and_then(|limits| limits.bytes), bytes) && !is(Wrong::NoBytesLimit);
        if full {
            self.deposits.truncate(before);
            self.last = last;
            return Answered::problem(507, "full").with("Retry-After", "60");
        }
        if bad.is_some() {
            return Answered::problem(400, "envelope_malformed");
        }
        Answered::json(200, &json!({ "deposits": told }))
    }

    /// Its name and state, new or not.
    fn one(&mut self, token: &str, expires: u64, envelope: Vec<u8>, twice: bool) -> Value {
        let name = name_of(&envelope);
        let known = self.deposits.iter().find(|deposit| deposit.token == token && deposit.name == name);
        let state = known.map_or("waiting", |deposit| deposit.state);
        if known.is_none() || twice {
            self.last += 1;
            let (token, name) = (token.to_owned(), name.clone());
            self.deposits.push(Deposit { sequence: self.last, token, name, expires, envelope, state: "waiting" });
        }
        json!({ "deposit": name, "state": state })
    }

    fn states(&self, token: &str, body: &[u8], wrong: Option<Wrong>) -> Answered {
        let asked = object(body, &["deposits"], wrong).and_then(|object| object.get("deposits")?.as_array().cloned());
        let names: Option<Vec<String>> =
            asked.and_then(|list| list.iter().map(|name| name.as_str().map(str::to_owned)).collect());
        let good = |name: &String| from_base64url(name).is_some_and(|name| name.len() == 16);
        let Some(names) = names.filter(|names| names.len() <= 256 && names.iter().all(good)) else {
            return Answered::malformed();
        };
        let anybodys = wrong == Some(Wrong::TellsOthers);
        let state = |name: &String| {
            let told = |deposit: &&Deposit| deposit.name == *name && (deposit.token == token || anybodys);
            self.deposits.iter().find(told).map_or("unknown", |deposit| deposit.state)
        };
        let told: Vec<Value> = names.iter().map(|name| json!({ "deposit": name, "state": state(name) })).collect();
        Answered::json(200, &json!({ "deposits": told }))
    }
}

/// The first 16 bytes of H("didshake/1 deposit" ‖ envelope).
fn name_of(envelope: &[u8]) -> String {
    base64url(sha256(&[b"didshake/1 deposit", envelope]).get(..16).unwrap_or_default())
}
