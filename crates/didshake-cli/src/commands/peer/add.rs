//! `didshake peer add CARD`.

use std::io::Write;
use std::time::Duration;

use didshake::card::{Card, CardBytes, CardContents};
use didshake::relay::DepositToken;
use didshake::{Did, Secret};
use didshake_did::{Clock, SystemClock};
use didshake_peer::PeerName;
use didshake_peer::mailbox::{AgentStore, Contact, MailboxAddress};
use serde_json::json;
use zeroize::Zeroizing;

use super::{Add, pin};
use crate::agent::{of_store, open_store};
use crate::cards;
use crate::cli::Global;
use crate::failure::{Exit, Failure};
use crate::linked::{self, Link, Linkages};
use crate::meeting::runtime;
use crate::output;
use crate::passphrase::can_ask;
use crate::progress::Waiting;
use crate::{peer_log, storage};

/// How long a document may take.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) fn add_card(global: &Global, options: &Add) -> Result<(), Failure> {
    // A name that stands where a card is meant is a DID forgotten more often than a file that is not there.
    let bytes = cards::given(&options.what)?;
    let own = options.own.did(global)?;
    let runtime = runtime()?;
    let outcome = runtime.block_on(add(global, options, &bytes, own));
    runtime.shutdown_background();
    outcome
}

async fn add(global: &Global, options: &Add, bytes: &CardBytes, own: Did) -> Result<(), Failure> {
    let resolution = options.documents.resolution()?;
    let waiting = Waiting::on("checking the card".to_owned(), global.json);
    let verified = tokio::time::timeout(PATIENCE, cards::verify(bytes, &resolution)).await;
    let card = verified.map_err(|_| {
        Failure::new(Exit::Resolution, "did_resolution_failed", "the owner's document did not come within 60 s")
            .remedy("try again")
    })??;
    let links = Linkages::new(&options.documents.web)?.of(card.owner().did(), &*resolution.resolver).await;
    waiting.pause();
    if *card.owner().did() == own {
        return Err(Failure::new(Exit::Usage, "own_did", "this is the card of your own identity")
            .remedy("it is for others; with several identities --as NAME says whose contact they become"));
    }
    let name = name(global, options, &card, &links)?;
    let contact = keep(global, &name, &card, bytes, own).await?;
    tell(global, &name, &card, (&contact, &links));
    Ok(())
}

/// What the owner is called here: what is said, the name it is known by, or what somebody at the terminal says.
fn name(global: &Global, options: &Add, card: &Card, links: &[Link]) -> Result<PeerName, Failure> {
    if let Some(name) = &options.name {
        return Ok(name.clone());
    }
    let did = card.owner().did();
    let peers = storage::known_peers(global)?;
    // HOST:PORT is where somebody was met, no name for a contact.
    let known = peers.iter().find(|peer| peer.did == *did && !peer.name.as_str().contains(':'));
    if let Some(known) = known {
        return Ok(known.name.clone());
    }
    if !can_ask(global) {
        return Err(Failure::new(Exit::Usage, "name", format!("the card is good, and is of {did}"))
            .remedy("say what you call its owner: --name NAME"));
    }
    ask(card, links)
}

fn ask(card: &Card, links: &[Link]) -> Result<PeerName, Failure> {
    let mut out = anstream::stderr().lock();
    writeln!(out, "The card is good. Its owner is\n\n    {}\n", card.owner().did())?;
    write!(out, "{}", linked::lines(links))?;
    let proposed = card.contents().name.as_ref().map(|name| name.as_str());
    if let Some(proposed) = proposed {
        writeln!(out, "and calls itself `{}`, which proves nothing.", output::one_line(proposed))?;
    }
    writeln!(out, "Compare the DID with what its owner told you, if the card came by another hand.")?;
    let proposed = proposed.and_then(slug);
    let hint = proposed.as_ref().map(|name| format!(" [{name}]")).unwrap_or_default();
    write!(out, "Keep it, under which name?{hint} (Ctrl-C keeps nothing) ")?;
    out.flush()?;
    let mut answer = String::new();
    let count = std::io::stdin().read_line(&mut answer)?;
    match (answer.trim(), proposed) {
        ("", Some(name)) if count > 0 => Ok(name),
        (answer, _) => PeerName::parse(answer).map_err(|fault| Failure::new(Exit::Usage, "name", fault.to_string())),
    }
}

