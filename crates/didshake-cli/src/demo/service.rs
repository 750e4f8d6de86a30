//! A service of this process, with its embedded store, on a free port: Alice logs in over HTTP and proves a request.

use std::sync::Arc;
use std::time::Instant;

use didshake::{Endpoint, Origin};
use didshake_did::{Clock, SystemClock};
use didshake_peer::http::{ClientSession, LOGIN_PROTOCOL, SessionRequest, WebClient, WebClientOptions};
use didshake_peer::{Expect, InitiatorOptions};
use didshake_server::{Config, Server, Settings};
use serde_json::{Value, json};

use crate::demo::cast::Cast;
use crate::demo::narrator::{Narrator, Told, heading, say};
use crate::failure::{Exit, Failure};
use crate::peer_failure::{Role, failure};
use crate::web_failures::WebFailures;

const ANSWER_BYTES: usize = 65_536;

/// Starts the service, logs in, asks it who Alice is, stops it; gives the figures.
pub(crate) async fn login(cast: &Cast, told: Told) -> Result<Value, Failure> {
    let settings = Settings {
        listen: Some("127.0.0.1:0".to_owned()),
        data: Some(cast.service_data().display().to_string()),
        ..Settings::default()
    };
    let config = Config::of(&settings).map_err(|error| wrong(&error))?;
    let server = Server::bind(config).await.map_err(|error| wrong(&error))?;
    let origin = server.origins().next().cloned().ok_or_else(|| wrong(&"the service has no origin"))?;
    heading(told, &format!("A login, over HTTP to {origin}"));
    say(told, &format!("The service  {}", server.did()));
    let meant = server.did().clone();
    let options = InitiatorOptions::new(cast.alice.clone(), LOGIN_PROTOCOL, Expect::Did(meant));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(server.run(async { drop(stopped.await) }));
    let figures = visit(&origin, options, told).await;
    drop(stop);
    running.await.map_err(|error| wrong(&error))?.map_err(|error| wrong(&error))?;
    figures
}

async fn visit(origin: &Origin, mut options: InitiatorOptions, told: Told) -> Result<Value, Failure> {
    let client = WebClient::new(&WebClientOptions::default()).map_err(|error| wrong(&error))?;
    let endpoint = Endpoint::parse(&format!("{origin}/didshake")).map_err(|error| wrong(&error))?;
    let start = Instant::now();
    options.surroundings.observer = Some(Arc::new(Narrator { told, start, who: "Alice", other: "service" }));
    let agreed = client.login(&endpoint, &options).await;
    let agreed = agreed.map_err(|error| failure(&error, Role::Client, &WebFailures::default()))?;
    let milliseconds = start.elapsed().as_secs_f64() * 1000.0;
    let session = ClientSession::new(&agreed, origin, SystemClock.now()).map_err(|error| wrong(&error))?;
    let response =
        client.request(&session, &SessionRequest::get("/v1/session")).await.map_err(|error| wrong(&error))?;
    let status = response.status();
    let body = response.body(ANSWER_BYTES).await.map_err(|error| wrong(&error))?;
    let answer: Value = serde_json::from_slice(&body).map_err(|error| wrong(&error))?;
    let who = answer.get("did").and_then(Value::as_str).unwrap_or_default();
    if status != 200 || who != options.identity.did().as_str() {
        return Err(wrong(&format!("the service answered {status} to a proven request")));
    }
    say(told, "A request, signed with a key that only the two of them have: it is Alice.");
    say(told, "No token, no cookie: nothing that was sent opens the session again.");
    Ok(json!({
        "origin": origin.as_str(), "service": agreed.peer.did().as_str(), "milliseconds": milliseconds,
        "sessionId": answer.get("session_id"),
    }))
}

fn wrong(cause: &dyn std::fmt::Display) -> Failure {
    Failure::new(Exit::Check, "demo", format!("the service of the demonstration: {cause}"))
}
