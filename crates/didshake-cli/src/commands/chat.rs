//! `didshake chat`.

mod history;
mod session;

use clap::Args;
use didshake::card::CardEndpoint;
use tokio::task::LocalSet;

use crate::agent::{Online, of_store};
use crate::cli::Global;
use crate::failure::{Exit, Failure};
use crate::meeting::runtime;
use crate::reach::endpoints;
use crate::talk::{Front, With};
use crate::{cards, output, storage};
use session::Session;

const AFTER_HELP: &str = "\
Talks with a known peer: over a live channel where it can be reached (at its endpoints, or through its relay while it runs
`didshake chat` with us), by letters while it is away. The head of the screen says who is verified and how; over a channel both
sides see the same words, to be compared by voice. A changed key is told in red. Behind what we say stands what became of
it: queued (here), waiting (at the relay), taken (by the peer), read; or sent, over a channel to a program that does not
answer (`didshake listen`). What the peer has not taken when a channel is cut goes as a letter, and comes once.

Enter sends, Ctrl-D on an empty line or Ctrl-C ends, Ctrl-U and Ctrl-W delete. Without a terminal, and with --plain, each line
of the input is a message and its end ends the chat, once letters have gone (exit code 5 where they could not). --json prints
one event a line: with, message, state, channel, note.

Examples:
  didshake chat bob
  echo 'the build is green' | didshake chat bob --letters
  didshake --json chat bob < pipe";

/// Letters of each side that are shown again on a terminal.
const HISTORY: u32 = 50;

#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Chat {
    /// With whom: the name of a known peer, or a DID
    #[arg(value_name = "NAME")]
    name: String,
    /// Only by letters: look for no channel, and take none
    #[arg(long)]
    letters: bool,
    /// Lines, not the whole terminal
    #[arg(long)]
    plain: bool,
    /// So many of the last letters of each side are shown at the beginning [default: 50 on the whole terminal, else 0]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(..=10_000))]
    history: Option<u32>,
    #[command(flatten)]
    online: Online,
}

pub(crate) fn run(global: &Global, options: &Chat) -> Result<(), Failure> {
    let runtime = runtime()?;
    let outcome = LocalSet::new().block_on(&runtime, chat(global, options));
    runtime.shutdown_background();
    outcome
}

async fn chat(global: &Global, options: &Chat) -> Result<(), Failure> {
    let post = options.online.open(global, false).await?;
    let did = storage::did_or_name(&options.name, &post.peers)?;
    let contact = post.agent.store().contact(&did).await.map_err(|error| of_store(&error))?;
    let resolution = post.resolution();
    let mut notes = Vec::new();
    let card = match &contact {
        Some(contact) => cards::kept(contact, &resolution).await,
        None => None,
    };
    let card = card.and_then(|card| card.map_err(|failure| notes.push(failure.message().to_owned())).ok());
    let (_, endpoints): (_, Vec<CardEndpoint>) =
        endpoints(&did, card.as_ref().map(|card| card.contents()), &resolution).await;
    let has_mailbox = contact.as_ref().is_some_and(|contact| contact.address.is_some());
    if !has_mailbox && (endpoints.is_empty() || options.letters) {
        let message = format!("we do not know where {} is reached", options.name);
        return Err(Failure::new(Exit::Policy, "no_address", message)
            .remedy("ask for a card (`didshake id share`), then: `didshake peer add CARD`"));
    }
    let pinned = post.peers.iter().find(|peer| peer.did == did).and_then(|peer| peer.added.clone());
    let name = post.name_of(&did).unwrap_or("peer").to_owned();
    let with = With { name, did: did.to_string(), since: pinned, how: String::new() };
    let front = Front::new(global.json, options.plain)?;
    let endpoints = (!options.letters).then_some(endpoints);
    let mut session = Session::new(front, with, &post, (did, has_mailbox), endpoints);
    let history = options.history.unwrap_or(if session.is_on_screen() { HISTORY } else { 0 });
    session.begin_with(history).await?;
    for note in notes {
        session.alarm(&note);
    }
    let outcome = session.run().await;
    drop(session);
    outcome.and_then(|()| output::check())
}
