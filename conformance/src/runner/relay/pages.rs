//! Pages of other origins: what a browser asks for them, and what it lets them read.

use super::answer::Answer;
use super::owner::now;
use super::scene::{Scene, Token, body};
use crate::runner::attempt::Try;
use crate::runner::target::http::{Request, Response};
use crate::runner::target::trials::expect;

const ORIGIN: &str = "https://elsewhere.example";

/// `*`, and no credentials.
fn is_for_any(answer: &Response) -> Try<()> {
    let (origin, credentials) =
        (answer.all("access-control-allow-origin"), answer.all("access-control-allow-credentials"));
    expect(origin == ["*"], "`Access-Control-Allow-Origin`", "*", &origin)?;
    expect(credentials.is_empty(), "`Access-Control-Allow-Credentials`", "none", &credentials)
}

/// What a browser asks before it sends a field that a form could not send.
fn is_let(scene: &Scene<'_>, path: &str, method: &str) -> Try<()> {
    let asked = scene.request("OPTIONS", path, None).with("Origin", ORIGIN);
    let asked = asked.with("Access-Control-Request-Method", method);
    let answer = scene.ask(asked.with("Access-Control-Request-Headers", "authorization,content-type"))?;
    expect((200..300).contains(&answer.status), "the status of a preflight", "200 to 299", answer.status)?;
    is_for_any(&answer)?;
    // The methods are such as need no leave. `*` would not stand for `authorization`.
    let fields = answer.all("access-control-allow-headers").join(",").to_ascii_lowercase();
    let fields: Vec<&str> = fields.split(',').map(str::trim).collect();
    let let_in = fields.contains(&"authorization") && (fields.contains(&"content-type") || fields.contains(&"*"));
    expect(let_in, "`Access-Control-Allow-Headers`", "authorization, content-type", &fields)
}

fn deposit(scene: &Scene<'_>, token: &Token, envelope: &[u8]) -> Request {
    scene.post(body(&[(now() + 60, envelope)]), Some(&token.text), &scene.path).with("Origin", ORIGIN)
}

pub(super) fn of_any_origin(scene: &mut Scene<'_>) -> Try<()> {
    let (token, unknown, envelope) = (scene.token()?, scene.unknown_token(), scene.envelope());
    for (behind, method) in [("", "POST"), ("/states", "POST"), ("/key", "GET")] {
        is_let(scene, &format!("{}{behind}", scene.path), method)?;
    }
    let taken = scene.ask(deposit(scene, &token, &envelope))?;
    taken.json(200)?;
    is_for_any(&taken)?;
    // A refusal is for the page to read too.
    let refused = scene.ask(deposit(scene, &unknown, &envelope))?;
    refused.refused(401, "token")?;
    is_for_any(&refused)?;
    let none =
        scene.ask(scene.request("GET", &format!("{}/key", scene.path), Some(&token.text)).with("Origin", ORIGIN))?;
    none.refused(404, "no_key")?;
    is_for_any(&none)
}
