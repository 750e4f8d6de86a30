//! The owner's requests (section 3).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::deposits::Deposit;
use super::http::{Answered, Asked};
use super::wrong::Wrong;
use super::{State, draw, now};
use crate::json;
use crate::keys::{base64url, from_base64url};
use crate::mailbox::alone::{ReadKey, read_key};
use crate::mailbox::check::{Checks, Judged};
use crate::mailbox::{SenderView, alone};

pub(super) struct Mailbox {
    pub(super) did: String,
    pub(super) name: String,
    pub(super) key: Option<(Vec<u8>, ReadKey)>,
    pub(super) tokens: BTreeMap<String, Limits>,
    pub(super) deposits: Vec<Deposit>,
    pub(super) last: u64,
}

/// What a token is good for.
#[derive(Default)]
pub(super) struct Limits {
    pub(super) expires: Option<u64>,
    pub(super) waiting: Option<u64>,
    pub(super) bytes: Option<u64>,
}

impl Mailbox {
    pub(super) fn waiting(&self) -> impl Iterator<Item = &Deposit> {
        self.deposits.iter().filter(|deposit| deposit.state == "waiting")
    }

    /// Number and bytes of what waits under a token.
    pub(super) fn under(&self, token: &str) -> (u64, u64) {
        let under = self.waiting().filter(|deposit| deposit.token == token);
        under.fold((0, 0), |(count, bytes), deposit| (count + 1, bytes + deposit.length()))
    }

    fn object(&self, origin: &str) -> Value {
        let (count, bytes) = self.waiting().fold((0u64, 0), |(count, bytes), one| (count + 1, bytes + one.length()));
        json!({
            "url": format!("{origin}/m/{}", self.name), "waiting": count, "bytes": bytes,
            "limits": { "waiting": 10_000, "bytes": 100_000_000, "envelope": 131_138, "tokens": 1_024, "seconds": 2_592_000 },
            "key": self.key.as_ref().map(|(_, key)| base64url(&key.key_id)), "key_ends": self.key.as_ref().map(|(_, key)| key.ends),
        })
    }
}

impl State {
    pub(super) fn owner(&mut self, asked: &Asked, rest: &str, did: &str) -> Answered {
        self.expire();
        let (method, origin) = (asked.method.as_str(), self.origin.clone());
        let at = self.mailboxes.iter().position(|mailbox| mailbox.did == did);
        if (method, rest) == ("PUT", "") {
            return self.open(did, at);
        }
        let (wrong, everybodys) = (self.wrong, self.is(Wrong::AnyOwner));
        let Some((at, mailbox)) = at.and_then(|at| Some((at, self.mailboxes.get_mut(at)?))) else {
            return Answered::problem(404, "no_mailbox");
        };
        match (method, rest.strip_prefix("/tokens/")) {
            ("GET", None) if rest.is_empty() => Answered::json(200, &mailbox.object(&origin)),
            ("DELETE", None) if rest.is_empty() => {
                self.closed = Some(self.mailboxes.remove(at).name);
                Answered::empty(204)
            }
            ("PUT", None) if rest == "/key" => mailbox.set_key(&asked.body, wrong),
            ("PUT", Some(hash)) => mailbox.let_in(hash, &asked.body, wrong),
            ("DELETE", Some(hash)) => mailbox.revoke(hash, wrong),
            ("GET", None) if rest == "/tokens" => mailbox.listed(wrong),
            ("GET", None) if rest == "/deposits" => mailbox.show(asked, wrong),
            ("POST", None) if rest == "/answers" => {
                let name = mailbox.name.clone();
                self.answers(&asked.body, |mailbox| everybodys || mailbox.name == name)
            }
            _ => Answered::problem(404, "not_found"),
        }
    }

    fn open(&mut self, did: &str, at: Option<usize>) -> Answered {
        if let Some(mailbox) = at.and_then(|at| self.mailboxes.get(at)).filter(|_| !self.is(Wrong::OpensAnew)) {
            return Answered::json(200, &mailbox.object(&self.origin));
        }
        let old = self.closed.take().filter(|_| self.is(Wrong::KeepsName));
        let Ok(drawn) = draw(16) else { return Answered::problem(503, "unavailable") };
        let (did, name) = (did.to_owned(), old.unwrap_or_else(|| base64url(&drawn)));
        let (tokens, deposits) = (BTreeMap::new(), Vec::new());
        let mailbox = Mailbox { did, name, key: None, tokens, deposits, last: 0 };
        let object = mailbox.object(&self.origin);
        self.mailboxes.insert(0, mailbox);
        Answered::json(if at.is_some() { 200 } else { 201 }, &object)
    }

