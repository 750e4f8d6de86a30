//! `didshake peer show`.

use didshake::card::CardContents;
use didshake::{Did, UnixTime};
use didshake_did::{Clock, SystemClock};
use didshake_peer::mailbox::{AgentStore, Contact};
use didshake_peer::{KnownPeer, PeerName};
use serde_json::json;

use super::unknown;
use crate::agent::{Own, of_store, open_store, store_path};
use crate::cards;
use crate::cli::Global;
use crate::failure::Failure;
use crate::meeting::runtime;
use crate::output::{self, one_line};
use crate::reach::{Source, endpoints};
use crate::resolver::{Documents, Resolution};
use crate::storage;
use crate::time_words::until;

pub(super) fn show(global: &Global, name: &PeerName, own: &Own, documents: &Documents) -> Result<(), Failure> {
    let peers = storage::known_peers(global)?;
    let peer = peers.find(name).ok_or_else(|| unknown(name))?;
    let resolution = documents.resolution()?;
    // Who has no identity yet has no contacts.
    let own = own.did(global).ok().filter(|_| store_path(global).is_ok_and(|path| path.exists()));
    let runtime = runtime()?;
    let outcome = runtime.block_on(async {
        let contact = match own {
            Some(own) => contact(global, own, &peer.did).await?,
            None => None,
        };
        tell(global, peer, contact.as_ref(), &resolution).await
    });
    runtime.shutdown_background();
    outcome
}

async fn contact(global: &Global, own: Did, did: &Did) -> Result<Option<Contact>, Failure> {
    let store = open_store(global, own).await?;
    let contact = store.contact(did).await.map_err(|error| of_store(&error));
    store.close().await;
    contact
}

async fn tell(
    global: &Global,
    peer: &KnownPeer,
    contact: Option<&Contact>,
    resolution: &Resolution,
) -> Result<(), Failure> {
    let card = match contact {
        Some(contact) => cards::kept(contact, resolution).await,
        None => None,
    };
    let card = card.map(|card| card.map_err(|failure| output::warning(failure.message())));
    let contents = card.as_ref().and_then(|card| card.as_ref().ok()).map(|card| card.contents());
    let mailbox = contact.and_then(|contact| contact.address.as_ref()).map(|address| address.url.as_str());
    let (source, endpoints) = endpoints(&peer.did, contents, resolution).await;
    if global.json {
        output::json(&json!({
            "name": peer.name.as_str(),
            "did": peer.did.as_str(),
            "method": peer.did.method(),
            "added": peer.added,
            "cardName": contents.and_then(|contents| contents.name.as_ref()).map(|name| name.as_str()),
            "issued": contact.and_then(cards::issued).map(|issued| issued.0),
            "ends": contents.and_then(|contents| contents.ends).map(|ends| ends.0),
            "endpoints": endpoints.iter().map(|endpoint| endpoint.as_str()).collect::<Vec<_>>(),
            "endpointsFrom": (!endpoints.is_empty()).then(|| source.word()),
            "mailbox": mailbox,
        }));
        return Ok(());
    }
    let line = |label: &str, value: &str| output::line(&format!("{label:<13}{value}"));
    line("name", peer.name.as_str());
    line("DID", peer.did.as_str());
    line("known since", &one_line(peer.added.as_deref().unwrap_or("(the list does not say)")));
    if let Some(name) = contents.and_then(|contents| contents.name.as_ref()) {
        line("calls itself", &format!("{} (proves nothing)", one_line(name.as_str())));
    }
    if let Some(card) = contents {
        line("card", &period(card));
    }
    for endpoint in &endpoints {
        let from = if source == Source::Document { " (its DID document says so)" } else { "" };
        line("endpoint", &format!("{endpoint}{from}"));
    }
    line("letters", mailbox.unwrap_or("none: we have no card of it with a mailbox"));
    Ok(())
}

fn period(card: &CardContents) -> String {
    match card.ends {
        Some(UnixTime(ends)) => format!("ends in {}", until(UnixTime(ends), SystemClock.now())),
        None => "does not end".to_owned(),
    }
}
