//! `didshake id share`.

use std::path::{Path, PathBuf};

use clap::Args;
use didshake::card::{CardBytes, CardContents, CardEndpoint, CardMailbox, CardName, Reach, UnsignedCard};
use didshake::{Did, Misuse, UnixTime};
use didshake_did::{Clock, SigningIdentity, SystemClock, private_file};
use serde_json::{Value, json};

use super::mailbox::one;
use crate::agent::{Online, Post, of_agent, of_store};
use crate::cli::Global;
use crate::duration::Span;
use crate::failure::{Exit, Failure};
use crate::meeting::runtime;
use crate::progress::Waiting;
use crate::{output, qr, storage};

const AFTER_HELP: &str = "\
Makes a contact card: a signed link that says who we are and where we are reached. Whoever gets it adds it with
`didshake peer add LINK`. With a mailbox (`didshake mailbox open`) it has a new token in it, which lets its reader leave
letters: make one for each reader, and hand it on where nobody else sees it.

Examples:
  didshake id share --for bob
  didshake id share --endpoint tcp://alice.example:7007 --name Alice
  didshake id share --endpoint wss://alice.example/ds --ends 30d --qr
  didshake id share --endpoint tcp://192.0.2.1:7007 --file alice.didshake-card";

#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Share {
    #[command(flatten)]
    online: Online,
    /// For whom it is: a known peer or any word; `didshake mailbox revoke` takes their token back by it
    #[arg(long = "for", value_name = "NAME", default_value = "unnamed", hide_default_value = true)]
    reader: String,
    /// Our mailbox at this relay, where we have several
    #[arg(long, value_name = "URL", conflicts_with = "no_mailbox")]
    relay: Option<String>,
    /// Leave our mailbox out
    #[arg(long)]
    no_mailbox: bool,
    /// Where we answer: tcp://HOST:PORT, wss://… or https://… (repeatable, the best first)
    #[arg(long = "endpoint", value_name = "URL", value_parser = endpoint)]
    endpoints: Vec<CardEndpoint>,
    /// What we call ourselves; it proves nothing
    #[arg(long, value_name = "NAME", value_parser = |text: &str| CardName::parse(text))]
    name: Option<CardName>,
    /// The card is good for so long: 12h, 7d, 4w [default: it does not end]
    #[arg(long, value_name = "DURATION")]
    ends: Option<Span>,
    /// Show the link as a QR code too
    #[arg(long)]
    qr: bool,
    /// Write the card to a file of ours instead of printing the link
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

fn endpoint(text: &str) -> Result<CardEndpoint, String> {
    let endpoint = CardEndpoint::parse(text).map_err(|fault| fault.to_string())?;
    match endpoint.reach() {
        Reach::Unknown => {
            Err("no reader would know how to reach that: tcp://HOST:PORT, wss://… or https://…".to_owned())
        }
        _ => Ok(endpoint),
    }
}

pub(crate) fn run(global: &Global, options: &Share) -> Result<(), Failure> {
    let runtime = runtime()?;
    let outcome = runtime.block_on(share(global, options));
    runtime.shutdown_background();
    outcome
}

async fn share(global: &Global, options: &Share) -> Result<(), Failure> {
    let post = options.online.open(global, false).await?;
    let issued = SystemClock.now();
    let ends = options.ends.map(|span| issued.plus(span.0));
    let mailbox = mailbox(global, options, &post, ends).await?;
    let contents =
        CardContents { issued, ends, endpoints: options.endpoints.clone(), name: options.name.clone(), mailbox };
    if contents.endpoints.is_empty() && contents.mailbox.is_none() {
        output::warning(
            "this card says who you are, but not where you are reached: --endpoint URL, or open a mailbox first with \
             `didshake mailbox open URL`",
        );
    }
    let identity = post.agent.identity();
    let card = sign(identity, &contents).await?;
    hand_on(global, options, identity, &contents, &card)
}

/// Our mailbox, with a new token that the relay knows of.
async fn mailbox(
    global: &Global,
    options: &Share,
    post: &Post,
    ends: Option<UnixTime>,
) -> Result<Option<CardMailbox>, Failure> {
    let none = post.agent.store().mailboxes().await.map_err(|error| of_store(&error))?.is_empty();
    if options.no_mailbox || none && options.relay.is_none() {
        return Ok(None);
    }
    let mailbox = one(post, options.relay.as_deref()).await?;
    // A DID stays where a name may come to mean somebody else.
    let reader = storage::did_or_name(&options.reader, &post.peers);
    let label = reader.as_ref().map_or(options.reader.as_str(), Did::as_str);
    let _waiting = Waiting::on(format!("telling {} of a token", mailbox.origin), global.json);
    let given = post.agent.give_token(&mailbox.origin, label, ends).await;
    let given = given.map_err(|error| of_agent(&error, &post.failures))?;
    Ok(Some(CardMailbox { url: (&given.url).into(), token: Some(given.token) }))
}

/// Signs a card, and reads it as its reader will.
async fn sign(identity: &SigningIdentity, contents: &CardContents) -> Result<CardBytes, Failure> {
    let unsigned = UnsignedCard::new(&identity.local(), contents).map_err(|misuse| {
        let failure = Failure::new(Exit::Usage, "card", misuse.to_string());
        if misuse == Misuse::CardEndpoints { failure.remedy("give --endpoint at most 8 times") } else { failure }
    })?;
    let signature = identity.sign(&unsigned.signature_input()).await;
    let signature = signature.map_err(|error| Failure::new(Exit::Storage, "signer", error.to_string()))?;
    Ok(unsigned.sign(signature))
}

fn hand_on(
    global: &Global,
    options: &Share,
    identity: &SigningIdentity,
    contents: &CardContents,
    card: &CardBytes,
) -> Result<(), Failure> {
    let link = card.link();
    let code = if options.qr { Some(code(&link)?) } else { None };
    if let Some(path) = &options.file {
        keep(path, &link)?;
    }
    if global.json {
        output::json(&told(identity, contents, options.file.as_deref().map_or(Ok(&link), Err)));
        return Ok(());
    }
    for line in code.iter().flatten() {
        output::line(line);
    }
    match &options.file {
        Some(path) => output::note(&format!("the card is in {}", path.display())),
        None => output::line(&link),
    }
    Ok(())
}

fn code(link: &str) -> Result<Vec<String>, Failure> {
    qr::lines(link).ok_or_else(|| {
        Failure::new(Exit::Usage, "qr_too_long", "the card is too long for a QR code")
            .remedy("hand it on as a link or a file, or list fewer endpoints")
    })
}

fn keep(path: &Path, link: &str) -> Result<(), Failure> {
    private_file::replace(path, format!("{link}\n").as_bytes()).map_err(|error| {
        Failure::new(Exit::Storage, "card_file", format!("cannot write {}: {error}", path.display()))
            .remedy("choose another place with --file")
    })
}

fn told(identity: &SigningIdentity, contents: &CardContents, link: Result<&str, &Path>) -> Value {
    let CardContents { issued, ends, endpoints, name, mailbox } = contents;
    json!({
        "did": identity.did().as_str(),
        "name": name.as_ref().map(CardName::as_str),
        "issued": issued.0,
        "ends": ends.map(|UnixTime(ends)| ends),
        "endpoints": endpoints.iter().map(CardEndpoint::as_str).collect::<Vec<_>>(),
        "mailbox": mailbox.as_ref().map(|mailbox| mailbox.url.as_str()),
        "link": link.ok(),
        "file": link.err().map(|path| path.display().to_string()),
    })
}
