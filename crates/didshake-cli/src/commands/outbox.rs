//! `didshake outbox`.

use std::collections::VecDeque;

use clap::Args;
use didshake_did::{Clock, SystemClock};
use didshake_peer::mailbox::{SentLetter, SentState};

use crate::agent::{Online, Post, of_agent, of_store, trouble, trouble_exit};
use crate::cli::Global;
use crate::failure::Failure;
use crate::letters::sent_json;
use crate::meeting::runtime;
use crate::output::{self, one_line};
use crate::progress::Waiting;
use crate::time_words::since;

/// Letters that are read from the store at once.
const PAGE: u32 = 256;

const AFTER_HELP: &str = "\
Letters that we wrote, and what became of them. Letters that are queued have not left yet; --retry sends them now, and asks
what became of the others (exit code 5 where a relay cannot be reached, 4 where a letter needs another card, 3 where a relay
shows a key that is not theirs).

Examples:
  didshake outbox
  didshake outbox --retry
  didshake outbox --json | jq 'select(.state == \"queued\")'";

#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Outbox {
    /// Send what has not gone, and ask what became of the rest
    #[arg(long)]
    retry: bool,
    /// Show only letters of which something may become yet
    #[arg(long)]
    under_way: bool,
    /// So many letters, the newest
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
    #[command(flatten)]
    online: Online,
}

pub(crate) fn run(global: &Global, options: &Outbox) -> Result<(), Failure> {
    let runtime = runtime()?;
    let outcome = runtime.block_on(outbox(global, options));
    runtime.shutdown_background();
    outcome
}

async fn outbox(global: &Global, options: &Outbox) -> Result<(), Failure> {
    let post = options.online.open(global, false).await?;
    let mut troubled = Vec::new();
    if options.retry {
        let waiting = Waiting::on("delivering".to_owned(), global.json);
        let delivery = post.agent.deliver().await.map_err(|error| of_agent(&error, &post.failures))?;
        waiting.pause();
        troubled = delivery.trouble;
    }
    let letters = newest(&post, options).await?;
    for letter in &letters {
        show(global, &post, letter);
    }
    if letters.is_empty() && !global.json {
        output::note("no letters: `didshake send NAME TEXT` writes one");
    }
    let Some((did, code)) = troubled.first() else { return Ok(()) };
    let exit = trouble_exit(code);
    if global.json {
        return Err(Failure::silent(exit));
    }
    let name = post.name_of(did).unwrap_or(did.as_str());
    let message = format!("letters to {name} do not go now: {}", trouble(code));
    Err(Failure::new(exit, "not_delivered", message).remedy("they are kept: `didshake outbox --retry` tries again"))
}

async fn newest(post: &Post, options: &Outbox) -> Result<VecDeque<SentLetter>, Failure> {
    let mut letters = VecDeque::new();
    let mut after = 0;
    loop {
        let page = post.agent.store().sent_after(after, PAGE).await.map_err(|error| of_store(&error))?;
        let Some(last) = page.last() else { return Ok(letters) };
        after = last.number;
        letters.extend(page.into_iter().filter(|letter| !options.under_way || letter.state.is_under_way()));
        while letters.len() > options.limit {
            letters.pop_front();
        }
    }
}

fn show(global: &Global, post: &Post, letter: &SentLetter) {
    let did = &letter.letter.recipient;
    let name = post.name_of(did);
    if global.json {
        output::json(&sent_json(letter, name));
        return;
    }
    let name = name.unwrap_or(did.as_str());
    let state = letter.state.as_str();
    let line = format!(
        "{:>5}  {state:<8}  {:<12}  to {name}  ({} bytes of {})",
        letter.number,
        since(letter.letter.written, SystemClock.now()),
        letter.letter.content.len(),
        one_line(&letter.letter.content_type)
    );
    let style = match letter.state {
        SentState::Taken | SentState::Read => output::GOOD,
        SentState::Blocked | SentState::Refused | SentState::Expired | SentState::Unknown => output::BAD,
        SentState::Queued | SentState::Waiting => output::DIM,
    };
    output::line(&line.replacen(state, &format!("{style}{state}{style:#}"), 1));
    if let Some(code) = letter.trouble.as_deref().filter(|_| letter.state.is_under_way()) {
        output::line(&format!("       {}", one_line(trouble(code))));
    }
}
