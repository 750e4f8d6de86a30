//! Meets a known peer where its card says: at its endpoints, else through its mailbox's relay.

use std::time::Duration;

use didshake::card::{CardEndpoint, Reach};
use didshake::{Binding, Did};
use didshake_peer::http::{WebClient, WebClientOptions};
use didshake_peer::{HandshakeError, InitiatorOptions, PeerName, connect, websocket};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::agent::{Post, of_agent, of_store};
use crate::channel::Channel;
use crate::failure::{Exit, Failure};
use crate::reach::endpoints;
use crate::wire::{Wire, tend};
use crate::{cards, output};

/// An endpoint that does not answer the TCP connection within this is not there.
const DIAL: Duration = Duration::from_secs(5);

/// The channel, and where it goes. `told` says what a failed handshake means.
pub(crate) async fn meet(
    post: &Post,
    (name, did): (&PeerName, &Did),
    options: &InitiatorOptions,
    told: impl Fn(&HandshakeError) -> Failure,
) -> Result<(Channel, String), Failure> {
    let (endpoints, has_mailbox) = places(post, did).await?;
    if endpoints.is_empty() && !has_mailbox {
        let message = format!("we do not know where {name} is reached");
        return Err(Failure::new(Exit::Policy, "no_address", message)
            .remedy(format!("ask for a card (`didshake id share`), then: `didshake peer add CARD --name {name}`")));
    }
    // Whoever answered and was refused says more than nobody at the next place.
    let mut refused = None;
    for endpoint in &endpoints {
        let Some(met) = dial(endpoint, &post.web, options).await else { continue };
        match met {
            Ok(channel) => return Ok((channel, endpoint.as_str().to_owned())),
            Err(error) => {
                let failure = told(&error);
                output::warning(&format!("no channel to {endpoint}: {}", failure.message()));
                refused.get_or_insert(failure);
            }
        }
    }
    if !has_mailbox {
        return Err(refused.unwrap_or_else(|| nobody(name, &endpoints)));
    }
    let called = post.agent.call(did, options).await;
    let connection = called.map_err(|error| {
        let failure = match &error {
            didshake_peer::mailbox::AgentError::Handshake(error) => told(error),
            error => of_agent(error, &post.failures),
        };
        refused.unwrap_or(failure)
    })?;
    Ok((connection.into(), "its relay".to_owned()))
}

/// What the card lists that carries a channel, and whether there is a mailbox.
async fn places(post: &Post, did: &Did) -> Result<(Vec<CardEndpoint>, bool), Failure> {
    let contact = post.agent.store().contact(did).await.map_err(|error| of_store(&error))?;
    let resolution = post.resolution();
    let card = match &contact {
        Some(contact) => cards::kept(contact, &resolution).await,
        None => None,
    };
    let card = card.and_then(|card| card.map_err(|failure| output::warning(failure.message())).ok());
    let (_, mut endpoints) = endpoints(did, card.as_ref().map(|card| card.contents()), &resolution).await;
    endpoints.retain(|endpoint| match endpoint.reach() {
        Reach::Stream { .. } => true,
        Reach::Web(at) | Reach::ClearWeb(at) => at.binding() == Binding::WebSocket,
        Reach::Unknown => false,
    });
    Ok((endpoints, contact.is_some_and(|contact| contact.address.is_some())))
}

/// A channel to an endpoint of a card; `None` where nobody is there, or it is of a kind that carries no channel: over http there
/// is login alone.
pub(crate) async fn dial(
    endpoint: &CardEndpoint,
    web: &WebClientOptions,
    options: &InitiatorOptions,
) -> Option<Result<Channel, HandshakeError>> {
    match endpoint.reach() {
        Reach::Stream { host, port } => {
            let wire = stream(endpoint, &host, port).await?;
            Some(connect(wire, options).await.map(Channel::from))
        }
        Reach::Web(at) | Reach::ClearWeb(at) if at.binding() == Binding::WebSocket => {
            let client = WebClient::new(web).inspect_err(|error| tracing::warn!(%endpoint, "{error}")).ok()?;
            Some(websocket::connect(&client, &at, options).await.map(Channel::from))
        }
        Reach::Web(_) | Reach::ClearWeb(_) | Reach::Unknown => None,
    }
}

async fn stream(endpoint: &CardEndpoint, host: &str, port: u16) -> Option<Wire> {
    let stream = timeout(DIAL, TcpStream::connect(format!("{host}:{port}"))).await;
    let stream = stream.unwrap_or_else(|late| Err(late.into()));
    let stream = stream.inspect_err(|error| tracing::info!(%endpoint, "nobody is there: {error}")).ok()?;
    // One that is gone already shows later.
    let _ = tend(&stream);
    Some(Box::new(stream))
}

fn nobody(name: &PeerName, endpoints: &[CardEndpoint]) -> Failure {
    let list = endpoints.iter().map(CardEndpoint::as_str).collect::<Vec<_>>().join(", ");
    Failure::new(Exit::Network, "network", format!("cannot connect to {name} at {list}"))
        .remedy("is it listening there? Its card has no mailbox: with one it is reached through a relay")
}
