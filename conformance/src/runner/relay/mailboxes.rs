//! Mailboxes and their keys, as owners and others meet them.

use serde_json::{Value, json};

use super::answer::Answer;
use super::owner::{Owner, name_of, now};
use super::scene::{KEY_TYPE, MAILBOX, Scene, path_of};
use crate::mailbox::alone::make_key;
use crate::primitives::{sha256, x25519_public};
use crate::runner::attempt::Try;
use crate::runner::case::Outcome;
use crate::runner::live::read;
use crate::runner::target::trials::expect;

const DAY: u64 = 86_400;

pub(super) fn open(scene: &mut Scene<'_>) -> Try<()> {
    let opened = scene.opened.clone();
    let limit = |name: &str| opened.pointer(&format!("/limits/{name}")).and_then(Value::as_u64);
    let fixed = [limit("envelope"), limit("tokens"), limit("seconds")];
    expect(fixed == [Some(131_138), Some(1_024), Some(2_592_000)], "`limits`", "those of section 3", &opened)?;
    expect(limit("waiting").is_some() && limit("bytes").is_some(), "`limits`", "`waiting` and `bytes`", &opened)?;
    let fresh = json!([0, 0, null, null]);
    let is = json!([opened.get("waiting"), opened.get("bytes"), opened.get("key"), opened.get("key_ends")]);
    expect(is == fresh, "a mailbox that is new", "nothing waits, and no key", is)?;
    let again = scene.owner.ask("PUT", MAILBOX, &[], "")?.json(200)?;
    expect(again.get("url") == opened.get("url"), "`url` of the same mailbox", "the same", again)?;
    let found = scene.owner.get(MAILBOX)?.json(200)?;
    expect(found.get("url") == opened.get("url"), "`url` of the same mailbox", "the same", found)
}

pub(super) fn close(scene: &mut Scene<'_>) -> Try<()> {
    let token = scene.token()?;
    let envelope = scene.envelope();
    scene.deposit(&token, &[&envelope])?;
    scene.owner.ask("DELETE", MAILBOX, &[], "")?.empty(204)?;
    scene.owner.get(MAILBOX)?.refused(404, "no_mailbox")?;
    scene.deposit_until(&token, &[(now() + 60, &envelope)])?.refused(401, "token")?;
    let reopened = scene.owner.ask("PUT", MAILBOX, &[], "")?.json(201)?;
    let path = path_of(scene.endpoint, &reopened)?;
    expect(path != scene.path, "the name of a mailbox that is new", "another, drawn anew", &path)?;
    scene.path = path;
    scene.deposit_until(&token, &[(now() + 60, &envelope)])?.refused(401, "token")?;
    scene.nothing_waits()
}

/// A mailbox key that the model makes.
fn made(owner: &crate::mailbox::Owner) -> Try<Vec<u8>> {
    make_key(owner, |_| ()).map_err(|halt| Outcome::differs("the model", "a mailbox key", format!("{halt:?}")))
}

fn publish(owner: &mut Owner<'_>, key: &[u8]) -> Try<crate::runner::target::http::Response> {
    owner.ask("PUT", &format!("{MAILBOX}/key"), key, KEY_TYPE)
}

pub(super) fn key(scene: &mut Scene<'_>) -> Try<()> {
    let token = scene.token()?;
    let path = format!("{}/key", scene.path);
    scene.ask(scene.request("GET", &path, Some(&token.text)))?.refused(404, "no_key")?;
    // Each takes the place of the one before.
    for days in [10, 80] {
        let ends = now() + days * DAY;
        let own = scene.owner.mailbox(now(), ends);
        let key = made(&own)?;
        publish(&mut scene.owner, &key)?.empty(204)?;
        let got = scene.ask(scene.request("GET", &path, Some(&token.text)))?;
        let same = got.status == 200 && got.all("content-type") == [KEY_TYPE] && got.body()? == key;
        expect(same, "the mailbox key", &hex::encode(&key), got.shown())?;
        let public = read("the model", x25519_public(&own.mailbox_secret.0))?;
        let id = name_of(&sha256(&[b"didshake/1 mailbox key id", &public]));
        let object = scene.owner.get(MAILBOX)?.json(200)?;
        let is = json!([object.get("key"), object.get("key_ends")]);
        expect(is == json!([id, ends]), "`key` and `key_ends`", &format!("{id}, {ends}"), is)?;
    }
    Ok(())
}

