//! Deposit tokens: who has one that counts, and who learns what.

use serde_json::{Value, json};

use super::answer::Answer;
use super::owner::now;
use super::scene::{MAILBOX, Scene, Token, body, deposit_name};
use crate::runner::attempt::Try;
use crate::runner::target::http::{Request, Response};
use crate::runner::target::trials::expect;

/// What may not differ between two answers.
fn seen(answer: &Response) -> Try<(u16, Vec<u8>, Vec<String>)> {
    let fields = ["content-type", "www-authenticate", "retry-after"];
    let fields = fields.iter().flat_map(|name| answer.all(name)).map(str::to_owned).collect();
    Ok((answer.status, answer.body()?, fields))
}

/// The three requests of a depositor, to a mailbox of this path, with this value of `Authorization`.
fn requests(scene: &Scene<'_>, path: &str, authorization: Option<&str>, envelope: &[u8]) -> [Request; 3] {
    let authorize = |request: Request| match authorization {
        Some(value) => request.with("Authorization", value),
        None => request,
    };
    let deposit = scene.post(body(&[(now() + 60, envelope)]), None, path);
    let mut states = scene.request("POST", &format!("{path}/states"), None).with("Content-Type", "application/json");
    states.body = json!({ "deposits": [deposit_name(envelope)] }).to_string().into_bytes();
    [deposit, states, scene.request("GET", &format!("{path}/key"), None)].map(authorize)
}

pub(super) fn one_answer(scene: &mut Scene<'_>) -> Try<()> {
    let (good, revoked) = (scene.token()?, scene.token()?);
    let expired = scene.token_with(&json!({ "expires": now().saturating_sub(1) }))?;
    let unknown = scene.unknown_token();
    let envelope = scene.envelope();
    scene.deposit(&revoked, &[&envelope])?;
    let revoke = format!("{MAILBOX}/tokens/{}", revoked.hash);
    scene.owner.ask("DELETE", &revoke, &[], "")?.empty(204)?;
    scene.owner.ask("DELETE", &revoke, &[], "")?.refused(404, "no_token")?;
    let with = |token: &Token| Some(format!("DIDShake-Deposit {}", token.text));
    let (own, nowhere) = (scene.path.clone(), "/m/AAAAAAAAAAAAAAAAAAAAAA".to_owned());
    let mut answers = Vec::new();
    for (path, authorization) in [
        (&own, with(&unknown)),
        (&own, with(&revoked)),
        (&own, with(&expired)),
        (&own, None),
        (&own, Some("DIDShake-Deposit x".to_owned())),
        (&own, Some(format!("DIDShake-Deposit {}=", good.text))),
        (&own, Some(format!("Bearer {}", good.text))),
        (&nowhere, with(&good)),
        (&nowhere, with(&unknown)),
    ] {
        for request in requests(scene, path, authorization.as_deref(), &envelope) {
            let answer = scene.ask(request)?;
            answer.refused(401, "token")?;
            answers.push(seen(&answer)?);
        }
    }
    answers.dedup();
    expect(answers.len() == 1, "the answers", "one and the same", &answers)
}

pub(super) fn revoked(scene: &mut Scene<'_>) -> Try<()> {
    let (token, envelope) = (scene.token()?, scene.envelope());
    scene.deposit(&token, &[&envelope])?;
    scene.owner.ask("DELETE", &format!("{MAILBOX}/tokens/{}", token.hash), &[], "")?.empty(204)?;
    let waits = scene.shown_envelopes()?;
    expect(waits == [envelope], "what waits under a token that was revoked", "what was deposited", waits.len())
}

pub(super) fn listed(scene: &mut Scene<'_>) -> Try<()> {
    let (token, envelope) = (scene.token()?, scene.envelope());
    scene.deposit(&token, &[&envelope])?;
    // The same hash again is a change.
    let limits = json!({ "expires": now() + 86_400, "waiting": 7, "bytes": 70_000 });
    scene.owner.send("PUT", &format!("{MAILBOX}/tokens/{}", token.hash), &limits)?.empty(200)?;
    let listed = scene.owner.get(&format!("{MAILBOX}/tokens"))?.json(200)?;
    let list = listed.get("tokens").and_then(Value::as_array).cloned().unwrap_or_default();
    let is = |name: &str| list.first().and_then(|token| token.get(name)).cloned().unwrap_or_default();
    let same = ["expires", "waiting", "bytes"].iter().all(|name| Some(&is(name)) == limits.get(name));
    let waits = is("waiting_now") == json!(1) && is("bytes_now") == json!(envelope.len());
    let one = list.len() == 1 && is("hash") == json!(token.hash);
    expect(same && waits && one, "`tokens`", "one, by its hash, with its limits and what waits", &listed)?;
    expect(!listed.to_string().contains(&token.text), "`tokens`", "no token itself", &listed)
}

pub(super) fn other_token(scene: &mut Scene<'_>) -> Try<()> {
    let (token, other, envelope) = (scene.token()?, scene.token()?, scene.envelope());
    scene.deposit(&token, &[&envelope])?;
    let states = scene.states(&other, &[&envelope])?;
    expect(states == ["unknown"], "the state under another token", "unknown", states)?;
    // Deposited under both it is two deposits, and each token is told of its own.
    let states = scene.deposit(&other, &[&envelope])?;
    expect(states == ["waiting"], "the same envelope under another token", "waiting", states)?;
    let shown = scene.shown("")?;
    let [first, second] = shown.as_slice() else { return expect(false, "what waits", "two deposits", shown.len()) };
    scene.answer(&[first.sequence], &[second.sequence])?;
    let states = [scene.states(&token, &[&envelope])?, scene.states(&other, &[&envelope])?].concat();
    expect(states == ["taken", "refused"], "the states under two tokens", "taken and refused", states)
}

pub(super) fn says_who(scene: &mut Scene<'_>) -> Try<()> {
    let (token, envelope) = (scene.token()?, scene.envelope());
    let authorization = format!("DIDShake-Deposit {}", token.text);
    let mut fields = vec![("Cookie", "a=b".to_owned())];
    fields.extend(scene.owner.fields("GET", &format!("{}/key", scene.path), None, &[])?.into_iter().skip(1));
    for (name, value) in fields {
        for request in requests(scene, &scene.path, Some(&authorization), &envelope) {
            scene.ask(request.with(name, &value))?.refused(400, "malformed")?;
        }
    }
    scene.nothing_waits()
}