    /// A decision stands; sequence numbers are those of one mailbox.
    fn answers(&mut self, body: &[u8], mine: impl Fn(&Mailbox) -> bool) -> Answered {
        let Some(object) = object(body, &["taken", "refused"], self.wrong) else { return Answered::malformed() };
        let list = |name: &str| -> Option<BTreeSet<u64>> {
            let list = object.get(name).map_or(Some(Vec::new()), |list| list.as_array().cloned())?;
            list.iter().map(Value::as_u64).collect()
        };
        let (Some(taken), Some(refused)) = (list("taken"), list("refused")) else { return Answered::malformed() };
        if taken.len() + refused.len() > 1_024 {
            return Answered::malformed();
        }
        let again = self.is(Wrong::AnswersAgain);
        for deposit in self.mailboxes.iter_mut().filter(|mailbox| mine(mailbox)).flat_map(|one| &mut one.deposits) {
            if deposit.state == "waiting" || again {
                for (numbers, state) in [(&taken, "taken"), (&refused, "refused")] {
                    if numbers.contains(&deposit.sequence) {
                        deposit.state = state;
                    }
                }
            }
        }
        Answered::empty(204)
    }
}

impl Mailbox {
    fn set_key(&mut self, body: &[u8], wrong: Option<Wrong>) -> Answered {
        let view = SenderView { now: now(), means: self.did.clone(), documents: BTreeMap::new() };
        let read: Judged<ReadKey> = match wrong {
            Some(Wrong::AnyKey) => Ok(alone::ReadKey::default()),
            _ => read_key(Checks::all(), &view, body),
        };
        let Ok(read) = read else { return Answered::problem(400, "mailbox_key") };
        if self.key.is_none() || wrong != Some(Wrong::OldKey) {
            self.key = Some((body.to_vec(), read));
        }
        Answered::empty(204)
    }

    fn let_in(&mut self, hash: &str, body: &[u8], wrong: Option<Wrong>) -> Answered {
        let object = object(body, &["expires", "waiting", "bytes"], wrong);
        let bytes = from_base64url(hash).is_some_and(|hash| hash.len() == 32);
        let (Some(object), true) = (object, bytes) else { return Answered::malformed() };
        let number = |name: &str| object.get(name).and_then(Value::as_u64);
        let limits = Limits { expires: number("expires"), waiting: number("waiting"), bytes: number("bytes") };
        let before = self.tokens.insert(hash.to_owned(), limits);
        Answered::empty(if before.is_some() { 200 } else { 201 })
    }

    fn revoke(&mut self, hash: &str, wrong: Option<Wrong>) -> Answered {
        if wrong == Some(Wrong::RevokesDeposits) {
            self.deposits.retain(|deposit| deposit.token != hash);
        }
        match self.tokens.remove(hash) {
            Some(_) => Answered::empty(204),
            None => Answered::problem(404, "no_token"),
        }
    }

    fn listed(&self, wrong: Option<Wrong>) -> Answered {
        let one = |(hash, limits): (&String, &Limits)| {
            let (count, bytes) = if wrong == Some(Wrong::ListsNothing) { (0, 0) } else { self.under(hash) };
            json!({
                "hash": hash, "expires": limits.expires, "waiting": limits.waiting, "bytes": limits.bytes,
                "waiting_now": count, "bytes_now": bytes,
            })
        };
        Answered::json(200, &json!({ "tokens": self.tokens.iter().map(one).collect::<Vec<_>>() }))
    }

    fn show(&mut self, asked: &Asked, wrong: Option<Wrong>) -> Answered {
        let numbers = (asked.number("after", 0), asked.number("limit", 64), asked.number("wait", 0));
        let (Some(after), Some(limit @ 1..=256), Some(wait @ 0..=30)) = numbers else { return Answered::malformed() };
        let above = self.waiting().filter(|deposit| deposit.sequence > after);
        let mut shown: Vec<Value> = above.take(usize::try_from(limit).unwrap_or(0)).map(Deposit::shown).collect();
        match wrong {
            Some(Wrong::NewestFirst) => shown.reverse(),
            Some(Wrong::ShowsOnce) => self.deposits.clear(),
            _ => (),
        }
        let nothing = shown.is_empty();
        let answered = Answered::json(200, &json!({ "deposits": shown }));
        if nothing && wrong != Some(Wrong::NoWait) { answered.waiting(wait) } else { answered }
    }
}

/// The JSON object that a body is, with no other members than these.
pub(super) fn object(body: &[u8], members: &[&str], wrong: Option<Wrong>) -> Option<Map<String, Value>> {
    let text = std::str::from_utf8(body).ok()?;
    let Value::Object(object) = serde_json::from_str(text).ok()? else { return None };
    let good = object.keys().all(|name| members.contains(&name.as_str()))
        && json::parse(text).is_some_and(|value| !value.has_duplicates());
    (good || wrong == Some(Wrong::AnyMember)).then_some(object)
}