pub(super) fn bad_keys(scene: &mut Scene<'_>) -> Try<()> {
    let token = scene.token()?;
    let own = scene.owner.mailbox(now(), now() + 10 * DAY);
    let good = made(&own)?;
    publish(&mut scene.owner, &good)?.empty(204)?;
    let of = |begins: u64, ends: u64| crate::mailbox::Owner { begins, ends, ..own.clone() };
    let other = crate::mailbox::Owner { did: scene.endpoint.did.clone(), ..own.clone() };
    let bad = [
        ("of another DID", made(&other)?),
        ("for more than 90 days", made(&of(now(), now() + 90 * DAY + 1))?),
        ("that is over", made(&of(now() - 10 * DAY, now()))?),
        ("that begins tomorrow", made(&of(now() + DAY, now() + 2 * DAY))?),
        ("cut", good.get(..good.len() - 1).unwrap_or_default().to_vec()),
        ("with a byte more", [good.as_slice(), &[0]].concat()),
        ("of another type", [&[33], good.get(1..).unwrap_or_default()].concat()),
    ];
    for (what, key) in bad {
        let answer = publish(&mut scene.owner, &key)?;
        answer
            .refused(400, "mailbox_key")
            .map_err(|_| Outcome::differs(&format!("a mailbox key {what}"), "400, `mailbox_key`", answer.shown()))?;
    }
    let got = scene.ask(scene.request("GET", &format!("{}/key", scene.path), Some(&token.text)))?;
    expect(got.body()? == good, "the mailbox key afterwards", "the good one", got.shown())
}

pub(super) fn strangers(scene: &mut Scene<'_>) -> Try<()> {
    let token = scene.token()?;
    let envelope = scene.envelope();
    scene.deposit(&token, &[&envelope])?;
    let sequences: Vec<u64> = scene.shown("")?.iter().map(|shown| shown.sequence).collect();
    let mut other = scene.somebody()?;
    for path in ["", "/tokens", "/deposits"] {
        other.get(&format!("{MAILBOX}{path}"))?.refused(404, "no_mailbox")?;
    }
    let theirs = other.ask("PUT", MAILBOX, &[], "")?.json(201)?;
    expect(path_of(scene.endpoint, &theirs)? != scene.path, "another owner's mailbox", "another", &theirs)?;
    let listed = other.get(&format!("{MAILBOX}/deposits"))?.json(200)?;
    expect(listed == json!({ "deposits": [] }), "another owner's deposits", "none", &listed)?;
    let tokens = other.get(&format!("{MAILBOX}/tokens"))?.json(200)?;
    expect(tokens == json!({ "tokens": [] }), "another owner's tokens", "none", &tokens)?;
    let answers = json!({ "taken": sequences, "refused": [] });
    other.send("POST", &format!("{MAILBOX}/answers"), &answers)?.empty(204)?;
    other.ask("DELETE", &format!("{MAILBOX}/tokens/{}", token.hash), &[], "")?.refused(404, "no_token")?;
    other.ask("DELETE", MAILBOX, &[], "")?.empty(204)?;
    let waits = scene.shown_envelopes()?;
    expect(waits == [envelope.clone()], "what waits", "what was deposited", waits.len())?;
    expect(scene.states(&token, &[&envelope])? == ["waiting"], "the token afterwards", "one that counts", "another")
}

pub(super) fn not_signed(scene: &mut Scene<'_>) -> Try<()> {
    for (method, path) in [("GET", ""), ("GET", "/deposits"), ("GET", "/tokens"), ("PUT", ""), ("DELETE", "")] {
        let answer = scene.ask(scene.request(method, &format!("{MAILBOX}{path}"), None))?;
        expect(answer.status == 401, "a request without signature", "401", answer.shown())?;
    }
    // A signature is for one request: its nonce is used up, and it names the path.
    let fields = scene.owner.fields("GET", MAILBOX, None, &[])?;
    let with = |scene: &Scene<'_>, path: &str| {
        let mut request = scene.request("GET", path, None);
        request.headers.extend(fields.clone());
        scene.ask(request)
    };
    let elsewhere = with(scene, &format!("{MAILBOX}/tokens"))?;
    expect(elsewhere.status == 401, "a signature for another path", "401", elsewhere.shown())?;
    with(scene, MAILBOX)?.json(200)?;
    let again = with(scene, MAILBOX)?;
    expect(again.status == 401, "a signature for the second time", "401", again.shown())?;
    // A deposit token is no session.
    let token = scene.token()?;
    let answer = scene.ask(scene.request("GET", &format!("{MAILBOX}/deposits"), Some(&token.text)))?;
    expect(answer.status == 401, "a deposit token in place of a signature", "401", answer.shown())
}
