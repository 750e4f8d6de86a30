//! `didshake mailbox open`.

use std::io::Write;

use clap::Args;
use didshake::{Did, Origin};
use didshake_did::{Clock, SystemClock};
use didshake_peer::http::WebClient;
use serde_json::json;

use super::done;
use crate::agent::{Online, Post, of_agent};
use crate::cli::Global;
use crate::expected::{Expected, Place};
use crate::failure::{Exit, Failure};
use crate::http_failure;
use crate::output;
use crate::progress::Waiting;
use crate::service::ServiceUrl;
use crate::storage;

const AFTER_HELP: &str = "\
The first time, the DID that the relay has proved is shown, and somebody at the terminal confirms it: compare it with what its
operator says. From then on the relay has to be that one. A script says with --expect whom it means.

It may be done again at any time: the mailbox that is open there is found, and shows our mailbox key. A mailbox at a second
relay stands beside the first. Next: `didshake id share --for NAME`.

Examples:
  didshake mailbox open https://relay.example
  didshake mailbox open https://relay.example --expect did:web:relay.example
  didshake mailbox open http://127.0.0.1:8400       a relay on this machine, to try it: `didshake relay`";

#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Open {
    /// The relay: its origin, or any URL on it
    #[arg(value_name = "URL")]
    relay: String,
    /// Who the relay has to prove that it is: a DID, or the name of a known peer
    #[arg(long, value_name = "DID_OR_NAME")]
    expect: Option<String>,
    #[command(flatten)]
    online: Online,
}

pub(super) async fn open(global: &Global, options: &Open) -> Result<(), Failure> {
    let origin = ServiceUrl::parse(&options.relay)?.origin;
    let place = Place::of_service(&origin)?;
    let post = options.online.open(global, false).await?;
    let (relay, is_new) = match Expected::find(global, &place, options.expect.as_deref(), &post.peers)? {
        Expected::Said(did) => (did, false),
        Expected::Pinned(pin) => (pin.did, false),
        Expected::Ask => (ask(&post, &origin).await?, true),
    };
    let waiting = Waiting::on(format!("opening a mailbox at {origin}"), global.json);
    let opened = post.agent.open_mailbox(&origin, &relay).await;
    waiting.pause();
    let mailbox = opened.map_err(|error| of_agent(&error, &post.failures))?;
    if is_new {
        // Confirmed by whoever sits there, and proved since.
        let added = storage::known_peers_file(global)?.change(|peers| peers.add(place.name, relay, SystemClock.now()));
        drop(added.map_err(|error| storage::known_peers_failure(&error))?);
    }
    done(
        global,
        &format!("letters for us come to {}", mailbox.url),
        &json!({
            "relay": mailbox.origin.as_str(), "relayDid": mailbox.relay.as_str(), "url": mailbox.url.as_str(),
            "key": mailbox.shown.map(hex::encode),
        }),
    );
    if !global.json {
        output::note("now give out cards: `didshake id share --for NAME`");
    }
    Ok(())
}

/// Asks whether the relay is who it says that it is; it has to prove that afterwards.
async fn ask(post: &Post, origin: &Origin) -> Result<Did, Failure> {
    let client = WebClient::new(&post.web);
    let client = client.map_err(|error| Failure::new(Exit::Usage, "web_client", error.to_string()))?;
    let claim = client.discover(origin).await.map_err(|error| http_failure::of_discovery(origin, &error))?;
    let did = claim.unverified_did();
    let mut out = anstream::stderr().lock();
    writeln!(out, "{origin} is not a known service. It says that it is\n\n    {did}\n")?;
    writeln!(
        out,
        "and will have to prove it. It does not know yet who you are. Compare the DID with what its operator says."
    )?;
    write!(out, "Open a mailbox there, and remember it? [yes/no] ")?;
    out.flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    if matches!(answer.trim().to_ascii_lowercase().as_str(), "yes" | "y") {
        return Ok(did.clone());
    }
    Err(Failure::new(Exit::Policy, "refused_by_user", format!("you refused {did}: it did not learn who you are")))
}
