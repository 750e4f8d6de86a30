//! Tier 3 beyond the negatives: honest peers with fresh keys, random damage, half-open storms, stalls, floods.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::attempt::{Attempt, Reaction, Try, able, only, role_name, went};
use super::case::{Case, Outcome, Tier};
use super::dice::Dice;
use super::live::read;
use super::shim::{Answer, Shim};
use crate::check::{Checks, Stop};
use crate::config::{Admission, Config};
use crate::deviation::Token;
use crate::fixed;
use crate::initiator::Initiator;
use crate::play::HONEST;
use crate::receive::Incoming;
use crate::responder::Responder;
use crate::sender::Sender;
use crate::vector::Role;
use crate::wire::Hello;

/// How many attempts a storm leaves half open, and how many Hellos are compared.
const STORM: usize = 200;
const SAMPLES: usize = 8;
/// How many damaged copies of a message are tried in one case.
const COPIES: usize = 24;

/// A case of this module.
pub(crate) struct Misbehaviour {
    pub(crate) case: Case,
    role: Role,
    play: Play,
    seed: u64,
}

#[derive(Clone, Copy)]
enum Play {
    FreshRandomness,
    Storm,
    JustInTime,
    Damage(&'static str),
    Oversize,
    EarlyExport,
    BlindReply,
    Retries,
}

/// Every case, by what it is called, which role it tests, and the requirements.
pub(crate) fn cases(seed: u64) -> Vec<Misbehaviour> {
    let (i, r) = (Role::Initiator, Role::Responder);
    let list: [(&str, Role, Play, &[&str], &str); 14] = [
        ("early-export", i, Play::EarlyExport, &["R-EXP-3", "R-INIT-6"], "no export before Accept has opened"),
        ("early-export", r, Play::EarlyExport, &["R-EXP-3"], "no export before th3 is burned"),
        ("blind-reply", r, Play::BlindReply, &["R-RESP-6"], "Reply does not depend on who may come in"),
        ("retries-over-http", r, Play::Retries, &["R-RETRY-7"], "over HTTP every Hello that needs a Retry gets one"),
        (
            "fresh-randomness",
            i,
            Play::FreshRandomness,
            &["R-SEC-1", "R-EXT-8"],
            "every Hello has a nonce and a share of its own, and no recipient",
        ),
        ("fresh-randomness", r, Play::FreshRandomness, &["R-SEC-1"], "every Reply has a nonce and a share of its own"),
        (
            "half-open-storm",
            r,
            Play::Storm,
            &["R-STATE-6"],
            "200 attempts without Finish keep nobody out, and the first can still finish",
        ),
        ("just-in-time", r, Play::JustInTime, &["R-STATE-1"], "a Finish 59 s after Reply is taken"),
        (
            "damage-hello",
            r,
            Play::Damage("hello"),
            &["R-SCHED-1", "R-RESP-7"],
            "a Hello with one damaged byte never leads to a handshake",
        ),
        ("damage-finish", r, Play::Damage("finish"), &["R-SCHED-4"], "a Finish with one damaged byte is refused"),
        (
            "damage-reply",
            i,
            Play::Damage("reply"),
            &["R-SCHED-4", "R-INIT-5"],
            "a Reply with one damaged byte is refused, before Finish",
        ),
        (
            "damage-accept",
            i,
            Play::Damage("accept"),
            &["R-SCHED-4", "R-INIT-6"],
            "an Accept with one damaged byte gives nothing out",
        ),
        ("oversize", r, Play::Oversize, &["R-WIRE-2", "R-LIMIT-1"], "a Hello of a megabyte is refused by its length"),
        ("oversize", i, Play::Oversize, &["R-WIRE-2", "R-LIMIT-1"], "a Reply of a megabyte is refused by its length"),
    ];
    let case = |(name, role, play, requirements, about): (&str, Role, Play, &[&str], &str)| {
        let id = format!("live/{name}/{}", role_name(role));
        let requirements = requirements.iter().map(|id| (*id).to_owned()).collect();
        Misbehaviour { case: Case::new(id, Tier::Live, requirements, about.to_owned()), role, play, seed }
    };
    list.into_iter().map(case).collect()
}

fn honest<'a>(wire: &'a [u8], nobody: &'a Sender) -> Incoming<'a> {
    Incoming { wire, sender: nobody, checks: Checks::all() }
}

impl Misbehaviour {
    pub(crate) fn run(&self, shim: &mut Shim) -> Outcome {
        self.put(shim).err().unwrap_or(Outcome::Passed)
    }

