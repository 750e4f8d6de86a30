//! `didshake send`.

use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use didshake::Did;
use didshake::mailbox::{MAX_LETTER_CONTENT_BYTES, MAX_LETTER_SECONDS, MessageId};
use didshake_did::{Clock, SystemClock};
use didshake_peer::mailbox::{SentLetter, SentState};

use crate::agent::{Online, Post, of_agent, of_store, trouble, trouble_exit};
use crate::cli::Global;
use crate::duration::Span;
use crate::failure::{Exit, Failure};
use crate::letters::{TEXT, sent_json, text};
use crate::meeting::runtime;
use crate::output;
use crate::progress::Waiting;

/// How often a letter's state is looked at while it is waited for.
const LOOK: Duration = Duration::from_millis(500);

const AFTER_HELP: &str = "\
The letter is kept first and sent then: from there on nothing loses it. Without a network it stays in the outbox, and goes
with the next `didshake send`, `inbox` or `outbox --retry` (exit code 5 now). It is sealed to its reader; the relay that keeps
it meanwhile cannot read it, and is not told whom it is from.

Whoever is written to has given us a card with a mailbox: `didshake peer add CARD`.

States: queued (here), blocked (needs a new card), waiting (at the relay), taken, read, refused, expired, unknown.

Examples:
  didshake send bob 'see you at nine'
  git diff | didshake send bob - --type text/x-diff
  didshake send bob --file photo.png --type image/png --expires 1d
  didshake send bob 'are you there?' --wait";

#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Send {
    /// To whom: the name of a known peer, or a DID
    #[arg(value_name = "NAME")]
    to: String,
    /// What is written; `-` reads it from standard input
    #[arg(value_name = "TEXT|-", required_unless_present = "file", conflicts_with = "file")]
    text: Option<String>,
    /// Send what is in this file
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// What it is [default: text/plain, or application/octet-stream where it is no text]
    #[arg(long = "type", value_name = "MIME")]
    content_type: Option<String>,
    /// Nobody takes it after so long: 12h, 7d, at most 30d
    #[arg(long, value_name = "DURATION", default_value = "7d")]
    expires: Span,
    /// Wait until they have taken it
    #[arg(long)]
    wait: bool,
    /// With --wait: for so long at most
    #[arg(long, value_name = "DURATION", requires = "wait")]
    at_most: Option<Span>,
    #[command(flatten)]
    online: Online,
}

pub(crate) fn run(global: &Global, options: &Send) -> Result<(), Failure> {
    if options.expires.0 > MAX_LETTER_SECONDS {
        return Err(Failure::new(Exit::Usage, "expires", "no relay keeps a letter for longer than 30 days")
            .remedy("--expires 30d at most"));
    }
    let content = content(options)?;
    let runtime = runtime()?;
    let outcome = runtime.block_on(send(global, options, &content));
    runtime.shutdown_background();
    outcome
}

fn content(options: &Send) -> Result<Vec<u8>, Failure> {
    let limit = MAX_LETTER_CONTENT_BYTES as u64 + 1;
    let mut bytes = Vec::new();
    let read = match (&options.file, options.text.as_deref()) {
        (Some(path), _) => std::fs::File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes)),
        (None, Some("-")) => std::io::stdin().lock().take(limit).read_to_end(&mut bytes),
        (None, text) => {
            bytes.extend_from_slice(text.unwrap_or_default().as_bytes());
            Ok(bytes.len())
        }
    };
    let from = options.file.as_ref().map_or("standard input".to_owned(), |path| path.display().to_string());
    read.map_err(|error| Failure::new(Exit::Storage, "content", format!("cannot read {from}: {error}")))?;
    if bytes.len() > MAX_LETTER_CONTENT_BYTES {
        let message = format!("a letter has at most {MAX_LETTER_CONTENT_BYTES} bytes, and this is longer");
        return Err(Failure::new(Exit::Usage, "letter_too_long", message)
            .remedy("send it in parts, or over a live channel: `didshake pipe`"));
    }
    Ok(bytes)
}

