//! What exceeds a bound is refused whole.

use serde_json::{Value, json};

use super::answer::Answer;
use super::owner::now;
use super::scene::{MAILBOX, SHORTEST, Scene, body};
use crate::runner::attempt::Try;
use crate::runner::case::Outcome;
use crate::runner::target::http::Response;
use crate::runner::target::trials::expect;

/// The furthest expiry.
const MONTH: u64 = 2_592_000;

/// Refused, with the name of what it was in the failure.
fn refused(what: &str, answer: &Response, status: u16, code: &str) -> Try<()> {
    let wrong = |_| Outcome::differs(what, format!("{status}, `{code}`"), answer.shown());
    answer.refused(status, code).map_err(wrong)
}

pub(super) fn malformed(scene: &mut Scene<'_>) -> Try<()> {
    let (token, good) = (scene.token()?, scene.envelope());
    let changed = |at: usize, byte: u8| {
        let mut envelope = good.clone();
        envelope.iter_mut().skip(at).take(1).for_each(|one| *one = byte);
        envelope
    };
    let bad = [
        ("an envelope that is a byte short", good.get(1..).unwrap_or_default().to_vec()),
        ("an envelope with a byte more", [good.as_slice(), &[0]].concat()),
        ("an empty envelope", Vec::new()),
        ("an envelope over every class", vec![33; 131_139]),
        ("an envelope of another type", changed(0, 32)),
        ("an envelope of another version", changed(1, 2)),
    ];
    let until = now() + 3_600;
    for (what, envelope) in &bad {
        let answer = scene.deposit_until(&token, &[(until, &good), (until, envelope)])?;
        refused(what, &answer, 400, "envelope_malformed")?;
    }
    scene.nothing_waits()?;
    let states = scene.deposit(&token, &[&good])?;
    expect(states == ["waiting"], "a good envelope afterwards", "waiting", states)
}

pub(super) fn expires(scene: &mut Scene<'_>) -> Try<()> {
    let (token, one, two) = (scene.token()?, scene.envelope(), scene.envelope());
    let good = now() + 3_600;
    // A second can pass between the relay's clock and this one: what is refused is so by a minute.
    for (what, ends) in [("0", 0), ("the past", now() - 60), ("31 days", now() + MONTH + 60), ("never", u64::MAX)] {
        let answer = scene.deposit_until(&token, &[(good, &one), (ends, &two)])?;
        refused(&format!("`expires` of {what}"), &answer, 400, "expires")?;
    }
    scene.nothing_waits()?;
    let answer = scene.deposit_until(&token, &[(now() + MONTH - 60, &one)])?;
    answer.json(200).map(drop)
}

pub(super) fn bodies(scene: &mut Scene<'_>) -> Try<()> {
    let token = scene.token()?;
    let envelopes = scene.envelopes(65);
    let until = now() + 3_600;
    let all: Vec<(u64, &[u8])> = envelopes.iter().map(|envelope| (until, envelope.as_slice())).collect();
    let one = body(all.get(..1).unwrap_or_default());
    let cut = one.get(..one.len() - 1).unwrap_or_default().to_vec();
    let head = one.get(..12).unwrap_or_default().to_vec();
    let bad = [
        ("an empty body", Vec::new()),
        ("a body that is cut", cut),
        ("a body with a byte more", [one.as_slice(), &[0]].concat()),
        ("a length without an envelope", head),
        ("65 envelopes", body(&all)),
    ];
    for (what, bytes) in bad {
        let answer = scene.ask(scene.post(bytes, Some(&token.text), &scene.path))?;
        refused(what, &answer, 400, "malformed")?;
    }
    let other = scene.post(one, Some(&token.text), &scene.path).with("Content-Type", "application/octet-stream");
    refused("another media type", &scene.ask(other)?, 400, "malformed")?;
    scene.nothing_waits()?;
    let states: Value = scene.deposit_until(&token, all.get(..64).unwrap_or_default())?.json(200)?;
    let told = states.get("deposits").and_then(Value::as_array).map_or(0, Vec::len);
    expect(told == 64, "64 envelopes", "64 deposits", told)
}