    fn put(&self, shim: &mut Shim) -> Try<()> {
        let mut dice = Dice::new(self.seed, &self.case.id);
        let more: &[&'static str] = match self.play {
            Play::EarlyExport => &["export"],
            Play::BlindReply => &["random"],
            Play::Retries => &["test_suite"],
            _ => &[],
        };
        able(shim, self.role, &config(&mut dice)?, more)?;
        match (self.play, self.role) {
            (Play::FreshRandomness, _) => self.fresh_randomness(shim, &mut dice),
            (Play::Storm, _) => storm(shim, &mut dice),
            (Play::JustInTime, _) => just_in_time(shim, &mut dice),
            (Play::Damage("hello" | "finish"), _) => self.damage_to_responder(shim, &mut dice),
            (Play::Damage(_), _) => self.damage_to_initiator(shim, &mut dice),
            (Play::Oversize, role) => oversize(shim, role, &mut dice),
            (Play::EarlyExport, role) => early_export(shim, role, &mut dice),
            (Play::BlindReply, _) => blind_reply(shim, &mut dice),
            (Play::Retries, _) => retries(shim, &mut dice),
        }
    }

    fn fresh_randomness(&self, shim: &mut Shim, dice: &mut Dice) -> Try<()> {
        let (mut nonces, mut shares) = (BTreeSet::new(), BTreeSet::new());
        for number in 0..SAMPLES {
            let config = config(dice)?;
            let (mut attempt, first) = Attempt::open(shim, &number.to_string(), self.role, &config, false)?;
            let (share, nonce) = match self.role {
                Role::Initiator => {
                    let hello = only("hello", &first)?;
                    without_extensions(&hello)?;
                    share_and_nonce(&hello, true)?
                }
                Role::Responder => {
                    let hello = read("hello", Initiator::new(&config).hello(HONEST))?;
                    let (send, _) = went("hello", attempt.receive(&hello.wire, Map::new())?)?;
                    share_and_nonce(&only("reply", &send)?, false)?
                }
            };
            nonces.insert(nonce);
            shares.insert(share);
            attempt.free()?;
        }
        if (nonces.len(), shares.len()) == (SAMPLES, SAMPLES) {
            return Ok(());
        }
        let actual = format!("{} nonces, {} shares", nonces.len(), shares.len());
        Err(Outcome::differs("randomness", format!("{SAMPLES} different nonces and shares"), actual))
    }

    /// One byte of Hello or Finish is another: the responder must never be done.
    fn damage_to_responder(&self, shim: &mut Shim, dice: &mut Dice) -> Try<()> {
        let of_hello = matches!(self.play, Play::Damage("hello"));
        for number in 0..COPIES {
            let (config, nobody) = (config(dice)?, Sender::default());
            let (mut attempt, _) = Attempt::open(shim, &number.to_string(), Role::Responder, &config, false)?;
            let mut model = Initiator::new(&config);
            let hello = read("hello", model.hello(HONEST))?.wire;
            let sent = if of_hello { damaged(&hello, dice) } else { hello };
            let reaction = attempt.receive(&sent, Map::new())?;
            if let Reaction::Went { send, .. } = reaction {
                let reply = only("reply", &send)?;
                let finish = match model.read_answer(honest(&reply, &nobody), HONEST) {
                    Ok(Some(finish)) => finish.wire,
                    // The transcripts differ, so an honest initiator goes no further.
                    Ok(None) | Err(Stop::Refused(_)) => continue,
                    Err(broken) => return read("reply", Err(broken)),
                };
                let finish = if of_hello { finish } else { damaged(&finish, dice) };
                let beside = token(&attempt);
                if let Reaction::Went { .. } = attempt.receive(&finish, beside)? {
                    return Err(Outcome::differs("finish", "a refusal", format!("accepted {}", hex::encode(finish))));
                }
            }
            attempt.free()?;
        }
        Ok(())
    }