async fn send(global: &Global, options: &Send, content: &[u8]) -> Result<(), Failure> {
    let post = options.online.open(global, false).await?;
    let (did, contact) = post.contact(&options.to).await?;
    if contact.is_none_or(|contact| contact.address.is_none()) {
        let message = format!("we have no card of {} that takes letters, or it is over", options.to);
        return Err(Failure::new(Exit::Policy, "no_address", message)
            .remedy("ask for one (`didshake id share`), then: `didshake peer add CARD`"));
    }
    let content_type = match &options.content_type {
        Some(given) => given.as_str(),
        None if text(TEXT, content).is_some() => TEXT,
        None => "application/octet-stream",
    };
    let expires = SystemClock.now().plus(options.expires.0);
    let id = post.agent.write(&did, content_type, content, expires).await;
    let id = id.map_err(|error| of_agent(&error, &post.failures))?;
    let waiting = Waiting::on(format!("sending to {}", options.to), global.json);
    let trouble = deliver(&post, &did).await?;
    let letter = if options.wait && trouble.is_none() {
        waiting.at(format!("waiting until {} has taken it", options.to));
        wait(&post, &id, options.at_most).await?
    } else {
        state(&post, &id).await?
    };
    waiting.pause();
    tell(global, &post, &letter, options)
}

/// One pass over the outbox; why letters to this one do not go.
async fn deliver(post: &Post, to: &Did) -> Result<Option<&'static str>, Failure> {
    let delivery = post.agent.deliver().await.map_err(|error| of_agent(&error, &post.failures))?;
    Ok(delivery.trouble.iter().find(|(did, _)| did == to).map(|(_, code)| *code))
}

async fn state(post: &Post, id: &MessageId) -> Result<SentLetter, Failure> {
    let letter = post.agent.store().sent(id).await.map_err(|error| of_store(&error))?;
    letter.ok_or_else(|| Failure::new(Exit::Storage, "store_corrupt", "the letter is not in the outbox any more"))
}

/// Asks until something has become of it, or the time is over.
async fn wait(post: &Post, id: &MessageId, at_most: Option<Span>) -> Result<SentLetter, Failure> {
    let limit = Duration::from_secs(at_most.map_or(MAX_LETTER_SECONDS, |span| span.0));
    let looking = async {
        loop {
            let letter = state(post, id).await?;
            if !letter.state.is_under_way() || letter.state == SentState::Blocked {
                return Ok(letter);
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::select! {
        found = tokio::time::timeout(limit, looking) => match found {
            Ok(found) => found,
            Err(_) => state(post, id).await,
        },
        ended = post.agent.run() => Err(match ended {
            Err(error) => of_agent(&error, &post.failures),
            Ok(never) => match never {},
        }),
    }
}

/// Says what became of it; the exit code does too.
fn tell(global: &Global, post: &Post, letter: &SentLetter, options: &Send) -> Result<(), Failure> {
    let (exit, what) = match letter.state {
        SentState::Waiting if options.wait => {
            (Exit::Network, "they have not taken it yet: it goes on waiting for them")
        }
        SentState::Waiting | SentState::Taken | SentState::Read => (Exit::Done, ""),
        SentState::Queued => {
            let exit = letter.trouble.as_deref().map_or(Exit::Network, trouble_exit);
            (exit, "it is kept, and goes with the next `didshake send` or `outbox --retry`")
        }
        SentState::Blocked => (Exit::Policy, "it is kept, and goes once you have added another card of theirs"),
        SentState::Refused => (Exit::Policy, "they did not take it: perhaps they do not know this identity"),
        SentState::Expired | SentState::Unknown => (Exit::Check, "nobody took it in time"),
    };
    if global.json {
        output::json(&sent_json(letter, post.name_of(&letter.letter.recipient)));
        return if exit == Exit::Done { Ok(()) } else { Err(Failure::silent(exit)) };
    }
    output::line(&format!("{}  {}", hex::encode(letter.letter.id), letter.state.as_str()));
    if exit == Exit::Done {
        return Ok(());
    }
    let why = letter.trouble.as_deref().map(|code| format!(" ({})", trouble(code))).unwrap_or_default();
    let message = format!("the letter is {}{why}", letter.state.as_str());
    Err(Failure::new(exit, "not_delivered", message).remedy(what))
}