/// A name for the command line out of what somebody calls themselves.
fn slug(name: &str) -> Option<PeerName> {
    let text: String = name.chars().map(|letter| if letter == ' ' { '-' } else { letter }).collect();
    PeerName::parse(&text).ok().filter(|name| !name.as_str().contains(':'))
}

async fn keep(global: &Global, name: &PeerName, card: &Card, bytes: &CardBytes, own: Did) -> Result<Contact, Failure> {
    let did = card.owner().did();
    let store = open_store(global, own).await?;
    let known = store.contact(did).await.map_err(|error| of_store(&error))?;
    let issued = card.contents().issued;
    let kept = known.as_ref().and_then(cards::issued);
    let is_same = known.as_ref().and_then(|known| known.card.as_ref()).is_some_and(|kept| **kept == bytes.as_bytes());
    if !is_same && kept.is_some_and(|kept| issued <= kept) {
        return Err(Failure::new(Exit::Policy, "card_older", format!("the card of {name} that you have is newer"))
            .remedy(format!("nothing was changed; to go back to this one: `didshake peer remove {name}` first")));
    }
    pin(global, name, did)?.map_err(|known| changed(name, &known, did))?;
    peer_log::pinned(global, name.as_str(), did).await;
    let contact = Contact {
        did: did.clone(),
        address: address(card.contents()),
        card: Some(Zeroizing::new(bytes.as_bytes().to_vec())),
        added: known.map_or_else(|| SystemClock.now(), |known| known.added),
    };
    store.put_contact(&contact).await.map_err(|error| of_store(&error))?;
    store.close().await;
    Ok(contact)
}

/// Somebody else answers to a name that is known.
fn changed(name: &PeerName, known: &didshake_peer::KnownPeer, did: &Did) -> Failure {
    let since = known.added.as_ref().map(|day| format!(" (added {day})")).unwrap_or_default();
    let message = format!(
        "THE CARD IS NOT OF {name}\n  known as:   {}{since}\n  the card:   {did}\n\
         It is signed by somebody else, or {name} has a new DID. Nothing was changed.",
        known.did
    );
    Failure::new(Exit::NotAuthenticated, "peer_changed", message).remedy(format!(
        "ask {name} by another way; if the new DID is right: `didshake peer remove {name}`, then add the card again; or \
         keep it under another name with --name"
    ))
}

/// Where letters go: only a mailbox of a relay that this program knows how to use.
fn address(contents: &CardContents) -> Option<MailboxAddress> {
    let mailbox = contents.mailbox.as_ref()?;
    let token = mailbox.token.as_ref()?;
    let url = mailbox.url.at_relay();
    let url = url.inspect_err(|fault| output::warning(&format!("the card's mailbox cannot be used: {fault}"))).ok()?;
    Some(MailboxAddress { url, token: DepositToken::from_secret(Secret::new(*token.secret().expose())) })
}

fn tell(global: &Global, name: &PeerName, card: &Card, (contact, links): (&Contact, &[Link])) {
    let did = card.owner().did();
    let contents = card.contents();
    if global.json {
        output::json(&json!({
            "name": name.as_str(),
            "did": did.as_str(),
            "verificationMethod": card.owner().verification_method(),
            "cardName": contents.name.as_ref().map(|name| name.as_str()),
            "endpoints": contents.endpoints.iter().map(|endpoint| endpoint.as_str()).collect::<Vec<_>>(),
            "mailbox": contact.address.as_ref().map(|address| address.url.as_str()),
            "ends": contents.ends.map(|ends| ends.0),
            "linkedOrigins": linked::json(links),
        }));
        return;
    }
    output::line(&format!("{name} is known as {did}"));
    output::text(&linked::lines(links));
    output::note(&match (&contact.address, contents.endpoints.is_empty()) {
        (Some(_), _) => format!("write with `didshake send {name} TEXT`, or `didshake chat {name}`"),
        (None, false) => format!("it takes no letters; meet it with `didshake chat {name}` while it listens"),
        (None, true) => "the card does not say where it is reached".to_owned(),
    });
}