    /// One byte of Reply or Accept is another: the initiator must neither send Finish nor be done.
    fn damage_to_initiator(&self, shim: &mut Shim, dice: &mut Dice) -> Try<()> {
        let of_reply = matches!(self.play, Play::Damage("reply"));
        for number in 0..COPIES {
            let (config, nobody) = (config(dice)?, Sender::default());
            let (mut attempt, first) = Attempt::open(shim, &number.to_string(), Role::Initiator, &config, false)?;
            let mut model = Responder::new(&config);
            let hello = only("hello", &first)?;
            let reply = read("hello", model.read_hello(honest(&hello, &nobody), HONEST))?;
            let mut sent = reply.map(|reply| reply.wire).unwrap_or_default();
            if !of_reply {
                let (send, _) = went("reply", attempt.receive(&sent, Map::new())?)?;
                let finish = only("finish", &send)?;
                let accept = read("finish", model.read_finish(honest(&finish, &nobody), Token::Good, HONEST))?;
                sent = accept.map(|accept| accept.wire).unwrap_or_default();
            }
            let sent = damaged(&sent, dice);
            if let Reaction::Went { .. } = attempt.receive(&sent, Map::new())? {
                return Err(Outcome::differs(
                    "the damaged message",
                    "a refusal",
                    format!("accepted {}", hex::encode(sent)),
                ));
            }
            attempt.free()?;
        }
        Ok(())
    }
}

fn config(dice: &mut Dice) -> Try<Config> {
    let mut config = read("the model", fixed::config())?;
    dice.freshen(&mut config);
    Ok(config)
}

/// The token that the shim has given away, as the runner hands it back.
fn token(attempt: &Attempt<'_>) -> Map<String, Value> {
    attempt.token.iter().map(|token| ("token".to_owned(), token.clone())).collect()
}

/// Share and nonce at their places with suites [1, 2] and X25519.
fn share_and_nonce(wire: &[u8], hello: bool) -> Try<(Vec<u8>, Vec<u8>)> {
    let at = if hello { 11 } else { 5 };
    match (wire.get(at..at + 32), wire.get(at + 32..at + 64)) {
        (Some(share), Some(nonce)) => Ok((share.to_vec(), nonce.to_vec())),
        _ => Err(Outcome::differs("the message", "a share and a nonce", hex::encode(wire))),
    }
}

/// Nobody has asked for `recipient`.
fn without_extensions(hello: &[u8]) -> Try<()> {
    let extensions = read("hello", Hello::split(hello))?.extensions;
    if extensions.is_empty() { Ok(()) } else { Err(Outcome::differs("extensions", "none", hex::encode(extensions))) }
}

/// Whatever it answers, it must not be an output.
fn early_export(shim: &mut Shim, role: Role, dice: &mut Dice) -> Try<()> {
    let (config, nobody) = (config(dice)?, Sender::default());
    let (mut attempt, first) = Attempt::open(shim, "1", role, &config, false)?;
    match role {
        Role::Responder => {
            let hello = read("hello", Initiator::new(&config).hello(HONEST))?;
            went("hello", attempt.receive(&hello.wire, Map::new())?)?;
        }
        Role::Initiator => {
            let hello = only("hello", &first)?;
            let reply = read("hello", Responder::new(&config).read_hello(honest(&hello, &nobody), HONEST))?;
            went("reply", attempt.receive(&reply.map(|reply| reply.wire).unwrap_or_default(), Map::new())?)?;
        }
    }
    let request = json!({ "op": "export", "sid": "1", "label": "early", "context": "", "length": 32 });
    match shim.ask(&request) {
        Answer::Result(said) if said.contains_key("output") => {
            Err(Outcome::differs("`export` before the end", "a refusal", Value::Object(said).to_string()))
        }
        _ => Ok(()),
    }
}

/// Two responders that differ in whom they admit, with the same randomness, reply alike.
fn blind_reply(shim: &mut Shim, dice: &mut Dice) -> Try<()> {
    let mut config = config(dice)?;
    let hello = read("hello", Initiator::new(&config).hello(HONEST))?.wire;
    let mut replies = BTreeSet::new();
    let somebody = config.initiator.identity.did.clone();
    let admissions = [
        Admission::Any { any: true },
        Admission::Any { any: false },
        Admission::Did { did: somebody },
        Admission::Methods { methods: vec!["web".to_owned()] },
    ];
    for admit in admissions {
        config.responder.admit = admit;
        let (mut attempt, _) = Attempt::open(shim, "1", Role::Responder, &config, true)?;
        let (send, _) = went("hello", attempt.receive(&hello, Map::new())?)?;
        replies.insert(only("reply", &send)?);
        attempt.free()?;
    }
    if replies.len() == 1 {
        Ok(())
    } else {
        Err(Outcome::differs("Reply", "one", format!("{} of them", replies.len())))
    }
}

/// The second Hello needs a Retry too: on a stream that is an error, over HTTP it is not.
fn retries(shim: &mut Shim, dice: &mut Dice) -> Try<()> {
    let mut config = config(dice)?.with_retry();
    dice.freshen(&mut config);
    (config.binding, config.prologue.0) = (3, b"http://127.0.0.1:8400".to_vec());
    let (mut attempt, _) = Attempt::open(shim, "1", Role::Responder, &config, false)?;
    for _ in 0..3 {
        let hello = read("hello", Initiator::new(&config).hello(HONEST))?;
        let (send, _) = went("hello", attempt.receive(&hello.wire, Map::new())?)?;
        let retry = only("retry", &send)?;
        if retry.first() != Some(&crate::wire::RETRY) {
            return Err(Outcome::differs("the answer", "a Retry", hex::encode(retry)));
        }
    }
    attempt.free()
}

/// The message with one byte changed.
fn damaged(wire: &[u8], dice: &mut Dice) -> Vec<u8> {
    let (at, by) = (dice.below(wire.len()), u8::try_from(dice.below(255)).unwrap_or(0) + 1);
    let mut wire = wire.to_vec();
    wire.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= by);
    wire
}