/// Room for two of the shortest class: a third is refused, alone or with others, until one is answered.
fn room_for_two(scene: &mut Scene<'_>, limits: &Value) -> Try<()> {
    let (token, other) = (scene.token_with(limits)?, scene.token()?);
    let envelopes = scene.envelopes(5);
    let all: Vec<&[u8]> = envelopes.iter().map(Vec::as_slice).collect();
    let [one, two, three, four, five] = all.as_slice() else { return Ok(()) };
    scene.deposit(&token, &[one])?;
    let until = now() + 3_600;
    let full = |scene: &Scene<'_>, some: &[&[u8]]| -> Try<()> {
        let deposits: Vec<(u64, &[u8])> = some.iter().map(|envelope| (until, *envelope)).collect();
        let answer = scene.deposit_until(&token, &deposits)?;
        refused("what exceeds the token", &answer, 507, "full")?;
        let later = answer.all("retry-after");
        expect(later.len() == 1, "`Retry-After`", "one", later)
    };
    full(scene, &[two, three])?;
    let states = scene.states(&token, &[one, two, three])?;
    expect(states == ["waiting", "unknown", "unknown"], "the states", "none of the two was kept", states)?;
    scene.deposit(&token, &[two])?;
    full(scene, &[three])?;
    // What is there already takes no room, and another token has its own.
    let states = scene.deposit(&token, &[one, two])?;
    expect(states == ["waiting"; 2], "the same envelopes again", "waiting", states)?;
    scene.deposit(&other, &[five])?;
    let sequence = scene.shown("")?.first().map_or(0, |shown| shown.sequence);
    scene.answer(&[sequence], &[])?;
    scene.deposit(&token, &[three])?;
    full(scene, &[four])
}

pub(super) fn waiting(scene: &mut Scene<'_>) -> Try<()> {
    room_for_two(scene, &json!({ "waiting": 2 }))
}

pub(super) fn bytes(scene: &mut Scene<'_>) -> Try<()> {
    room_for_two(scene, &json!({ "bytes": 3 * SHORTEST - 1 }))
}

pub(super) fn queries(scene: &mut Scene<'_>) -> Try<()> {
    for query in ["limit=0", "limit=257", "wait=31", "after=x", "after=-1", "limit=1.5"] {
        let answer = scene.owner.get(&format!("{MAILBOX}/deposits?{query}"))?;
        refused(query, &answer, 400, "malformed")?;
    }
    let answers: [(&str, Value); 4] = [
        ("1,025 answers", json!({ "taken": (1..=1_025).collect::<Vec<u64>>(), "refused": [] })),
        ("an unknown member", json!({ "taken": [], "refused": [], "kept": [] })),
        ("a number that is none", json!({ "taken": ["1"], "refused": [] })),
        ("a list in place of an object", json!([[], []])),
    ];
    for (what, body) in answers {
        refused(what, &scene.owner.send("POST", &format!("{MAILBOX}/answers"), &body)?, 400, "malformed")?;
    }
    let token = scene.token()?;
    let name = super::scene::deposit_name(&[]);
    for (what, body) in [
        ("257 states", json!({ "deposits": vec![name.clone(); 257] })),
        ("a deposit that is none", json!({ "deposits": ["x"] })),
        ("an unknown member", json!({ "deposits": [name.clone()], "since": 0 })),
        ("a list in place of an object", json!([[name]])),
    ] {
        refused(what, &scene.ask(scene.asked(&token.text, &body))?, 400, "malformed")?;
    }
    let twice = scene.unknown_token();
    let answer = scene.owner.ask(
        "PUT",
        &format!("{MAILBOX}/tokens/{}", twice.hash),
        br#"{"waiting":1,"waiting":2}"#,
        "application/json",
    )?;
    refused("a member that is there twice", &answer, 400, "malformed")
}
