//! Tier 5: a relay that runs (spec/relay-1.md), with the model as owners, depositors and strangers.

mod answer;
mod circuits;
mod deposits;
mod limits;
mod mailboxes;
mod owner;
mod pages;
mod scene;
mod streams;
mod tokens;

use super::attempt::Try;
use super::case::{Case, Outcome, Tier};
use super::target::{Endpoint, Target, Transport};
use scene::Scene;

/// A running relay under test.
pub(crate) struct Relay {
    pub(crate) name: String,
    endpoint: Endpoint,
}

/// What one case does, in a scene of its own.
pub(crate) type Trial = fn(&mut Scene<'_>) -> Try<()>;

type Row = (&'static str, &'static [&'static str], Trial, &'static str);

const ROWS: &[Row] = &[
    ("open", &[], mailboxes::open, "a mailbox is opened once, found again, and says what it is"),
    ("close", &["R-RLY-3"], mailboxes::close, "a mailbox that was closed is one that there never was"),
    ("key", &["R-RLY-7"], mailboxes::key, "depositors get the mailbox key that the owner published, byte for byte"),
    ("bad-keys", &[], mailboxes::bad_keys, "a mailbox key that fails a check is refused, and the one before stays"),
    ("strangers", &["R-RLY-7"], mailboxes::strangers, "whoever is not the owner sees, answers and revokes nothing"),
    ("not-signed", &["R-RLY-7"], mailboxes::not_signed, "requests of the owner need a signature, good for one of them"),
    (
        "one-answer",
        &["R-RLY-3"],
        tokens::one_answer,
        "no token, a wrong, revoked or expired one, and no mailbox: one answer",
    ),
    ("revoked", &["R-RLY-1"], tokens::revoked, "what waits under a token that was revoked stays"),
    ("listed", &["R-RLY-3"], tokens::listed, "tokens are listed by their hashes, with what waits under them"),
    ("other-token", &["R-RLY-7"], tokens::other_token, "deposits of another token are unknown"),
    ("says-who", &["R-RLY-8"], tokens::says_who, "a deposit that is signed or has a cookie is refused"),
    (
        "waiting",
        &["R-RLY-1", "R-RLY-2"],
        deposits::waiting,
        "a deposit waits until it is answered, whoever looks at it",
    ),
    ("answers", &["R-RLY-1"], deposits::answers, "an answer stands, is told, and numbers that do not wait are ignored"),
    ("order", &["R-RLY-2"], deposits::order, "deposits are shown in the order in which they were made"),
    ("again", &["R-RLY-6"], deposits::again, "the same envelope again, under one token, is the same deposit"),
    ("expired", &["R-RLY-1"], deposits::expired, "what nobody takes in time is deleted, and said to be expired"),
    (
        "long-poll",
        &["R-RLY-2"],
        deposits::long_poll,
        "who waits for a deposit is told when it comes, or that none came",
    ),
    (
        "malformed-envelope",
        &["R-RLY-4"],
        limits::malformed,
        "an envelope of another length, type or version: nothing is kept",
    ),
    ("expires", &["R-RLY-4"], limits::expires, "an expiry now, before, or more than 30 days ahead: nothing is kept"),
    ("bodies", &["R-RLY-4"], limits::bodies, "a body that is none, or of more than 64 envelopes: nothing is kept"),
    ("waiting-limit", &["R-RLY-4"], limits::waiting, "more deposits than may wait under a token: none of them is kept"),
    ("bytes-limit", &["R-RLY-4"], limits::bytes, "more bytes than may wait under a token: none of them is kept"),
    ("queries", &["R-RLY-4"], limits::queries, "queries and answers out of bounds are refused"),
    (
        "socket",
        &["R-RLY-1", "R-RLY-2"],
        streams::socket,
        "a mailbox socket shows each deposit once and says what is durable",
    ),
    ("socket-frames", &["R-RLY-4"], streams::frames, "what is no frame ends a mailbox socket with 1008"),
    ("events", &["R-RLY-2"], streams::events, "server-sent events show what waits and what comes"),
    ("circuit", &["R-RLY-11"], circuits::passes, "frames pass a circuit unchanged, in order, both ways"),
    ("circuit-once", &["R-RLY-7", "R-RLY-11"], circuits::once, "a circuit is opened by the owner, and once"),
    (
        "circuit-sockets",
        &["R-RLY-13"],
        circuits::several,
        "a circuit is offered on the sockets that take circuits, and the refusal of one leaves it to the others",
    ),
    (
        "pages",
        &["R-RLY-12"],
        pages::of_any_origin,
        "pages of any origin may deposit, ask and be told, without credentials",
    ),
    ("away", &["R-RLY-7"], circuits::away, "no socket, or an owner that does not want to: `away`"),
];

/// Every case, with what it does.
pub(crate) fn tests() -> Vec<(Case, Trial)> {
    let case = |(name, requirements, trial, about): &Row| {
        let requirements = requirements.iter().map(|id| (*id).to_owned()).collect();
        (Case::new(format!("relay/{name}"), Tier::Relay, requirements, (*about).to_owned()), *trial)
    };
    ROWS.iter().map(case).collect()
}

impl Relay {
    /// Parses `NAME=URL,DID`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let Target { name, endpoint } = Target::parse(text)?;
        if endpoint.transport != Transport::Http {
            return Err(format!("`{text}`: a relay is NAME=URL,DID, and the URL http://"));
        }
        Ok(Self { name, endpoint })
    }

    pub(crate) fn run(&self, case: &Case, trial: Trial, seed: u64) -> Outcome {
        let run = || {
            let mut scene = Scene::open(&self.endpoint, seed, &case.id)?;
            let done = trial(&mut scene);
            scene.close();
            done
        };
        run().err().unwrap_or(Outcome::Passed)
    }
}