/// A responder after it has sent its Reply, and what the model goes on with.
fn finish(shim: &mut Shim, sid: &str, config: &Config) -> Try<(Vec<u8>, Map<String, Value>)> {
    let nobody = Sender::default();
    let (mut attempt, _) = Attempt::open(shim, sid, Role::Responder, config, false)?;
    let mut model = Initiator::new(config);
    let hello = read("hello", model.hello(HONEST))?;
    let (send, _) = went("hello", attempt.receive(&hello.wire, Map::new())?)?;
    let finish = read("reply", model.read_answer(honest(&only("reply", &send)?, &nobody), HONEST))?;
    Ok((finish.map(|finish| finish.wire).unwrap_or_default(), token(&attempt)))
}

/// Sends the Finish of an attempt that was begun before.
fn conclude(shim: &mut Shim, sid: &str, finish: &[u8], beside: Map<String, Value>) -> Try<()> {
    let (_, said) = went("finish", Attempt::resume(shim, sid, None).receive(finish, beside)?)?;
    super::replay::member(&said, "done", &json!(true))
}

fn storm(shim: &mut Shim, dice: &mut Dice) -> Try<()> {
    let mut first = None;
    for number in 0..STORM {
        let config = config(dice)?;
        let opened = finish(shim, &number.to_string(), &config)?;
        first.get_or_insert(opened);
    }
    let (last, beside) = finish(shim, "honest", &config(dice)?)?;
    conclude(shim, "honest", &last, beside)?;
    first.map_or(Ok(()), |(wire, beside)| conclude(shim, "0", &wire, beside))
}

fn just_in_time(shim: &mut Shim, dice: &mut Dice) -> Try<()> {
    let config = config(dice)?;
    let (wire, mut beside) = finish(shim, "1", &config)?;
    beside.insert("now".to_owned(), json!(config.now + 59));
    conclude(shim, "1", &wire, beside)
}

fn oversize(shim: &mut Shim, role: Role, dice: &mut Dice) -> Try<()> {
    let config = config(dice)?;
    let (mut attempt, _) = Attempt::open(shim, "1", role, &config, false)?;
    let kind = if role == Role::Responder { crate::wire::HELLO } else { crate::wire::REPLY };
    let mut wire = vec![0; 1 << 20];
    wire.iter_mut().take(1).for_each(|first| *first = kind);
    let reaction = attempt.receive(&wire, Map::new())?;
    let fails = crate::vector::Fails {
        role,
        at: "an oversize message".to_owned(),
        error: "message_too_long".to_owned(),
        alert: Some(50),
    };
    super::replay::refused(attempt.shim.has("codes"), &fails, reaction)
}
